//! The line to the database is cut and comes back: nothing half-written, nobody lost, no restart.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rstest::rstest;
use serde_json::Value;
use sokuho_tests::line::{Line, Works};
use sokuho_tests::report::report;
use sokuho_tests::server::{Edition, Start};

#[rstest]
#[case::cut(Works::Cut)]
#[case::silent(Works::Silent)]
// The line works beside the waiting for the server.
#[tokio::test(flavor = "multi_thread")]
async fn senders_are_told_to_come_back_viewers_stay_and_all_recovers_by_itself(#[case] trouble: Works) -> Result<()> {
    let Some(start) = Start::on(Edition::Postgres)? else { return Ok(()) };
    let database = start.database().context("no database")?;
    let line = Line::to(database.server()?).await?;
    let url = database.url_by_port(line.port())?;
    let mut server = start.env("DATABASE_URL", url).start()?;
    server.allow("commit failed");
    server.allow("request failed");
    server.allow("identity");
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let staffer = server.staff("sato", &town.code, None, "field").await?;
    let mut viewer = server.wall(&town.code).await?.watch().await?;
    let first = staffer.file(&report(town.at)).await?;
    viewer.next_entry().await?;

    line.set(trouble);
    let sent: Vec<Value> = (0..8).map(|_| report(town.at)).collect();
    let sending = sent.iter().map(|sent| {
        let (client, sent) = (staffer.clone(), sent.clone());
        tokio::spawn(async move { client.post("/api/reports", &sent).await })
    });
    for answer in sending.collect::<Vec<_>>() {
        let answer = answer.await??;
        answer.refused(503, "unavailable")?;
        ensure!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0), "no Retry-After");
    }
    let ready = server.public().get("/readyz").await?;
    ready.refused(503, "unavailable")?;
    ensure!(ready.text().contains("the log does not answer"), "{}", ready.text());
    viewer.expect_heartbeat().await?;
    let snapshot = staffer.get("/api/snapshot").await?.good()?;
    ensure!(snapshot["incidents"].as_array().is_some_and(|incidents| incidents.len() == 1), "{snapshot}");

    line.set(Works::Yes);
    let recovered = async {
        while server.public().get("/readyz").await?.status != 200 {
            // What is asked is whether time mends it.
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(Duration::from_secs(30), recovered).await.context("it does not recover")??;
    let mut seqs = Vec::new();
    for sent in &sent {
        let receipt = staffer.file(sent).await?;
        ensure!(staffer.file(sent).await? == receipt);
        seqs.push(receipt["seq"].as_u64().context("no seq")?);
    }
    seqs.sort_unstable();
    let begin = first["seq"].as_u64().context("no seq")? + 1;
    ensure!(seqs == (begin..begin + 8).collect::<Vec<_>>(), "{seqs:?}: a gap, or one twice");
    let seen = viewer.entries_until(begin + 7).await?;
    ensure!(seen.len() == 8, "the viewer's own stream goes on: {}", seen.len());
    let counted = server.database().context("no database")?.query("SELECT count(*) FROM sokuho.report")?;
    ensure!(counted == "9", "{counted}");
    Ok(())
}
