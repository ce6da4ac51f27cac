//! Handling: the responsible office changes the status, and every screen follows.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use sokuho_tests::report::{report, with};
use sokuho_tests::server::Server;
use sokuho_tests::time::new_id;
use sokuho_tests::viewer::Subscribe;

#[tokio::test]
async fn the_responsible_office_changes_the_status_and_every_screen_follows() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [own, other] = region.towns()?;
    let operator = server.staff("own-operator", &own.code, None, "operator").await?;
    let stranger = server.staff("other-operator", &other.code, None, "operator").await?;
    let receipt = server.public().file(&report(own.at)).await?;
    let incident = receipt["incident"].as_str().context("no incident")?;
    let mut wall = server.wall(&other.code).await?.watch().await?;
    let mut public = server.public().watch().await?;

    stranger.set_status(incident, "resolved").await?.refused(403, "other_office")?;
    operator.set_status(incident, "in_progress").await?.good()?;

    for screen in [&mut wall, &mut public] {
        let entry = screen.next_entry().await?;
        ensure!(entry["kind"] == "status_changed" && entry["incident"]["status"] == "in_progress", "{entry}");
        ensure!(entry["incident"]["id"] == incident, "{entry}");
    }
    Ok(())
}

#[tokio::test]
async fn a_report_that_no_office_answers_for_is_taken_and_handed_over_and_its_contact_goes_along() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [own, other] = region.towns()?;
    let operator = server.staff("own-operator", &own.code, None, "operator").await?;
    let neighbour = server.staff("other-operator", &other.code, None, "operator").await?;
    let abroad = (own.at.0, own.at.1 + 5.0); // far beyond every border of the region
    let sent = with(report(abroad), "contact", json!({ "phone": "0242-00-0000" }));
    let receipt = server.public().file(&sent).await?;
    let incident = receipt["incident"].as_str().context("no incident")?;
    let contact = format!("/api/reports/{}/contact?reason=call", sent["id"].as_str().context("no id")?);
    // A public viewer that asks for the first office alone, and walls of both.
    let interest = json!({ "offices": [own.code] });
    let asking = Subscribe::to(interest);
    let mut public = server.public().watch_as(asking).await?;
    let mut wall = server.wall(&other.code).await?.watch().await?;

    operator.get(&contact).await?.refused(403, "other_office")?;
    operator.set_responsible(incident, &other.code).await?.refused(403, "other_office")?;
    operator.set_responsible(incident, &own.code).await?.good()?;
    ensure!(operator.get(&contact).await?.good()?["phone"] == "0242-00-0000", "the office that took it reads");
    neighbour.set_responsible(incident, &other.code).await?.refused(403, "other_office")?;
    operator.set_responsible(incident, &own.code).await?.refused(409, "already_responsible")?;
    operator.set_responsible(incident, "99999").await?.refused(422, "unknown_office")?;

    operator.set_responsible(incident, &other.code).await?.good()?;
    operator.get(&contact).await?.refused(403, "other_office")?;
    operator.set_status(incident, "resolved").await?.refused(403, "other_office")?;
    neighbour.get(&contact).await?.good()?;

    for office in [&own.code, &other.code] {
        let told = wall.next_entry().await?;
        ensure!(told["kind"] == "responsible_changed" && told["incident"]["responsible"] == office.as_str(), "{told}");
        let told = public.next_entry().await?;
        ensure!(told["incident"]["responsible"] == office.as_str(), "also when it is handed over: {told}");
    }
    server.public().set_responsible(incident, &own.code).await?.refused(401, "sign_in_required")?;
    Ok(())
}

#[tokio::test]
async fn a_change_of_something_that_does_not_exist_or_to_nothing_known_is_refused() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [own] = region.towns()?;
    let operator = server.staff("own-operator", &own.code, None, "operator").await?;
    operator.set_status(&new_id().to_string(), "resolved").await?.refused(404, "not_found")?;
    let receipt = server.public().file(&report(own.at)).await?;
    let incident = receipt["incident"].as_str().context("no incident")?;
    operator.set_status(incident, "exploded").await?.refused(422, "invalid_field")?;
    Ok(())
}

#[tokio::test]
async fn the_snapshot_holds_what_the_stream_said() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [own] = region.towns()?;
    let wall = server.wall(&own.code).await?;
    let mut viewer = wall.watch().await?;
    server.public().file(&with(report(own.at), "category", json!("water_leak"))).await?;
    let entry = viewer.next_entry().await?;

    let snapshot = wall.get("/api/snapshot").await?.good()?;

    ensure!(snapshot["epoch"] == viewer.position().epoch.as_str(), "another epoch");
    ensure!(snapshot["seq"].as_u64() >= Some(viewer.position().seq), "an older position");
    ensure!(snapshot["incidents"] == json!([entry["incident"]]), "{snapshot}");
    Ok(())
}
