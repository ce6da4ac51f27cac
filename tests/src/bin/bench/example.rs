//! The server's own examples, which do and measure what only its library can.

use std::process::Command;

use anyhow::{Result, ensure};

/// Runs an example with these arguments and this environment; returns what it prints.
pub fn run(name: &str, args: &[&str], env: &[(&str, &str)]) -> Result<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let example = ["run", "--quiet", "--release", "-p", "sokuho", "--example", name, "--"];
    let output = Command::new(cargo).args(example).args(args).envs(env.iter().copied()).output()?;
    ensure!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
