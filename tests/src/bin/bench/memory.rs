//! Resident memory per viewer: idle, after a burst, and some time later.

use std::time::Duration;

use anyhow::Result;

use crate::Scale;
use crate::fan_out::burst;
use crate::findings::Findings;
use crate::fleet::Fleet;
use crate::node::Node;
use crate::publisher::Publisher;

/// How long the server may take to give memory back.
const LATER: Duration = Duration::from_secs(10);

/// Measures.
pub async fn measure(scale: &Scale, findings: &mut Findings) -> Result<()> {
    findings.phase("memory: resident, per viewer");
    let mut node = Node::start().await?;
    let processes = node.processes()?;
    let publisher = Publisher::open(&node).await?;
    // Warm: what the first reports need once is not the viewers'.
    for _ in 0..10 {
        publisher.burst(32, None).await?;
    }
    let before = processes.resident()?;
    let fleet = Fleet::open(&node.walls_for_everything(), scale.viewers).await?;
    let per_viewer = |resident: f64| (resident - before) / fleet.count() as f64 / 1024.0;
    let idle = per_viewer(processes.resident()?);
    tokio::time::sleep(LATER).await;
    let idle_later = per_viewer(processes.resident()?);
    for _ in 0..10 {
        burst(&fleet, &publisher, 32).await?;
    }
    let after_burst = per_viewer(processes.resident()?);
    tokio::time::sleep(LATER).await;
    let later = per_viewer(processes.resident()?);
    let name = format!("{} viewers", fleet.count());
    findings.row(
        &format!("{name}: memory"),
        &[
            ("KiB just connected", idle),
            ("KiB idle for 10 s", idle_later),
            ("KiB after bursts", after_burst),
            ("KiB 10 s later", later),
        ],
    );
    findings.row("the whole server, idle", &[("MiB without viewers", before / 1_048_576.0)]);
    findings.goal(&format!("{name}: idle memory"), idle_later, "KiB/viewer", idle_later <= 6.0, "≤ 6");
    findings.goal(&format!("{name}: back after bursts"), later, "KiB/viewer", later <= idle_later + 2.0, "near idle");
    fleet.close();
    node.stop()
}
