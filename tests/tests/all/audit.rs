//! The audit: who read contact details and who changed accounts and tokens, as the command line lists it.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sokuho_tests::report::{report, with};
use sokuho_tests::server::Server;

/// What `sokuho audit --json` lists.
fn listed(server: &Server, args: &[&str]) -> Result<Vec<Value>> {
    let printed = server.command(&[&["audit", "--json"], args].concat(), "")?;
    printed.lines().map(|line| serde_json::from_str(line).context("a line is no JSON")).collect()
}

#[tokio::test]
async fn who_read_contact_details_is_listed_with_office_time_and_reason() -> Result<()> {
    let server = Server::start()?;
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

#[tokio::test]
async fn what_the_command_line_does_to_accounts_and_tokens_is_listed_with_its_reason() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    server.account("sato", &town.code, None, "field")?;
    server.command(&["account", "disable", "sato", "--reason", "退職"], "")?;
    server.command(&["account", "enable", "sato"], "")?;
    server.wall_token(&town.code).await?;
    let records = listed(&server, &["--office", &town.code])?;
    let actions: Vec<_> = records.iter().filter_map(|record| record["action"].as_str()).collect();
    ensure!(actions == ["account_made", "account_disabled", "account_enabled", "wall_token_made"], "{records:?}");
    ensure!(records.iter().all(|record| record["actor"] == "command_line"), "{records:?}");
    ensure!(records[1]["reason"] == "退職" && records[2]["reason"].is_null(), "{records:?}");
    let refused = server.command(&["account", "disable", "sato", "--reason", "a\u{1b}[2J"], "");
    ensure!(refused.is_err(), "control characters got into the audit");
    Ok(())
}
