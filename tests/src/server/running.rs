//! The process of a server, and what it writes.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::program::binary;
use super::{PATIENCE, Start};

/// One line of the server's log, JSON.
#[derive(Clone, Debug)]
pub struct LogLine {
    /// `INFO`, `WARN` …; `PLAIN` for a line that is not JSON.
    pub level: String,
    /// The line as it was written.
    pub text: String,
}

impl LogLine {
    fn parse(text: String) -> Self {
        let level = serde_json::from_str::<Value>(&text)
            .ok()
            .and_then(|line| line["level"].as_str().map(str::to_owned))
            .unwrap_or_else(|| "PLAIN".to_owned());
        Self { level, text }
    }

    pub(super) fn is_alarming(&self) -> bool {
        matches!(self.level.as_str(), "WARN" | "ERROR") || self.text.contains("panicked at")
    }
}

/// The process, from its start to its end.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) child: Child,
    pub(super) port: u16,
    /// Says when standard error was closed, which is when the process has ended.
    pub(super) ended: Receiver<()>,
    /// It was asked to stop; asked twice it would stop hard.
    pub(super) asked: bool,
}

impl Running {
    /// Starts it and waits until it says where it listens.
    pub(super) fn spawn(start: &Start, data: &Path, port: u16, log: &Arc<Mutex<Vec<LogLine>>>) -> Result<Self> {
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
    pub(super) fn launch(
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

    pub(super) fn signal(&self, signal: &str) -> Result<()> {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status()?;
        ensure!(sent.success(), "kill {signal} failed");
        Ok(())
    }

    /// Waits for the end after a signal; what does not end in time is killed and told of.
    pub(super) fn wait(&mut self) -> Result<i32> {
        if self.ended.recv_timeout(PATIENCE).is_err() {
            self.kill();
            bail!("the server did not stop within {} s of SIGTERM", PATIENCE.as_secs());
        }
        let status = self.child.wait()?;
        Ok(status.code().unwrap_or(-1))
    }

    pub(super) fn kill(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts it where it cannot start, waits for its end, and gives what it said last.
pub(super) fn refused(start: &Start, data: &Path, log: &Arc<Mutex<Vec<LogLine>>>) -> Result<String> {
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
