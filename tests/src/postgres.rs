//! Databases of their own for tests, in the PostgreSQL that `SOKUHO_TEST_DATABASE_URL` names;
//! `scripts/with-postgres` starts such a server.

use crate::skipped::skipped;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, ensure};

/// An empty database with PostGIS, dropped with this value.
#[derive(Debug)]
pub struct Database {
    server: String,
    name: String,
}

impl Database {
    /// Makes one. `None` where there is no server, after saying so: the test ends with that.
    ///
    /// # Errors
    /// If the server does not let us.
    pub fn fresh() -> Result<Option<Self>> {
        let Ok(server) = std::env::var("SOKUHO_TEST_DATABASE_URL") else {
            skipped("SOKUHO_TEST_DATABASE_URL is not set");
            return Ok(None);
        };
        Self::on(server).map(Some)
    }

    /// Makes one in the server of this address.
    ///
    /// # Errors
    /// If the server does not let us.
    pub fn on(server: String) -> Result<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("sokuho_wire_{}_{number}", std::process::id());
        psql(&server, &format!("CREATE DATABASE {name}"))?;
        Ok(Self { server, name })
    }

    /// Its address.
    pub fn url(&self) -> String {
        let (server, query) = self.server.split_at(self.server.find('?').unwrap_or(self.server.len()));
        let server = server.rsplit_once('/').map_or(server, |(server, _)| server);
        format!("{server}/{}{query}", self.name)
    }

    /// Its address by way of another port of this machine, such as a proxy's.
    ///
    /// # Errors
    /// If the server's address is none of host and port.
    pub fn url_by_port(&self, port: u16) -> Result<String> {
        let url = self.url();
        let (head, tail) = url.split_once('@').context("an address with a user")?;
        let (_, path) = tail.split_once('/').context("an address with a name")?;
        Ok(format!("{head}@127.0.0.1:{port}/{path}"))
    }

    /// The host and port of its server.
    ///
    /// # Errors
    /// If the server's address is none of host and port.
    pub fn server(&self) -> Result<&str> {
        let (_, tail) = self.server.split_once('@').context("an address with a user")?;
        Ok(tail.split_once('/').context("an address with a name")?.0)
    }

    /// What a statement gives: a line a row, columns apart by '|'.
    ///
    /// # Errors
    /// If the database refuses it.
    pub fn query(&self, statement: &str) -> Result<String> {
        psql(&self.url(), statement)
    }

    /// Runs a statement in a transaction that stays open, with whatever it has locked.
    ///
    /// # Errors
    /// If the database refuses it.
    pub fn hold(&self, statement: &str) -> Result<Held> {
        let mut psql = Command::new("psql")
            .args([&self.url(), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let input = psql.stdin.as_mut().context("no standard input")?;
        writeln!(input, "BEGIN; {statement}; SELECT 'held';")?;
        BufReader::new(psql.stdout.as_mut().context("no standard output")?).read_line(&mut line)?;
        let held = Held(psql);
        ensure!(line.trim() == "held", "{statement} was refused");
        Ok(held)
    }
}

/// An open transaction; it ends with this value.
#[derive(Debug)]
pub struct Held(Child);

impl Held {
    /// Ends it, and changes nothing.
    ///
    /// # Errors
    /// If its client cannot be waited for.
    pub fn release(mut self) -> Result<()> {
        drop(self.0.stdin.take());
        self.0.wait()?;
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Err(error) = psql(&self.server, &format!("DROP DATABASE {} WITH (FORCE)", self.name)) {
            eprintln!("{error:#}");
        }
    }
}

fn psql(url: &str, statement: &str) -> Result<String> {
    let output = Command::new("psql").args([url, "-X", "-q", "-A", "-t", "-c", statement]).output()?;
    ensure!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
}
