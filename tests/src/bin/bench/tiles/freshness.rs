//! Whether a live tile shows a report as soon as there is a receipt for it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
use memchr::memmem;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use super::tile_at;
use crate::Scale;
use crate::findings::Findings;
use crate::http::HttpLine;
use crate::node::Node;
use crate::publisher::{report_at, report_lines};

const REPORTS_A_SECOND: u64 = 100;

/// Reports arrive; as soon as each has its receipt, tiles of its place are asked for.
pub async fn measure(node: &Node, scale: &Scale, findings: &mut Findings) -> Result<()> {
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
