//! What a thumbnail costs: the server's own example measures it, beside the plain way.

use anyhow::Result;

use crate::example;
use crate::findings::Findings;

/// Runs the example and passes its figures on.
pub fn measure(findings: &mut Findings) -> Result<()> {
    findings.phase("thumbnail of a 12-megapixel JPEG");
    let text = example::run("thumbnail_cost", &[], &[]).unwrap_or_else(|error| format!("{error:#}"));
    for line in text.lines() {
        findings.note(&format!("  {line}"));
    }
    Ok(())
}
