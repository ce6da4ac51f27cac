//! One report, every screen.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sokuho_tests::pictures::{self, Scene};
use sokuho_tests::report::{report, with};
use sokuho_tests::server::Server;
use sokuho_tests::viewer::{Subscribe, Viewer};

fn is_report(id: &Value) -> impl Fn(&Value) -> bool {
    move |entry| entry["kind"] == "report_filed" && entry["incident"]["reports"][0]["id"] == *id
}

async fn see(screens: &mut [Viewer], id: &Value) -> Result<Vec<Value>> {
    let mut entries = Vec::new();
    for screen in screens {
        entries.push(screen.expect("the report", is_report(id)).await?);
    }
    Ok(entries)
}

#[tokio::test]
async fn a_residents_report_reaches_three_offices_and_the_prefecture_with_photo_and_responsible_office() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [own, second, third] = region.towns()?;
    let mut screens = Vec::new();
    for office in [own, second, third, region.prefecture()?] {
        screens.push(server.wall(&office.code).await?.watch().await?);
    }

    let photo = pictures::jpeg(&pictures::draw(Scene::Road, 1))?;
    let uploaded = server.public().upload(photo.clone(), "image/jpeg").await?;
    let sent = with(report(own.at), "media", json!([uploaded["id"]]));
    let receipt = server.public().file(&sent).await?;
    ensure!(receipt["responsible"] == own.code.as_str(), "{receipt}");

    for entry in see(&mut screens, &sent["id"]).await? {
        ensure!(entry["seq"] == receipt["seq"], "the receipt and the screen give different numbers");
        let incident = &entry["incident"];
        ensure!(incident["responsible"] == own.code.as_str(), "{incident}");
        ensure!(incident["status"] == "received", "{incident}");
        let shown = &incident["reports"][0];
        ensure!(shown["words"] == sent["words"], "{shown}");
        ensure!(shown["reporter"]["kind"] == "resident", "{shown}");
        ensure!(shown["media"][0]["id"] == uploaded["id"], "{shown}");
        ensure!(shown["media"][0]["thumbnail"] == true, "{shown}");
    }
    let id = uploaded["id"].as_str().context("no media id")?;
    for office in [own, second, region.prefecture()?] {
        let wall = server.wall(&office.code).await?;
        let original = wall.get(&format!("/api/media/{id}")).await?;
        ensure!(original.status == 200, "{}: {}", office.name, original.text());
        ensure!(original.body == photo, "the wall of {} gets another file", office.name);
    }
    Ok(())
}

#[tokio::test]
async fn a_staff_report_names_the_office_they_act_for_and_the_one_that_employs_them() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [employer, home, third] = region.towns()?;
    let staffer = server.staff("sato", &employer.code, Some(&home.code), "field").await?;
    let mut screens = Vec::new();
    for office in [employer, home, third, region.prefecture()?] {
        screens.push(server.wall(&office.code).await?.watch().await?);
    }

    staffer.check_in(&home.code).await?;
    let sent = with(report(home.at), "danger_to_life", json!(true));
    let receipt = staffer.file(&sent).await?;
    ensure!(receipt["office"] == home.code.as_str(), "{receipt}");

    for entry in see(&mut screens, &sent["id"]).await? {
        ensure!(entry["incident"]["danger_to_life"] == true, "{entry}");
        let reporter = &entry["incident"]["reports"][0]["reporter"];
        ensure!(reporter["kind"] == "staff", "{reporter}");
        ensure!(reporter["office"] == home.code.as_str(), "{reporter}");
        ensure!(reporter["employer"] == employer.code.as_str(), "{reporter}");
    }
    Ok(())
}

#[tokio::test]
async fn a_report_outside_the_region_is_accepted_and_marked() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let mut wall = server.wall(&town.code).await?.watch().await?;

    let sent = report((35.681, 139.767));
    let receipt = server.public().file(&sent).await?;

    ensure!(receipt["place"]["standing"] == "outside", "{receipt}");
    ensure!(receipt["place"]["nearest"].is_string(), "{receipt}");
    let entry = wall.expect("the report", is_report(&sent["id"])).await?;
    ensure!(entry["incident"]["responsible"].is_null(), "{entry}");
    Ok(())
}

#[tokio::test]
async fn a_viewer_of_one_offices_incidents_is_spared_the_others_and_keeps_its_position() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [own, other] = region.towns()?;
    let interest = json!({ "offices": [own.code] });
    let mut wall = server.wall(&own.code).await?.watch_as(Subscribe::to(interest)).await?;

    server.public().file(&report(other.at)).await?;
    let mine = report(own.at);
    let receipt = server.public().file(&mine).await?;

    let entries = wall.entries_until(receipt["seq"].as_u64().context("no seq")?).await?;
    ensure!(entries.len() == 1 && is_report(&mine["id"])(&entries[0]), "not my report alone: {entries:?}");
    Ok(())
}

#[tokio::test]
async fn a_drill_report_is_marked_by_its_operation_on_every_screen() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [town, other] = region.towns()?;
    let admin = server.staff("admin", &town.code, None, "admin").await?;
    let mut wall = server.wall(&other.code).await?.watch().await?;

    let drill = admin.open_drill("訓練 夜の大雨").await?;
    let opened = wall.expect("the drill", |entry| entry["kind"] == "operation_opened").await?;
    ensure!(opened["operation"]["kind"] == "drill", "{opened}");
    let sent = with(report(town.at), "operation", json!(drill));
    server.public().file(&sent).await?;
    let entry = wall.expect("the report", is_report(&sent["id"])).await?;
    ensure!(entry["incident"]["operation"] == json!(drill), "{entry}");

    admin
        .post(&format!("/api/operations/{drill}/close"), &json!({ "id": sokuho_tests::time::new_id() }))
        .await?
        .good()?;
    let late = with(report(town.at), "operation", json!(drill));
    server.public().post("/api/reports", &late).await?.refused(409, "operation_ended")?;
    Ok(())
}
