//! Stopping and coming back.

use std::collections::BTreeMap;

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
    let [town, home] = region.towns()?;
    let wall = server.wall(&town.code).await?;
    let mut viewer = wall.watch().await?;
    server.public().file(&report(town.at)).await?;
    let seen = [viewer.next_entry().await?];
    let position = viewer.position();
    drop(viewer);

    // While it was away: two reports, a change of the first, and a check-in that ends another.
    let staffer = server.staff("sato", &town.code, Some(&home.code), "operator").await?;
    let first = server.public().file(&report(town.at)).await?;
    staffer.check_in(&home.code).await?;
    staffer.check_in(&town.code).await?;
    let second = server.public().file(&report(home.at)).await?;
    let incident = first["incident"].as_str().context("no incident")?;
    staffer.set_status(incident, "resolved").await?.good()?;
    let head = second["seq"].as_u64().context("no seq")? + 1;

    server.stop()?;
    server.start_again()?;
    let mut back = wall.watch_as(Subscribe::since(&position)).await?;
    let missed = back.entries_until(head).await?;
    let sent = report(town.at);
    let receipt = server.public().file(&sent).await?;
    ensure!(receipt["seq"] == head + 1, "the numbers have a gap: {receipt}");
    let live = back.next_entry().await?;

    ensure!(back.starts.is_empty(), "told to start over: {:?}", back.starts);
    ensure!(back.position().epoch == position.epoch, "another epoch after a restart");
    let seqs: Vec<_> = missed.iter().filter_map(|entry| entry["seq"].as_u64()).collect();
    ensure!(seqs == (position.seq + 1..=head).collect::<Vec<_>>(), "lost, or came twice: {seqs:?}");
    ensure!(live["incident"]["reports"][0]["id"] == sent["id"], "{live}");
    // By "the latest of each id counts", the viewer has what a newcomer gets.
    let snapshot = wall.get("/api/snapshot").await?.good()?;
    for (list, parts) in [("incidents", "incident"), ("check_ins", "check_ins")] {
        let mut latest = BTreeMap::new();
        for entry in seen.iter().chain(&missed).chain([&live]) {
            let part = &entry[parts];
            for thing in part.as_array().into_iter().flatten().chain(part.is_object().then_some(part)) {
                latest.insert(thing["id"].to_string(), thing.clone());
            }
        }
        latest.retain(|_, thing| thing["ended"].is_null());
        let now = snapshot[list].as_array().context("no list")?;
        let now: BTreeMap<_, _> = now.iter().map(|thing| (thing["id"].to_string(), thing.clone())).collect();
        ensure!(latest == now, "{list}: {latest:?} is not {now:?}");
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
