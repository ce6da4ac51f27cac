//! Operations that are closed: they leave every picture, and stay to be looked up, and to be opened again.

use anyhow::{Context, Result, ensure};
use rstest::rstest;
use serde_json::{Value, json};
use sokuho_tests::client::Client;
use sokuho_tests::pictures::{self, Scene};
use sokuho_tests::report::{report, with};
use sokuho_tests::server::{Edition, PASSWORD, Server, Start};
use sokuho_tests::time::new_id;
use sokuho_tests::viewer::Subscribe;

/// A drill with three reports, one of them handled and with a photo, and one report of everyday care.
struct Story {
    server: Server,
    admin: Client,
    operator: Client,
    drill: String,
    /// The handled report as it was sent, and its receipt.
    sent: Value,
    receipt: Value,
    /// The change of its status as it was sent.
    change: Value,
}

fn text<'v>(value: &'v Value, field: &str) -> Result<&'v str> {
    value[field].as_str().with_context(|| format!("no {field} in {value}"))
}

fn count(value: &Value, field: &str) -> usize {
    value[field].as_array().map_or(usize::MAX, Vec::len)
}

impl Story {
    async fn on(edition: Edition) -> Result<Option<Self>> {
        let Some(start) = Start::on(edition)? else { return Ok(None) };
        let server = start.start()?;
        let region = server.public().region().await?;
        let [town] = region.towns()?;
        let admin = server.staff("chief", &town.code, None, "admin").await?;
        let operator = server.staff("operator", &town.code, None, "operator").await?;
        let drill = admin.open_drill("総合防災訓練").await?.to_string();
        let photo = operator.upload(pictures::jpeg(&pictures::draw(Scene::Flood, 3))?, "image/jpeg").await?;
        let of_drill = || with(report(town.at), "operation", json!(drill));
        let mut sent = with(of_drill(), "media", json!([photo["id"]]));
        sent["contact"] = json!({ "phone": "0242-00-0000" });
        let receipt = server.public().file(&sent).await?;
        for _ in 0..2 {
            operator.file(&of_drill()).await?;
        }
        operator.file(&report(town.at)).await?;
        let change = json!({ "id": new_id(), "status": "in_progress" });
        let path = format!("/api/incidents/{}/status", text(&receipt, "incident")?);
        operator.post(&path, &change).await?.good()?;
        Ok(Some(Self { server, admin, operator, drill, sent, receipt, change }))
    }

    async fn close(&self) -> Result<Value> {
        let path = format!("/api/operations/{}/close", self.drill);
        self.admin.post(&path, &json!({ "id": new_id() })).await?.good()
    }

    async fn reopen(&self) -> Result<Value> {
        let path = format!("/api/operations/{}/reopen", self.drill);
        self.admin.post(&path, &json!({ "id": new_id() })).await?.good()
    }

    async fn restart(&mut self) -> Result<()> {
        self.server.stop()?;
        self.server.start_again()?;
        self.admin = self.server.public().sign_in("chief", PASSWORD).await?;
        self.operator = self.server.public().sign_in("operator", PASSWORD).await?;
        Ok(())
    }

    /// Its world, with what is asked for.
    async fn world(&self, question: &str) -> Result<Value> {
        self.operator.get(&format!("/api/operations/{}/world{question}", self.drill)).await?.good()
    }

    /// Incidents in every picture, and reports for GIS.
    async fn held(&self) -> Result<[u64; 4]> {
        let head = &self.world("").await?["at"];
        let snapshot = self.operator.get(&format!("/api/snapshot?at_least={head}")).await?.good()?;
        let listed = self.operator.get("/api/incidents").await?.good()?;
        let mut held = [count(&snapshot, "incidents") as u64, count(&listed, "incidents") as u64, 0, 0];
        for (place, collection) in [(2, "incidents"), (3, "reports")] {
            let page = self.operator.get(&format!("/ogc/collections/{collection}/items")).await?.good()?;
            held[place] = page["numberMatched"].as_u64().context("no numberMatched")?;
        }
        Ok(held)
    }

