//! Stopping and coming back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use rstest::rstest;
use serde_json::Value;
use sokuho_tests::pictures;
use sokuho_tests::report::report;
use sokuho_tests::server::{Edition, Server, Start};
use sokuho_tests::viewer::{PATIENCE, Subscribe};
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// A stop, soft or hard, is over by then.
const STOPPED_WITHIN: Duration = Duration::from_secs(10);

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

#[rstest]
#[case::sqlite(Edition::Sqlite)]
#[case::postgres(Edition::Postgres)]
#[tokio::test]
async fn sigterm_under_load_answers_every_request_that_it_took_and_ends_in_time(
    #[case] edition: Edition,
) -> Result<()> {
    const SENDERS: usize = 64;
    const VIEWERS: usize = 200;
    const ENOUGH: usize = 300;
    let Some(start) = Start::on(edition)? else { return Ok(()) };
    let mut server = start.arg("--reports-per-minute").arg("0").start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let mut watching = JoinSet::new();
    for _ in 0..VIEWERS {
        let viewer = server.public().watch().await?;
        watching.spawn(viewer.expect_farewell());
    }
    let (answered, enough) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let mut sending = JoinSet::new();
    for _ in 0..SENDERS {
        let (public, at) = (server.public(), town.at);
        let (answered, enough) = (Arc::clone(&answered), Arc::clone(&enough));
        sending.spawn(async move {
            let mut receipts: Vec<(Value, Value)> = Vec::new();
            loop {
                let sent = report(at);
                let Ok(answer) = public.post("/api/reports", &sent).await else {
                    return anyhow::Ok((receipts, sent));
                };
                receipts.push((sent, answer.good()?));
                if answered.fetch_add(1, Ordering::Relaxed) == ENOUGH {
                    enough.notify_one();
                }
            }
        });
    }
    tokio::time::timeout(PATIENCE, enough.notified()).await.context("the senders were refused")?;

    let begun = Instant::now();
    server.terminate()?;
    let mut coming_back = Vec::new();
    while let Some(farewell) = watching.join_next().await {
        let end = farewell??;
        ensure!(end.reason.as_deref() == Some("shutdown") && end.code == Some(4000), "{end:?}");
        coming_back.push(end.retry_after_ms.context("it does not say when to come back")?);
    }
    coming_back.sort_unstable();
    ensure!(coming_back[VIEWERS - 1] - coming_back[0] > 2_000, "they all come back at once: {coming_back:?}");
    let (mut receipts, mut unanswered) = (Vec::new(), Vec::new());
    while let Some(sender) = sending.join_next().await {
        let (answered, last) = sender??;
        receipts.extend(answered);
        unanswered.push(last);
    }
    server.stop()?;
    ensure!(begun.elapsed() < STOPPED_WITHIN, "the stop took {:?}", begun.elapsed());

    server.start_again()?;
    let head = server.public().get("/readyz").await?.good()?["log_head"].clone();
    ensure!(
        head == receipts.len(),
        "{} were answered, and the log has {head}: one was taken and not answered",
        receipts.len()
    );
    for (sent, receipt) in &receipts {
        ensure!(server.public().file(sent).await? == *receipt, "acknowledged and gone: {receipt}");
    }
    for sent in &unanswered {
        server.public().post("/api/reports", sent).await?.good()?;
    }
    server.finish()
}

#[tokio::test]
async fn an_upload_that_drips_does_not_hold_the_stop_up() -> Result<()> {
    let mut server = Server::start()?;
    server.allow("some requests did not end in time");
    let head = Bytes::from(pictures::jpeg(&pictures::noise(64, 48, 1))?);
    let (taken, has_taken) = tokio::sync::oneshot::channel();
    // The first chunk, and then nothing until the line is cut.
    let chunks = futures_util::stream::unfold(Some((head, taken)), |first| async {
        match first {
            Some((head, taken)) => {
                let _ = taken.send(());
                Some((anyhow::Ok(head), None))
            }
            None => std::future::pending().await,
        }
    });
    let body = reqwest::Body::wrap_stream(chunks);
    let public = server.public();
    let upload = tokio::spawn(async move { public.try_upload(body, "image/jpeg").await });
    has_taken.await?;
    let staged = server.data().join("media/incoming");
    while std::fs::read_dir(&staged)?.next().is_none() {
        tokio::task::yield_now().await;
    }

    let begun = Instant::now();
    server.stop()?;
    ensure!(begun.elapsed() < STOPPED_WITHIN, "the stop took {:?}", begun.elapsed());
    ensure!(upload.await?.is_err(), "half an upload was answered");
    server.start_again()?;
    ensure!(std::fs::read_dir(&staged)?.next().is_none(), "half an upload was kept");
    server.finish()
}

#[tokio::test]
async fn the_service_manager_hears_when_the_node_serves_and_when_it_stops() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let socket = folder.path().join("notify");
    let manager = tokio::net::UnixDatagram::bind(&socket)?;
    let heard = async || {
        let mut message = [0; 64];
        let length = tokio::time::timeout(PATIENCE, manager.recv(&mut message)).await.context("nothing heard")??;
        anyhow::Ok(String::from_utf8_lossy(&message[..length]).into_owned())
    };
    let mut server = Start::default().env("NOTIFY_SOCKET", socket.to_string_lossy()).start()?;
    ensure!(heard().await? == "READY=1");
    server.public().get("/readyz").await?.good()?;
    server.terminate()?;
    ensure!(heard().await? == "STOPPING=1");
    server.finish()
}

#[tokio::test]
async fn the_service_manager_hears_why_a_node_cannot_begin_and_does_not_start_it_again() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let socket = folder.path().join("notify");
    let manager = tokio::net::UnixDatagram::bind(&socket)?;
    let mut server = Start::default().env("NOTIFY_SOCKET", socket.to_string_lossy()).start()?;
    server.stop()?;
    let mut message = [0; 1_024];
    for _ in ["ready", "stopping"] {
        manager.recv(&mut message).await?;
    }
    // What a start finds in the write-ahead log, where the stop has left one, it takes for the file's own.
    drop(std::fs::remove_file(server.data().join("sokuho.sqlite-wal")));
    std::fs::write(server.data().join("sokuho.sqlite"), [0xA5; 4_096])?;
    server.allow("is damaged");
    server.allow("the node has not begun");
    server.start_again()?;
    let length = tokio::time::timeout(PATIENCE, manager.recv(&mut message)).await.context("nothing heard")??;
    let heard = String::from_utf8_lossy(&message[..length]).into_owned();
    ensure!(heard.starts_with("READY=1\nSTATUS=not ready: the database: ") && heard.contains("damaged"), "{heard}");
    server.finish()
}
