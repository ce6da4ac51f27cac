//! Backup and restore: a node goes on in another place, in either database, and nothing that is damaged gets in.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, ensure};
use rstest::rstest;
use serde_json::{Value, json};
use sokuho_tests::client::Client;
use sokuho_tests::pictures::{self, Scene};
use sokuho_tests::report::{report, with};
use sokuho_tests::server::{Edition, PASSWORD, Server, Start};
use sokuho_tests::viewer::Subscribe;

use crate::hazard::{flood, import as import_hazard, zone};

/// A file in the server's data folder.
fn file_in(server: &Server, name: &str) -> PathBuf {
    server.data().join(name)
}

fn backup(server: &Server, name: &str) -> Result<PathBuf> {
    let file = file_in(server, name);
    server.command(&["backup", "--media", &file.to_string_lossy()], "")?;
    Ok(file)
}

/// What must be the same before and after, whatever the history is called.
async fn world(client: &Client) -> Result<Value> {
    let mut snapshot = client.get("/api/snapshot").await?.good()?;
    let fields = snapshot.as_object_mut().context("no object")?;
    ensure!(fields.remove("epoch").is_some(), "no epoch");
    Ok(snapshot)
}

async fn ids(client: &Client) -> Result<Vec<String>> {
    let snapshot = client.get("/api/snapshot").await?.good()?;
    let incidents = snapshot["incidents"].as_array().context("no incidents")?;
    Ok(incidents.iter().filter_map(|i| i["reports"][0]["id"].as_str().map(str::to_owned)).collect())
}

