//! Which zones a point lies in: our index in process, beside PostGIS with the same polygons in a table with a GiST
//! index. The server's example `zone_cost` makes the polygons by rule, asks our index, and writes polygons, points
//! and our answers for `COPY`.

use anyhow::{Context, Result};
use sokuho_tests::postgres::Database;

use crate::Scale;
use crate::example::{self, figure};
use crate::findings::{Findings, median};
use crate::postgres::Postgres;

const CLIENTS: usize = 8;

/// PostGIS's CPU a question, in ours.
const TIMES: f64 = 30.0;

/// Of our answers, microseconds.
const P99_US: f64 = 20.0;

/// West, south, east and north, as `zone_rule::BOX` in the server's examples, degrees.
pub const BOX: [f64; 4] = [139.16, 36.79, 141.05, 37.98];

/// Any place in the box, for `pgbench`.
fn place() -> String {
    let [west, south, east, north] = BOX.map(|degrees| (degrees * 1e7) as i64);
    format!("\\set lon random({west}, {east}) / 10000000.0\n\\set lat random({south}, {north}) / 10000000.0\n")
}

/// Measures.
pub async fn measure(scale: &Scale, findings: &mut Findings) -> Result<()> {
    findings.phase(&format!("zones of a point, {} polygons", scale.zones));
    let ours = ask_ours(scale, findings)?;
    match postgres(findings) {
        Some(postgres) => compare(&postgres, ours, scale, findings).await,
        None => Ok(()),
    }
}

/// One that finds everything in memory, as anybody sets it who has this much in it.
pub fn postgres(findings: &mut Findings) -> Option<Postgres> {
    let started = Postgres::start_with("-c shared_buffers=2GB -c max_wal_size=8GB -c jit=off");
    let note = |error: &anyhow::Error| findings.note(&format!("  no PostgreSQL to compare with: {error:#}"));
    started.inspect_err(note).ok()
}

/// Microseconds of CPU for a point.
fn ask_ours(scale: &Scale, findings: &mut Findings) -> Result<f64> {
    let (zones, points) = (scale.zones.to_string(), scale.zone_points.to_string());
    let mut cpu = Vec::new();
    let mut p99 = Vec::new();
    for round in 1..=scale.rounds {
        let text = example::run("zone_cost", &["measure", "--zones", &zones, "--points", &points], &[])?;
        let figure = |name| figure(&text, name);
        if round == 1 {
            let corners = figure("corners")?;
            findings.row(
                "zones: index",
                &[
                    ("polygons", figure("zones")?),
                    ("corners", corners),
                    ("MB", figure("bytes")? / 1e6),
                    ("bytes a corner", figure("bytes")? / corners),
                    ("MB resident", figure("resident bytes")? / 1e6),
                    ("MB at its greatest while built", figure("peak bytes")? / 1e6),
                ],
            );
        }
        let build = [("s", figure("build seconds")?), ("s CPU", figure("build CPU seconds")?)];
        findings.row(&format!("zones: building the index, round {round}"), &build);
        let us = |name| anyhow::Ok(figure(name)? / 1000.0);
        findings.row(
            &format!("zones of a point, in process, round {round}"),
            &[
                ("µs CPU", us("CPU ns a point")?),
                ("zones", figure("zones a point")?),
                ("µs p50", us("p50 ns")?),
                ("µs p99", us("p99 ns")?),
                ("µs p99.9", us("p99.9 ns")?),
                ("µs at most", us("most ns")?),
            ],
        );
        cpu.push(us("CPU ns a point")?);
        p99.push(us("p99 ns")?);
    }
    let p99 = median(&mut p99);
    findings.goal("zones of a point: p99", p99, "µs", p99 < P99_US, "< 20");
    Ok(median(&mut cpu))
}

