//! A disk that is full: senders are told so, nothing is half written, those who watch go on, and it goes on by
//! itself when there is room.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;
use sokuho_tests::pictures;
use sokuho_tests::report::{report, with};
use sokuho_tests::server::{Server, Start};
use tempfile::TempDir;

/// A small disk in memory; it is unmounted when dropped.
struct Disk(TempDir);

impl Disk {
    /// `None`, and a line that says why: here nobody may mount.
    fn mount(mebibytes: u32) -> Result<Option<Self>> {
        let folder = tempfile::Builder::new().prefix("sokuho-disk-").tempdir()?;
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={mebibytes}m"), "none"])
            .arg(folder.path())
            .output();
        match mount {
            Ok(done) if done.status.success() => Ok(Some(Self(folder))),
            Ok(done) => {
                println!("skipped: a small disk cannot be mounted: {}", String::from_utf8_lossy(&done.stderr).trim());
                Ok(None)
            }
            Err(error) => {
                println!("skipped: a small disk cannot be mounted: {error}");
                Ok(None)
            }
        }
    }

    fn start(&self) -> Result<Server> {
        Start::default().start_in(tempfile::tempdir_in(self.0.path())?)
    }

    /// Fills it, but for so many bytes.
    fn fill(&self, but: u64) -> Result<Ballast> {
        let path = self.0.path().join("ballast");
        let mut file = std::fs::File::create(&path)?;
        let block = vec![0; 64 * 1024];
        // To the last byte: after the first block that does not fit, smaller ones.
        for size in [64 * 1024, 4096] {
            while file.write_all(&block[..size]).is_ok() {}
        }
        let size = file.metadata()?.len();
        ensure!(size > but, "the disk has less room than is to be left");
        file.set_len(size - but)?;
        Ok(Ballast(path))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: the kernel lets go of it when the last file is closed.
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

/// What fills a disk; removed when dropped.
struct Ballast(PathBuf);

impl Drop for Ballast {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn database(server: &Server) -> PathBuf {
    Path::new(server.data()).join("sokuho.sqlite")
}

#[tokio::test]
async fn a_full_disk_is_told_reading_goes_on_and_writing_resumes_when_there_is_room() -> Result<()> {
    let Some(disk) = Disk::mount(24)? else { return Ok(()) };
    let mut server = disk.start()?;
    server.allow("commit failed");
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let wall = server.wall(&town.code).await?;
    let mut viewer = wall.watch().await?;
    let first = report(town.at);
    let mut acknowledged = server.public().file(&first).await?["seq"].as_u64().context("no seq")?;
    viewer.next_entry().await?;

    let ballast = disk.fill(0)?;
    let mut refused = None;
    // SQLite may have a few pages in hand.
    for _ in 0..2_000 {
        let sent = with(report(town.at), "words", json!("満".repeat(400)));
        let answer = server.public().post("/api/reports", &sent).await?;
        if answer.status == 201 {
            acknowledged = answer.json()?["seq"].as_u64().context("no seq")?;
            continue;
        }
        answer.refused(507, "storage_full")?;
        ensure!(!answer.header("retry-after").is_empty(), "it does not say when to try again");
        refused = Some(sent);
        break;
    }
    let Some(refused) = refused else { bail!("a full disk was never noticed") };
    let not_ready = server.public().get("/readyz").await?.refused(507, "storage_full")?;
    ensure!(not_ready["detail"].as_str().is_some_and(|detail| detail.contains("disk is full")), "{not_ready}");
    let photo = pictures::jpeg(&pictures::noise(64, 48, 1))?;
    server.public().try_upload(photo.clone(), "image/jpeg").await?.refused(507, "storage_full")?;

    for path in ["/healthz", "/api/snapshot", "/api/incidents", "/api/region", "/metrics"] {
        ensure!(wall.get(path).await?.status == 200, "{path} is not readable while the disk is full");
    }
    ensure!(wall.watch().await?.position().seq == acknowledged, "a new viewer does not see what is acknowledged");

    drop(ballast);
    server.public().until("/readyz", 200).await?;
    let receipt = server.public().file(&refused).await?;
    ensure!(receipt["seq"] == acknowledged + 1, "something was half written: {receipt}");
    viewer.expect("the refused report", |entry| entry["seq"] == receipt["seq"]).await?;
    server.public().upload(photo, "image/jpeg").await?;

    server.kill();
    server.command(&["check", "--media"], "")?;
    server.start_again()?;
    ensure!(server.public().file(&first).await?["seq"] == 1, "the first report is another now");
    ensure!(server.public().file(&refused).await? == receipt, "the last receipt is another now");
    ensure!(std::fs::metadata(database(&server))?.len() > 0);
    server.finish()
}

#[tokio::test]
async fn photos_leave_room_for_the_log_and_reports_go_on_without_them() -> Result<()> {
    let Some(disk) = Disk::mount(64)? else { return Ok(()) };
    let server = disk.start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let photo = |seed| pictures::jpeg(&pictures::noise(64, 48, seed));
    server.public().upload(photo(1)?, "image/jpeg").await?;
    ensure!(server.public().get("/readyz").await?.good()?["status"] == "ready");

    // A tenth of the disk is kept, for it is less than the 256 MiB of larger ones.
    let ballast = disk.fill(5 << 20)?;
    let refused = server.public().try_upload(photo(2)?, "image/jpeg").await?;
    let problem = refused.refused(507, "storage_full")?;
    ensure!(problem["detail"].as_str().is_some_and(|detail| detail.contains("kept for the log")), "{problem}");
    for _ in 0..20 {
        server.public().file(&report(town.at)).await?;
    }
    let degraded = server.public().get("/readyz").await?.good()?;
    ensure!(degraded["status"] == "degraded" && degraded["findings"]["disk_low"] == 1, "{degraded}");

    drop(ballast);
    server.public().upload(photo(2)?, "image/jpeg").await?;
    ensure!(server.public().get("/readyz").await?.good()?["status"] == "ready");
    server.finish()
}