#[rstest]
#[case::sqlite_to_postgres(Edition::Sqlite, Edition::Postgres)]
#[case::postgres_to_sqlite(Edition::Postgres, Edition::Sqlite)]
#[case::sqlite_to_sqlite(Edition::Sqlite, Edition::Sqlite)]
#[tokio::test]
async fn a_restored_node_is_the_same_world_in_another_history(
    #[case] from: Edition,
    #[case] to: Edition,
) -> Result<()> {
    let (Some(from), Some(to)) = (Start::on(from)?, Start::on(to)?) else { return Ok(()) };
    let server = from.start()?;
    let region = server.public().region().await?;
    let [own, other] = region.towns()?;
    let operator = server.staff("own-operator", &own.code, Some(&other.code), "operator").await?;
    let field = server.staff("own-field", &own.code, Some(&other.code), "field").await?;
    let wall = server.wall(&own.code).await?;
    let photo = server.public().upload(pictures::jpeg(&pictures::draw(Scene::Road, 5))?, "image/jpeg").await?;
    let contact = with(report(own.at), "contact", json!({ "phone": "0242-00-0000" }));
    let receipt = server.public().file(&with(contact.clone(), "media", json!([photo["id"]]))).await?;
    let second = server.public().file(&report(other.at)).await?;
    operator.set_status(receipt["incident"].as_str().context("no incident")?, "in_progress").await?.good()?;
    field.check_in(&other.code).await?;
    let position = wall.watch().await?.position();
    let before = world(&wall).await?;
    let public_before = world(&server.public()).await?;
    import_hazard(&server, "A31a-22_07.geojson", flood(3, own.at).to_string().as_bytes())?;
    let lake = json!({ "W09_001": "試験湖" });
    let lakes = zone(lake, json!([[[140.0, 37.4], [140.2, 37.4], [140.1, 37.6], [140.0, 37.4]]]));
    std::fs::write(file_in(&server, "W09-05.geojson"), lakes.to_string())?;
    server.command(&["import", "base", &file_in(&server, "W09-05.geojson").to_string_lossy()], "")?;
    let file = backup(&server, "backup.zip")?;

    let restored = to.restored_from(&file)?;
    let wall_there = restored.public().with_token(wall.token().context("no token")?);
    ensure!(world(&wall_there).await? == before, "another world");
    ensure!(world(&restored.public()).await? == public_before, "another public world");

    // Whoever watched takes a new snapshot.
    let mut viewer = wall_there.watch_as(Subscribe::since(&position)).await?;
    ensure!(viewer.expect_resync().await?["reason"] == "other_epoch");

    // Receipts, accounts, media and contact details went along; sessions did not.
    let key = receipt["key"].as_str().context("no key")?;
    ensure!(restored.public().get(&format!("/api/receipts/{key}")).await?.good()?["status"] == "in_progress");
    let stale = restored.public().with_token(operator.token().context("no token")?);
    stale.get("/api/me").await?.refused(401, "token_revoked")?;
    let operator = restored.public().sign_in("own-operator", PASSWORD).await?;
    let id = contact["id"].as_str().context("no id")?;
    let details = operator.get(&format!("/api/reports/{id}/contact?reason=drill")).await?.good()?;
    ensure!(details["phone"] == "0242-00-0000", "{details}");
    let media = photo["id"].as_str().context("no media id")?;
    let original = operator.get(&format!("/api/media/{media}")).await?;
    ensure!(original.status == 200 && original.header("content-type") == "image/jpeg", "{}", original.status);
    ensure!(operator.get(&format!("/api/media/{media}/thumbnail")).await?.status == 200);

    // What was imported is in force.
    let layers = restored.public().get("/api/hazard/layers").await?.good()?;
    ensure!(layers["layers"].as_array().is_some_and(|layers| layers.len() == 1), "{layers}");
    ensure!(layers["layers"][0]["id"] == "flood-max" && layers["layers"][0]["zones"] == 1, "{layers}");
    let base = restored.public().get("/api/base").await?.good()?;
    ensure!(
        base["kind"] == "features" && base["edition"].as_str().is_some_and(|is| is.starts_with("W09-05")),
        "{base}"
    );

    // The audit goes on, and the log too, with the next number.
    let audit = restored.command(&["audit"], "")?;
    for action in ["account_made own-operator", "wall_token_made", "backed_up", "restored backup of", "contact_read"] {
        ensure!(audit.contains(action), "{action} is missing: {audit}");
    }
    let again = restored.public().file(&with(contact, "media", json!([photo["id"]]))).await?;
    ensure!(again["seq"] == receipt["seq"] && again["key"] == receipt["key"], "{again}");
    let next = restored.public().file(&report(own.at)).await?;
    let last = second["seq"].as_u64().context("no seq")? + 2;
    ensure!(next["seq"].as_u64() == Some(last + 1), "{next} does not follow {last}");
    Ok(())
}

