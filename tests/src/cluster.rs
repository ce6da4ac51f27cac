//! A PostgreSQL server of a test's own, where the common one must not be harmed: on a disk that fills up, or ended and
//! started again. `scripts/with-postgres` starts it.

use crate::skipped::skipped;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::postgres::Database;

/// The server; it is gone with this value.
#[derive(Debug)]
pub struct Cluster {
    script: Child,
    folder: PathBuf,
    url: String,
}

impl Cluster {
    /// Starts one whose files lie in this folder, which everybody may enter. `None` where PostgreSQL is not
    /// installed, after saying so: the test ends with that.
    ///
    /// # Errors
    /// If it does not start.
    pub fn on(disk: &Path) -> Result<Option<Self>> {
        if !programs().join("initdb").is_file() {
            skipped(&format!("PostgreSQL is not installed in {}", programs().display()));
            return Ok(None);
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/with-postgres");
        let mut script = Command::new(script)
            // It lasts for as long as its standard input is open.
            .args(["sh", "-c", "echo \"$SOKUHO_TEST_DATABASE_URL\"; cat"])
            .env("TMPDIR", disk)
            .env_remove("SOKUHO_TEST_DATABASE_URL")
            .env_remove("DATABASE_URL")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut url = String::new();
        BufReader::new(script.stdout.as_mut().context("no standard output")?).read_line(&mut url)?;
        let mut cluster = Self { script, folder: PathBuf::new(), url: url.trim().to_owned() };
        ensure!(cluster.url.starts_with("postgres://"), "no PostgreSQL was started");
        for item in std::fs::read_dir(disk)? {
            let item = item?;
            if item.file_name().to_string_lossy().starts_with("sokuho-postgres.") {
                cluster.folder = item.path();
            }
        }
        Ok(Some(cluster))
    }

    /// An empty database in it.
    ///
    /// # Errors
    /// If it makes none.
    pub fn database(&self) -> Result<Database> {
        Database::on(self.url.clone())
    }

    /// Whether it takes connections.
    ///
    /// # Errors
    /// If PostgreSQL's program for that cannot be run.
    pub fn takes_connections(&self) -> Result<bool> {
        Ok(Command::new(programs().join("pg_isready")).arg("-q").arg("-d").arg(&self.url).status()?.success())
    }

    /// Starts it again, whether it has ended by itself or not.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start_again(&self) -> Result<()> {
        let started = Command::new("runuser")
            .args(["-u", "postgres", "--"])
            .arg(programs().join("pg_ctl"))
            .args(["-D", "data", "-w", "-l", "log", "-m", "immediate", "restart"])
            .current_dir(&self.folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()?;
        ensure!(started.success(), "PostgreSQL does not start again: {}", self.log());
        Ok(())
    }

    /// Removes what sessions have left of the tables for those that come after them, as every change to a table does.
    ///
    /// # Errors
    /// If its files cannot be removed.
    pub fn forget_tables(&self) -> Result<()> {
        let bases = std::fs::read_dir(self.folder.join("data/base"))?;
        let folders = bases.map(|base| base.map(|base| base.path())).chain([Ok(self.folder.join("data/global"))]);
        for folder in folders {
            match std::fs::remove_file(folder?.join("pg_internal.init")) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        Ok(())
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.script.stdin.take());
        if let Err(error) = self.script.wait() {
            eprintln!("PostgreSQL was not stopped: {error}");
        }
    }
}

/// PostgreSQL's own programs, as `scripts/with-postgres` looks for them.
fn programs() -> PathBuf {
    std::env::var_os("POSTGRES_BIN").map_or_else(|| PathBuf::from("/usr/lib/postgresql/15/bin"), PathBuf::from)
}
