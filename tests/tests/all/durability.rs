//! No acknowledgement before the commit: what a phone was told is safe survives the end of the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, ensure};
use rstest::rstest;
use serde_json::{Value, json};
use sokuho_tests::report::{report, with};
use sokuho_tests::server::{Edition, Start};
use sokuho_tests::viewer::PATIENCE;
use tokio::sync::Notify;

const SENDERS: usize = 16;
const ENOUGH: usize = 300;

#[rstest]
#[case::sqlite(Edition::Sqlite)]
#[case::postgres(Edition::Postgres)]
#[tokio::test]
async fn after_kill_9_under_load_no_acknowledged_report_is_missing(#[case] edition: Edition) -> Result<()> {
    let Some(start) = Start::on(edition)? else { return Ok(()) };
    let mut server = start.start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let staffer = server.staff("sato", &town.code, None, "field").await?;
    let wall = server.wall(&town.code).await?;
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let enough = Arc::new(Notify::new());
    let senders: Vec<_> = (0..SENDERS)
        .map(|_| {
            let (client, at) = (staffer.clone(), town.at);
            let (acknowledged, enough) = (Arc::clone(&acknowledged), Arc::clone(&enough));
            tokio::spawn(async move {
                let mut receipts = Vec::new();
                loop {
                    let sent = with(report(at), "words", json!("停電の前"));
                    // The first refusal is the end of the process.
                    let Ok(receipt) = client.file(&sent).await else { return receipts };
                    receipts.push((sent, receipt));
                    if acknowledged.fetch_add(1, Ordering::Relaxed) == ENOUGH {
                        enough.notify_one();
                    }
                }
            })
        })
        .collect();
    tokio::time::timeout(PATIENCE, enough.notified()).await.context("the senders were refused")?;
    server.kill();
    let mut receipts: Vec<(Value, Value)> = Vec::new();
    for sender in senders {
        receipts.extend(sender.await?);
    }
    ensure!(receipts.len() > ENOUGH);

    server.start_again()?;

    let snapshot = wall.get("/api/snapshot").await?.good()?;
    let incidents = snapshot["incidents"].as_array().context("no incidents")?;
    let kept: std::collections::HashMap<_, _> = incidents
        .iter()
        .map(|incident| (&incident["reports"][0]["id"], &incident["id"]))
        .map(|(r, i)| (r.to_string(), i.clone()))
        .collect();
    for (sent, receipt) in &receipts {
        let incident = kept.get(&sent["id"].to_string());
        ensure!(incident == Some(&receipt["incident"]), "acknowledged and gone: {receipt}");
    }
    let (sent, receipt) = &receipts[receipts.len() / 2];
    ensure!(staffer.file(sent).await? == *receipt, "the same report got another receipt after the restart");
    Ok(())
}
