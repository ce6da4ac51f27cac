//! Check-in (参集): staff act for one office at a time, and both offices see where they are.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sokuho_tests::client::Client;
use sokuho_tests::report::report;
use sokuho_tests::server::Server;
use sokuho_tests::time::new_id;

async fn acting(client: &Client) -> Result<(String, String)> {
    let me = client.get("/api/me").await?.good()?;
    let text = |name: &str| me[name].as_str().map(str::to_owned).with_context(|| format!("no {name} in {me}"));
    Ok((text("acting_office")?, text("role")?))
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(|item| item["name"].as_str()).collect()
}

async fn change(client: &Client, check_in: &Value, how: &str, extra: Value) -> Result<sokuho_tests::client::Answer> {
    let id = check_in["id"].as_str().context("no check-in id")?;
    let mut body = json!({ "id": new_id() });
    if let (Some(body), Some(extra)) = (body.as_object_mut(), extra.as_object()) {
        body.extend(extra.clone());
    }
    client.post(&format!("/api/check-ins/{id}/{how}"), &body).await
}

#[tokio::test]
async fn a_check_in_at_home_gives_field_rights_there_and_no_inbox() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [employer, home] = region.towns()?;
    let staffer = server.staff("sato", &employer.code, Some(&home.code), "operator").await?;
    ensure!(acting(&staffer).await? == (employer.code.clone(), "operator".to_owned()));
    let mut wall = server.wall(&employer.code).await?.watch().await?;

    let check_in = staffer.check_in(&home.code).await?;

    ensure!(check_in["office"] == home.code.as_str() && check_in["employer"] == employer.code.as_str(), "{check_in}");
    ensure!(acting(&staffer).await? == (home.code.clone(), "field".to_owned()));
    let entry = wall.expect("the check-in", |entry| entry["kind"] == "checked_in").await?;
    ensure!(entry["check_ins"][0]["id"] == check_in["id"], "{entry}");
    for office in [employer, home] {
        let receipt = server.public().file(&report(office.at)).await?;
        let incident = receipt["incident"].as_str().context("no incident")?;
        staffer.set_status(incident, "in_progress").await?.refused(403, "forbidden")?;
    }
    Ok(())
}

#[tokio::test]
async fn both_rosters_show_where_the_person_is_and_since_when() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [employer, home] = region.towns()?;
    let staffer = server.staff("sato", &employer.code, Some(&home.code), "field").await?;
    let mine = server.wall(&employer.code).await?.roster(&employer.code).await?;
    ensure!(names(&mine["not_checked_in"]).len() == 1, "{mine}");

    staffer.check_in(&home.code).await?;

    let theirs = server.wall(&home.code).await?.roster(&home.code).await?;
    ensure!(theirs["here"][0]["employer"] == employer.code.as_str(), "{theirs}");
    ensure!(theirs["here"][0]["since"].is_string(), "{theirs}");
    let mine = server.wall(&employer.code).await?.roster(&employer.code).await?;
    ensure!(mine["elsewhere"][0]["office"] == home.code.as_str(), "{mine}");
    ensure!(names(&mine["not_checked_in"]).is_empty() && names(&mine["here"]).is_empty(), "{mine}");
    Ok(())
}

