//! Shelters over the wire: what an office says of one is on every screen, is kept, and stands in the projection; and
//! the import of a list.

use anyhow::{Context, Result, ensure};
use rstest::rstest;
use serde_json::{Value, json};
use sokuho_tests::client::Client;
use sokuho_tests::server::{Edition, PASSWORD, Server, Start};
use sokuho_tests::time::new_id;

/// The first shelter of a municipality.
async fn first_of(client: &Client, municipality: &str) -> Result<Value> {
    let list = client.get("/api/shelters").await?.good()?;
    let shelters = list["shelters"].as_array().context("no list")?;
    shelters.iter().find(|shelter| shelter["municipality"] == municipality).cloned().context("no shelter there")
}

fn state_of(shelter: &Value) -> String {
    format!("/api/shelters/{}/state", shelter["id"].as_str().unwrap_or_default())
}

#[rstest]
#[case::sqlite(Edition::Sqlite)]
#[case::postgres(Edition::Postgres)]
#[tokio::test]
async fn what_an_office_says_of_a_shelter_is_on_every_screen_and_is_kept(#[case] edition: Edition) -> Result<()> {
    let Some(start) = Start::on(edition)? else { return Ok(()) };
    let mut server = start.start()?;
    let region = server.public().region().await?;
    let [town, other] = region.towns()?;
    let field = server.staff("sato", &town.code, None, "field").await?;
    let shelter = first_of(&server.public(), &town.code).await?;
    let mut wall = server.wall(&other.code).await?.watch().await?;
    let mut public = server.public().watch().await?;

    let said = json!({ "id": new_id(), "state": "open", "people": 23, "note": "毛布が足りない" });
    let answer = field.post(&state_of(&shelter), &said).await?;
    ensure!(answer.status == 201, "{}", answer.text());
    let receipt = answer.good()?;
    ensure!(receipt["status"]["people"] == 23 && receipt["status"]["office"] == town.code.as_str(), "{receipt}");
    let again = field.post(&state_of(&shelter), &said).await?;
    ensure!(again.status == 200 && again.good()?["seq"] == receipt["seq"], "the same again changes nothing");
    let another = json!({ "id": said["id"], "state": "closed" });
    field.post(&state_of(&shelter), &another).await?.refused(409, "id_taken")?;

    let entry = wall.next_entry().await?;
    ensure!(entry["kind"] == "shelter_changed" && entry["shelter"]["people"] == 23, "{entry}");
    ensure!(entry["shelter"]["by"].is_string() && entry["shelter"]["note"] == "毛布が足りない", "{entry}");
    let entry = public.next_entry().await?;
    ensure!(entry["shelter"]["state"] == "open" && entry["shelter"]["shelter"] == shelter["id"], "{entry}");
    ensure!(!entry.to_string().contains("毛布") && !entry.to_string().contains("sato"), "{entry}");
    ensure!(entry["shelter"].as_object().is_some_and(|told| told.keys().eq(["at", "shelter", "state"])), "{entry}");

    server.stop()?;
    server.start_again()?;

    let wall = server.wall(&other.code).await?;
    let snapshot = wall.get("/api/snapshot").await?.good()?;
    ensure!(snapshot["shelters"][0]["people"] == 23, "{}", snapshot["shelters"]);
    let snapshot = server.public().get("/api/snapshot").await?.good()?;
    ensure!(snapshot["shelters"][0]["state"] == "open" && snapshot["shelters"][0].get("people").is_none());
    let item = format!("/ogc/collections/shelters/items/{}", shelter["id"].as_str().context("no id")?);
    let feature = server.public().get(&item).await?.good()?;
    ensure!(feature["properties"]["state"] == "open" && feature["properties"]["demonstration"] == true, "{feature}");
    ensure!(feature["properties"].get("people").is_none(), "{feature}");
    ensure!(wall.get(&item).await?.good()?["properties"]["people"] == 23);
    if let Some(database) = server.database() {
        let rows = database.query("SELECT state, people, name FROM sokuho.shelter WHERE state IS NOT NULL")?;
        ensure!(rows.trim() == format!("open|23|{}", shelter["name"].as_str().unwrap_or_default()), "{rows}");
    }
    Ok(())
}

/// What is said of a shelter in a picture: the state of each word, and its drill.
fn told(picture: &Value, field: &str, shelter: &Value) -> Result<Vec<String>> {
    let words = picture[field].as_array().with_context(|| format!("no {field}: {picture}"))?;
    let of_it = words.iter().filter(|word| word["shelter"] == shelter["id"]);
    let text = |word: &Value, part: &str| word[part].as_str().unwrap_or("-").to_owned();
    Ok(of_it.map(|word| format!("{} {}", text(word, "state"), text(word, "drill"))).collect())
}

