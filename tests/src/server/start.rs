//! How a server is started: with which options, on which database, in which folder.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use anyhow::Result;
use tempfile::TempDir;

use super::program::{binary, run};
use super::running::{Running, refused};
use super::{Server, TAKEN_BACK};
use crate::postgres::Database;

/// How to start a server.
#[derive(Debug, Default)]
pub struct Start {
    pub(super) args: Vec<String>,
    pub(super) env: Vec<(String, String)>,
    pub(super) database: Option<Database>,
}

/// Where a server keeps its log and its accounts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Edition {
    /// In a file in its data folder.
    Sqlite,
    /// In a PostgreSQL database of its own.
    Postgres,
}

impl Start {
    /// A server of this edition; its database is dropped with it. `None` where there is no PostgreSQL, after
    /// saying so: the test ends with that.
    ///
    /// # Errors
    /// If PostgreSQL makes no database.
    pub fn on(edition: Edition) -> Result<Option<Self>> {
        match edition {
            Edition::Sqlite => Ok(Some(Self::default())),
            Edition::Postgres => Ok(Database::fresh()?.map(Self::with_database)),
        }
    }

    /// A server on this database, which is dropped with it.
    pub fn with_database(database: Database) -> Self {
        let start = Self::default().env("DATABASE_URL", database.url());
        Self { database: Some(database), ..start }
    }

    /// The PostgreSQL database that it will have, if any.
    pub fn database(&self) -> Option<&Database> {
        self.database.as_ref()
    }

    /// Adds an argument to `sokuho serve`.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Starts it with an empty data folder.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start(self) -> Result<Server> {
        self.start_in(tempfile::Builder::new().prefix("sokuho-").tempdir()?)
    }

    /// Starts it with a data folder, and the database if it has one, that were restored from a backup.
    ///
    /// # Errors
    /// If it cannot be restored or does not start.
    pub fn restored_from(self, backup: &Path) -> Result<Server> {
        let data = tempfile::Builder::new().prefix("sokuho-").tempdir()?;
        self.restore(backup, data.path())?;
        self.start_in(data)
    }

    /// Restores a backup into this folder, and the database if there is one; gives what is printed.
    ///
    /// # Errors
    /// If it cannot be restored.
    pub fn restore(&self, backup: &Path, data: &Path) -> Result<String> {
        let (backup, data) = (backup.to_string_lossy(), data.to_string_lossy());
        let program = &mut Command::new(binary()?);
        let program = program.env_remove("DATABASE_URL").envs(self.env.iter().cloned());
        run(program, &["restore", &backup, "--data", &data], "")
    }

    /// Starts it with this data folder where it cannot start, waits for its end, and gives what it said last.
    ///
    /// # Errors
    /// If it starts, does not end, or ends as if all were well.
    pub fn refused_in(&self, data: &Path) -> Result<String> {
        refused(self, data, &Arc::default())
    }

    /// Starts it with this data folder, which is removed with the server.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start_in(self, data: TempDir) -> Result<Server> {
        let log = Arc::new(Mutex::new(Vec::new()));
        let running = Running::spawn(&self, data.path(), 0, &log)?;
        let port = running.port;
        Ok(Server { start: self, data, port, running: Some(running), log, allowed: vec![TAKEN_BACK.to_owned()] })
    }
}
