//! The live stream's promises: resume without a gap, resync where that cannot be, heartbeats, SSE.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sokuho_tests::report::report;
use sokuho_tests::server::Server;
use sokuho_tests::time::new_id;
use sokuho_tests::viewer::{Position, Subscribe};

fn seqs(entries: &[Value]) -> Vec<u64> {
    entries.iter().filter_map(|entry| entry["seq"].as_u64()).collect()
}

#[tokio::test]
async fn a_viewer_that_comes_back_gets_what_it_missed_once() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let wall = server.wall(&town.code).await?;
    let mut first = wall.watch().await?;
    server.public().file(&report(town.at)).await?;
    first.next_entry().await?;
    let position = first.position();
    drop(first);

    let mut last = 0;
    for _ in 0..3 {
        last = server.public().file(&report(town.at)).await?["seq"].as_u64().context("no seq")?;
    }
    let mut back = wall.watch_as(Subscribe::since(&position)).await?;

    let missed = back.entries_until(last).await?;
    ensure!(seqs(&missed) == (position.seq + 1..=last).collect::<Vec<_>>(), "{missed:?}");
    Ok(())
}

#[tokio::test]
async fn a_position_of_another_epoch_or_ahead_of_the_log_is_told_to_resync() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let wall = server.wall(&town.code).await?;
    let here = wall.watch().await?.position();

    let other_epoch = Position { epoch: new_id().to_string(), seq: here.seq };
    let mut viewer = wall.watch_as(Subscribe::since(&other_epoch)).await?;
    let resync = viewer.expect_resync().await?;
    ensure!(resync["reason"] == "other_epoch" && resync["epoch"] == here.epoch.as_str(), "{resync}");
    let href = resync["href"].as_str().context("no href")?;
    ensure!(wall.get(href).await?.good()?["seq"].as_u64() >= resync["seq"].as_u64());

    let ahead = Position { seq: here.seq + 1000, ..here };
    let mut viewer = wall.watch_as(Subscribe::since(&ahead)).await?;
    ensure!(viewer.expect_resync().await?["reason"] == "ahead_of_log");
    Ok(())
}

#[tokio::test]
async fn a_quiet_stream_says_how_old_its_picture_is() -> Result<()> {
    let server = Server::start()?;
    let mut viewer = server.public().watch().await?;
    let seconds = viewer.hello["heartbeat_seconds"].as_u64().context("no heartbeat_seconds")?;
    ensure!((1..=30).contains(&seconds), "a heartbeat every {seconds} s");
    let heartbeat = viewer.expect_heartbeat().await?;
    ensure!(heartbeat["now"].is_string(), "{heartbeat}");
    Ok(())
}

#[tokio::test]
async fn a_running_viewer_can_change_its_interest() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [own, other] = region.towns()?;
    let interest = |code: &str| json!({ "offices": [code] });
    let mut wall = server.wall(&own.code).await?.watch_as(Subscribe::to(interest(&own.code))).await?;
    server.public().file(&report(own.at)).await?;
    wall.next_entry().await?;

    wall.change_interest(interest(&other.code)).await?;
    let sent = report(other.at);
    server.public().file(&sent).await?;

    let entry =
        wall.expect("of the other office", |entry| entry["incident"]["responsible"] == other.code.as_str()).await?;
    ensure!(entry["incident"]["reports"][0]["id"] == sent["id"], "{entry}");
    Ok(())
}

#[tokio::test]
async fn the_same_frames_come_over_sse() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let wall = server.wall(&town.code).await?;
    let mut viewer = wall.watch().await?;
    let mut events = wall.watch_events("").await?;
    let hello = events.next().await?;
    ensure!(hello.name == "hello" && hello.frame["epoch"] == viewer.hello["epoch"], "{hello:?}");

    let sent = report(town.at);
    server.public().file(&sent).await?;

    let over_sse = events.expect(|entry| entry["incident"]["reports"][0]["id"] == sent["id"]).await?;
    ensure!(over_sse == viewer.next_entry().await?);
    Ok(())
}
