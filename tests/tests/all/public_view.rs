//! What the public sees: no words, no pictures, no names, no report id, the place to about ten metres.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sokuho_tests::pictures::{self, Scene};
use sokuho_tests::report::{report, with};
use sokuho_tests::server::Server;

/// A report full of what must stay inside, by a staff member; returns the report and what is secret.
async fn file_secrets(server: &Server) -> Result<(Value, Vec<String>)> {
    let region = server.public().region().await?;
    let [town, home] = region.towns()?;
    let staffer = server.staff("himitsu", &town.code, Some(&home.code), "field").await?;
    let photo = pictures::jpeg(&pictures::draw(Scene::Flood, 3))?;
    let uploaded = staffer.upload(photo, "image/jpeg").await?;
    let at = (town.at.0 + 0.000_012_3, town.at.1 + 0.000_012_3);
    let mut sent = with(report(at), "words", json!("内緒の言葉"));
    sent["media"] = json!([uploaded["id"]]);
    staffer.file(&sent).await?;

    let contact = json!({ "name": "連絡太郎", "phone": "0242-00-0000" });
    server.public().file(&with(report(town.at), "contact", contact)).await?;
    let mut secrets: Vec<String> = ["内緒の言葉", "himitsu", "連絡太郎", "0242-00-0000"].map(str::to_owned).to_vec();
    secrets.push(sent["id"].as_str().context("no id")?.to_owned());
    secrets.push(uploaded["id"].as_str().context("no id")?.to_owned());
    secrets.push(at.0.to_string());
    Ok((sent, secrets))
}

fn holds_none(text: &str, secrets: &[String]) -> Result<()> {
    for secret in secrets {
        ensure!(!text.contains(secret), "{secret} is in {text}");
    }
    Ok(())
}

#[tokio::test]
async fn the_public_stream_and_snapshot_hold_nothing_of_what_belongs_to_offices() -> Result<()> {
    let server = Server::start()?;
    let mut stream = server.public().watch().await?;
    let mut events = server.public().watch_events("").await?;

    let (_, secrets) = file_secrets(&server).await?;

    for _ in 0..2 {
        let entry = stream.expect("a report", |entry| entry["kind"] == "report_filed").await?;
        holds_none(&entry.to_string(), &secrets)?;
        let lat = entry["incident"]["position"]["lat"].as_f64().context("no position")?;
        ensure!((lat * 10_000.0 - (lat * 10_000.0).round()).abs() < 1e-6, "{lat} is finer than 0.0001°");
    }
    let event = events.expect(|entry| entry["kind"] == "report_filed").await?;
    holds_none(&event.to_string(), &secrets)?;
    let gis = ["/ogc/collections", "/ogc/collections/incidents/items", "/ogc/collections/offices/items"];
    for path in ["/api/snapshot", "/api/incidents", "/api/incidents?form=symbol"].into_iter().chain(gis) {
        let answer = server.public().get(path).await?;
        answer.good()?;
        holds_none(&answer.text(), &secrets)?;
    }
    for collection in ["reports", "check-ins"] {
        for path in ["", "/items"] {
            let path = format!("/ogc/collections/{collection}{path}");
            server.public().get(&path).await?.refused(401, "sign_in_required")?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn check_ins_do_not_reach_the_public() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [town, home] = region.towns()?;
    let staffer = server.staff("sato", &town.code, Some(&home.code), "field").await?;
    let mut stream = server.public().watch().await?;

    staffer.check_in(&home.code).await?;
    let receipt = server.public().file(&report(town.at)).await?;

    let entries = stream.entries_until(receipt["seq"].as_u64().context("no seq")?).await?;
    ensure!(entries.len() == 1 && entries[0]["kind"] == "report_filed", "{entries:?}");
    ensure!(server.public().get("/api/snapshot").await?.good()?["check_ins"].is_null());
    Ok(())
}

#[tokio::test]
async fn contact_details_are_for_an_operator_of_the_responsible_office_and_in_no_stream() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [own, other] = region.towns()?;
    let operator = server.staff("own-operator", &own.code, None, "operator").await?;
    let stranger = server.staff("other-operator", &other.code, None, "operator").await?;
    let field = server.staff("own-field", &own.code, None, "field").await?;
    let mut wall = server.wall(&own.code).await?.watch().await?;

    let contact = json!({ "name": "連絡太郎", "phone": "0242-00-0000" });
    let sent = with(report(own.at), "contact", contact.clone());
    server.public().file(&sent).await?;

    let entry = wall.expect("the report", |entry| entry["kind"] == "report_filed").await?;
    ensure!(entry["incident"]["reports"][0]["has_contact"] == true, "{entry}");
    holds_none(&entry.to_string(), &["連絡太郎".to_owned(), "0242-00-0000".to_owned()])?;
    let door = format!("/api/reports/{}/contact", sent["id"].as_str().context("no id")?);
    let path = format!("{door}?reason=%E6%8A%98%E3%82%8A%E8%BF%94%E3%81%97"); // 折り返し
    let read = operator.get(&path).await?.good()?;
    ensure!(read["name"] == contact["name"] && read["phone"] == contact["phone"], "{read}");
    operator.get(&door).await?.refused(422, "invalid_field")?;
    operator.get(&format!("{door}?reason=%20%0A")).await?.refused(422, "invalid_field")?;
    operator.get(&format!("{door}?reason={}", "a".repeat(201))).await?.refused(422, "text_too_long")?;
    operator.get(&format!("{door}?reason=a%00b")).await?.refused(422, "text_not_allowed")?;
    stranger.get(&path).await?.refused(403, "other_office")?;
    field.get(&path).await?.refused(403, "forbidden")?;
    server.wall(&own.code).await?.get(&path).await?.refused(403, "forbidden")?;
    server.public().get(&path).await?.refused(401, "sign_in_required")?;
    Ok(())
}
