//! What hangs on the storage, on both: SQLite in the data folder, and PostgreSQL.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use rstest::rstest;
use serde_json::json;
use sokuho_tests::client::Client;
use sokuho_tests::report::{report, with};
use sokuho_tests::server::{Edition, PASSWORD, Server, Start, binary};
use sokuho_tests::viewer::Subscribe;

fn contact(phone: &str) -> serde_json::Value {
    json!({ "name": "山田 花子", "phone": phone })
}

#[rstest]
#[case::sqlite(Edition::Sqlite)]
#[case::postgres(Edition::Postgres)]
#[tokio::test]
async fn a_report_goes_from_a_resident_to_the_wall_and_back(#[case] edition: Edition) -> Result<()> {
    let Some(start) = Start::on(edition)? else { return Ok(()) };
    let server = start.start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let operator = server.staff("operator", &town.code, None, "operator").await?;
    let mut wall = server.wall(&town.code).await?.watch().await?;

    let sent = with(report(town.at), "contact", contact("0242-00-0000"));
    let receipt = server.public().file(&sent).await?;
    let seen = wall.expect("the report", |entry| entry["kind"] == "report_filed").await?;
    ensure!(!seen.to_string().contains("0242-00-0000"), "contact details on the wall");
    let id = sent["id"].as_str().context("no id")?;
    let details = operator.get(&format!("/api/reports/{id}/contact?reason=call")).await?.good()?;
    ensure!(details["phone"] == "0242-00-0000", "{details}");
    let incident = receipt["incident"].as_str().context("no incident")?;
    operator.set_status(incident, "in_progress").await?.good()?;
    let key = receipt["key"].as_str().context("no key")?;
    ensure!(server.public().get(&format!("/api/receipts/{key}")).await?.good()?["status"] == "in_progress");
    server.public().get("/readyz").await?.good()?;
    Ok(())
}

#[rstest]
#[case::sqlite(Edition::Sqlite)]
#[case::postgres(Edition::Postgres)]
#[tokio::test]
async fn the_same_again_changes_nothing_and_another_under_its_id_is_refused(#[case] edition: Edition) -> Result<()> {
    let Some(start) = Start::on(edition)? else { return Ok(()) };
    let server = start.start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let staffer = server.staff("sato", &town.code, None, "field").await?;
    let sent = report(town.at);
    let first = staffer.file(&sent).await?;
    ensure!(staffer.file(&sent).await? == first);
    let other = with(sent.clone(), "words", json!("別の話"));
    staffer.post("/api/reports", &other).await?.refused(409, "id_taken")?;

    // Fifty copies of one that is new, and the known one among them.
    let new = report(town.at);
    let copies: Vec<_> = (0..50)
        .map(|number| {
            let (client, sent) = (staffer.clone(), if number % 5 == 0 { sent.clone() } else { new.clone() });
            tokio::spawn(async move { client.file(&sent).await })
        })
        .collect();
    for copy in copies {
        let seq = copy.await??["seq"].as_u64().context("no seq")?;
        ensure!(Some(seq) == first["seq"].as_u64() || Some(seq) == first["seq"].as_u64().map(|seq| seq + 1));
    }
    let next = staffer.file(&report(town.at)).await?;
    ensure!(next["seq"].as_u64() == first["seq"].as_u64().map(|seq| seq + 2), "no gap: {next}");
    Ok(())
}

#[rstest]
#[case::sqlite(Edition::Sqlite)]
#[case::postgres(Edition::Postgres)]
#[tokio::test]
async fn a_restart_keeps_reports_statuses_check_ins_accounts_and_the_viewers_place(
    #[case] edition: Edition,
) -> Result<()> {
    let Some(start) = Start::on(edition)? else { return Ok(()) };
    let mut server = start.start()?;
    let region = server.public().region().await?;
    let [town, other] = region.towns()?;
    let operator = server.staff("operator", &town.code, None, "operator").await?;
    let wall = server.wall(&town.code).await?;
    let mut viewer = wall.watch().await?;
    let receipt = server.public().file(&report(town.at)).await?;
    operator.set_status(receipt["incident"].as_str().context("no incident")?, "resolved").await?.good()?;
    operator.check_in(&other.code).await?;
    viewer.entries_until(3).await?;
    let (place, before) = (viewer.position(), wall.get("/api/snapshot").await?.good()?);
    drop(viewer);

    server.stop()?;
    server.start_again()?;

    let after = wall.get("/api/snapshot").await?.good()?;
    ensure!(after["incidents"] == before["incidents"] && after["epoch"] == before["epoch"], "{after}");
    let operator: Client = server.public().sign_in("operator", PASSWORD).await?;
    ensure!(operator.get("/api/me").await?.good()?.to_string().contains(&other.code), "the check-in is lost");
    let mut back = wall.watch_as(Subscribe::since(&place)).await?;
    let next = server.public().file(&report(town.at)).await?["seq"].as_u64().context("no seq")?;
    ensure!(back.entries_until(next).await?.len() == 1, "it missed nothing and saw nothing twice");
    Ok(())
}

