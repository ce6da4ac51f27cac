//! Cold start: how long a node with a long log needs until it is ready.

use std::time::Instant;

use anyhow::{Result, ensure};
use tokio::task::JoinSet;

use crate::Scale;
use crate::findings::{Findings, median};
use crate::frames;
use crate::node::Node;
use crate::publisher::{LINES, report_body, report_lines};

/// Measures.
pub async fn measure(scale: &Scale, findings: &mut Findings) -> Result<()> {
    findings.phase(&format!("cold start with {} reports in the log", scale.log_entries));
    let mut node = Node::start().await?;
    fill(&node, scale.log_entries).await?;
    let size: u64 = std::fs::read_dir(node.data())?.filter_map(|item| Some(item.ok()?.metadata().ok()?.len())).sum();
    let mut times = Vec::new();
    for _ in 0..scale.rounds {
        node.stop()?;
        let start = Instant::now();
        node.start_again()?;
        ensure!(node.is_ready().await?, "it listens and is not ready");
        times.push(start.elapsed().as_secs_f64());
    }
    let seconds = median(&mut times);
    findings.row("the log on disk", &[("MiB", size as f64 / 1_048_576.0)]);
    findings.goal("cold start", seconds, "s until ready", seconds <= 3.0, "≤ 3");
    node.stop()
}

async fn fill(node: &Node, entries: u64) -> Result<()> {
    let at: Vec<_> = node.towns().into_iter().map(|town| town.at).collect();
    let mut sending = JoinSet::new();
    for (number, mut line) in report_lines(node, LINES).await?.into_iter().enumerate() {
        let at = at[number % at.len()];
        sending.spawn(async move {
            // The node numbers entries without a gap: the last number tells how many there are.
            while frames::field(line.post(report_body(at).as_bytes()).await?, b"\"seq\":") < entries {}
            anyhow::Ok(())
        });
    }
    while let Some(outcome) = sending.join_next().await {
        outcome??;
    }
    Ok(())
}
