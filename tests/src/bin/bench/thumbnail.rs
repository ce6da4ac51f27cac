//! What a thumbnail costs: the server's own example measures it, beside the plain way.

use anyhow::{Context, Result};

use crate::example;
use crate::findings::Findings;

/// CPU of one picture, milliseconds.
const CPU_MS: f64 = 50.0;

/// How far the resident memory may rise, megabytes.
const MEMORY_MB: f64 = 100.0;

/// Runs the example and judges its figures.
///
/// # Errors
/// If the example fails or says something else.
pub fn measure(findings: &mut Findings) -> Result<()> {
    findings.phase("thumbnail of a 12-megapixel photo");
    let text = example::run("thumbnail_cost", &[], &[])?;
    for line in text.lines() {
        findings.note(&format!("  {line}"));
    }
    let (ours, lanczos) = (cpu(&text, "JPEG, sokuho")?, cpu(&text, "JPEG, image with Lanczos")?);
    findings.goal("thumbnail of a JPEG: CPU", ours, "ms", ours <= CPU_MS, "≤ 50");
    findings.goal("thumbnail of a JPEG against Lanczos", ours / lanczos, "times", ours * 3.0 <= lanczos, "≤ 1/3");
    for kind in ["JPEG", "PNG", "WebP"] {
        let name = format!("thumbnail of a {kind}: memory");
        match figure(&text, &format!("{kind}, sokuho"), "memory rises by ", " MB") {
            Ok(rise) => findings.goal(&name, rise, "MB", rise < MEMORY_MB, "< 100"),
            Err(error) => findings.note(&format!("  {name}: {error:#}")),
        }
    }
    Ok(())
}

fn cpu(text: &str, way: &str) -> Result<f64> {
    figure(text, way, ": ", " ms of CPU")
}

/// The number between two words in the line of a way of drawing.
fn figure(text: &str, way: &str, before: &str, after: &str) -> Result<f64> {
    let line = text.lines().find(|line| line.starts_with(way)).with_context(|| format!("no line of {way}"))?;
    let number = line.split_once(before).and_then(|(_, rest)| rest.split_once(after)).context("not measurable here")?.0;
    Ok(number.parse()?)
}
