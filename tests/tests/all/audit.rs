//! The audit: who read contact details, who took data out and who changed accounts and tokens, as the command line
//! lists it.

use anyhow::{Context, Result, ensure};
use rstest::rstest;
use serde_json::{Value, json};
use sokuho_tests::report::{report, with};
use sokuho_tests::server::{Edition, Server, Start};

/// What `sokuho audit --json` lists.
fn listed(server: &Server, args: &[&str]) -> Result<Vec<Value>> {
    let printed = server.command(&[&["audit", "--json"], args].concat(), "")?;
    printed.lines().map(|line| serde_json::from_str(line).context("a line is no JSON")).collect()
}

#[rstest]
#[case::sqlite(Edition::Sqlite)]
#[case::postgres(Edition::Postgres)]
#[tokio::test]
async fn who_read_contact_details_is_listed_with_office_time_and_reason(#[case] edition: Edition) -> Result<()> {
    let Some(start) = Start::on(edition)? else { return Ok(()) };
    let server = start.start()?;
    let region = server.public().region().await?;
    let [own, other] = region.towns()?;
    let operator = server.staff("own-operator", &own.code, None, "operator").await?;
    let stranger = server.staff("other-operator", &other.code, None, "operator").await?;
    let since = sokuho_tests::time::now().to_string();
    let sent = with(report(own.at), "contact", json!({ "phone": "0242-00-0000" }));
    server.public().file(&sent).await?;
    let id = sent["id"].as_str().context("no id")?;
    let door = format!("/api/reports/{id}/contact");
    stranger.get(&format!("{door}?reason=curious")).await?.refused(403, "other_office")?;
    operator.get(&door).await?.refused(422, "invalid_field")?;
    operator.get(&format!("{door}?reason=call%20back")).await?.good()?;

    let records = listed(&server, &["--since", &since])?;
    let [record] = records.as_slice() else { anyhow::bail!("not one record: {records:?}") };
    let me = operator.get("/api/me").await?.good()?;
    ensure!(record["action"] == "contact_read" && record["subject"] == id, "{record}");
    ensure!(record["actor"] == "staff" && record["actor_id"] == me["id"], "{record} {me}");
    ensure!(record["office"] == own.code.as_str() && record["reason"] == "call back", "{record}");
    ensure!(listed(&server, &["--since", &since, "--office", &other.code])?.is_empty());
    let text = server.command(&["audit", "--since", &since], "")?;
    ensure!(text.lines().count() == 1 && text.contains(id) && !text.contains("0242"), "{text}");
    Ok(())
}

#[rstest]
#[case::sqlite(Edition::Sqlite)]
#[case::postgres(Edition::Postgres)]
#[tokio::test]
async fn what_the_command_line_does_to_accounts_and_tokens_is_listed_with_its_reason(
    #[case] edition: Edition,
) -> Result<()> {
    let Some(start) = Start::on(edition)? else { return Ok(()) };
    let server = start.start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    server.account("sato", &town.code, None, "field")?;
    server.command(&["account", "disable", "sato", "--reason", "退職"], "")?;
    ensure!(server.command(&["account", "disable", "sato"], "")?.contains("disabled before"));
    server.command(&["account", "enable", "sato"], "")?;
    server.command(&["account", "password", "sato"], "another long password")?;
    server.command(&["account", "sign-out", "sato"], "")?;
    server.wall_token(&town.code).await?;
    let tokens = server.command(&["token", "list"], "")?;
    let (token, _) = tokens.split_once(' ').context("no token in the list")?;
    server.command(&["token", "revoke", token, "--reason", "画面を撤去"], "")?;
    let records = listed(&server, &["--office", &town.code])?;
    let actions: Vec<_> = records.iter().filter_map(|record| record["action"].as_str()).collect();
    let expected = [
        "account_made",
        "account_disabled",
        "account_enabled",
        "password_set",
        "sessions_revoked",
        "wall_token_made",
        "wall_token_revoked",
    ];
    ensure!(actions == expected, "{records:?}");
    ensure!(records[6]["subject"] == token && records[6]["reason"] == "画面を撤去", "{}", records[6]);
    ensure!(records.iter().all(|record| record["actor"] == "command_line"), "{records:?}");
    ensure!(records[1]["reason"] == "退職" && records[2]["reason"].is_null(), "{records:?}");
    let refused = server.command(&["account", "disable", "sato", "--reason", "a\u{1b}[2J"], "");
    ensure!(refused.is_err(), "control characters got into the audit");
    Ok(())
}

#[rstest]
#[case::sqlite(Edition::Sqlite)]
#[case::postgres(Edition::Postgres)]
#[tokio::test]
async fn who_takes_a_collection_out_is_listed_once_however_often_they_ask(#[case] edition: Edition) -> Result<()> {
    let Some(start) = Start::on(edition)? else { return Ok(()) };
    let server = start.start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    for _ in 0..3 {
        server.public().file(&report(town.at)).await?;
    }
    let staffer = server.staff("sato", &town.code, None, "viewer").await?;
    let wall = server.wall(&town.code).await?;
    let since = sokuho_tests::time::now().to_string();
    let past = "/api/operations/01900000-0000-7000-8000-000000000001/world";

    for _ in 0..3 {
        staffer.get("/ogc/collections/reports/items?limit=2").await?.good()?;
        staffer.get("/ogc/collections/check-ins/items").await?.good()?;
        wall.get("/ogc/collections/incidents/items?bbox=139,37,140,38").await?.good()?;
        // None of these takes out what is the offices'.
        server.public().get("/ogc/collections/incidents/items").await?.good()?;
        staffer.get("/ogc/collections/offices/items").await?.good()?;
        staffer.get("/ogc/collections/reports").await?.good()?;
        staffer.get("/api/snapshot").await?.good()?;
        staffer.get(&format!("{past}?limit=1")).await?.good()?;
    }
    staffer.get(&format!("/api/operations/{}/world", sokuho_tests::time::new_id())).await?.refused(404, "not_found")?;
    staffer.get("/ogc/collections/reports/items?limit=none").await?.refused(400, "malformed_request")?;

    let records = listed(&server, &["--since", &since])?;
    let me = staffer.get("/api/me").await?.good()?;
    let told: Vec<_> = records.iter().map(|r| (r["actor"].as_str(), r["subject"].as_str())).collect();
    let expected = [
        (Some("staff"), Some("/ogc/collections/reports")),
        (Some("staff"), Some("/ogc/collections/check-ins")),
        (Some("wall"), Some("/ogc/collections/incidents")),
        (Some("staff"), Some(past)),
    ];
    ensure!(told == expected, "{records:?}");
    ensure!(records.iter().all(|r| r["action"] == "exported" && r["office"] == town.code.as_str()), "{records:?}");
    ensure!(records[0]["actor_id"] == me["id"], "{} {me}", records[0]);
    let tokens = server.command(&["token", "list"], "")?;
    ensure!(records[2]["actor_id"].as_str().is_some_and(|token| tokens.starts_with(token)), "{} {tokens}", records[2]);
    Ok(())
}
