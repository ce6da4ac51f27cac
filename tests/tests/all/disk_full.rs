//! A disk that is full: senders are told so, nothing is half written, those who watch go on, and it goes on by
//! itself when there is room.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use sokuho_tests::client::Client;
use sokuho_tests::cluster::Cluster;
use sokuho_tests::disk::Disk;
use sokuho_tests::pictures;
use sokuho_tests::report::{report, with};
use sokuho_tests::server::{Edition, Server, Start};

/// Files reports until one is refused, and gives that one: a database may have a few pages in hand.
async fn file_until_refused(sender: &Client, at: (f64, f64), acknowledged: &mut u64) -> Result<Value> {
    file_like_until_refused(sender, || with(report(at), "words", json!("満".repeat(400))), acknowledged).await
}

async fn file_like_until_refused(sender: &Client, like: impl Fn() -> Value, acknowledged: &mut u64) -> Result<Value> {
    for _ in 0..2_000 {
        let sent = like();
        let answer = sender.post("/api/reports", &sent).await?;
        if answer.status == 201 {
            *acknowledged = answer.json()?["seq"].as_u64().context("no seq")?;
            continue;
        }
        answer.refused(507, "storage_full")?;
        ensure!(!answer.header("retry-after").is_empty(), "it does not say when to try again");
        return Ok(sent);
    }
    bail!("a full disk was never noticed")
}

fn database(server: &Server) -> PathBuf {
    Path::new(server.data()).join("sokuho.sqlite")
}

