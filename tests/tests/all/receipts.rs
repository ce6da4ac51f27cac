//! Receipts: the same thing sent again changes nothing, and the link shows what became of it.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use sokuho_tests::pictures::{self, Scene};
use sokuho_tests::report::{report, with};
use sokuho_tests::server::Server;

use crate::bystander::Bystander;

#[tokio::test]
async fn the_same_report_again_gives_the_same_receipt_and_is_not_written_twice() -> Result<()> {
    let server = Server::start()?;
    let mut bystander = Bystander::new(&server).await?;
    let sent = report(bystander.at());

    let first = server.public().file(&sent).await?;
    bystander.receives(&sent["id"]).await?;
    let again = server.public().file(&sent).await?;

    ensure!(first == again, "{first} is not {again}");
    bystander.is_undisturbed().await
}

#[tokio::test]
async fn the_same_report_again_after_a_restart_gives_the_same_receipt() -> Result<()> {
    let mut server = Server::start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let sent = report(town.at);
    let first = server.public().file(&sent).await?;

    server.stop()?;
    server.start_again()?;

    ensure!(server.public().file(&sent).await? == first);
    Ok(())
}

#[tokio::test]
async fn another_report_with_the_same_id_is_refused_and_nothing_is_written() -> Result<()> {
    let server = Server::start()?;
    let mut bystander = Bystander::new(&server).await?;
    let sent = report(bystander.at());
    server.public().file(&sent).await?;
    bystander.receives(&sent["id"]).await?;

    let other = with(sent, "words", json!("別の話"));
    server.public().post("/api/reports", &other).await?.refused(409, "id_taken")?;

    bystander.is_undisturbed().await
}

#[tokio::test]
async fn one_hundred_copies_sent_at_once_are_written_once() -> Result<()> {
    let server = Server::start()?;
    let mut bystander = Bystander::new(&server).await?;
    let sent = report(bystander.at());

    // Staff, whose quota allows a hundred at once.
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let staffer = server.staff("sato", &town.code, None, "field").await?;
    let copies = (0..100).map(|_| {
        let (client, sent) = (staffer.clone(), sent.clone());
        tokio::spawn(async move { client.file(&sent).await })
    });
    let mut receipts = Vec::new();
    for copy in copies.collect::<Vec<_>>() {
        receipts.push(copy.await??);
    }

    ensure!(receipts.iter().all(|receipt| receipt == &receipts[0]), "different receipts");
    bystander.receives(&sent["id"]).await?;
    bystander.is_undisturbed().await
}

#[tokio::test]
async fn the_receipts_key_shows_the_status_as_it_changes_and_no_other_key_does() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let operator = server.staff("operator", &town.code, None, "operator").await?;
    let photo = pictures::jpeg(&pictures::draw(Scene::Leak, 2))?;
    let uploaded = server.public().upload(photo, "image/jpeg").await?;
    let sent = with(report(town.at), "media", json!([uploaded["id"]]));

    let receipt = server.public().file(&sent).await?;
    let key = receipt["key"].as_str().context("no key")?;
    ensure!(key.len() >= 22, "a key of {} characters can be guessed", key.len());
    let path = format!("/api/receipts/{key}");
    let before = server.public().get(&path).await?.good()?;
    ensure!(before["status"] == "received" && before["words"] == sent["words"], "{before}");
    ensure!(before["thumbnails"] == json!([uploaded["id"]]) && before["media"] == 1, "{before}");
    let id = uploaded["id"].as_str().context("no media id")?;
    let thumbnail = server.public().get(&format!("{path}/thumbnails/{id}")).await?;
    ensure!(thumbnail.status == 200 && thumbnail.header("content-type") == "image/jpeg", "{}", thumbnail.status);

    let incident = receipt["incident"].as_str().context("no incident")?;
    operator.set_status(incident, "in_progress").await?.good()?;
    ensure!(server.public().get(&path).await?.good()?["status"] == "in_progress");

    let mut wrong = key.to_owned();
    wrong.replace_range(0..1, if key.starts_with('A') { "B" } else { "A" });
    server.public().get(&format!("/api/receipts/{wrong}")).await?.refused(404, "not_found")?;
    let report_id = sent["id"].as_str().context("no id")?;
    server.public().get(&format!("/api/receipts/{report_id}")).await?.refused(404, "not_found")?;
    Ok(())
}