#[tokio::test]
async fn a_restore_into_postgres_fills_the_projection() -> Result<()> {
    let Some(to) = Start::on(Edition::Postgres)? else { return Ok(()) };
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [own, other] = region.towns()?;
    for at in [own.at, other.at, own.at] {
        server.public().file(&report(at)).await?;
    }
    let file = backup(&server, "backup.zip")?;
    let data = tempfile::tempdir()?;
    to.restore(&file, data.path())?;
    let database = to.database().context("no database")?;
    let count = database.query("SELECT count(*), count(geom) FROM sokuho.report")?;
    ensure!(count.trim() == "3|3", "{count}");
    Ok(())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_load_holds_what_was_acknowledged_before_it_began(
    #[values(Edition::Sqlite, Edition::Postgres)] edition: Edition,
) -> Result<()> {
    let Some(from) = Start::on(edition)? else { return Ok(()) };
    let server = from.start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let staffer = server.staff("sato", &town.code, None, "field").await?;
    let wall = server.wall(&town.code).await?;
    let mut before = Vec::new();
    for _ in 0..50 {
        let sent = report(town.at);
        staffer.file(&sent).await?;
        before.push(sent["id"].as_str().context("no id")?.to_owned());
    }
    let stop = Arc::new(AtomicBool::new(false));
    let senders: Vec<_> = (0..4)
        .map(|_| {
            let (client, at, stop) = (staffer.clone(), town.at, Arc::clone(&stop));
            tokio::spawn(async move {
                let mut sent = 0;
                while !stop.load(Ordering::Relaxed) {
                    client.file(&report(at)).await?;
                    sent += 1;
                }
                anyhow::Ok(sent)
            })
        })
        .collect();
    let (file, printed) = tokio::task::block_in_place(|| {
        let file = file_in(&server, "under-load.zip");
        let printed = server.command(&["backup", &file.to_string_lossy()], "")?;
        anyhow::Ok((file, printed))
    })?;
    stop.store(true, Ordering::Relaxed);
    let mut during = 0;
    for sender in senders {
        during += sender.await??;
    }
    ensure!(during > 0, "there was no load");
    ensure!(printed.contains(" entries, 1 accounts, 1 wall tokens"), "{printed}");

    let restored = Start::default().restored_from(&file)?;
    let there = ids(&restored.public().with_token(wall.token().context("no token")?)).await?;
    ensure!(before.iter().all(|id| there.contains(id)), "acknowledged and not in the backup");
    let here = ids(&wall).await?;
    ensure!(there.iter().all(|id| here.contains(id)), "the backup has more than the node");
    Ok(())
}

fn message(outcome: Result<String>) -> String {
    outcome.map_or_else(|error| format!("{error:#}"), |printed| format!("it went through: {printed}"))
}

fn damage(file: &Path, how: impl FnOnce(&mut Vec<u8>)) -> Result<PathBuf> {
    let mut bytes = std::fs::read(file)?;
    how(&mut bytes);
    let damaged = file.with_extension("damaged");
    std::fs::write(&damaged, bytes)?;
    Ok(damaged)
}

#[rstest]
#[tokio::test]
async fn a_damaged_backup_changes_nothing_and_is_told(
    #[values(Edition::Sqlite, Edition::Postgres)] edition: Edition,
) -> Result<()> {
    let Some(to) = Start::on(edition)? else { return Ok(()) };
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    server.public().file(&report(town.at)).await?;
    let file = backup(&server, "backup.zip")?;
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("node");
    let flipped = damage(&file, |bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
    })?;
    let refused = message(to.restore(&flipped, &data));
    ensure!(refused.contains("the backup is damaged: "), "{refused}");
    let short = damage(&file, |bytes| bytes.truncate(bytes.len() * 2 / 3))?;
    let refused = message(to.restore(&short, &data));
    ensure!(refused.contains("cut short"), "{refused}");
    let letter = damage(&file, |bytes| *bytes = "a letter, not a backup. ".repeat(50).into_bytes())?;
    let refused = message(to.restore(&letter, &data));
    ensure!(refused.contains("is no backup of Sokuho"), "{refused}");
    ensure!(!data.exists(), "something was written");
    if let Some(database) = to.database() {
        let tables = database.query("SELECT count(*) FROM pg_tables WHERE schemaname = 'sokuho'")?;
        ensure!(tables.trim() == "0", "{tables} tables were made");
    }
    to.restore(&file, &data)?;
    Ok(())
}

#[rstest]
#[tokio::test]
async fn a_node_that_is_there_is_never_restored_over(
    #[values(Edition::Sqlite, Edition::Postgres)] edition: Edition,
) -> Result<()> {
    let Some(to) = Start::on(edition)? else { return Ok(()) };
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    server.public().file(&report(town.at)).await?;
    let file = backup(&server, "backup.zip")?;
    let data = tempfile::tempdir()?;
    to.restore(&file, data.path())?;
    let refused = message(to.restore(&file, data.path()));
    ensure!(refused.contains("is not empty"), "{refused}");
    let refused = message(Start::default().restore(&file, server.data()));
    ensure!(refused.contains("is not empty"), "{refused}");
    let restored = to.start_in(data)?;
    ensure!(
        restored.public().get("/api/snapshot").await?.good()?["incidents"].as_array().is_some_and(|i| i.len() == 1)
    );
    Ok(())
}

