//! The line to the database is cut and comes back: nothing half-written, nobody lost, no restart.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rstest::rstest;
use serde_json::{Value, json};
use sokuho_tests::line::{Line, Works};
use sokuho_tests::report::report;
use sokuho_tests::server::{Edition, PASSWORD, Start};

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

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_line_is_told_by_its_causes_and_not_by_every_try() -> Result<()> {
    let Some(start) = Start::on(Edition::Postgres)? else { return Ok(()) };
    let database = start.database().context("no database")?;
    let line = Line::to(database.server()?).await?;
    let url = database.url_by_port(line.port())?;
    let mut server = start.env("DATABASE_URL", url).start()?;
    for expected in ["commit failed", "directory of accounts", "after_release", "could not be tidied"] {
        server.allow(expected);
    }
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    server.public().file(&report(town.at)).await?;

    line.set(Works::Cut);
    for tries in 0..40 {
        server.public().post("/api/reports", &report(town.at)).await?.refused(503, "unavailable")?;
        // The node tries by itself too, again and again.
        if tries % 5 == 4 {
            line.knocked(1).await?;
        }
    }
    server.until_logged("directory of accounts").await?;
    line.set(Works::Yes);
    server.until_logged("the log can be written again").await?;
    server.until_logged("the directory of accounts can be read again").await?;

    for what in ["commit failed", "the directory of accounts could not be read"] {
        let told: Vec<_> = server.log().into_iter().filter(|line| line.text.contains(what)).collect();
        let mut causes = Vec::new();
        for line in &told {
            let said: Value = serde_json::from_str(&line.text)?;
            let cause = said["error"].as_str().context("no cause")?.to_owned();
            let parts: Vec<&str> = cause.split(": ").collect();
            ensure!(parts.windows(2).all(|two| two[0] != two[1]), "a cause is said twice: {cause}");
            ensure!(!cause.contains('{') && !cause.contains("Storage("), "that is no sentence: {cause}");
            ensure!(!causes.contains(&cause), "told twice: {told:#?}");
            causes.push(cause);
        }
        ensure!((1..=4).contains(&told.len()), "{what}: {told:#?}");
    }
    server.public().until("/readyz", 200).await?;
    server.finish()
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_is_told_within_a_second_whatever_the_database_does() -> Result<()> {
    let Some(start) = Start::on(Edition::Postgres)? else { return Ok(()) };
    let server = start.start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    server.public().file(&report(town.at)).await?;
    let sessions = "SELECT string_agg(pid::text, ',' ORDER BY pid) FROM pg_stat_activity \
                    WHERE application_name LIKE 'sokuho writer%' AND datname = current_database()";
    let database = server.database().context("no database")?;
    let session = database.query(sessions)?;

    let held = database.hold("LOCK TABLE sokuho.entry")?;
    let begun = std::time::Instant::now();
    for _ in 0..3 {
        let asked = std::time::Instant::now();
        let not_ready = server.public().get("/readyz").await?.refused(503, "unavailable")?;
        ensure!(asked.elapsed() < Duration::from_millis(1_300), "{:?}", asked.elapsed());
        ensure!(not_ready["detail"] == "the log does not answer within a second", "{not_ready}");
    }
    held.release()?;
    ensure!(begun.elapsed() < Duration::from_secs(8), "the machine is too slow to tell: {:?}", begun.elapsed());

    server.public().until("/readyz", 200).await?;
    ensure!(database.query(sessions)? == session, "the node has lost its session over a question");
    server.public().file(&report(town.at)).await?;
    server.finish()
}

/// Connections that a node keeps for everything but appends.
const CONNECTIONS: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn sign_ins_that_a_silent_line_swallowed_are_given_up_and_make_room_for_the_next() -> Result<()> {
    let Some(start) = Start::on(Edition::Postgres)? else { return Ok(()) };
    let database = start.database().context("no database")?;
    let line = Line::to(database.server()?).await?;
    let url = database.url_by_port(line.port())?;
    let mut server = start.env("DATABASE_URL", url).start()?;
    for expected in [
        "request failed",
        "identity",
        "directory of accounts",
        "after_release",
        "could not be tidied",
        "time to acquire",
    ] {
        server.allow(expected);
    }
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    server.account("sato", &town.code, None, "field")?;
    server.public().sign_in("sato", PASSWORD).await?;

    // So that the line falls silent in the midst of a statement, and on every connection.
    let database = server.database().context("no database")?;
    let held = database.hold("LOCK TABLE sokuho.account")?;
    let attempts: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let client = server.public();
            tokio::spawn(
                async move { client.post("/api/sessions", &json!({ "name": "sato", "password": PASSWORD })).await },
            )
        })
        .collect();
    let waiting = async {
        let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'sokuho.account'::regclass";
        while database.query(waiting)? != CONNECTIONS.to_string() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.context("the sign-ins never waited")??;
    line.set(Works::Silent);
    held.release()?;
    for attempt in attempts {
        let answer = attempt.await??;
        answer.refused(503, "unavailable")?;
        ensure!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0), "no Retry-After");
    }

    line.set(Works::Yes);
    let recovered = async {
        while server.public().sign_in("sato", PASSWORD).await.is_err() {
            // What is asked is whether time mends it.
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), recovered).await.context("nobody can sign in any more")?;
    // What another process does is seen again: the look for it goes on.
    server.wall(&town.code).await?;
    Ok(())
}
