//! Acknowledged durable reports a second over HTTP, beside bare inserts of PostgreSQL on the same disk. With the
//! log in PostgreSQL both are in the same server.

use std::time::{Duration, Instant};

use anyhow::Result;
use hdrhistogram::Histogram;
use tokio::task::JoinSet;

use crate::Scale;
use crate::findings::{Findings, median};
use crate::http::HttpLine;
use crate::node::{Edition, Node};
use crate::postgres::Postgres;
use crate::publisher::{report_body, report_lines};

/// What a number of senders got.
struct Run {
    a_second: f64,
    took: Histogram<u64>,
}

/// Measures with the log in a file.
pub async fn measure(scale: &Scale, findings: &mut Findings) -> Result<()> {
    findings.phase("receipts: acknowledged reports a second, the whole path over HTTP");
    let mut node = Node::start().await?;
    for senders in [1, 16] {
        let run = run(&node, senders, scale.seconds).await?;
        tell(&format!("{senders} senders"), &run, findings);
    }
    let postgres = to_compare_with(findings);
    let (mut ours, mut theirs, mut p99) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=scale.rounds {
        let run = run(&node, 64, scale.seconds).await?;
        tell(&format!("64 senders, round {round}"), &run, findings);
        ours.push(run.a_second);
        p99.push(run.took.value_at_quantile(0.99) as f64 / 1e6);
        if let Some(postgres) = &postgres {
            let tps = postgres.pgbench(64, scale.seconds)?;
            findings.row(&format!("pgbench, 64 clients, round {round}"), &[("inserts/s", tps)]);
            theirs.push(tps);
        }
    }
    let p99 = median(&mut p99);
    findings.goal("64 senders: p99 of a receipt", p99, "ms", p99 < 10.0, "< 10");
    if !theirs.is_empty() {
        let ratio = median(&mut ours) / median(&mut theirs);
        findings.goal("64 senders against pgbench", ratio, "times", ratio >= 1.25, "≥ 1.25");
    }
    node.stop()
}

fn to_compare_with(findings: &mut Findings) -> Option<Postgres> {
    let postgres = Postgres::start();
    postgres.inspect_err(|error| findings.note(&format!("  no PostgreSQL to compare with: {error:#}"))).ok()
}

/// Measures with the log and its projection in the same server, the runs in pairs.
pub async fn measure_on_postgres(scale: &Scale, findings: &mut Findings) -> Result<()> {
    findings.phase("receipts with PostgreSQL");
    let Some(postgres) = to_compare_with(findings) else { return Ok(()) };
    let mut node = Node::start_on(Edition::Postgres(&postgres)).await?;
    let (mut ratios, mut p99) = (Vec::new(), Vec::new());
    for round in 1..=scale.rounds {
        let cpu = || anyhow::Ok((node.processes()?.cpu_seconds()?, postgres.processes()?.cpu_seconds()?));
        let before = cpu()?;
        let run = run(&node, 64, scale.seconds).await?;
        tell(&format!("64 senders, PostgreSQL, round {round}"), &run, findings);
        let (after, reports) = (cpu()?, run.took.len() as f64);
        let each = [
            ("µs CPU a report", (after.0 - before.0) * 1e6 / reports),
            ("µs CPU of the database", (after.1 - before.1) * 1e6 / reports),
        ];
        findings.row(&format!("64 senders, PostgreSQL, round {round}: CPU"), &each);
        p99.push(run.took.value_at_quantile(0.99) as f64 / 1e6);
        let tps = postgres.pgbench(64, scale.seconds)?;
        findings.row(&format!("pgbench beside it, round {round}"), &[("inserts/s", tps)]);
        ratios.push(run.a_second / tps);
    }
    findings.row("64 senders, PostgreSQL: p99 of a receipt", &[("ms", median(&mut p99))]);
    let ratio = median(&mut ratios);
    findings.goal("64 senders against pgbench, PostgreSQL", ratio, "times", ratio >= 1.0, "≥ 1");
    node.stop()
}

async fn run(node: &Node, senders: usize, seconds: u64) -> Result<Run> {
    let at: Vec<_> = node.towns().into_iter().map(|town| town.at).collect();
    let lines = report_lines(node, senders).await?;
    // One thread, so that the client takes no more of the two cores than it must.
    let send = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(send_all(lines, at, seconds))
    };
    tokio::task::spawn_blocking(send).await?
}

async fn send_all(lines: Vec<HttpLine>, at: Vec<(f64, f64)>, seconds: u64) -> Result<Run> {
    let start = Instant::now();
    let end = start + Duration::from_secs(seconds);
    let mut sending = JoinSet::new();
    for (number, line) in lines.into_iter().enumerate() {
        sending.spawn(send_until(line.moved()?, at[number % at.len()], end));
    }
    let mut took = Histogram::new_with_bounds(1, 60_000_000_000, 3)?;
    while let Some(outcome) = sending.join_next().await {
        took.add(outcome??)?;
    }
    Ok(Run { a_second: took.len() as f64 / start.elapsed().as_secs_f64(), took })
}

async fn send_until(mut line: HttpLine, at: (f64, f64), end: Instant) -> Result<Histogram<u64>> {
    let mut took = Histogram::new_with_bounds(1, 60_000_000_000, 3)?;
    while Instant::now() < end {
        let body = report_body(at);
        let start = Instant::now();
        line.post(body.as_bytes()).await?;
        took.saturating_record(u64::try_from(start.elapsed().as_nanos())?);
    }
    Ok(took)
}

fn tell(name: &str, run: &Run, findings: &mut Findings) {
    let ms = |quantile| run.took.value_at_quantile(quantile) as f64 / 1e6;
    findings.row(name, &[("reports/s", run.a_second), ("ms p50", ms(0.5)), ("ms p99", ms(0.99)), ("ms max", ms(1.0))]);
}