    /// What is true of a closed drill, before and after a restart.
    async fn is_archived(&self) -> Result<()> {
        ensure!(self.held().await? == [1; 4], "{:?}", self.held().await?);
        let world = self.world("").await?;
        ensure!(count(&world, "incidents") == 3 && world["matched"] == 3, "{world}");
        ensure!(world["operation"]["open"] == false && world["operation"]["kind"] == "drill", "{world}");
        let filed = self.receipt["seq"].as_u64().context("no seq")?;
        let then = self.world(&format!("?at={filed}")).await?;
        ensure!(count(&then, "incidents") == 1 && then["incidents"][0]["status"] == "received", "{then}");
        ensure!(then["at"] == filed && then["operation"]["open"] == true, "{then}");
        let incident = text(&self.receipt, "incident")?;
        let history = self.world(&format!("?incident={incident}")).await?;
        let kinds: Vec<_> = history["entries"].as_array().context("no entries")?.iter().map(|e| &e["kind"]).collect();
        ensure!(kinds == ["report_filed", "status_changed"], "{history}");
        ensure!(history["entries"][1]["incident"]["status"] == "in_progress", "{history}");
        ensure!(history["entries"][0]["incident"]["status"] == "received" && history["matched"] == 1, "{history}");
        Ok(())
    }

    /// What people do who do not know that it is closed, or who come back to it.
    async fn late_comers_are_answered(&self) -> Result<()> {
        let public = self.server.public();
        ensure!(public.file(&self.sent).await? == self.receipt, "the same report has another receipt");
        let other = with(self.sent.clone(), "words", json!("別の話"));
        public.post("/api/reports", &other).await?.refused(409, "id_taken")?;
        let new = with(self.sent.clone(), "id", json!(new_id()));
        public.post("/api/reports", &new).await?.refused(409, "operation_ended")?;

        let key = format!("/api/receipts/{}", text(&self.receipt, "key")?);
        let shown = public.get(&key).await?.good()?;
        ensure!(shown["status"] == "in_progress" && shown["drill"] == true, "{shown}");
        let photo = shown["thumbnails"][0].as_str().context("no picture")?;
        ensure!(public.get(&format!("{key}/thumbnails/{photo}")).await?.status == 200, "the picture of a receipt");
        ensure!(self.operator.get(&format!("/api/media/{photo}")).await?.status == 200, "the photo");
        public.get(&format!("/api/media/{photo}")).await?.refused(401, "sign_in_required")?;

        let path = format!("/api/incidents/{}/status", text(&self.receipt, "incident")?);
        let again = self.operator.post(&path, &self.change).await?;
        ensure!(again.status == 200 && again.good()?["status"] == "in_progress", "{}", again.text());
        let another = json!({ "id": self.change["id"], "status": "resolved" });
        self.operator.post(&path, &another).await?.refused(409, "id_taken")?;
        let new = json!({ "id": new_id(), "status": "resolved" });
        self.operator.post(&path, &new).await?.refused(404, "not_found")?;

        let contact = format!("/api/reports/{}/contact?reason=call", text(&self.sent, "id")?);
        ensure!(self.operator.get(&contact).await?.good()?["phone"] == "0242-00-0000");
        Ok(())
    }
}

#[rstest]
#[case::sqlite(Edition::Sqlite)]
#[case::postgres(Edition::Postgres)]
#[tokio::test]
async fn a_closed_operation_leaves_every_picture_and_stays_to_be_looked_up(#[case] edition: Edition) -> Result<()> {
    let Some(mut story) = Story::on(edition).await? else { return Ok(()) };
    let mut viewer = story.operator.watch().await?;
    ensure!(story.held().await? == [4; 4], "{:?}", story.held().await?);

    story.close().await?;

    let closed = viewer.expect("the end", |entry| entry["kind"] == "operation_closed").await?;
    ensure!(closed["operation"]["open"] == false, "{closed}");
    story.is_archived().await?;
    story.late_comers_are_answered().await?;
    ensure!(viewer.take_entries().is_empty(), "somebody heard of what changed nothing");

    story.restart().await?;
    story.is_archived().await?;
    story.late_comers_are_answered().await
}

