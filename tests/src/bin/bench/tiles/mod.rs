//! Tiles: those of the live world with a long log, and those of hazard layers, drawn uncached in process by the server's
//! examples, beside PostGIS's `ST_AsMVT` with the same things; and whether a live tile shows a report as soon as there
//! is a receipt for it.
//!
//! What is compared is said in docs/bench.md. PostGIS has its geometries in the projection of the tiles beforehand.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
use memchr::memmem;
use sokuho_tests::postgres::Database;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::Scale;
use crate::example::{self, figure};
use crate::findings::Findings;
use crate::http::HttpLine;
use crate::node::{Edition, Node};
use crate::postgres::Postgres;
use crate::publisher::{report_at, report_lines};
use crate::zones;

const ZOOMS: [u32; 3] = [10, 12, 14];
/// A core each.
const CLIENTS: usize = 2;
const LARGEST: f64 = 200_000.0;
/// Of PostGIS's CPU a tile.
const SHARE: f64 = 0.1;
const REPORTS_A_SECOND: u64 = 100;

/// Tiles of the live world.
pub async fn live(scale: &Scale, findings: &mut Findings) -> Result<()> {
    findings.phase(&format!("tiles of the live world, {} reports", scale.long_log));
    let postgres = zones::postgres(findings);
    let postgres = postgres.as_ref();
    let edition = postgres.map_or(Edition::Sqlite, Edition::Postgres);
    let mut node = Node::start_filled(edition, scale.long_log, false).await?;
    node.stop()?;
    let address = node.database().map(Database::url);
    let env: Vec<_> = address.iter().map(|url| ("DATABASE_URL", url.as_str())).collect();
    let text = example::run("live_tile_cost", &["--data", &node.data().to_string_lossy()], &env)?;
    node.start_again()?;
    for form in ["office", "public"] {
        tell("live", form, &text, findings)?;
    }
    if let (Some(postgres), Some(database)) = (postgres, node.database()) {
        database.query(
            "create unlogged table incident_on_map as select id::text, category, status, drill, danger_to_life, \
             extract(epoch from filed_at)::bigint as filed_at, st_transform(geom, 3857) as geom from sokuho.incident",
        )?;
        let columns = "id, category, status, drill, danger_to_life, filed_at";
        let table = Table { name: "incident_on_map", layer: "incidents", columns };
        index(database, table.name)?;
        let side = |name| figure(&text, name);
        let ground = [side("west")?, side("south")?, side("east")?, side("north")?];
        let ours = |z| figure(&text, &format!("office zoom {z} CPU ms a tile"));
        compare("live", postgres, database, &table, ground, ours, scale, findings).await?;
    }
    freshness(&node, scale, findings).await?;
    node.stop()
}

/// Tiles of hazard layers.
pub async fn hazard(scale: &Scale, findings: &mut Findings) -> Result<()> {
    findings.phase(&format!("tiles of hazard layers, {} polygons", scale.zones));
    let text = example::run("zone_cost", &["tiles", "--zones", &scale.zones.to_string()], &[])?;
    let layer = |name: &str| figure(&text, &format!("layer {name}"));
    findings.row(
        "hazard tiles: making the layer",
        &[
            ("corners", layer("corners")?),
            ("s", layer("seconds")?),
            ("s CPU", layer("CPU seconds")?),
            ("MB resident", layer("resident bytes")? / 1e6),
        ],
    );
    tell("hazard", "", &text, findings)?;
    let Some(postgres) = zones::postgres(findings) else { return Ok(()) };
    let database = postgres.database()?;
    zones::load(&database, scale)?;
    database.query(
        "create unlogged table zone_on_map as select (number % 7)::text as class, \
         st_transform(geom, 3857) as geom from zone",
    )?;
    let table = Table { name: "zone_on_map", layer: "zones", columns: "class" };
    index(&database, table.name)?;
    let ours = |z| figure(&text, &format!("zoom {z} CPU ms a tile"));
    compare("hazard", &postgres, &database, &table, zones::BOX, ours, scale, findings).await
}