#[tokio::test]
async fn a_full_disk_is_told_reading_goes_on_and_writing_resumes_when_there_is_room() -> Result<()> {
    let Some(disk) = Disk::mount(24)? else { return Ok(()) };
    let mut server = Start::default().start_in(disk.folder()?)?;
    server.allow("commit failed");
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let wall = server.wall(&town.code).await?;
    let mut viewer = wall.watch().await?;
    let first = report(town.at);
    let mut acknowledged = server.public().file(&first).await?["seq"].as_u64().context("no seq")?;
    viewer.next_entry().await?;

    let ballast = disk.fill(0)?;
    let refused = file_until_refused(&server.public(), town.at, &mut acknowledged).await?;
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
async fn reports_with_contact_details_are_refused_by_a_full_disk_again_and_again_and_taken_when_there_is_room()
-> Result<()> {
    let Some(disk) = Disk::mount(24)? else { return Ok(()) };
    let mut server = Start::default().start_in(disk.folder()?)?;
    server.allow("commit failed");
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let contact = json!({ "name": "佐藤", "phone": "090-0000-0000" });
    let long = || with(with(report(town.at), "words", json!("満".repeat(2_000))), "contact", contact.clone());
    let mut acknowledged = server.public().file(&report(town.at)).await?["seq"].as_u64().context("no seq")?;

    let ballast = disk.fill(0)?;
    let refused = file_like_until_refused(&server.public(), long, &mut acknowledged).await?;
    for _ in 0..5 {
        // Those that wait while the disk is full are told so, whoever failed before them.
        server.public().post("/api/reports", &long()).await?.refused(507, "storage_full")?;
    }
    drop(ballast);
    server.public().until("/readyz", 200).await?;
    let receipt = server.public().file(&refused).await?;
    ensure!(receipt["seq"] == acknowledged + 1, "something was half written: {receipt}");
    server.finish()
}

#[tokio::test]
async fn photos_leave_room_for_the_log_and_reports_go_on_without_them() -> Result<()> {
    let Some(disk) = Disk::mount(64)? else { return Ok(()) };
    let server = Start::default().start_in(disk.folder()?)?;
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

/// Mebibytes for PostgreSQL: two thirds of it are there before the first report.
const FOR_POSTGRES: u32 = 256;

/// A node whose PostgreSQL lies on this disk, and the reports that it has acknowledged.
async fn on_small_postgres(cluster: &Cluster) -> Result<(Server, Vec<(Value, Value)>)> {
    let mut server = Start::with_database(cluster.database()?).start()?;
    server.allow("commit failed");
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let mut filed = Vec::new();
    for _ in 0..2 {
        let sent = report(town.at);
        filed.push((sent.clone(), server.public().file(&sent).await?));
        // The next report begins another file of its write-ahead log, whose room is taken at once.
        server.database().context("no database")?.query("SELECT pg_switch_wal()")?;
    }
    let sent = report(town.at);
    filed.push((sent.clone(), server.public().file(&sent).await?));
    Ok((server, filed))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_of_postgresql_is_told_reading_goes_on_and_writing_resumes_when_there_is_room() -> Result<()> {
    let Some(disk) = Disk::mount(FOR_POSTGRES)? else { return Ok(()) };
    let Some(cluster) = Cluster::on(disk.path())? else { return Ok(()) };
    let (mut server, filed) = on_small_postgres(&cluster).await?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let wall = server.wall(&town.code).await?;
    let mut viewer = wall.watch().await?;

    let ballast = disk.fill(0)?;
    let mut acknowledged = filed.len() as u64;
    let refused = file_until_refused(&server.public(), town.at, &mut acknowledged).await?;
    // However long it lasts and though nobody sends any more.
    for _ in 0..30 {
        let not_ready = server.public().get("/readyz").await?.refused(507, "storage_full")?;
        ensure!(not_ready["detail"].as_str().is_some_and(|detail| detail.contains("disk is full")), "{not_ready}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for path in ["/healthz", "/api/snapshot", "/api/incidents", "/api/region", "/metrics"] {
        ensure!(wall.get(path).await?.status == 200, "{path} is not readable while the disk is full");
    }
    ensure!(wall.watch().await?.position().seq == acknowledged, "a new viewer does not see what is acknowledged");

    drop(ballast);
    server.public().until("/readyz", 200).await?;
    let receipt = server.public().file(&refused).await?;
    ensure!(receipt["seq"] == acknowledged + 1, "something was half written: {receipt}");
    viewer.expect("the refused report", |entry| entry["seq"] == receipt["seq"]).await?;

    server.kill();
    server.command(&["check"], "")?;
    server.start_again()?;
    for (sent, receipt) in filed.iter().chain([&(refused, receipt)]) {
        ensure!(server.public().file(sent).await? == *receipt, "a receipt is another now");
    }
    server.finish()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgresql_whose_full_disk_leaves_no_room_for_new_sessions_is_told_as_a_full_disk() -> Result<()> {
    let Some(disk) = Disk::mount(FOR_POSTGRES)? else { return Ok(()) };
    let Some(cluster) = Cluster::on(disk.path())? else { return Ok(()) };
    let (mut server, filed) = on_small_postgres(&cluster).await?;
    for expected in ["request failed", "directory of accounts"] {
        server.allow(expected);
    }
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let mut acknowledged = filed.len() as u64;

    // As after any change to its tables: the next session must leave that file anew, and finds no room for it.
    cluster.forget_tables()?;
    let ballast = disk.fill(0)?;
    let refused = file_until_refused(&server.public(), town.at, &mut acknowledged).await?;
    for _ in 0..20 {
        server.public().post("/api/reports", &report(town.at)).await?.refused(507, "storage_full")?;
        let not_ready = server.public().get("/readyz").await?.refused(507, "storage_full")?;
        ensure!(not_ready["detail"].as_str().is_some_and(|detail| detail.contains("disk is full")), "{not_ready}");
    }
    let new_session = server.database().context("no database")?.query("SELECT 1").unwrap_err().to_string();
    ensure!(new_session.contains("init file"), "new sessions are taken, so nothing was tested: {new_session}");
    let told: Vec<_> = server.log().into_iter().filter(|line| line.text.contains("commit failed")).collect();
    ensure!(told.len() <= 2, "{told:#?}");
    ensure!(
        told.iter().all(|line| line.text.contains("storage is full") && !line.text.contains("at line")),
        "{told:#?}"
    );

    drop(ballast);
    server.public().until("/readyz", 200).await?;
    ensure!(server.public().file(&refused).await?["seq"] == acknowledged + 1);
    server.finish()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgresql_that_a_full_disk_has_stopped_loses_nothing_and_the_node_goes_on_when_it_is_back() -> Result<()> {
    let Some(disk) = Disk::mount(FOR_POSTGRES)? else { return Ok(()) };
    let Some(cluster) = Cluster::on(disk.path())? else { return Ok(()) };
    let (mut server, mut filed) = on_small_postgres(&cluster).await?;
    for expected in [
        "request failed",
        "identity",
        "directory of accounts",
        "sqlx::pool",
        "sqlx_core::pool",
        "terminating connection",
    ] {
        server.allow(expected);
    }
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let mut viewer = server.public().watch().await?;

    let ballast = disk.fill(0)?;
    // Without room for the next file of its write-ahead log PostgreSQL stops itself.
    let database = server.database().context("no database")?;
    let _ = database.query("SELECT pg_switch_wal()");
    let sent = report(town.at);
    let answer = server.public().post("/api/reports", &sent).await?;
    ensure!(matches!(answer.status, 503 | 507), "{} {}", answer.status, answer.text());
    ensure!(!cluster.takes_connections()?, "PostgreSQL has not stopped: the test must be mended");
    let not_ready = server.public().get("/readyz").await?;
    ensure!(not_ready.status == 503, "{}", not_ready.text());
    viewer.expect_heartbeat().await?;

    drop(ballast);
    cluster.start_again()?;
    server.public().until("/readyz", 200).await?;
    let receipt = server.public().file(&sent).await?;
    ensure!(receipt["seq"] == filed.len() as u64 + 1, "{receipt}");
    viewer.expect("the refused report", |entry| entry["seq"] == receipt["seq"]).await?;
    filed.push((sent, receipt));
    for (sent, receipt) in &filed {
        ensure!(server.public().file(sent).await? == *receipt, "a receipt is another now");
    }
    server.command(&["check"], "")?;
    server.finish()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_starts_while_the_disk_of_its_postgresql_is_full_and_shows_what_it_has() -> Result<()> {
    let Some(disk) = Disk::mount(FOR_POSTGRES)? else { return Ok(()) };
    let Some(cluster) = Cluster::on(disk.path())? else { return Ok(()) };
    let (mut server, filed) = on_small_postgres(&cluster).await?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    server.stop()?;
    let ballast = disk.fill(0)?;
    server.start_again()?;
    let snapshot = server.public().get("/api/snapshot").await?.good()?;
    ensure!(snapshot["incidents"].as_array().is_some_and(|shown| shown.len() == filed.len()), "{snapshot}");
    let mut acknowledged = filed.len() as u64;
    let refused = file_until_refused(&server.public(), town.at, &mut acknowledged).await?;
    drop(ballast);
    server.public().until("/readyz", 200).await?;
    ensure!(server.public().file(&refused).await?["seq"] == acknowledged + 1);
    server.finish()
}

#[tokio::test]
async fn with_postgresql_a_full_disk_of_the_nodes_own_costs_photos_and_no_reports_not_even_at_a_start() -> Result<()> {
    let Some(disk) = Disk::mount(24)? else { return Ok(()) };
    let Some(start) = Start::on(Edition::Postgres)? else { return Ok(()) };
    let mut server = start.start_in(disk.folder()?)?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let photo = pictures::jpeg(&pictures::noise(64, 48, 1))?;
    server.public().file(&report(town.at)).await?;
    server.stop()?;
    let ballast = disk.fill(0)?;
    server.start_again()?;
    for seq in 2..12 {
        ensure!(server.public().file(&report(town.at)).await?["seq"] == seq);
    }
    server.public().try_upload(photo.clone(), "image/jpeg").await?.refused(507, "storage_full")?;
    let degraded = server.public().get("/readyz").await?.good()?;
    ensure!(degraded["status"] == "degraded" && degraded["findings"]["disk_low"] == 1, "{degraded}");
    drop(ballast);
    server.public().upload(photo, "image/jpeg").await?;
    server.finish()
}

#[tokio::test]
async fn a_node_whose_disk_is_full_says_so_instead_of_starting_and_starts_when_there_is_room() -> Result<()> {
    let Some(disk) = Disk::mount(24)? else { return Ok(()) };
    let mut server = Start::default().start_in(disk.folder()?)?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let sent = report(town.at);
    let receipt = server.public().file(&sent).await?;
    server.stop()?;
    let ballast = disk.fill(0)?;
    for _ in 0..2 {
        let said = server.start_refused()?;
        ensure!(said.contains("full"), "{said}");
    }
    drop(ballast);
    server.start_again()?;
    ensure!(server.public().file(&sent).await? == receipt, "the receipt is another now");
    server.public().file(&report(town.at)).await?;
    server.command(&["check"], "")?;
    server.finish()
}

#[tokio::test]
async fn a_first_start_on_a_full_disk_says_so_and_leaves_nothing_that_hinders_the_next() -> Result<()> {
    let Some(disk) = Disk::mount(16)? else { return Ok(()) };
    let data = disk.folder()?;
    let ballast = disk.fill(0)?;
    for _ in 0..2 {
        let said = Start::default().refused_in(data.path())?;
        ensure!(said.contains("full") || said.contains("No space left"), "{said}");
    }
    drop(ballast);
    let server = Start::default().start_in(data)?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    ensure!(server.public().file(&report(town.at)).await?["seq"] == 1);
    server.finish()
}
