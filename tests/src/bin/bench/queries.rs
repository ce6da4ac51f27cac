//! The map's questions over HTTP, beside PostGIS on the same points: the same random places, the same columns, as
//! many clients. Ours answers from memory whichever edition it is; PostGIS from the projection's table with its
//! GiST index, by prepared statements.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
use memchr::memmem;
use tokio::task::JoinSet;

use crate::Scale;
use crate::findings::{Findings, median};
use crate::http::HttpLine;
use crate::node::{Edition, Node};
use crate::process::Processes;

const CLIENTS: usize = 8;

/// Results of a question for bounds, on average.
const RESULTS: f64 = 100.0;

/// What is asked, and how much of each incident.
#[derive(Clone, Copy)]
struct Question {
    name: &'static str,
    near: bool,
    full: bool,
    goal: bool,
}

const QUESTIONS: [Question; 3] = [
    Question { name: "about 100 in bounds", near: false, full: false, goal: true },
    Question { name: "10 nearest", near: true, full: false, goal: true },
    Question { name: "about 100 in bounds, everything", near: false, full: true, goal: false },
];

/// Where is asked: anywhere in a box, with this half height and half width of the bounds. Degrees.
#[derive(Clone, Copy)]
struct Ground {
    lat: (f64, f64),
    lon: (f64, f64),
    half: (f64, f64),
}

/// What became of the questions.
struct Asked {
    a_second: f64,
    cpu_us: f64,
    results: f64,
    took: Histogram<u64>,
}

/// Measures on a node with a long log.
pub async fn measure(node: &Node, edition: Edition<'_>, scale: &Scale, findings: &mut Findings) -> Result<()> {
    let ground = Ground::of(node).await?;
    let postgres = match (edition, node.database()) {
        (Edition::Postgres(postgres), Some(database)) => {
            database.query("VACUUM (ANALYZE) sokuho.incident")?;
            ground.holds_the_same(node).await?;
            Some((postgres, database.url()))
        }
        _ => None,
    };
    for question in QUESTIONS {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        let mut p99 = Vec::new();
        for round in 1..=scale.rounds {
            let asked = ask(node, ground, question, scale.seconds).await?;
            tell(&format!("{}, {}, round {round}", question.name, edition.name()), &asked, findings);
            p99.push(asked.took.value_at_quantile(0.99) as f64 / 1e6);
            ours.push((asked.a_second, asked.cpu_us));
            if let Some((postgres, url)) = &postgres {
                let script = ground.script(question);
                let (a_second, cpu_us) = postgres.ask(url, &script, CLIENTS, scale.seconds).await?;
                let name = format!("{}, PostGIS, round {round}", question.name);
                findings.row(&name, &[("questions/s", a_second), ("µs CPU", cpu_us)]);
                theirs.push((a_second, cpu_us));
            }
        }
        let p99 = median(&mut p99);
        if question.goal {
            let name = format!("{}, {}: p99", question.name, edition.name());
            findings.goal(&name, p99, "ms", p99 < 5.0, "< 5");
        }
        if !theirs.is_empty() {
            compare(question, &ours, &theirs, findings);
        }
    }
    Ok(())
}

fn compare(question: Question, ours: &[(f64, f64)], theirs: &[(f64, f64)], findings: &mut Findings) {
    let middle = |all: &[(f64, f64)], of: fn(&(f64, f64)) -> f64| median(&mut all.iter().map(of).collect::<Vec<_>>());
    let speed = middle(ours, |one| one.0) / middle(theirs, |one| one.0);
    let cpu = middle(ours, |one| one.1) / middle(theirs, |one| one.1);
    if question.goal {
        let name = format!("{}, against PostGIS", question.name);
        findings.goal(&name, speed, "times the questions/s", speed >= 3.0, "≥ 3");
        findings.goal(&format!("{name}: CPU"), cpu, "times the CPU a question", cpu <= 0.2, "≤ 0.2");
    } else {
        let values = [("times the questions/s", speed), ("times the CPU", cpu)];
        findings.row(&format!("{}, against PostGIS", question.name), &values);
    }
}

fn tell(name: &str, asked: &Asked, findings: &mut Findings) {
    let ms = |quantile| asked.took.value_at_quantile(quantile) as f64 / 1e6;
    findings.row(
        name,
        &[
            ("questions/s", asked.a_second),
            ("µs CPU", asked.cpu_us),
            ("results", asked.results),
            ("ms p50", ms(0.5)),
            ("ms p99", ms(0.99)),
        ],
    );
}