/// What the example says of a kind of tiles.
fn tell(kind: &str, form: &str, text: &str, findings: &mut Findings) -> Result<()> {
    let prefix = if form.is_empty() { String::new() } else { format!("{form} ") };
    for z in ZOOMS {
        let name = format!("{prefix}zoom {z}");
        let values = [
            ("ms CPU a tile", figure(text, &format!("{name} CPU ms a tile"))?),
            ("kB", figure(text, &format!("{name} bytes a tile"))? / 1000.0),
        ];
        findings.row(&format!("{kind} tile, {name}"), &values);
    }
    let most = figure(text, &format!("{prefix}most bytes of all"))?;
    let name = format!("{kind} tiles, {prefix}the largest at zooms 5 to 14");
    findings.goal(&name, most / 1000.0, "kB", most <= LARGEST, "≤ 200");
    Ok(())
}

/// A table of PostGIS that tiles are made from.
struct Table {
    name: &'static str,
    layer: &'static str,
    columns: &'static str,
}

impl Table {
    fn statement(&self, z: u32, x: &str, y: &str) -> String {
        let Self { name, layer, columns } = self;
        format!(
            "select st_asmvt(t, '{layer}', 4096, 'drawn') from (select {columns}, \
             st_asmvtgeom(geom, st_tileenvelope({z}, {x}, {y}), 4096, 64, true) as drawn \
             from {name} where geom && st_tileenvelope({z}, {x}, {y})) t"
        )
    }
}

/// Gives a table its index.
fn index(database: &Database, table: &str) -> Result<()> {
    database.query(&format!("create index on {table} using gist (geom)"))?;
    database.query(&format!("vacuum (analyze) {table}"))?;
    Ok(())
}