#[cfg(unix)]
#[tokio::test]
async fn a_restore_that_is_refused_leaves_no_folder_where_none_was() -> Result<()> {
    let (Some(from), Some(to)) = (Start::on(Edition::Postgres)?, Start::on(Edition::Postgres)?) else { return Ok(()) };
    let (from, full) = (from.start()?, to.start()?);
    let region = full.public().region().await?;
    let [town] = region.towns()?;
    full.public().file(&report(town.at)).await?;
    let file = backup(&from, "backup.zip")?;
    let elsewhere = tempfile::tempdir()?;
    let data = elsewhere.path().join("data");
    let args = ["restore", &file.to_string_lossy(), "--data", &data.to_string_lossy()];
    let refused = message(full.command_elsewhere(&args));
    ensure!(refused.contains("is not empty"), "{refused}");
    ensure!(!data.exists(), "an empty folder stays");
    std::fs::create_dir(&data)?;
    ensure!(message(full.command_elsewhere(&args)).contains("is not empty"));
    ensure!(data.exists(), "a folder that was there is gone");
    Ok(())
}

#[tokio::test]
async fn a_backup_without_photos_says_that_they_are_not_in_it() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let without = |name: &str| {
        let file = file_in(&server, name);
        server.command(&["backup", &file.to_string_lossy()], "")
    };
    ensure!(without("none.zip")?.contains("no report names a photo or video"));
    let photo = server.public().upload(pictures::jpeg(&pictures::draw(Scene::Road, 5))?, "image/jpeg").await?;
    server.public().file(&with(report(town.at), "media", json!([photo["id"]]))).await?;
    let said = without("one.zip")?;
    ensure!(said.contains("none of the 1 photos and videos: copy the folder media as well"), "{said}");
    Ok(())
}

#[tokio::test]
async fn a_backup_is_for_its_owner_alone_and_takes_no_others_place() -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::start()?;
    let file = backup(&server, "backup.zip")?;
    ensure!(std::fs::metadata(&file)?.permissions().mode() & 0o777 == 0o600);
    ensure!(!file_in(&server, "backup.zip.unfinished").exists());
    let refused = message(server.command(&["backup", &file.to_string_lossy()], ""));
    ensure!(refused.contains("is there already"), "{refused}");
    let nowhere = tempfile::tempdir()?;
    let elsewhere = nowhere.path().join("nobody");
    let place = elsewhere.to_string_lossy();
    let refused = message(sokuho_tests::server::command(&["backup", "x.zip", "--data", &place], ""));
    ensure!(refused.contains("there is no node in") && !elsewhere.exists(), "{refused}");
    Ok(())
}

#[tokio::test]
async fn a_photo_that_is_damaged_in_the_store_is_counted_and_does_not_spoil_the_backup() -> Result<()> {
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let mut ids = Vec::new();
    for scene in [5, 6] {
        let photo = server.public().upload(pictures::jpeg(&pictures::draw(Scene::Road, scene))?, "image/jpeg").await?;
        let id = photo["id"].as_str().context("no id")?.to_owned();
        server.public().file(&with(report(town.at), "media", json!([id]))).await?;
        ids.push(id);
    }
    let [damaged, sound] = ids.as_slice() else { anyhow::bail!("two photos") };
    let place = server.data().join("media/sha256").join(&damaged[..2]).join(&damaged[2..4]).join(damaged);
    let mut bytes = std::fs::read(&place)?;
    bytes[100] ^= 1;
    std::fs::write(&place, bytes)?;
    let file = file_in(&server, "backup.zip");
    let printed = server.command(&["backup", "--media", &file.to_string_lossy()], "")?;
    ensure!(printed.contains("1 of 2 photos and videos"), "{printed}");
    let restored = Start::default().restored_from(&file)?;
    let wall = restored.wall(&town.code).await?;
    ensure!(wall.get(&format!("/api/media/{sound}")).await?.status == 200);
    ensure!(wall.get(&format!("/api/media/{damaged}")).await?.status == 404);
    Ok(())
}
