//! Databases for tests: each makes its own in the PostgreSQL that `SOKUHO_TEST_DATABASE_URL` names, and
//! drops it at the end. `scripts/with-postgres` starts such a server.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Database, Location};

/// An empty database, dropped with this value.
#[derive(Debug)]
pub(crate) struct Scratch {
    server: String,
    name: String,
}

impl Scratch {
    /// Makes one. `None` where there is no server, after saying so: the test ends with that.
    pub(crate) fn new() -> Option<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let Ok(server) = std::env::var("SOKUHO_TEST_DATABASE_URL") else {
            crate::skipped::skipped("SOKUHO_TEST_DATABASE_URL is not set");
            return None;
        };
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let scratch = Self { server, name: format!("sokuho_unit_{}_{number}", std::process::id()) };
        scratch.psql(&format!("CREATE DATABASE {}", scratch.name));
        Some(scratch)
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        let (server, query) = self.server.split_at(self.server.find('?').unwrap_or(self.server.len()));
        let server = server.rsplit_once('/').map_or(server, |(server, _)| server);
        format!("{server}/{}{query}", self.name)
    }

    /// Where it is.
    pub(crate) fn location(&self) -> Location {
        Location::Postgres(self.url().parse().unwrap())
    }

    /// Opens it, its tables made.
    pub(crate) async fn open(&self) -> Database {
        Database::open(&self.location()).await.unwrap()
    }

    fn psql(&self, statement: &str) {
        let output = Command::new("psql").args([&self.server, "-X", "-q", "-c", statement]).output().unwrap();
        assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.psql(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}
