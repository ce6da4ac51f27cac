//! How long the wall's page is busy at a stretch with many incidents on screen while changes arrive: the browser's own
//! measure, taken by `tests/browser/busy_wall.mjs`.

use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::Scale;
use crate::findings::Findings;

/// Changes a second, each in a frame of its own.
const RATE: u32 = 50;

/// Tasks of the page that took longer than 100 ms, in all rounds.
const MOST_LONG_TASKS: f64 = 0.0;

/// Runs the page in Chromium and judges its long tasks.
///
/// # Errors
/// If the measurement fails. That there is no Chromium or no Node.js is noted.
pub fn measure(scale: &Scale, findings: &mut Findings) -> Result<()> {
    let (incidents, seconds) = (scale.wall_incidents, scale.wall_seconds);
    findings.phase(&format!("wall with {incidents} incidents, {RATE} changes/s"));
    let mut long = 0.0;
    let mut longest: f64 = 0.0;
    for round in 1..=scale.rounds {
        let run = match run(incidents, seconds) {
            Ok(run) => run,
            Err(error) => {
                findings.note(&format!("  not measured: {error:#}"));
                return Ok(());
            }
        };
        let of = |name: &str| run.get(name).and_then(Value::as_f64).with_context(|| format!("no figure {name}"));
        long += of("over_100_ms")?;
        longest = longest.max(of("longest_ms")?);
        findings.row(
            &format!("wall, round {round}"),
            &[
                ("ms longest task", of("longest_ms")?),
                ("tasks over 50 ms", of("over_50_ms")?),
                ("cores by the page", of("page_cores")?),
                ("cores by drawing", of("graphics_cores")?),
                ("ms until the last was drawn", of("all_drawn_after_ms")?),
                ("ms longest at its start", of("longest_at_load_ms")?),
            ],
        );
    }
    findings.row("wall: longest task", &[("ms", longest)]);
    findings.goal("wall: tasks over 100 ms", long, "tasks", long <= MOST_LONG_TASKS, "0");
    Ok(())
}

/// What one run says. It ends with 1 if a task was too long, and says its figures all the same.
fn run(incidents: u32, seconds: u32) -> Result<Value> {
    let output = Command::new("node")
        .arg("tests/browser/busy_wall.mjs")
        .args(["--incidents", &incidents.to_string(), "--rate", &RATE.to_string(), "--seconds", &seconds.to_string()])
        .stdin(Stdio::null())
        .output()
        .context("node cannot be started")?;
    serde_json::from_slice(&output.stdout)
        .with_context(|| String::from_utf8_lossy(&output.stderr).lines().take(5).collect::<Vec<_>>().join(" "))
}
