//! A private PostgreSQL with the defaults of `initdb` (fsync on), for `pgbench` on the same disk.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

/// A running database.
pub struct Postgres {
    bin: PathBuf,
    folder: TempDir,
}

const ROLE: &str = "bench";

impl Postgres {
    /// Makes and starts one, reached by a socket in its own folder.
    pub fn start() -> Result<Self> {
        let bin = newest_bin()?;
        ensure!(Command::new("pgbench").arg("--version").output().is_ok(), "pgbench is not installed");
        let folder = tempfile::Builder::new().prefix("sokuho-postgres-").tempdir()?;
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(folder.path()))?;
        }
        let database = Self { bin, folder };
        let data = database.data();
        run(database.program("initdb").args(["-A", "trust", "-U", ROLE, "--locale=C.UTF-8", "-D"]).arg(&data))?;
        let options = format!("-k {} -c listen_addresses= -c max_connections=100", database.folder.path().display());
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
        let script = self.folder.path().join("insert.sql");
        std::fs::write(&script, "insert into report (words) values ('県道の路肩が崩れ、片側が通れません');\n")?;
        let threads = std::thread::available_parallelism()?.get().min(clients).to_string();
        let mut pgbench = self.client("pgbench");
        pgbench.args(["-n", "-j", &threads, "-c", &clients.to_string(), "-T", &seconds.to_string(), "-f"]);
        let output = run(pgbench.arg(&script).arg("postgres"))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let tps = text.lines().find_map(|line| line.strip_prefix("tps = ")).context("pgbench told no tps")?;
        Ok(tps.split_whitespace().next().unwrap_or_default().parse()?)
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
