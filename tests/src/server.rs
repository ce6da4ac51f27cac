//! The shipped binary, started for a test: on port 0, with a data folder of its own, its log collected.
//!
//! A [`Server`] that is dropped is told to stop (SIGTERM), and the test fails if it did not, or if its log
//! holds a WARN or ERROR line that the test did not [`Server::allow`].

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::client::Client;
use crate::postgres::Database;

/// How long a start or a stop may take, also on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(60);

/// The password of every account that [`Server::account`] makes.
pub const PASSWORD: &str = "correct horse battery staple";

/// What PostgreSQL says when sqlx takes back a transaction at whose commit nobody waited any more, such as that of a
/// client that went away: the commit was through already.
const TAKEN_BACK: &str = "there is no transaction in progress";

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

/// One line of the server's log, JSON.
#[derive(Clone, Debug)]
pub struct LogLine {
    /// `INFO`, `WARN` …; `PLAIN` for a line that is not JSON.
    pub level: String,
    /// The line as it was written.
    pub text: String,
}

/// How to start a server.
#[derive(Debug, Default)]
pub struct Start {
    args: Vec<String>,
    env: Vec<(String, String)>,
    database: Option<Database>,
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

#[derive(Debug)]
struct Running {
    child: Child,
    port: u16,
    /// Says when standard error was closed, which is when the process has ended.
    ended: Receiver<()>,
    /// It was asked to stop; asked twice it would stop hard.
    asked: bool,
}

impl Running {
    /// Starts it and waits until it says where it listens.
    fn spawn(start: &Start, data: &Path, port: u16, log: &Arc<Mutex<Vec<LogLine>>>) -> Result<Self> {
        let (mut running, lines) = Self::launch(start, data, port, log)?;
        match running.address(&lines) {
            Ok(port) => running.port = port,
            Err(error) => {
                running.kill();
                return Err(error);
            }
        }
        Ok(running)
    }

    /// Starts it without waiting; gives the lines of its standard output too.
    fn launch(
        start: &Start,
        data: &Path,
        port: u16,
        log: &Arc<Mutex<Vec<LogLine>>>,
    ) -> Result<(Self, Receiver<String>)> {
        let mut child = Command::new(binary()?)
            .args(["serve", "--port", &port.to_string(), "--data"])
            .arg(data)
            .args(&start.args)
            .env_remove("DATABASE_URL")
            .envs(start.env.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("starting the server")?;
        let (announce, lines) = mpsc::channel();
        read_lines(child.stdout.take().context("no standard output")?, move |line| {
            // Nobody listens any more once the address is known.
            let _ = announce.send(line);
        });
        let (end, ended) = mpsc::channel();
        let log = Arc::clone(log);
        let stderr = child.stderr.take().context("no standard error")?;
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                log.lock().unwrap_or_else(PoisonError::into_inner).push(LogLine::parse(line));
            }
            let _ = end.send(());
        });
        Ok((Self { child, port: 0, ended, asked: false }, lines))
    }

    fn address(&mut self, lines: &Receiver<String>) -> Result<u16> {
        loop {
            let line = lines.recv_timeout(PATIENCE).context("the server did not say where it listens")?;
            if let Some((_, url)) = line.split_once("listening on http://") {
                let port = url.trim().rsplit(':').next().unwrap_or_default().trim_end_matches('/');
                return port.parse().with_context(|| format!("no port in {line}"));
            }
        }
    }

    fn signal(&self, signal: &str) -> Result<()> {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status()?;
        ensure!(sent.success(), "kill {signal} failed");
        Ok(())
    }

    /// Waits for the end after a signal; what does not end in time is killed and told of.
    fn wait(&mut self) -> Result<i32> {
        if self.ended.recv_timeout(PATIENCE).is_err() {
            self.kill();
            bail!("the server did not stop within {} s of SIGTERM", PATIENCE.as_secs());
        }
        let status = self.child.wait()?;
        Ok(status.code().unwrap_or(-1))
    }

    fn kill(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl LogLine {
    fn parse(text: String) -> Self {
        let level = serde_json::from_str::<Value>(&text)
            .ok()
            .and_then(|line| line["level"].as_str().map(str::to_owned))
            .unwrap_or_else(|| "PLAIN".to_owned());
        Self { level, text }
    }

    fn is_alarming(&self) -> bool {
        matches!(self.level.as_str(), "WARN" | "ERROR") || self.text.contains("panicked at")
    }
}

fn refused(start: &Start, data: &Path, log: &Arc<Mutex<Vec<LogLine>>>) -> Result<String> {
    let (mut running, lines) = Running::launch(start, data, 0, log)?;
    if let Ok(line) = lines.recv_timeout(PATIENCE) {
        running.kill();
        bail!("it starts: {line}");
    }
    let code = running.wait()?;
    let lines = log.lock().unwrap_or_else(PoisonError::into_inner);
    let last = lines.last().map(|line| line.text.clone()).unwrap_or_default();
    ensure!(code == 1 && !last.contains("panicked"), "it ended with code {code}: {last}");
    Ok(last)
}

fn read_lines(from: impl Read + Send + 'static, mut each: impl FnMut(String) + Send + 'static) {
    std::thread::spawn(move || BufReader::new(from).lines().map_while(Result::ok).for_each(&mut each));
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

/// Runs a command of the binary and returns what it prints.
///
/// # Errors
/// If it fails; with what it wrote to standard error.
pub fn command(args: &[&str], stdin: &str) -> Result<String> {
    run(Command::new(binary()?).env_remove("DATABASE_URL"), args, stdin)
}

fn run(program: &mut Command, args: &[&str], stdin: &str) -> Result<String> {
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