fn second(server: &Server) -> Result<String> {
    let mut command = std::process::Command::new(sokuho_tests::server::binary()?);
    let folder = tempfile::tempdir()?;
    command.args(["serve", "--port", "0"]).env_remove("DATABASE_URL");
    match server.database() {
        // On another machine, with the same keys.
        Some(database) => {
            let keys = folder.path().join("keys");
            std::fs::create_dir(&keys)?;
            for file in std::fs::read_dir(server.data().join("keys"))? {
                let file = file?;
                std::fs::copy(file.path(), keys.join(file.file_name()))?;
            }
            command.arg("--data").arg(folder.path()).env("DATABASE_URL", database.url())
        }
        None => command.arg("--data").arg(server.data()),
    };
    let output = command.output()?;
    ensure!(!output.status.success(), "a second node runs");
    Ok(String::from_utf8_lossy(&output.stderr).into_owned())
}

#[rstest]
#[case::sqlite(Edition::Sqlite, "another node runs on the folder")]
#[case::postgres(Edition::Postgres, "another node writes to this database: sokuho writer ")]
#[tokio::test]
async fn a_second_node_is_refused_with_a_sentence_and_the_first_goes_on(
    #[case] edition: Edition,
    #[case] sentence: &str,
) -> Result<()> {
    let Some(start) = Start::on(edition)? else { return Ok(()) };
    let server = start.start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    server.public().file(&report(town.at)).await?;
    let told = second(&server)?;
    ensure!(told.contains(sentence), "{told}");
    server.public().file(&report(town.at)).await?;
    Ok(())
}

#[tokio::test]
async fn what_has_a_receipt_stands_in_the_projection_and_a_rebuild_ends_equal() -> Result<()> {
    let Some(start) = Start::on(Edition::Postgres)? else { return Ok(()) };
    let mut server = start.start()?;
    let region = server.public().region().await?;
    let [town, other] = region.towns()?;
    let operator = server.staff("operator", &town.code, None, "operator").await?;
    let incident = server.public().file(&report(town.at)).await?["incident"].clone();
    server.public().file(&report(other.at)).await?;
    operator.set_status(incident.as_str().context("no incident")?, "in_progress").await?.good()?;
    operator.check_in(&other.code).await?;

    let database = server.database().context("no database")?;
    let asked = "SELECT status, responsible, o.name, round(ST_Y(i.geom)::numeric, 6) \
         FROM sokuho.incident i JOIN sokuho.office o ON o.code = i.responsible ORDER BY status";
    let rows = database.query(asked)?;
    ensure!(rows.starts_with(&format!("in_progress|{}|", town.code)) && rows.lines().count() == 2, "{rows}");
    let all = "SELECT i.*, r.*, c.* FROM sokuho.incident i JOIN sokuho.report r ON r.incident = i.id \
         LEFT JOIN sokuho.check_in c ON true ORDER BY r.id";
    let before = database.query(all)?;
    let refused = server.command(&["rebuild"], "").err().context("rebuilt beside a node that writes")?;
    ensure!(refused.to_string().contains("another node writes"), "{refused}");

    let listed = "SELECT count(*), count(geom) FROM sokuho.shelter WHERE listed";
    let shelters = database.query(listed)?;
    server.stop()?;
    let database = server.database().context("no database")?;
    database.query("DROP TABLE sokuho.shelter")?;
    let printed = server.command(&["rebuild"], "")?;
    ensure!(printed.trim() == "2 reports, 2 incidents, 1 check-ins", "{printed}");
    ensure!(database.query(all)? == before);
    ensure!(database.query(listed)? == shelters && !shelters.starts_with("0|"), "{shelters}");
    Ok(())
}

#[tokio::test]
async fn a_rebuild_says_for_whom_it_waits_and_goes_on_when_they_have_ended() -> Result<()> {
    let Some(start) = Start::on(Edition::Postgres)? else { return Ok(()) };
    let mut server = start.start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    server.public().file(&report(town.at)).await?;
    server.stop()?;
    let database = server.database().context("no database")?;
    let reader = database.hold("SELECT 1 FROM sokuho.incident LIMIT 0")?;
    let mut rebuild = Command::new(binary()?)
        .args(["rebuild", "--data"])
        .arg(server.data())
        .env("DATABASE_URL", database.url())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut said = BufReader::new(rebuild.stderr.take().context("no standard error")?).lines();
    let line = said.next().context("it ended without a word")??;
    ensure!(line.starts_with("waiting for ") && line.contains("psql"), "{line}");
    reader.release()?;
    let done = rebuild.wait_with_output()?;
    let rest = said.collect::<Result<Vec<_>, _>>()?;
    ensure!(done.status.success() && rest.is_empty(), "{rest:?}");
    ensure!(done.stdout.starts_with(b"1 reports"), "{done:?}");
    Ok(())
}