#[rstest]
#[case::sqlite(Edition::Sqlite)]
#[case::postgres(Edition::Postgres)]
#[tokio::test]
async fn an_operation_that_is_opened_again_is_back_for_everybody_who_watches(#[case] edition: Edition) -> Result<()> {
    let Some(mut story) = Story::on(edition).await? else { return Ok(()) };
    let head = &story.world("").await?["at"];
    let before = story.operator.get(&format!("/api/snapshot?at_least={head}")).await?.good()?;
    let mut viewer = story.operator.watch().await?;
    story.close().await?;
    let away = viewer.expect("the end", |entry| entry["kind"] == "operation_closed").await?["seq"].clone();

    story.reopen().await?;

    let resync = viewer.expect_resync().await?;
    let back = story.operator.get(text(&resync, "href")?).await?.good()?;
    ensure!(back["incidents"] == before["incidents"], "{back}");
    ensure!(story.held().await? == [4; 4], "{:?}", story.held().await?);
    story.operator.file(&with(story.sent.clone(), "id", json!(new_id()))).await?;
    let entry = viewer.expect("a report", |entry| entry["kind"] == "report_filed").await?;
    ensure!(entry["incident"]["operation"] == story.drill.as_str(), "{entry}");
    let incident = text(&story.receipt, "incident")?.to_owned();
    story.operator.set_status(&incident, "resolved").await?.good()?;
    ensure!(story.server.public().file(&story.sent).await? == story.receipt);

    // Somebody who was away while it was closed and opened cannot go on without a snapshot, not after a restart either.
    let mut position = viewer.position();
    position.seq = away.as_u64().context("no seq")?;
    let mut late = story.operator.watch_as(Subscribe::since(&position)).await?;
    late.expect_resync().await?;
    story.restart().await?;
    ensure!(story.held().await? == [5; 4], "{:?}", story.held().await?);
    let mut later = story.operator.watch_as(Subscribe::since(&position)).await?;
    later.expect_resync().await?;
    let mut resuming = story.operator.watch_as(Subscribe::since(&viewer.position())).await?;
    let changed = resuming.expect("the status", |entry| entry["kind"] == "status_changed").await?;
    ensure!(changed["incident"]["status"] == "resolved" && resuming.starts.is_empty(), "{changed}");
    ensure!(count(&story.world("").await?, "incidents") == 4);
    Ok(())
}

#[rstest]
#[case::sqlite(Edition::Sqlite)]
#[case::postgres(Edition::Postgres)]
#[tokio::test]
async fn what_is_closed_is_closed_once_and_what_is_open_is_not_opened(#[case] edition: Edition) -> Result<()> {
    let Some(mut story) = Story::on(edition).await? else { return Ok(()) };
    let head =
        async |story: &Story| anyhow::Ok(story.server.public().get("/readyz").await?.good()?["log_head"].clone());
    for (turn, refused) in [("close", "operation_ended"), ("reopen", "operation_open")] {
        let path = format!("/api/operations/{}/{turn}", story.drill);
        let first = json!({ "id": new_id() });
        let other = if turn == "close" { "reopen" } else { "close" };
        let other = format!("/api/operations/{}/{other}", story.drill);
        let done = story.admin.post(&path, &first).await?;
        ensure!(done.status == 201, "{}", done.text());
        let before = head(&story).await?;
        story.admin.post(&path, &json!({ "id": new_id() })).await?.refused(409, refused)?;
        let again = story.admin.post(&path, &first).await?;
        ensure!(again.status == 200 && again.good()? == done.good()?, "{}", again.text());
        story.admin.post(&other, &first).await?.refused(409, "id_taken")?;
        ensure!(head(&story).await? == before, "something was written");

        // Of many who press at once, one does it.
        let at_once = (0..4).map(|_| {
            let (admin, other) = (story.admin.clone(), other.clone());
            tokio::spawn(async move { anyhow::Ok(admin.post(&other, &json!({ "id": new_id() })).await?.status) })
        });
        let mut statuses = Vec::new();
        for answer in at_once.collect::<Vec<_>>() {
            statuses.push(answer.await??);
        }
        statuses.sort_unstable();
        ensure!(statuses == [201, 409, 409, 409], "{statuses:?}");
        story.admin.post(&path, &json!({ "id": new_id() })).await?.good()?;
    }
    story.restart().await?;
    ensure!(story.held().await? == [4; 4], "{:?}", story.held().await?);
    Ok(())
}