#[tokio::test]
async fn the_operator_there_confirms_the_arrival_and_may_raise_the_role_until_check_out() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [employer, home, third] = region.towns()?;
    let staffer = server.staff("sato", &employer.code, Some(&home.code), "field").await?;
    let operator = server.staff("home-operator", &home.code, None, "operator").await?;
    let stranger = server.staff("third-operator", &third.code, None, "operator").await?;
    let check_in = staffer.check_in(&home.code).await?;
    let raise = json!({ "role": "operator" });

    change(&stranger, &check_in, "confirm", raise.clone()).await?.refused(403, "other_office")?;
    change(&staffer, &check_in, "confirm", raise.clone()).await?.refused(403, "forbidden")?;
    change(&operator, &check_in, "confirm", json!({ "role": "admin" })).await?.refused(422, "invalid_field")?;
    let confirmed = change(&operator, &check_in, "confirm", raise).await?.good()?;
    ensure!(confirmed["check_in"]["confirmed_by"].is_string(), "{confirmed}");
    ensure!(acting(&staffer).await? == (home.code.clone(), "operator".to_owned()));
    let receipt = server.public().file(&report(home.at)).await?;
    staffer.set_status(receipt["incident"].as_str().context("no incident")?, "in_progress").await?.good()?;

    change(&staffer, &check_in, "check-out", json!({})).await?.good()?;
    ensure!(acting(&staffer).await? == (employer.code.clone(), "field".to_owned()));
    change(&staffer, &check_in, "check-out", json!({})).await?.refused(409, "check_in_ended")?;
    Ok(())
}

#[tokio::test]
async fn a_new_check_in_ends_the_earlier_one() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [employer, home] = region.towns()?;
    let staffer = server.staff("sato", &employer.code, Some(&home.code), "field").await?;
    let mut wall = server.wall(&home.code).await?.watch().await?;
    let first = staffer.check_in(&home.code).await?;

    let second = staffer.check_in(&employer.code).await?;

    ensure!(acting(&staffer).await?.0 == employer.code);
    let entry = wall
        .expect("the second", |entry| {
            entry["check_ins"][0]["id"] == second["id"] || entry["check_ins"][1]["id"] == second["id"]
        })
        .await?;
    let of_first = entry["check_ins"].as_array().into_iter().flatten().find(|c| c["id"] == first["id"]);
    let ended = of_first.context("the entry does not show the earlier check-in")?;
    ensure!(ended["ended"]["reason"] == "superseded", "{ended}");
    let roster = server.wall(&home.code).await?.roster(&home.code).await?;
    ensure!(names(&roster["here"]).is_empty(), "{roster}");
    Ok(())
}

#[tokio::test]
async fn only_the_employer_calls_a_person_back() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [employer, home, third] = region.towns()?;
    let staffer = server.staff("sato", &employer.code, Some(&home.code), "field").await?;
    let boss = server.staff("employer-operator", &employer.code, None, "operator").await?;
    let stranger = server.staff("third-operator", &third.code, None, "operator").await?;
    let check_in = staffer.check_in(&home.code).await?;

    change(&stranger, &check_in, "call-back", json!({})).await?.refused(403, "other_office")?;
    let called = change(&boss, &check_in, "call-back", json!({})).await?.good()?;

    ensure!(called["check_in"]["ended"]["reason"] == "called_back", "{called}");
    ensure!(acting(&staffer).await?.0 == employer.code);
    Ok(())
}

#[tokio::test]
async fn the_same_check_in_again_gives_the_same_receipt_and_an_unknown_office_is_refused() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [employer, home] = region.towns()?;
    let staffer = server.staff("sato", &employer.code, Some(&home.code), "field").await?;
    let body = json!({ "id": new_id(), "office": home.code });

    let first = staffer.post("/api/check-ins", &body).await?.good()?;
    ensure!(staffer.post("/api/check-ins", &body).await?.good()? == first);
    let other = json!({ "id": body["id"], "office": employer.code });
    staffer.post("/api/check-ins", &other).await?.refused(409, "id_taken")?;
    let nowhere = json!({ "id": new_id(), "office": "99999" });
    staffer.post("/api/check-ins", &nowhere).await?.refused(422, "unknown_office")?;
    Ok(())
}

#[tokio::test]
async fn a_check_in_survives_a_restart() -> Result<()> {
    let mut server = Server::start()?;
    let region = server.public().region().await?;
    let [employer, home] = region.towns()?;
    let staffer = server.staff("sato", &employer.code, Some(&home.code), "field").await?;
    staffer.check_in(&home.code).await?;

    server.stop()?;
    server.start_again()?;

    ensure!(acting(&staffer).await?.0 == home.code);
    Ok(())
}
