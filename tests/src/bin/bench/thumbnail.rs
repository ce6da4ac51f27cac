//! What a thumbnail costs: the server's own example measures it, beside the plain way.

use std::process::Command;

use anyhow::Result;

use crate::findings::Findings;

/// Runs the example and passes its figures on.
pub fn measure(findings: &mut Findings) -> Result<()> {
    findings.phase("thumbnail of a 12-megapixel JPEG");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let example = ["run", "--quiet", "--release", "-p", "sokuho", "--example", "thumbnail_cost"];
    let output = Command::new(cargo).args(example).output()?;
    let text = if output.status.success() { output.stdout } else { output.stderr };
    for line in String::from_utf8_lossy(&text).lines() {
        findings.note(&format!("  {line}"));
    }
    Ok(())
}
