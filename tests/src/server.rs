//! The shipped binary, started for a test: on port 0, with a data folder of its own, its log collected.
//!
//! A [`Server`] that is dropped is told to stop (SIGTERM), and the test fails if it did not, or if its log
//! holds a WARN or ERROR line that the test did not [`Server::allow`].

mod program;
mod running;
mod start;

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use self::program::run;
pub use self::program::{binary, command};
pub use self::running::LogLine;
use self::running::{Running, refused};
pub use self::start::{Edition, Start};
use crate::client::Client;
use crate::postgres::Database;

/// How long a start or a stop may take, also on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(60);

/// The password of every account that [`Server::account`] makes.
pub const PASSWORD: &str = "correct horse battery staple";

/// What PostgreSQL says when sqlx takes back a transaction at whose commit nobody waited any more, such as that of a
/// client that went away: the commit was through already.
const TAKEN_BACK: &str = "there is no transaction in progress";

/// A running server.
#[derive(Debug)]
pub struct Server {
    start: Start,
    data: TempDir,
    port: u16,
    running: Option<Running>,
    log: Arc<Mutex<Vec<LogLine>>>,
    allowed: Vec<String>,
}

impl Server {
    /// Starts one with nothing special.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start() -> Result<Self> {
        Start::default().start()
    }

    /// Where it is, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its process id.
    ///
    /// # Errors
    /// If it does not run.
    pub fn pid(&self) -> Result<u32> {
        Ok(self.running.as_ref().context("the server does not run")?.child.id())
    }

    /// Its PostgreSQL database, if it has one.
    pub fn database(&self) -> Option<&Database> {
        self.start.database.as_ref()
    }

    /// Its data folder.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// Lets WARN and ERROR lines pass that contain this text.
    pub fn allow(&mut self, text: impl Into<String>) {
        self.allowed.push(text.into());
    }

    /// The log so far.
    pub fn log(&self) -> Vec<LogLine> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for a line of the log that contains this text: it comes by another pipe than the address.
    ///
    /// # Errors
    /// If none comes in time.
    pub async fn until_logged(&self, text: &str) -> Result<LogLine> {
        let look = async {
            loop {
                if let Some(line) = self.log().into_iter().find(|line| line.text.contains(text)) {
                    return line;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, look).await.with_context(|| format!("never logged: {text}"))
    }

    /// A client without a token.
    pub fn public(&self) -> Client {
        Client::new(self.url())
    }

    /// Runs a command of the binary on this data folder and returns what it prints.
    ///
    /// # Errors
    /// If it fails.
    pub fn command(&self, args: &[&str], stdin: &str) -> Result<String> {
        let data = self.data.path().to_string_lossy();
        let args = [args, &["--data", &data]].concat();
        run(Command::new(binary()?).env_remove("DATABASE_URL").envs(self.start.env.iter().cloned()), &args, stdin)
    }

    /// Runs a command of the binary on the same database, if there is one, but with whatever folder it names.
    ///
    /// # Errors
    /// If it fails.
    pub fn command_elsewhere(&self, args: &[&str]) -> Result<String> {
        run(Command::new(binary()?).env_remove("DATABASE_URL").envs(self.start.env.iter().cloned()), args, "")
    }

    /// Makes an account whose password is [`PASSWORD`]; `home` is the office where the person lives.
    ///
    /// # Errors
    /// If the command fails.
    pub fn account(&self, name: &str, work: &str, home: Option<&str>, role: &str) -> Result<()> {
        let display = format!("{name} の人");
        let mut args = vec!["account", "add", "--name", name, "--password-stdin", "--display", &display];
        args.extend(["--work", work, "--role", role]);
        args.extend(home.iter().flat_map(|code| ["--home", code]));
        self.command(&args, PASSWORD)?;
        Ok(())
    }

    /// Makes an account and signs in.
    ///
    /// # Errors
    /// If either fails.
    pub async fn staff(&self, name: &str, work: &str, home: Option<&str>, role: &str) -> Result<Client> {
        self.account(name, work, home, role)?;
        let client = self.public().sign_in(name, PASSWORD).await?;
        client.until("/api/me", 200).await?;
        Ok(client)
    }

    /// Makes a wall token for an office.
    ///
    /// # Errors
    /// If the command fails.
    pub async fn wall_token(&self, office: &str) -> Result<String> {
        let printed = self.command(&["token", "wall", "--office", office], "")?;
        let token = printed.trim();
        ensure!(!token.is_empty() && !token.contains(char::is_whitespace), "not a token alone: {printed:?}");
        self.public().with_token(token).until("/api/me", 200).await?;
        Ok(token.to_owned())
    }

    /// A client with a new wall token of the office.
    ///
    /// # Errors
    /// If the command fails.
    pub async fn wall(&self, office: &str) -> Result<Client> {
        Ok(self.public().with_token(self.wall_token(office).await?))
    }

    /// Ends it at once, as a power cut does.
    pub fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.kill();
        }
    }

    /// Starts it again where it cannot start, waits for its end, and gives what it said last.
    ///
    /// # Errors
    /// If it starts, does not end, or ends as if all were well.
    pub fn start_refused(&self) -> Result<String> {
        ensure!(self.running.is_none(), "the server runs still");
        refused(&self.start, self.data.path(), &self.log)
    }

    /// Starts it again on the same data and ends it at once some time later, however far it has come.
    ///
    /// # Errors
    /// If it runs still or cannot be started at all.
    pub fn kill_during_start(&mut self, after: Duration) -> Result<()> {
        ensure!(self.running.is_none(), "the server runs still");
        let (mut running, _lines) = Running::launch(&self.start, self.data.path(), self.port, &self.log)?;
        // Returns early only where the start has failed by itself.
        let ended = running.ended.recv_timeout(after).is_ok();
        running.kill();
        ensure!(!ended, "the server ended by itself\n{}", self.log_tail());
        Ok(())
    }

    /// Asks it to stop and returns without waiting, so that a viewer can watch.
    ///
    /// # Errors
    /// If it does not run.
    pub fn terminate(&mut self) -> Result<()> {
        let running = self.running.as_mut().context("the server does not run")?;
        running.asked = true;
        running.signal("-TERM")
    }

    /// Asks it to stop, waits, and checks that it ended well.
    ///
    /// # Errors
    /// If it does not stop in time or ends with another code than 0.
    pub fn stop(&mut self) -> Result<()> {
        if let Some(mut running) = self.running.take() {
            if !running.asked {
                running.signal("-TERM")?;
            }
            let code = running.wait()?;
            ensure!(code == 0, "the server ended with code {code}\n{}", self.log_tail());
        }
        Ok(())
    }

    /// Starts it again on the same data and the same port.
    ///
    /// # Errors
    /// If it runs still or does not start.
    pub fn start_again(&mut self) -> Result<()> {
        ensure!(self.running.is_none(), "the server runs still");
        self.running = Some(Running::spawn(&self.start, self.data.path(), self.port, &self.log)?);
        Ok(())
    }

    /// Stops it and checks its log: the end of a test that wants an error instead of a panic.
    ///
    /// # Errors
    /// If it does not stop well or its log holds an unexpected WARN or ERROR.
    pub fn finish(mut self) -> Result<()> {
        self.stop()?;
        self.check_log()
    }

    fn check_log(&self) -> Result<()> {
        let unexpected = |line: &LogLine| !self.allowed.iter().any(|text| line.text.contains(text));
        let alarming: Vec<_> = self.log().into_iter().filter(LogLine::is_alarming).filter(unexpected).collect();
        let text: Vec<_> = alarming.iter().map(|line| line.text.as_str()).collect();
        ensure!(text.is_empty(), "unexpected lines in the server's log:\n{}", text.join("\n"));
        Ok(())
    }

    fn log_tail(&self) -> String {
        let log = self.log();
        let tail = log.iter().skip(log.len().saturating_sub(30)).map(|line| line.text.as_str());
        tail.collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let stopped = self.stop().and_then(|()| self.check_log());
        if std::thread::panicking() {
            eprintln!("the end of the server's log:\n{}", self.log_tail());
        } else if let Err(error) = stopped {
            panic!("{error:#}");
        }
    }
}
