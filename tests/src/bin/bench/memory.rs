//! Resident memory per viewer: idle, after a burst, and some time later.

use std::time::Duration;

use anyhow::Result;

use crate::Scale;
use crate::fan_out::burst;
use crate::findings::Findings;
use crate::fleet::Fleet;
use crate::node::Node;
use crate::process::Processes;
use crate::publisher::Publisher;

const MIB: f64 = 1_048_576.0;

/// Resident memory once it has come to rest: what a start and the first reports needed is given back by
/// then, and would else be counted in the viewers' favour. Bytes.
pub async fn settled(processes: &Processes) -> Result<f64> {
    let mut last = processes.resident()?;
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_secs(3)).await;
        let now = processes.resident()?;
        if (now - last).abs() < 100.0 * 1024.0 {
            return Ok(now);
        }
        last = now;
    }
    Ok(last)
}

/// Measures. What a viewer costs is told by the difference between few viewers and all of them: what the
/// first viewer makes the server fetch or give back is not a viewer's.
pub async fn measure(scale: &Scale, findings: &mut Findings) -> Result<()> {
    findings.phase("memory: resident, per viewer");
    let mut node = Node::start().await?;
    let processes = node.processes()?;
    let publisher = Publisher::open(&node).await?;
    // Warm: what the first reports need once is not the viewers'.
    for _ in 0..10 {
        publisher.burst(32, None).await?;
    }
    let line = node.walls_for_everything();
    let first = Fleet::open(&line, scale.viewers / 10).await?;
    burst(&first, &publisher, 32).await?;
    let before = settled(&processes).await?;
    let fleet = Fleet::open(&line, scale.viewers - first.count()).await?;
    let per_viewer = |resident: f64| (resident - before) / fleet.count() as f64 / 1024.0;
    let connected = per_viewer(processes.resident()?);
    let whole_idle = settled(&processes).await?;
    let idle = per_viewer(whole_idle);
    for _ in 0..10 {
        burst(&fleet, &publisher, 32).await?;
    }
    let after_bursts = per_viewer(processes.resident()?);
    let whole = settled(&processes).await?;
    let later = per_viewer(whole);
    let name = format!("{} viewers", scale.viewers);
    findings.row(
        &format!("{name}: memory"),
        &[
            ("KiB just connected", connected),
            ("KiB idle", idle),
            ("KiB after bursts", after_bursts),
            ("KiB some time later", later),
        ],
    );
    findings.row(
        "the whole server",
        &[
            ("MiB with a tenth of them", before / MIB),
            ("MiB idle", whole_idle / MIB),
            ("MiB after bursts", whole / MIB),
        ],
    );
    // The rise can come out below the truth, even below nothing: what the start needed (a password's hash takes
    // 19 MiB) is given back at some time. So the goal counts the whole server as if it were the viewers'.
    let at_most = whole_idle / scale.viewers as f64 / 1024.0;
    findings.goal(&format!("{name}: idle memory"), at_most, "KiB/viewer, the whole server", at_most <= 6.0, "≤ 6");
    findings.goal(&format!("{name}: back after bursts"), later, "KiB/viewer", later <= idle + 2.0, "near idle");
    first.close();
    fleet.close();
    node.stop()
}