async fn compare(postgres: &Postgres, ours: f64, scale: &Scale, findings: &mut Findings) -> Result<()> {
    let database = postgres.database()?;
    load(&database, scale)?;
    let (zones, points) = (scale.zones.to_string(), scale.zone_answers.to_string());
    let bytes: f64 = database.query("select pg_total_relation_size('zone')")?.parse()?;
    findings.row("zones: PostGIS's table and index", &[("MB", bytes / 1e6)]);

    let script = format!(
        "{}select number from zone where st_intersects(geom, st_setsrid(st_makepoint(:lon, :lat), 4326));\n",
        place()
    );
    let mut theirs = Vec::new();
    for round in 1..=scale.rounds {
        let (a_second, cpu_us) = postgres.ask(&database.url(), &script, CLIENTS, scale.seconds).await?;
        let name = format!("zones of a point, PostGIS, round {round}");
        findings.row(&name, &[("questions/s", a_second), ("µs CPU", cpu_us)]);
        theirs.push(cpu_us);
    }
    let times = median(&mut theirs) / ours;
    findings.goal("zones of a point: PostGIS's CPU", times, "times ours", times >= TIMES, "≥ 30");

    database.query("create unlogged table asked (kind text, geom geometry(Point, 4326), ours int[])")?;
    example::copy("zone_cost", &["asked", "--zones", &zones, "--points", &points], &database.url(), "asked")?;
    database.query("vacuum (analyze) asked")?;
    in_one_statement(postgres, &database, ours, findings).await?;
    differences(&database, scale, findings)
}

/// Puts the polygons into a table `zone` with its index.
pub fn load(database: &Database, scale: &Scale) -> Result<()> {
    database.query("create extension if not exists postgis")?;
    database.query("create unlogged table zone (number int, geom geometry(MultiPolygon, 4326))")?;
    // Compressed, as it would be by itself, it would answer more slowly.
    database.query("alter table zone alter geom set storage external")?;
    example::copy("zone_cost", &["zones", "--zones", &scale.zones.to_string()], &database.url(), "zone")?;
    database.query("create index on zone using gist (geom)")?;
    database.query("vacuum (analyze) zone")?;
    Ok(())
}

/// Many points in one statement: neither protocol nor planning, one session without workers beside it.
async fn in_one_statement(postgres: &Postgres, database: &Database, ours: f64, findings: &mut Findings) -> Result<()> {
    let points: f64 = database.query("select count(*) from asked where kind = 'anywhere'")?.parse()?;
    let count = "set max_parallel_workers_per_gather = 0; select count(z.number) from asked a \
                 left join zone z on st_intersects(z.geom, a.geom) where a.kind = 'anywhere'";
    let (found, cpu) = postgres.cpu_seconds_of(|| database.query(count)).await?;
    let (theirs, found) = (cpu * 1e6 / points, found.parse::<f64>()? / points);
    let name = "zones of a point, PostGIS, many points in one statement";
    findings.row(name, &[("µs CPU", theirs), ("zones", found), ("times ours", theirs / ours)]);
    Ok(())
}

/// The answers of both for points anywhere, exactly on corners, exactly on sides and beside them.
fn differences(database: &Database, scale: &Scale, findings: &mut Findings) -> Result<()> {
    database.query(
        "create unlogged table differing as select a.*, t.theirs from asked a cross join lateral \
         (select coalesce(array_agg(z.number order by z.number), '{}') as theirs from zone z \
         where st_intersects(z.geom, a.geom)) t where a.ours is distinct from t.theirs",
    )?;
    let kinds =
        database.query("select kind, count(*), sum(cardinality(ours)) from asked group by kind order by kind")?;
    for line in kinds.lines() {
        let mut columns = line.split('|');
        let mut next = || columns.next().context("a column");
        let (kind, points, answers) = (next()?, next()?.parse()?, next()?.parse()?);
        let differing = database.query(&format!("select count(*) from differing where kind = '{kind}'"))?.parse()?;
        let values = [("points", points), ("zones named", answers), ("answered differently", differing)];
        findings.row(&format!("zones: points {kind}"), &values);
    }
    let first = "select kind, st_asewkb(geom), ours, theirs from differing order by 1, 2 limit 5";
    for line in database.query(first)?.lines() {
        findings.note(&format!("  differs: {line}"));
    }
    let differing: f64 = database.query("select count(*) from differing")?.parse()?;
    let name = format!("zones of {} points: answers that differ from PostGIS", scale.zone_answers);
    findings.goal(&name, differing, "points", differing == 0.0, "0");
    Ok(())
}