/// Column and row of the tile of a place (OpenStreetMap wiki, "Slippy map tilenames").
fn tile_at(lat: f64, lon: f64, z: u32) -> (u32, u32) {
    let across = f64::from(1_u32 << z);
    let down = (1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0;
    (((lon + 180.0) / 360.0 * across) as u32, (down * across) as u32)
}

#[expect(clippy::too_many_arguments, reason = "what is compared with what")]
async fn compare(
    kind: &str,
    postgres: &Postgres,
    database: &Database,
    table: &Table,
    [west, south, east, north]: [f64; 4],
    ours: impl Fn(u32) -> Result<f64>,
    scale: &Scale,
    findings: &mut Findings,
) -> Result<()> {
    for z in ZOOMS {
        let ((first_x, first_y), (last_x, last_y)) = (tile_at(north, west, z), tile_at(south, east, z));
        let place = format!("\\set x random({first_x}, {last_x})\n\\set y random({first_y}, {last_y})\n");
        let script = format!("{place}{};\n", table.statement(z, ":x", ":y"));
        let (a_second, cpu_us) = postgres.ask(&database.url(), &script, CLIENTS, scale.seconds).await?;
        let sizes = format!(
            "select avg(length(mvt)), max(length(mvt)) from (select ({}) as mvt from (select \
             {first_x} + (n * 7) % ({last_x} - {first_x} + 1) as x, {first_y} + (n * 3) % ({last_y} - {first_y} + 1) \
             as y from generate_series(1, 12) n) as o) as all_of_them",
            table.statement(z, "o.x", "o.y")
        );
        let sizes = database.query(&sizes)?;
        let (mean, most) = sizes.split_once('|').context("two columns")?;
        let ms = cpu_us / 1000.0;
        findings.row(
            &format!("{kind} tile, PostGIS, zoom {z}"),
            &[
                ("ms CPU a tile", ms),
                ("tiles/s", a_second),
                ("kB", mean.parse::<f64>()? / 1000.0),
                ("kB at most", most.parse::<f64>()? / 1000.0),
            ],
        );
        let ratio = ours(z)? / ms;
        findings.goal(&format!("{kind} tile, zoom {z}, against PostGIS: CPU"), ratio, "times", ratio <= SHARE, "≤ 0.1");
    }
    Ok(())
}

/// Reports arrive; as soon as each has its receipt, tiles of its place are asked for.
async fn freshness(node: &Node, scale: &Scale, findings: &mut Findings) -> Result<()> {
    let mut ticks = tokio::time::interval(Duration::from_nanos(1_000_000_000 / REPORTS_A_SECOND));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut lines = Vec::new();
    for line in report_lines(node, 32).await? {
        lines.push((line, node.asking().await?));
    }
    let towns: Vec<_> = node.towns().into_iter().map(|town| town.at).collect();
    let (mut asking, mut all) = (JoinSet::new(), Fresh::new()?);
    let processes = node.processes()?;
    let before = processes.cpu_seconds()?;
    for number in 0..usize::try_from(REPORTS_A_SECOND * scale.seconds)? {
        ticks.tick().await;
        while lines.is_empty() || asking.len() > 32 {
            lines.push(all.take(asking.join_next().await.context("no line")??)?);
        }
        let (line, asker) = lines.pop().context("no line")?;
        // Around the towns, each time elsewhere, within 10 km.
        let town = towns[number % towns.len()];
        let off = |step: f64| ((number as f64 * step).fract() - 0.5) * 0.18;
        asking.spawn(one_by_one(line, asker, (town.0 + off(0.618_034), town.1 + off(0.754_878))));
    }
    while let Some(outcome) = asking.join_next().await {
        all.take(outcome?)?;
    }
    let cpu = (processes.cpu_seconds()? - before) * 1e3 / all.reports as f64;
    let ms = |quantile| all.took.value_at_quantile(quantile) as f64 / 1e6;
    findings.row(
        &format!("{REPORTS_A_SECOND} reports/s, four tiles asked for after each receipt"),
        &[
            ("reports", all.reports as f64),
            ("ms p50 a tile", ms(0.5)),
            ("ms p99 a tile", ms(0.99)),
            ("ms CPU a report with its tiles", cpu),
        ],
    );
    let name = "live tiles without the report that had its receipt before";
    findings.goal(name, all.stale as f64, "tiles", all.stale == 0, "0");
    Ok(())
}

/// What was seen of freshness.
struct Fresh {
    reports: usize,
    stale: usize,
    took: Histogram<u64>,
}

/// Two lines, how many tiles were stale, and how long each took, nanoseconds.
type Outcome = Result<(HttpLine, HttpLine, usize, Vec<u64>)>;

impl Fresh {
    fn new() -> Result<Self> {
        Ok(Self { reports: 0, stale: 0, took: Histogram::new_with_bounds(1, 60_000_000_000, 3)? })
    }

    fn take(&mut self, outcome: Outcome) -> Result<(HttpLine, HttpLine)> {
        let (line, asker, stale, took) = outcome?;
        self.reports += 1;
        self.stale += stale;
        took.into_iter().for_each(|ns| self.took.saturating_record(ns));
        Ok((line, asker))
    }
}

/// Sends a report; then asks for tiles of its place. The innermost, in which reports stand one by one, must name it; the
/// others must be made from a world that knows it.
async fn one_by_one(mut line: HttpLine, mut asker: HttpLine, at: (f64, f64)) -> Outcome {
    let report = report_at(at);
    let receipt = line.post(report.body.as_bytes()).await?;
    let seq = crate::frames::field(receipt, b"\"seq\":");
    let (mut stale, mut took) = (0, Vec::new());
    for z in [16, 14, 12, 10] {
        let (x, y) = tile_at(report.at.0, report.at.1, z);
        let began = Instant::now();
        let named = memmem::find(asker.get(&format!("/tiles/live/{z}/{x}/{y}")).await?, report.id.as_bytes()).is_some();
        took.push(u64::try_from(began.elapsed().as_nanos())?);
        let version = asker.header("etag").and_then(|tag| tag.rsplit('-').nth(1).and_then(|part| part.parse().ok()));
        let version: u64 = version.context("a live tile without a version")?;
        ensure!(seq > 0, "a receipt without a number");
        stale += usize::from(version < seq || (z == 16 && !named));
    }
    Ok((line, asker, stale, took))
}