/// What is said of a shelter now, on every way on which it is told. `staff` knows how far the log is.
async fn told_everywhere(client: &Client, staff: &Client, shelter: &Value) -> Result<Vec<String>> {
    let everyday = "01900000-0000-7000-8000-000000000001";
    let head = staff.get(&format!("/api/operations/{everyday}/world")).await?.good()?["at"].clone();
    let snapshot = told(&client.get(&format!("/api/snapshot?at_least={head}")).await?.good()?, "shelters", shelter)?;
    let list = told(&client.get("/api/shelters").await?.good()?, "statuses", shelter)?;
    let at = &shelter["position"];
    let (lat, lon) = (at["lat"].as_f64().context("no place")?, at["lon"].as_f64().context("no place")?);
    let bbox = format!("{},{},{},{}", lon - 0.001, lat - 0.001, lon + 0.001, lat + 0.001);
    let near = told(&client.get(&format!("/api/shelters?bbox={bbox}")).await?.good()?, "statuses", shelter)?;
    ensure!(snapshot == list && list == near, "{snapshot:?}, {list:?}, {near:?}");
    Ok(list)
}

#[rstest]
#[case::sqlite(Edition::Sqlite)]
#[case::postgres(Edition::Postgres)]
#[tokio::test]
async fn a_shelter_opened_in_a_drill_is_open_to_no_resident_and_what_is_real_stands_untouched_beside_it(
    #[case] edition: Edition,
) -> Result<()> {
    let Some(start) = Start::on(edition)? else { return Ok(()) };
    let mut server = start.start()?;
    let region = server.public().region().await?;
    let [town, _] = region.towns()?;
    let admin = server.staff("chief", &town.code, None, "admin").await?;
    let field = server.staff("sato", &town.code, None, "field").await?;
    let shelter = first_of(&server.public(), &town.code).await?;
    let path = state_of(&shelter);
    let mut wall = server.wall(&town.code).await?.watch().await?;
    let mut public = server.public().watch().await?;
    let drill = admin.open_drill("総合防災訓練").await?;
    ensure!(wall.next_entry().await?["kind"] == "operation_opened");
    ensure!(public.next_entry().await?["kind"] == "operation_opened");

    let said = json!({ "id": new_id(), "operation": drill, "state": "open", "people": 23 });
    let receipt = field.post(&path, &said).await?.good()?;
    ensure!(receipt["status"]["drill"] == json!(drill) && receipt["status"]["people"] == 23, "{receipt}");
    let entry = wall.next_entry().await?;
    ensure!(entry["kind"] == "shelter_drilled" && entry["shelter"]["drill"] == json!(drill), "{entry}");
    ensure!(entry["operation_id"] == json!(drill), "{entry}");
    ensure!(told_everywhere(&server.public(), &field, &shelter).await?.is_empty(), "nobody may walk there");
    ensure!(told_everywhere(&field, &field, &shelter).await? == [format!("open {drill}")]);

    // The real thing beside it, and neither touches the other.
    let closed = json!({ "id": new_id(), "state": "closed" });
    ensure!(field.post(&path, &closed).await?.good()?["status"].get("drill").is_none());
    let entry = public.next_entry().await?;
    ensure!(entry["kind"] == "shelter_changed" && entry["shelter"]["state"] == "closed", "not the drill's: {entry}");
    field.post(&path, &json!({ "id": new_id(), "operation": drill, "state": "full" })).await?.good()?;
    let real = "closed -";
    let both = [real.to_owned(), format!("full {drill}")];
    let item = format!("/ogc/collections/shelters/items/{}", shelter["id"].as_str().context("no id")?);
    let all_of_it = async |server: &Server, field: &Client| -> Result<()> {
        ensure!(told_everywhere(&server.public(), field, &shelter).await? == [real]);
        ensure!(told_everywhere(field, field, &shelter).await? == both);
        ensure!(field.get(&item).await?.good()?["properties"]["state"] == "closed", "GIS programs know what is real");
        if let Some(database) = server.database() {
            let rows = database.query("SELECT state, people FROM sokuho.shelter WHERE state IS NOT NULL")?;
            ensure!(rows.trim() == "closed|", "{rows}");
        }
        Ok(())
    };
    all_of_it(&server, &field).await?;
    server.stop()?;
    let checked = server.command(&["check"], "")?;
    ensure!(!checked.contains("projection"), "{checked}");
    server.start_again()?;
    let (admin, field) =
        (server.public().sign_in("chief", PASSWORD).await?, server.public().sign_in("sato", PASSWORD).await?);
    all_of_it(&server, &field).await?;

    // Its end ends what it said.
    let turn = async |what: &str| {
        admin.post(&format!("/api/operations/{drill}/{what}"), &json!({ "id": new_id() })).await?.good()
    };
    turn("close").await?;
    ensure!(told_everywhere(&field, &field, &shelter).await? == [real]);
    let late = json!({ "id": new_id(), "operation": drill, "state": "open" });
    field.post(&path, &late).await?.refused(409, "operation_ended")?;
    let again = field.post(&path, &said).await?;
    ensure!(again.status == 200 && again.good()?["seq"] == receipt["seq"], "the same again has its receipt");
    field
        .post(&path, &json!({ "id": new_id(), "operation": new_id(), "state": "open" }))
        .await?
        .refused(422, "unknown_operation")?;
    turn("reopen").await?;
    ensure!(told_everywhere(&field, &field, &shelter).await? == both);
    ensure!(told_everywhere(&server.public(), &field, &shelter).await? == [real]);

    // A disaster is no drill: what is said in it is so for everybody, and outlives it.
    let disaster = new_id();
    let named = json!({ "id": disaster, "kind": "disaster", "name": "大雨" });
    admin.post("/api/operations", &named).await?.good()?;
    let open = json!({ "id": new_id(), "operation": disaster, "state": "open" });
    ensure!(field.post(&path, &open).await?.good()?["status"].get("drill").is_none());
    admin.post(&format!("/api/operations/{disaster}/close"), &json!({ "id": new_id() })).await?.good()?;
    ensure!(told_everywhere(&server.public(), &field, &shelter).await? == ["open -"]);
    Ok(())
}

