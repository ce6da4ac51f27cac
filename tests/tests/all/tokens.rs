//! Tokens: wrong, foreign, revoked, used twice; and what each role may do.

use anyhow::{Context, Result, ensure};
use rstest::rstest;
use serde_json::{Value, json};
use sokuho_tests::client::Client;
use sokuho_tests::minting::ending_at;
use sokuho_tests::pictures::{self, Scene};
use sokuho_tests::report::report;
use sokuho_tests::server::{PASSWORD, Server};
use sokuho_tests::time::now;
use sokuho_tests::viewer::{Subscribe, farewell, open};
use tokio_tungstenite::tungstenite::Message;

async fn stream_is_refused(client: &Client, reason: &str, code: u16) -> Result<()> {
    use futures_util::SinkExt;
    let mut socket = open(client.base()).await?;
    let subscribe = Subscribe { token: client.token().map(str::to_owned), ..Subscribe::default() };
    socket.send(Message::text(subscribe.frame().to_string())).await?;
    let end = farewell(&mut socket).await?;
    ensure!(end.reason.as_deref() == Some(reason) && end.code == Some(code), "{end:?}");
    Ok(())
}

#[rstest]
#[case::garbage("garbage")]
#[case::empty_parts("..")]
#[case::unsigned("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiIsImV4cCI6OTk5OTk5OTk5OX0.")]
#[tokio::test]
async fn a_token_that_we_did_not_make_opens_nothing(#[case] token: &str) -> Result<()> {
    let server = Server::start()?;
    let client = server.public().with_token(token);
    client.get("/api/me").await?.refused(401, "token_invalid")?;
    stream_is_refused(&client, "token_invalid", 4503).await
}

#[tokio::test]
async fn a_token_of_another_node_opens_nothing() -> Result<()> {
    let (here, there) = (Server::start()?, Server::start()?);
    let region = here.public().region().await?;
    let [town] = region.towns()?;
    let foreign = there.staff("sato", &town.code, None, "admin").await?;
    here.account("sato", &town.code, None, "admin")?;

    let client = here.public().with_token(foreign.token().context("no token")?);
    client.get("/api/me").await?.refused(401, "token_invalid")?;
    stream_is_refused(&client, "token_invalid", 4503).await?;
    let wall = here.public().with_token(there.wall_token(&town.code).await?);
    wall.get("/api/me").await?.refused(401, "token_invalid")?;
    Ok(())
}

#[tokio::test]
async fn a_wall_token_reads_and_nothing_else_until_it_is_revoked() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let wall = server.wall(&town.code).await?;
    ensure!(wall.get("/api/me").await?.good()?["kind"] == "wall");
    wall.post("/api/reports", &report(town.at)).await?.refused(403, "forbidden")?;
    wall.post("/api/check-ins", &json!({ "id": sokuho_tests::time::new_id(), "office": town.code }))
        .await?
        .refused(403, "forbidden")?;
    let viewer = wall.watch().await?;

    let listed = server.command(&["token", "list"], "")?;
    let id = listed
        .split_whitespace()
        .find(|word| word.len() == 36 && word.matches('-').count() == 4)
        .with_context(|| format!("no id in {listed:?}"))?
        .to_owned();
    server.command(&["token", "revoke", &id], "")?;

    wall.until("/api/me", 401).await?.refused(401, "token_revoked")?;
    stream_is_refused(&wall, "token_revoked", 4505).await?;
    let end = viewer.expect_farewell().await?;
    ensure!(end.reason.as_deref() == Some("token_revoked") && end.code == Some(4505), "{end:?}");
    Ok(())
}

#[tokio::test]
async fn a_token_whose_time_is_over_opens_nothing_and_says_so() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let staffer = server.staff("sato", &town.code, None, "operator").await?;
    let wall = server.wall(&town.code).await?;
    let photo = pictures::jpeg(&pictures::draw(Scene::Flood, 3))?;
    let photo = staffer.upload(photo, "image/jpeg").await?["id"].as_str().context("no id")?.to_owned();
    let soon = now().as_second() + 600;
    for client in [staffer, wall] {
        let token = client.token().context("no token")?;
        // A token that is made the same way and is good: so what is refused below is refused for its time.
        let good = server.public().with_token(ending_at(server.data(), token, soon)?);
        let ticket = good.post("/api/media-tickets", &json!({})).await?.good()?;
        let ticket = ticket["ticket"].as_str().context("no ticket")?;
        let picture = |ticket: &str| format!("/api/media/{photo}?ticket={ticket}");
        ensure!(server.public().get(&picture(ticket)).await?.status == 200);

        let over = server.public().with_token(ending_at(server.data(), token, soon - 601)?);
        for path in ["/api/me", "/api/snapshot", "/api/incidents", "/api/live/events"] {
            good.request(reqwest::Method::GET, path).send().await?.error_for_status()?;
            over.get(path).await?.refused(401, "token_expired")?;
        }
        over.post("/api/reports", &report(town.at)).await?.refused(401, "token_expired")?;
        over.get(&format!("/api/media/{photo}")).await?.refused(401, "token_expired")?;
        let late = ending_at(server.data(), ticket, soon - 601)?;
        server.public().get(&picture(&late)).await?.refused(401, "token_expired")?;
        stream_is_refused(&over, "token_expired", 4504).await?;
    }
    Ok(())
}

