//! Stopping and coming back.

use anyhow::{Context, Result, ensure};
use sokuho_tests::report::report;
use sokuho_tests::server::Server;
use sokuho_tests::viewer::Subscribe;

#[tokio::test]
async fn sigterm_says_goodbye_to_every_viewer_and_tells_them_to_come_back() -> Result<()> {
    let mut server = Server::start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let wall = server.wall(&town.code).await?.watch().await?;
    let public = server.public().watch().await?;
    let mut events = server.public().watch_events("").await?;

    server.terminate()?;

    for viewer in [wall, public] {
        let end = viewer.expect_farewell().await?;
        ensure!(end.reason.as_deref() == Some("shutdown") && end.code == Some(4000), "{end:?}");
        ensure!(end.retry_after_ms.is_some(), "it does not say when to come back");
    }
    loop {
        if events.next().await?.name == "goodbye" {
            break;
        }
    }
    server.stop()
}

#[tokio::test]
async fn viewers_resume_after_a_restart_without_a_gap() -> Result<()> {
    let mut server = Server::start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let wall = server.wall(&town.code).await?;
    let mut viewer = wall.watch().await?;
    server.public().file(&report(town.at)).await?;
    viewer.next_entry().await?;
    let position = viewer.position();
    drop(viewer);

    server.stop()?;
    server.start_again()?;
    let sent = report(town.at);
    let receipt = server.public().file(&sent).await?;
    ensure!(receipt["seq"] == position.seq + 1, "the numbers have a gap: {receipt}");

    let mut back = wall.watch_as(Subscribe::since(&position)).await?;
    let missed = back.entries_until(receipt["seq"].as_u64().context("no seq")?).await?;
    ensure!(back.position().epoch == position.epoch, "another epoch after a restart");
    if back.starts.is_empty() {
        ensure!(missed.len() == 1 && missed[0]["incident"]["reports"][0]["id"] == sent["id"], "{missed:?}");
    } else {
        // What the ring no longer holds is told, and the snapshot has it.
        let href = back.starts[0]["href"].as_str().context("no href")?;
        let snapshot = wall.get(href).await?;
        ensure!(snapshot.text().contains(sent["id"].as_str().context("no id")?), "neither stream nor snapshot has it");
    }
    Ok(())
}

#[tokio::test]
async fn a_wall_token_and_a_session_survive_a_restart() -> Result<()> {
    let mut server = Server::start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let wall = server.wall(&town.code).await?;
    let staffer = server.staff("sato", &town.code, None, "field").await?;

    server.stop()?;
    server.start_again()?;

    ensure!(wall.get("/api/me").await?.good()?["office"] == town.code.as_str());
    ensure!(staffer.get("/api/me").await?.good()?["work_office"] == town.code.as_str());
    Ok(())
}