#[tokio::test]
async fn only_who_acts_for_the_municipality_in_the_field_or_higher_says_what_is_true_of_its_shelters() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [town, other] = region.towns()?;
    let shelter = first_of(&server.public(), &town.code).await?;
    let open = || json!({ "id": new_id(), "state": "open" });
    let path = state_of(&shelter);
    server.public().post(&path, &open()).await?.refused(401, "sign_in_required")?;
    server.wall(&town.code).await?.post(&path, &open()).await?.refused(403, "forbidden")?;
    server.staff("viewer", &town.code, None, "viewer").await?.post(&path, &open()).await?.refused(403, "forbidden")?;
    let stranger = server.staff("stranger", &other.code, None, "operator").await?;
    stranger.post(&path, &open()).await?.refused(403, "other_office")?;
    stranger.check_in(&town.code).await?;
    stranger.post(&path, &open()).await?.good()?;

    let operator = server.staff("operator", &town.code, None, "operator").await?;
    operator.post(&format!("/api/shelters/{}/state", new_id()), &open()).await?.refused(404, "not_found")?;
    for (bad, code) in [
        (json!({ "id": new_id(), "state": "half" }), "invalid_field"),
        (json!({ "id": new_id(), "state": "open", "people": -1 }), "invalid_field"),
        (json!({ "id": new_id(), "state": "open", "people": 100_001 }), "invalid_field"),
        (json!({ "id": new_id(), "state": "open", "note": "長".repeat(201) }), "text_too_long"),
        (json!({ "id": new_id(), "state": "open", "note": "\u{202e}" }), "text_not_allowed"),
        (json!({ "id": new_id(), "state": "open", "since": 1 }), "unknown_field"),
        (json!({ "id": "01900000-0000-4000-8000-000000000001", "state": "open" }), "invalid_field"),
    ] {
        operator.post(&path, &bad).await?.refused(422, code).with_context(|| bad.to_string())?;
    }
    operator.post(&path, &open()).await?.good()?;
    Ok(())
}