impl Ground {
    /// Between the outermost towns; bounds that hold about as many incidents as wanted.
    async fn of(node: &Node) -> Result<Self> {
        let towns = node.towns();
        let span = |of: fn(&(f64, f64)) -> f64| {
            let all = || towns.iter().map(|town| of(&town.at));
            (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max))
        };
        let (lat, lon) = (span(|at| at.0), span(|at| at.1));
        let mut ground = Self { lat, lon, half: ((lat.1 - lat.0) / 200.0, (lon.1 - lon.0) / 200.0) };
        let (mut line, mut dice) = (node.asking().await?, dice_of(7));
        for _ in 0..3 {
            let mut found = 0;
            for _ in 0..PROBES {
                let path = ground.path(&mut dice, QUESTIONS[0]);
                found += results(line.get(&path).await?);
            }
            let scale = (RESULTS * PROBES as f64 / found.max(1) as f64).sqrt();
            ground.half = (ground.half.0 * scale, ground.half.1 * scale);
        }
        Ok(ground)
    }

    /// A question at a random place.
    fn path(&self, dice: &mut impl FnMut() -> f64, question: Question) -> String {
        let at = (self.lat.0 + (self.lat.1 - self.lat.0) * dice(), self.lon.0 + (self.lon.1 - self.lon.0) * dice());
        let form = if question.full { "full" } else { "symbol" };
        if question.near {
            return format!("/api/incidents?form={form}&limit=10&near={:.6},{:.6}", at.0, at.1);
        }
        let (west, east) = (at.1 - self.half.1, at.1 + self.half.1);
        let (south, north) = (at.0 - self.half.0, at.0 + self.half.0);
        format!("/api/incidents?form={form}&limit=1000&bbox={west:.6},{south:.6},{east:.6},{north:.6}")
    }

    /// The same for `pgbench`, which draws the place itself.
    fn script(&self, question: Question) -> String {
        let micro = |degrees: f64| (degrees * 1e6) as i64;
        let Self { lat, lon, half } = self;
        let place = format!(
            "\\set lat random({}, {}) / 1000000.0\n\\set lon random({}, {}) / 1000000.0\n",
            micro(lat.0),
            micro(lat.1),
            micro(lon.0),
            micro(lon.1)
        );
        let edges = format!(
            "\\set west :lon - {}\n\\set east :lon + {}\n\\set south :lat - {}\n\\set north :lat + {}\n",
            half.1, half.1, half.0, half.0
        );
        const COLUMNS: &str = "select id, category, status, st_x(geom), st_y(geom) from sokuho.incident";
        const WITHIN: &str = "geom && st_makeenvelope(:west, :south, :east, :north, 4326)";
        if question.near {
            let by_distance = "order by geom <-> st_setsrid(st_makepoint(:lon, :lat), 4326) limit 10";
            format!("{place}{COLUMNS} {by_distance};\n")
        } else if question.full {
            // What is told of an incident is mostly its reports' bodies.
            let bodies = "select json_agg(e.body) from sokuho.incident i join sokuho.report r on r.incident = i.id \
                          join sokuho.entry e on e.seq = r.entry where i.";
            format!("{place}{edges}{bodies}{WITHIN};\n")
        } else {
            format!("{place}{edges}{COLUMNS} where {WITHIN};\n")
        }
    }

    /// Makes sure that both sides hold the same points.
    async fn holds_the_same(&self, node: &Node) -> Result<()> {
        let (lat, lon) = ((self.lat.0 + self.lat.1) / 2.0, (self.lon.0 + self.lon.1) / 2.0);
        let (west, south, east, north) = (lon - self.half.1, lat - self.half.0, lon + self.half.1, lat + self.half.0);
        let path = format!("/api/incidents?form=symbol&limit=1000&bbox={west},{south},{east},{north}");
        let ours = results(node.asking().await?.get(&path).await?);
        let count = format!(
            "select count(*) from sokuho.incident where geom && st_makeenvelope({west}, {south}, {east}, {north}, 4326)"
        );
        let theirs: usize = node.database().context("no database")?.query(&count)?.parse()?;
        ensure!(ours == theirs && ours > 0, "{ours} incidents here and {theirs} in PostGIS");
        Ok(())
    }
}

const PROBES: usize = 300;

fn results(answer: &[u8]) -> usize {
    // Nothing but an incident has a category and a status.
    memmem::find_iter(answer, b"\"status\":").count()
}

/// Even dice from 0 to 1: a linear congruential generator (Knuth, MMIX) is good enough to spread places.
fn dice_of(seed: u64) -> impl FnMut() -> f64 + Send {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    }
}

async fn ask(node: &Node, ground: Ground, question: Question, seconds: u64) -> Result<Asked> {
    let mut lines = Vec::new();
    for _ in 0..CLIENTS {
        lines.push(node.asking().await?);
    }
    let processes = node.processes()?;
    // One thread, so that the client takes no more of the cores than it must.
    let asking = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(ask_all(lines, processes, ground, question, seconds))
    };
    tokio::task::spawn_blocking(asking).await?
}

async fn ask_all(
    lines: Vec<HttpLine>,
    processes: Processes,
    ground: Ground,
    question: Question,
    seconds: u64,
) -> Result<Asked> {
    let (start, before) = (Instant::now(), processes.cpu_seconds()?);
    let end = start + Duration::from_secs(seconds);
    let mut asking = JoinSet::new();
    for (number, line) in (1..).zip(lines) {
        asking.spawn(ask_until(line.moved()?, ground, question, number, end));
    }
    let (mut took, mut found) = (Histogram::new_with_bounds(1, 60_000_000_000, 3)?, 0);
    while let Some(outcome) = asking.join_next().await {
        let (theirs, results) = outcome??;
        took.add(theirs)?;
        found += results;
    }
    let count = took.len() as f64;
    Ok(Asked {
        a_second: count / start.elapsed().as_secs_f64(),
        cpu_us: (processes.cpu_seconds()? - before) * 1e6 / count,
        results: found as f64 / count,
        took,
    })
}

async fn ask_until(
    mut line: HttpLine,
    ground: Ground,
    question: Question,
    seed: u64,
    end: Instant,
) -> Result<(Histogram<u64>, usize)> {
    let (mut took, mut found, mut dice) = (Histogram::new_with_bounds(1, 60_000_000_000, 3)?, 0, dice_of(seed));
    while Instant::now() < end {
        let path = ground.path(&mut dice, question);
        let start = Instant::now();
        found += results(line.get(&path).await?);
        took.saturating_record(u64::try_from(start.elapsed().as_nanos())?);
    }
    Ok((took, found))
}
