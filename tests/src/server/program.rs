//! The binary itself: where it is, and what its commands print.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// Where the binary under test is: `SOKUHO_BIN`, else beside the running program's own target folder.
///
/// # Errors
/// If there is none.
pub fn binary() -> Result<PathBuf> {
    let path = if let Some(path) = std::env::var_os("SOKUHO_BIN") {
        PathBuf::from(path)
    } else {
        let me = std::env::current_exe()?;
        let folder = me.parent().context("the program has no folder")?;
        let folder = if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder };
        folder.join("sokuho")
    };
    ensure!(path.is_file(), "no binary at {}: build it first (make build) or set SOKUHO_BIN", path.display());
    Ok(path)
}

/// Runs a command of the binary and returns what it prints.
///
/// # Errors
/// If it fails; with what it wrote to standard error.
pub fn command(args: &[&str], stdin: &str) -> Result<String> {
    run(Command::new(binary()?).env_remove("DATABASE_URL"), args, stdin)
}

pub(super) fn run(program: &mut Command, args: &[&str], stdin: &str) -> Result<String> {
    let mut child = program
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("running the binary")?;
    if let Some(mut pipe) = child.stdin.take() {
        // A command that does not read its input has closed it.
        let _ = pipe.write_all(stdin.as_bytes());
    }
    let output = child.wait_with_output()?;
    let [printed, errors] = [&output.stdout, &output.stderr].map(|said| String::from_utf8_lossy(said));
    ensure!(output.status.success(), "sokuho {} failed: {printed}{errors}", args.join(" "));
    Ok(String::from_utf8(output.stdout)?)
}