#[tokio::test]
async fn an_imported_list_is_in_force_from_the_next_start_and_a_bad_one_changes_nothing() -> Result<()> {
    let mut server = Server::start()?;
    let region = server.public().region().await?;
    let [town, other] = region.towns()?;
    let demonstration = first_of(&server.public(), &town.code).await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("hinanjo.csv");
    let row =
        |name: &str, id: u8, at: (f64, f64), town: &str| format!("{town},{id},{name},{},{},1,,○,1,200\n", at.0, at.1);
    let header =
        "市区町村コード,ID,名称,緯度,経度,災害種別_洪水,災害種別_津波,災害種別_地震,指定避難所との重複,想定収容人数\n";
    let rows =
        [row("表小学校", 1, town.at, &town.code), row("公民館", 2, other.at, &other.code), "壊れた行\n".to_owned()];
    std::fs::write(&file, format!("\u{feff}{header}{}", rows.concat()))?;
    let path = file.to_str().context("no path")?;
    let printed = server.command(&["import", "shelters", path], "")?;
    for told in [
        "hinanjo.csv: UTF-8, 3 rows, 2 taken",
        "hinanjo.csv:4: refused: it has no name",
        "2 shelters (2 emergency sites",
    ] {
        ensure!(printed.contains(told), "{told}: {printed}");
    }
    ensure!(first_of(&server.public(), &town.code).await? == demonstration, "a running node goes on with its list");

    server.stop()?;
    server.start_again()?;
    let list = server.public().get("/api/shelters").await?.good()?;
    ensure!(list["demonstration"] == false && list["shelters"].as_array().is_some_and(|all| all.len() == 2), "{list}");
    let school = first_of(&server.public(), &town.code).await?;
    ensure!(school["name"] == "表小学校" && school["fit"] == json!(["flood", "earthquake"]), "{school}");
    ensure!(school["capacity"] == 200 && school["kinds"] == json!(["emergency_site", "shelter"]), "{school}");
    // What was said of it holds in the next edition too, whatever the order of its rows.
    let field = server.staff("sato", &town.code, None, "field").await?;
    field.post(&state_of(&school), &json!({ "id": new_id(), "state": "full" })).await?.good()?;

    std::fs::write(folder.path().join("bad.csv"), "a,b\n1,2\n")?;
    let bad = folder.path().join("bad.csv");
    let refused = server.command(&["import", "shelters", path, bad.to_str().context("no path")?], "");
    ensure!(refused.is_err_and(|error| error.to_string().contains("has no columns")), "a bad file was taken");
    std::fs::write(&file, header.to_owned() + &rows[1] + &rows[0].replace("小学校", "学園"))?;
    server.stop()?;
    server.command(&["import", "shelters", path], "")?;
    server.start_again()?;
    let list = server.public().get("/api/shelters").await?.good()?;
    let said = &list["statuses"][0];
    ensure!(said["state"] == "full" && said["shelter"] == school["id"], "{list}");
    ensure!(first_of(&server.public(), &town.code).await?["name"] == "表学園");
    Ok(())
}

#[tokio::test]
async fn what_a_phone_keeps_for_a_night_without_a_network_is_there_for_everybody_and_small() -> Result<()> {
    let server = Server::start()?;
    let client = server.public();
    let page = client.get("/evacuate").await?;
    ensure!(page.status == 200 && page.header("content-type").starts_with("text/html"), "{}", page.text());
    let worker = client.get("/evacuate-worker.js").await?;
    ensure!(
        worker.header("content-type").starts_with("text/javascript") && worker.header("cache-control") == "no-cache"
    );

    let layers = client.get("/api/hazard/layers").await?.good()?;
    let bounds = &layers["layers"][0]["bounds"];
    let edge = |name: &str| bounds[name].as_f64().context("no bounds");
    // A corner of the grid that answers are widened to, so that a step in any direction stays between its lines.
    let middle = |one: f64, other: f64| ((one + other) / 2.0 / 0.02).round() * 0.02;
    let (lon, lat) = (middle(edge("west")?, edge("east")?), middle(edge("south")?, edge("north")?));
    let bbox = |reach: f64| format!("{},{},{},{}", lon - reach, lat - reach, lon + reach, lat + reach);
    let answer = client.get(&format!("/api/hazard/zones?bbox={}", bbox(0.05))).await?;
    let zones = answer.good()?;
    ensure!(zones["type"] == "FeatureCollection" && zones["step_deg"] == 0.0005, "{zones}");
    ensure!(answer.body.len() < 2_000_000, "{} bytes", answer.body.len());
    for feature in zones["features"].as_array().context("no features")? {
        ensure!(feature["properties"]["demonstration"] == true && feature["geometry"]["type"] == "MultiPolygon");
    }
    // A few steps on, the same answer.
    let near = client.get(&format!("/api/hazard/zones?bbox={}", bbox(0.0499))).await?;
    ensure!(near.header("etag") == answer.header("etag"), "neighbours do not share their answer");
    for bad in [bbox(0.2), "1,2,3".to_owned(), "140,38,139,37".to_owned()] {
        client.get(&format!("/api/hazard/zones?bbox={bad}")).await?.refused(422, "invalid_field")?;
    }
    Ok(())
}
