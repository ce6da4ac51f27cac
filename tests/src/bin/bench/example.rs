//! The server's own examples, which do and measure what only its library can.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// Runs an example with these arguments and this environment; returns what it prints.
pub fn run(name: &str, args: &[&str], env: &[(&str, &str)]) -> Result<String> {
    let output = command(name).args(args).envs(env.iter().copied()).output()?;
    ensure!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs an example and lets this database copy what it prints into a table.
pub fn copy(name: &str, args: &[&str], url: &str, table: &str) -> Result<()> {
    let mut example = command(name).args(args).stdout(Stdio::piped()).spawn()?;
    let rows = example.stdout.take().context("no standard output")?;
    let statement = format!("copy {table} from stdin");
    let psql =
        Command::new("psql").args([url, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", &statement]).stdin(rows).status();
    let printed = example.wait()?;
    ensure!(psql?.success(), "psql does not take the rows of {name}");
    ensure!(printed.success(), "{name} {args:?} failed");
    Ok(())
}

/// The number behind a name, of what an example prints.
pub fn figure(text: &str, name: &str) -> Result<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    Ok(line.with_context(|| format!("no figure {name}"))?.parse()?)
}

fn command(name: &str) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["run", "--quiet", "--release", "-p", "sokuho", "--example", name, "--"]);
    command
}
