//! A private PostgreSQL with the defaults of `initdb` (fsync on), for our node and for `pgbench` on the same disk.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use sokuho_tests::postgres::Database;
use tempfile::TempDir;

use crate::process::Processes;

/// A running database.
pub struct Postgres {
    bin: PathBuf,
    folder: TempDir,
}

const ROLE: &str = "bench";

impl Postgres {
    /// Makes and starts one, reached by a socket in its own folder.
    pub fn start() -> Result<Self> {
        Self::start_with("")
    }

    /// Makes and starts one with these options of `postgres`.
    pub fn start_with(more: &str) -> Result<Self> {
        let bin = newest_bin()?;
        ensure!(Command::new("pgbench").arg("--version").output().is_ok(), "pgbench is not installed");
        let folder = tempfile::Builder::new().prefix("sokuho-postgres-").tempdir()?;
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(folder.path()))?;
        }
        let database = Self { bin, folder };
        let data = database.data();
        run(database.program("initdb").args(["-A", "trust", "-U", ROLE, "--locale=C.UTF-8", "-D"]).arg(&data))?;
        let options =
            format!("-k {} -c listen_addresses= -c max_connections=100 {more}", database.folder.path().display());
        let log = database.folder.path().join("log");
        run(database
            .program("pg_ctl")
            .args(["-w", "-D"])
            .arg(&data)
            .arg("-l")
            .arg(log)
            .args(["-o", &options, "start"]))?;
        let create = "create table report (id bigserial primary key, words text not null)";
        run(database.client("psql").args(["-q", "-d", "postgres", "-c", create]))?;
        Ok(database)
    }

    /// Bare single-row inserts a second, each its own commit.
    pub fn pgbench(&self, clients: usize, seconds: u64) -> Result<f64> {
        let insert = "insert into report (words) values ('県道の路肩が崩れ、片側が通れません');\n";
        Ok(self.pgbench_script("postgres", insert, &[], clients, seconds)?.0)
    }

    /// Runs of a script of `pgbench` in this database: how many a second, and how many in all.
    fn pgbench_script(
        &self,
        database: &str,
        text: &str,
        options: &[&str],
        clients: usize,
        seconds: u64,
    ) -> Result<(f64, f64)> {
        let script = self.folder.path().join("script.sql");
        std::fs::write(&script, text)?;
        let threads = std::thread::available_parallelism()?.get().min(clients).to_string();
        let mut pgbench = self.client("pgbench");
        pgbench.args(["-n", "-j", &threads, "-c", &clients.to_string(), "-T", &seconds.to_string()]);
        let output = run(pgbench.args(options).arg("-f").arg(&script).arg(database))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let figure = |name: &str| -> Result<f64> {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            let figure = line.with_context(|| format!("pgbench told no {name}"))?.split_whitespace().next();
            Ok(figure.unwrap_or_default().parse()?)
        };
        Ok((figure("tps = ")?, figure("number of transactions actually processed: ")?))
    }

    /// Asks the database of this address by a script of `pgbench`, prepared: questions a second, and microseconds of
    /// the server's CPU for each.
    pub async fn ask(&self, url: &str, script: &str, clients: usize, seconds: u64) -> Result<(f64, f64)> {
        let name = url.split(['/', '?']).nth(3).context("an address without a database")?;
        let work = || self.pgbench_script(name, script, &["-M", "prepared"], clients, seconds);
        let ((a_second, asked), cpu) = self.cpu_seconds_of(work).await?;
        Ok((a_second, cpu * 1e6 / asked))
    }

    /// Does something by sessions that it ends itself; also the CPU seconds that the server used for it.
    pub async fn cpu_seconds_of<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<(T, f64)> {
        let sessions = self.processes()?;
        let before = sessions.cpu_seconds()?;
        let done = work()?;
        // What the sessions used counts when the server has waited for their end.
        let ended = async {
            while self.processes()?.count() > sessions.count() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            anyhow::Ok(())
        };
        tokio::time::timeout(Duration::from_secs(10), ended).await.context("the sessions do not end")??;
        Ok((done, self.processes()?.cpu_seconds()? - before))
    }

    /// An empty database for a node; it goes with its value.
    pub fn database(&self) -> Result<Database> {
        // The host is the socket's folder, which the address gives at its end.
        Database::on(format!("postgres://{ROLE}@localhost/postgres?host={}", self.folder.path().display()))
    }

    /// Its processes as they are now. Those that end before the next look count with their parent.
    pub fn processes(&self) -> Result<Processes> {
        let pid = std::fs::read_to_string(self.data().join("postmaster.pid"))?;
        Processes::with_children(pid.lines().next().context("no process id")?.parse()?)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A program of the server, as the user that may run it: PostgreSQL refuses to run as root.
    fn program(&self, name: &str) -> Command {
        let path = self.bin.join(name);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        command.current_dir(self.folder.path());
        command
    }

    fn client(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        command.arg("-h").arg(self.folder.path()).args(["-U", ROLE]);
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.data();
        if let Err(error) = run(self.program("pg_ctl").args(["-w", "-m", "immediate", "-D"]).arg(&data).arg("stop")) {
            eprintln!("stopping PostgreSQL: {error:#}");
        }
    }
}

fn newest_bin() -> Result<PathBuf> {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .context("Debian's postgresql is not installed")?
        .filter_map(|item| Some(item.ok()?.path().join("bin")))
        .filter(|bin| bin.join("initdb").is_file())
        .collect();
    versions.sort();
    versions.pop().context("no initdb below /usr/lib/postgresql")
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(Path::new("/proc/self")).is_ok_and(|me| me.uid() == 0)
}

fn run(command: &mut Command) -> Result<Output> {
    // pg_ctl leaves its output to the server it starts; a pipe would never end.
    let starts = command.get_args().any(|arg| arg == "start");
    let output = if starts {
        let status = command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).status()?;
        Output { status, stdout: Vec::new(), stderr: Vec::new() }
    } else {
        command.output().with_context(|| format!("running {command:?}"))?
    };
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "{command:?} failed: {errors}");
    Ok(output)
}
