//! A restart with a long log: how long until the map's questions are answered, and what a report costs in memory.

use std::time::Instant;

use anyhow::{Result, ensure};
use memchr::memmem;

use crate::Scale;
use crate::findings::{Findings, median};
use crate::memory::settled;
use crate::node::{Edition, Node};

/// Bytes a report at most, of the whole server.
const BYTES_A_REPORT: f64 = 1_500.0;

const SECONDS: f64 = 10.0;

/// Measures on a node whose log holds this many reports.
pub async fn measure(
    node: &mut Node,
    edition: Edition<'_>,
    reports: u64,
    scale: &Scale,
    findings: &mut Findings,
) -> Result<()> {
    let (mut times, mut sizes) = (Vec::new(), Vec::new());
    for _ in 0..scale.rounds {
        node.stop()?;
        let start = Instant::now();
        node.start_again()?;
        let mut line = node.asking().await?;
        let answer = line.get("/api/incidents?form=symbol&limit=10").await?;
        times.push(start.elapsed().as_secs_f64());
        let cpu = node.processes()?.cpu_seconds()?;
        findings.row(&format!("restart, {}", edition.name()), &[("s", times[times.len() - 1]), ("s of CPU", cpu)]);
        ensure!(memmem::find_iter(answer, "\"id\":").count() == 10, "the map's question is not answered");
        sizes.push(settled(&node.processes()?).await? / reports as f64);
    }
    let (seconds, bytes) = (median(&mut times), median(&mut sizes));
    let name = format!("restart, {reports} reports, {}", edition.name());
    findings.goal(&name, seconds, "s until the map is answered", seconds <= SECONDS, "≤ 10");
    let name = format!("memory, {reports} reports, {}", edition.name());
    findings.goal(&name, bytes, "bytes/report, the whole server", bytes <= BYTES_A_REPORT, "≤ 1,500");
    Ok(())
}