#[tokio::test]
async fn pages_of_the_past_give_everything_once_whatever_happens_meanwhile() -> Result<()> {
    let Some(story) = Story::on(Edition::Sqlite).await? else { return Ok(()) };
    let at = story.world("").await?["at"].clone();
    let mut path = format!("/api/operations/{}/world?limit=2", story.drill);
    let mut ids = Vec::new();
    loop {
        let page = story.operator.get(&path).await?.good()?;
        ensure!(page["at"] == at && page["matched"] == 3, "{page}");
        ids.extend(page["incidents"].as_array().context("no incidents")?.iter().map(|i| i["id"].to_string()));
        story.operator.file(&with(story.sent.clone(), "id", json!(new_id()))).await?;
        let Some(next) = page["next"].as_str() else { break };
        next.clone_into(&mut path);
    }
    let whole = story.world(&format!("?at={at}")).await?;
    let expected: Vec<_> =
        whole["incidents"].as_array().context("no incidents")?.iter().map(|i| i["id"].to_string()).collect();
    ensure!(ids == expected, "{ids:?} are not {expected:?}");
    Ok(())
}

#[tokio::test]
async fn the_past_is_for_offices_and_opening_again_for_administrators() -> Result<()> {
    let Some(story) = Story::on(Edition::Sqlite).await? else { return Ok(()) };
    let region = story.server.public().region().await?;
    let [town] = region.towns()?;
    let viewer = story.server.staff("guest", &town.code, None, "viewer").await?;
    let wall = story.server.wall(&town.code).await?;
    story.close().await?;
    let world = format!("/api/operations/{}/world", story.drill);
    story.server.public().get(&world).await?.refused(401, "sign_in_required")?;
    for caller in [&viewer, &wall, &story.operator, &story.admin] {
        ensure!(count(&caller.get(&world).await?.good()?, "incidents") == 3);
    }
    let (reopen, body) = (format!("/api/operations/{}/reopen", story.drill), json!({ "id": new_id() }));
    story.server.public().post(&reopen, &body).await?.refused(401, "sign_in_required")?;
    for caller in [&viewer, &wall, &story.operator] {
        caller.post(&reopen, &body).await?.refused(403, "forbidden")?;
    }
    ensure!(story.admin.post(&reopen, &body).await?.status == 201);
    ensure!(story.admin.post(&reopen, &body).await?.status == 200, "the same again");
    ensure!(story.held().await? == [4; 4], "{:?}", story.held().await?);
    Ok(())
}

#[tokio::test]
async fn questions_of_the_past_that_make_no_sense_are_refused_by_name() -> Result<()> {
    let Some(story) = Story::on(Edition::Sqlite).await? else { return Ok(()) };
    let ask = |question: &str| {
        let path = format!("/api/operations/{}/world?{question}", story.drill);
        let operator = story.operator.clone();
        async move { operator.get(&path).await }
    };
    for question in ["at=1000000", "at=-1", "at=x", "time=yesterday", "limit=0", "limit=1001", "cursor=x", "incident=x"]
    {
        ask(question).await?.refused(422, "invalid_field").with_context(|| question.to_owned())?;
    }
    ask("at=1&time=2026-11-22T00:00:00Z").await?.refused(422, "invalid_field")?;
    ask("until=1").await?.refused(422, "unknown_field")?;
    let long_ago = ask("time=2020-01-01T00:00:00Z").await?.good()?;
    ensure!(count(&long_ago, "incidents") == 0 && long_ago["operation"].is_null(), "{long_ago}");
    ensure!(count(&ask("at=0").await?.good()?, "incidents") == 0);
    ensure!(count(&ask(&format!("incident={}", new_id())).await?.good()?, "incidents") == 0);
    for id in [new_id().to_string(), "x".to_owned()] {
        story.operator.get(&format!("/api/operations/{id}/world")).await?.refused(404, "not_found")?;
        let reopen = format!("/api/operations/{id}/reopen");
        story.admin.post(&reopen, &json!({ "id": new_id() })).await?.refused(404, "not_found")?;
    }
    let everyday = "01900000-0000-7000-8000-000000000001";
    let world = story.operator.get(&format!("/api/operations/{everyday}/world")).await?.good()?;
    ensure!(count(&world, "incidents") == 1, "{world}");
    let reopen = format!("/api/operations/{everyday}/reopen");
    story.admin.post(&reopen, &json!({ "id": new_id() })).await?.refused(422, "invalid_field")?;
    Ok(())
}
