//! No acknowledgement before the commit: what a phone was told is safe survives the end of the process.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rstest::rstest;
use serde_json::Value;
use sokuho_tests::client::Client;
use sokuho_tests::cluster::Cluster;
use sokuho_tests::disk::Disk;
use sokuho_tests::report::report;
use sokuho_tests::server::{Edition, Start};
use sokuho_tests::soak::{Crowd, Soak};
use sokuho_tests::time::new_id;
use tokio::task::JoinSet;

const ROUNDS: u64 = 3;

/// The short form of `make soak`.
#[rstest]
#[case::sqlite(Edition::Sqlite)]
#[case::postgres(Edition::Postgres)]
#[tokio::test]
async fn after_kill_9_under_load_nothing_that_was_acknowledged_is_missing(#[case] edition: Edition) -> Result<()> {
    let Some(start) = Start::on(edition)? else { return Ok(()) };
    let seed = new_id().as_u64_pair().1;
    println!("seed {seed}");
    let mut soak = Soak::begin(start, Crowd { senders: 4, viewers: 2 }, seed).await?;
    for _ in 0..ROUNDS {
        soak.round().await?;
    }
    let tally = soak.finish()?;
    ensure!(tally.acknowledged > ROUNDS * 10, "the senders hardly came to send: {tally:?}");
    ensure!(tally.resumed >= ROUNDS * 4, "the viewers did not come back: {tally:?}");
    Ok(())
}

/// Sends reports until one is not acknowledged: those that were, and that one.
async fn send_until_refused(client: Client, at: (f64, f64)) -> Result<(Vec<(Value, Value)>, Value)> {
    let mut acknowledged = Vec::new();
    loop {
        let sent = report(at);
        let answer = client.post("/api/reports", &sent).await?;
        if answer.status != 201 {
            answer.refused(503, "unavailable")?;
            return Ok((acknowledged, sent));
        }
        acknowledged.push((sent, answer.good()?));
    }
}

/// The server's memory goes, and with it every commit that nobody had waited for.
#[tokio::test(flavor = "multi_thread")]
async fn a_postgresql_that_crashes_under_load_takes_back_nothing_that_was_acknowledged_or_shown() -> Result<()> {
    let Some(disk) = Disk::mount(512)? else { return Ok(()) };
    let Some(cluster) = Cluster::on(disk.path())? else { return Ok(()) };
    let mut server = Start::with_database(cluster.database()?).arg("--reports-per-minute").arg("0").start()?;
    for expected in ["commit failed", "request failed", "identity", "directory of accounts", "sqlx", "terminating"] {
        server.allow(expected);
    }
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let mut viewer = server.wall(&town.code).await?.watch().await?;
    let mut acknowledged: BTreeMap<u64, (Value, Value)> = BTreeMap::new();
    let mut unanswered = Vec::new();
    for round in 0..ROUNDS {
        let mut sending = JoinSet::new();
        for _ in 0..8 {
            sending.spawn(send_until_refused(server.public(), town.at));
        }
        // The moment is the point: nothing announces it.
        tokio::time::sleep(Duration::from_millis(300 + 100 * round)).await;
        cluster.start_again()?;
        while let Some(sent) = sending.join_next().await {
            let (done, refused) = sent??;
            unanswered.push(refused);
            for (sent, receipt) in done {
                let seq = receipt["seq"].as_u64().context("no seq")?;
                ensure!(acknowledged.insert(seq, (sent, receipt)).is_none(), "{seq} was given twice");
            }
        }
        server.public().until("/readyz", 200).await?;
    }
    ensure!(acknowledged.len() > 100, "the senders hardly came to send: {}", acknowledged.len());
    for sent in &unanswered {
        let receipt = server.public().file(sent).await?;
        let seq = receipt["seq"].as_u64().context("no seq")?;
        ensure!(acknowledged.insert(seq, (sent.clone(), receipt)).is_none(), "{seq} was given twice");
    }
    let head = server.public().get("/readyz").await?.good()?["log_head"].as_u64().context("no log_head")?;
    ensure!(head == acknowledged.len() as u64, "{} reports, and the log ends with {head}", acknowledged.len());
    let expected =
        acknowledged.iter().map(|(seq, (sent, _))| format!("{seq} {}", sent["id"].as_str().unwrap_or_default()));
    let kept =
        server.database().context("no database")?.query("SELECT seq || ' ' || id FROM sokuho.entry ORDER BY seq")?;
    ensure!(kept.lines().eq(expected), "the log is not what was acknowledged: {kept}");
    let seen = viewer.entries_until(head).await?;
    ensure!(seen.len() as u64 == head, "the viewer saw {} of {head}", seen.len());
    for entry in seen {
        let seq = entry["seq"].as_u64().context("no seq")?;
        let (_, receipt) = acknowledged.get(&seq).with_context(|| format!("shown and gone: {entry}"))?;
        ensure!(entry["incident"]["id"] == receipt["incident"], "{seq} was shown as something else");
    }
    server.command(&["check"], "")?;
    server.finish()
}