#[tokio::test]
async fn signing_out_ends_the_session() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let staffer = server.staff("sato", &town.code, None, "field").await?;
    ensure!(staffer.get("/api/me").await?.good()?["acting_office"] == town.code.as_str());

    staffer.delete("/api/sessions/current").await?.good()?;

    staffer.get("/api/me").await?.refused(401, "token_revoked")?;
    Ok(())
}

#[tokio::test]
async fn an_answer_that_was_lost_can_be_asked_for_again_and_an_older_refresh_token_ends_the_session() -> Result<()> {
    let mut server = Server::start()?;
    server.allow("an old refresh token came back");
    let server = server;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    server.staff("sato", &town.code, None, "field").await?;
    let sign_in = json!({ "name": "sato", "password": PASSWORD });
    let first = server.public().post("/api/sessions", &sign_in).await?.good()?["refresh_token"].clone();
    let refresh = |token: &Value| {
        let (client, body) = (server.public(), json!({ "refresh_token": token }));
        async move { client.post("/api/sessions/refresh", &body).await }
    };

    let second = refresh(&first).await?.good()?["refresh_token"].clone();
    ensure!(second != first, "the refresh token did not change");
    ensure!(refresh(&first).await?.good()?["refresh_token"] == second, "the lost answer was not given again");
    let third = refresh(&second).await?.good()?;
    let fresh = server.public().with_token(third["access_token"].as_str().context("no token")?);
    fresh.get("/api/me").await?.good()?;

    // Two have been given since: whoever still has the first one has stolen or kept it.
    refresh(&first).await?.refused(401, "token_revoked")?;
    fresh.get("/api/me").await?.refused(401, "token_revoked")?;
    Ok(())
}

#[tokio::test]
async fn wrong_credentials_are_refused_alike_and_too_many_are_slowed_down() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    server.account("sato", &town.code, None, "field")?;
    let attempt = |name: &'static str| {
        let client = server.public();
        async move { client.post("/api/sessions", &json!({ "name": name, "password": "wrong" })).await }
    };
    let known = attempt("sato").await?.refused(401, "wrong_credentials")?;
    let unknown = attempt("nobody").await?.refused(401, "wrong_credentials")?;
    ensure!(known["title"] == unknown["title"] && known["detail"] == unknown["detail"], "{known} {unknown}");

    let mut slowed = false;
    for _ in 0..40 {
        let answer = attempt("sato").await?;
        if answer.status == 429 {
            answer.refused(429, "too_many_requests")?;
            ensure!(!answer.header("retry-after").is_empty(), "it does not say when to try again");
            slowed = true;
            break;
        }
    }
    ensure!(slowed, "forty wrong passwords were all checked");
    Ok(())
}

#[rstest]
#[case::viewer("viewer", 403)]
#[case::field("field", 200)]
#[tokio::test]
async fn a_report_needs_a_role_that_may_report(#[case] role: &str, #[case] status: u16) -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let staffer = server.staff("sato", &town.code, None, role).await?;
    let answer = staffer.post("/api/reports", &report(town.at)).await?;
    if status == 403 {
        answer.refused(403, "forbidden")?;
    } else {
        answer.good()?;
    }
    Ok(())
}

#[tokio::test]
async fn opening_an_operation_needs_an_admin() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let operator = server.staff("operator", &town.code, None, "operator").await?;
    let body = json!({ "id": sokuho_tests::time::new_id(), "kind": "disaster", "name": "大雨" });
    operator.post("/api/operations", &body).await?.refused(403, "forbidden")?;
    server.public().post("/api/operations", &body).await?.refused(401, "sign_in_required")?;
    Ok(())
}

#[tokio::test]
async fn a_disabled_account_cannot_sign_in_and_its_sessions_end() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let staffer = server.staff("sato", &town.code, None, "field").await?;

    server.command(&["account", "disable", "sato"], "")?;

    let sign_in = json!({ "name": "sato", "password": PASSWORD });
    server.public().post("/api/sessions", &sign_in).await?.refused(401, "wrong_credentials")?;
    staffer.until("/api/me", 401).await?.refused(401, "token_revoked")?;
    Ok(())
}

#[tokio::test]
async fn whose_account_is_disabled_is_checked_out_by_the_node_also_if_that_happened_while_it_was_off() -> Result<()> {
    let mut server = Server::start()?;
    let region = server.public().region().await?;
    let [town, home] = region.towns()?;
    let wall = server.wall(&town.code).await?;
    for (name, runs) in [("sato", true), ("abe", false)] {
        let staffer = server.staff(name, &town.code, None, "field").await?;
        let id = staffer.check_in(&home.code).await?["id"].clone();
        ensure!(wall.roster(&home.code).await?["here"][0]["id"] == id);
        let mut viewer = wall.watch().await?;
        let position = viewer.position();
        if runs {
            server.command(&["account", "disable", name], "")?;
        } else {
            server.stop()?;
            server.command(&["account", "disable", name], "")?;
            server.start_again()?;
            viewer = wall.watch_as(Subscribe::since(&position)).await?;
        }
        let told = viewer.expect("the check-out", |entry| entry["kind"] == "checked_out").await?;
        ensure!(told["actor"]["kind"] == "system" && told["check_ins"][0]["id"] == id, "{told}");
        ensure!(told["check_ins"][0]["ended"].is_object(), "{told}");
        ensure!(wall.roster(&home.code).await?["here"] == json!([]));
    }
    server.stop()
}
