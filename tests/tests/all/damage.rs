//! What the disk did to the data folder: each damage is named by `sokuho check`, by the start or by `/readyz`,
//! and nothing panics.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use rstest::rstest;
use serde_json::{Value, json};
use sokuho_tests::client::Client;
use sokuho_tests::pictures;
use sokuho_tests::region::Region;
use sokuho_tests::report::{report, with};
use sokuho_tests::server::{Edition, Server, Start, binary};
use sokuho_tests::viewer::Subscribe;

/// Bytes of a frame's head in the write-ahead log (<https://sqlite.org/fileformat2.html>, 4.1).
const FRAME_HEAD: usize = 24;

/// Bytes of a page, from a database's head (the same, 1.3.2).
fn page_size(database: &[u8]) -> usize {
    usize::from(u16::from_be_bytes([database[16], database[17]]))
}

pub fn database(server: &Server) -> PathBuf {
    server.data().join("sokuho.sqlite")
}

fn wal(server: &Server) -> PathBuf {
    server.data().join("sokuho.sqlite-wal")
}

/// `sokuho check`: its lines, and whether it found the folder sound.
pub fn check(server: &Server, args: &[&str]) -> (bool, String) {
    match server.command(&[&["check"], args].concat(), "") {
        Ok(printed) => (true, printed),
        Err(error) => (false, format!("{error:#}")),
    }
}

/// Starts it where it cannot begin, sees that it takes and shows nothing and says why, and stops it.
pub async fn halted(server: &mut Server) -> Result<String> {
    server.allow("the node has not begun");
    server.start_again()?;
    let public = server.public();
    ensure!(public.get("/healthz").await?.status == 200, "it is not there");
    ensure!(public.get("/metrics").await?.text().contains("sokuho_findings"), "no metrics");
    let why = public.get("/readyz").await?.refused(503, "unavailable")?;
    let why = why["detail"].as_str().context("no reason")?.to_owned();
    for path in ["/", "/api/snapshot", "/api/region", "/ogc", "/nowhere"] {
        let shut = public.get(path).await?;
        ensure!(shut.header("retry-after") == "60", "{path}");
        ensure!(!shut.refused(503, "unavailable")?.to_string().contains(&why), "a stranger is told: {path}");
    }
    public.post("/api/reports", &report((37.5, 139.9))).await?.refused(503, "unavailable")?;
    server.stop()?;
    Ok(why)
}

pub async fn file_some(client: &Client, region: &Region, how_many: usize) -> Result<Vec<Value>> {
    let [town] = region.towns()?;
    let mut sent = Vec::new();
    for _ in 0..how_many {
        let one = report(town.at);
        client.file(&one).await?;
        sent.push(one);
    }
    Ok(sent)
}

pub fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[tokio::test]
async fn a_torn_tail_that_was_never_committed_is_passed_over() -> Result<()> {
    let mut server = Server::start()?;
    let region = server.public().region().await?;
    let sent = file_some(&server.public(), &region, 5).await?;
    server.kill();
    let mut frames = std::fs::read(wal(&server))?;
    ensure!(!frames.is_empty(), "nothing is left in the write-ahead log");
    // Half a frame, as a power cut leaves it.
    frames.extend_from_within(frames.len() - 2_000..);
    std::fs::write(wal(&server), frames)?;

    ensure!(check(&server, &[]).0, "{}", check(&server, &[]).1);
    server.start_again()?;
    ensure!(server.public().get("/readyz").await?.good()?["status"] == "ready");
    ensure!(server.public().file(&sent[4]).await?["seq"] == 5);
    server.finish()
}

#[tokio::test]
async fn a_tail_torn_off_behind_the_commit_is_told_and_viewers_take_another_history() -> Result<()> {
    let mut server = Server::start()?;
    let region = server.public().region().await?;
    let sent = file_some(&server.public(), &region, 5).await?;
    let viewer = server.public().watch().await?;
    let position = viewer.position();
    ensure!(position.seq == 5);
    drop(viewer);
    server.kill();
    let frames = std::fs::read(wal(&server))?;
    let page = page_size(&std::fs::read(database(&server))?);
    std::fs::write(wal(&server), &frames[..frames.len() - FRAME_HEAD - page])?;

    let (sound, said) = check(&server, &[]);
    ensure!(!sound && said.contains("1 findings"), "{said}");
    server.allow("the log was restored");
    server.allow("the log ended with entry 5 and then with 4");
    server.start_again()?;

    let is_told = async |server: &Server| {
        let degraded = server.public().get("/readyz").await?.good()?;
        ensure!(degraded["status"] == "degraded" && degraded["findings"]["log_tail"] == 1, "{degraded}");
        anyhow::Ok(())
    };
    is_told(&server).await?;
    let metrics = server.public().get("/metrics").await?.text();
    ensure!(metrics.contains("sokuho_findings{code=\"log_tail\"} 1"), "{metrics}");
    let mut viewer = server.public().watch_as(Subscribe::since(&position)).await?;
    ensure!(viewer.expect_resync().await?["reason"] == "other_epoch");
    let receipt = server.public().file(&sent[4]).await?;
    ensure!(receipt["seq"] == 5, "its sender still has it, and sends it again: {receipt}");

    // Whoever starts it again, and however often: it is told until somebody has seen it.
    for _ in 0..2 {
        server.stop()?;
        server.start_again()?;
        is_told(&server).await?;
    }
    let (sound, said) = check(&server, &[]);
    ensure!(!sound && said.contains("1 findings"), "{said}");
    let (sound, said) = check(&server, &["--acknowledge"]);
    ensure!(sound && said.contains("acknowledged: the log ended with entry 5 and then with 4"), "{said}");
    ensure!(server.public().get("/readyz").await?.good()?["status"] == "ready", "at once");
    server.stop()?;
    server.start_again()?;
    ensure!(server.public().get("/readyz").await?.good()?["status"] == "ready", "for good");
    ensure!(!check(&server, &["--acknowledge"]).1.contains("acknowledged"), "there is nothing more");
    server.finish()
}

#[tokio::test]
async fn a_damaged_page_of_entries_is_named_and_the_file_is_left_as_it_is() -> Result<()> {
    let mut server = Server::start()?;
    let region = server.public().region().await?;
    file_some(&server.public(), &region, 20).await?;
    server.stop()?;
    let sound = std::fs::read(database(&server))?;
    let page = find(&sound, b"report_filed").context("no report in the file")? / page_size(&sound) * page_size(&sound);
    let mut damaged = sound.clone();
    damaged[page..page + 64].fill(0xA5);
    std::fs::write(database(&server), &damaged)?;

    server.allow("damaged");
    let said = halted(&mut server).await?;
    ensure!(said.starts_with("log_unreadable: ") && said.contains("damaged"), "{said}");
    let (is_sound, said) = check(&server, &[]);
    ensure!(!is_sound && said.contains("findings"), "{said}");
    ensure!(std::fs::read(database(&server))? == damaged, "it was written to");

    std::fs::write(database(&server), sound)?;
    server.start_again()?;
    ensure!(server.public().get("/readyz").await?.good()?["log_head"] == 20);
    server.finish()
}

#[tokio::test]
async fn damage_that_only_an_append_meets_refuses_reports_and_says_so_while_reading_goes_on() -> Result<()> {
    let mut server = Server::start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let sent = file_some(&server.public(), &region, 3).await?;
    server.stop()?;
    // The page of the index over ids has a report's id, and not the entry itself.
    let id = sent[0]["id"].as_str().context("no id")?.parse::<uuid::Uuid>()?;
    let mut bytes = std::fs::read(database(&server))?;
    let holds = |page: &[u8], text: &[u8]| find(page, text).is_some();
    let size = page_size(&bytes);
    let index = bytes.chunks(size).position(|page| holds(page, id.as_bytes()) && !holds(page, b"report_filed"));
    let page = index.context("no page of the index")? * size;
    bytes[page..page + 64].fill(0xA5);
    std::fs::write(database(&server), bytes)?;
    ensure!(!check(&server, &[]).0, "the check does not see it");

    server.allow("commit failed");
    server.start_again()?;
    for _ in 0..5 {
        server.public().post("/api/reports", &report(town.at)).await?.refused(503, "unavailable")?;
    }
    server.until_logged("commit failed").await?;
    let told: Vec<_> = server.log().into_iter().filter(|line| line.text.contains("commit failed")).collect();
    ensure!(told.len() == 1, "a refusal each would fill the journal: {told:#?}");
    ensure!(told[0].text.contains("malformed") && !told[0].text.contains("backtrace"), "{}", told[0].text);
    let not_ready = server.public().get("/readyz").await?.refused(503, "unavailable")?;
    ensure!(not_ready["detail"].as_str().is_some_and(|why| why.contains("damaged")), "{not_ready}");
    let snapshot = server.public().get("/api/snapshot").await?.good()?;
    ensure!(snapshot["incidents"].as_array().is_some_and(|incidents| incidents.len() == 3), "{snapshot}");
    server.finish()
}

#[tokio::test]
async fn a_check_whose_reader_has_gone_away_ends_in_silence_and_still_says_by_its_code_that_there_are_findings()
-> Result<()> {
    let server = Start::default().start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let photo = pictures::jpeg(&pictures::noise(64, 48, 7))?;
    let uploaded = server.public().upload(photo, "image/jpeg").await?;
    server.public().file(&with(report(town.at), "media", json!([uploaded["id"]]))).await?;
    let program = |args: &[&str]| -> Result<_> {
        let mut child = Command::new(binary()?)
            .args(args)
            .arg("--data")
            .arg(server.data())
            .env_remove("DATABASE_URL")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        drop(child.stdout.take());
        Ok(child.wait_with_output()?)
    };
    let sound = program(&["check"])?;
    ensure!(sound.status.success() && sound.stderr.is_empty(), "{sound:?}");
    let audit = program(&["audit"])?;
    ensure!(audit.status.success() && audit.stderr.is_empty(), "{audit:?}");

    let said = server.command(&["check"], "")?;
    ensure!(said.contains("1 entries, media not read"), "it sounds as if media were looked at: {said}");
    std::fs::remove_dir_all(server.data().join("media/sha256"))?;
    let found = program(&["check", "--media"])?;
    let complaint = String::from_utf8(found.stderr)?;
    ensure!(found.status.code() == Some(1) && complaint.starts_with("sokuho: 1 findings"), "{complaint}");
    server.finish()
}

#[rstest]
#[case::sqlite(Edition::Sqlite)]
#[case::postgres(Edition::Postgres)]
#[tokio::test]
async fn media_that_are_missing_or_have_other_bytes_are_named_and_readiness_says_so(
    #[case] edition: Edition,
) -> Result<()> {
    let Some(start) = Start::on(edition)? else { return Ok(()) };
    let mut server = start.arg("--inspect-after").arg("0").start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let wall = server.wall(&town.code).await?;
    let mut files = Vec::new();
    for seed in 1..=4 {
        let photo = pictures::jpeg(&pictures::noise(64, 48, seed))?;
        let uploaded = server.public().upload(photo, "image/jpeg").await?;
        let id = uploaded["id"].as_str().context("no id")?.to_owned();
        server.public().file(&with(report(town.at), "media", json!([id]))).await?;
        files.push((server.data().join("media/sha256").join(&id[..2]).join(&id[2..4]).join(&id), id));
    }
    server.stop()?;
    let (sound, said) = check(&server, &["--media"]);
    ensure!(sound && said.contains("4 entries, 4 media"), "{said}");

    let [(missing, lost), (changed, other), (small, _), _] = files.as_slice() else { bail!("four files") };
    let (thumbnail, away) = (small.with_extension("thumbnail.jpg"), small.with_extension("away"));
    let (bytes, mut flipped) = (std::fs::read(missing)?, std::fs::read(changed)?);
    std::fs::remove_file(missing)?;
    flipped[100] ^= 1;
    std::fs::write(changed, &flipped)?;
    std::fs::rename(&thumbnail, &away)?;
    let (sound, said) = check(&server, &["--media"]);
    ensure!(!sound && said.contains("3 findings in 4 entries and 4 media"), "{said}");
    ensure!(check(&server, &[]).0, "without --media no file is read");

    for named in [lost, other] {
        server.allow(format!("medium {named}"));
    }
    server.allow("its thumbnail is missing");
    server.start_again()?;
    let degraded = loop {
        let ready = server.public().get("/readyz").await?.good()?;
        if ready["status"] == "degraded" {
            break ready;
        }
        tokio::task::yield_now().await;
    };
    let expected = json!({ "media_missing": 1, "media_hash": 1, "media_thumbnail": 1 });
    ensure!(degraded["findings"] == expected, "{degraded}");
    wall.get(&format!("/api/media/{lost}")).await?.refused(404, "not_found")?;
    server.public().file(&report(town.at)).await?;

    server.stop()?;
    flipped[100] ^= 1;
    std::fs::write(changed, &flipped)?;
    std::fs::write(missing, bytes)?;
    std::fs::rename(&away, &thumbnail)?;
    ensure!(check(&server, &["--media"]).0, "all is back");
    server.start_again()?;
    server.finish()
}

#[tokio::test]
async fn a_log_that_is_gone_altogether_is_told_as_a_lost_tail_is() -> Result<()> {
    let mut server = Server::start()?;
    let region = server.public().region().await?;
    file_some(&server.public(), &region, 3).await?;
    server.kill();
    // All of it was in the write-ahead log.
    std::fs::remove_file(wal(&server))?;
    let (sound, said) = check(&server, &[]);
    ensure!(!sound && said.contains("1 findings"), "{said}");
    server.allow("the log was restored");
    server.allow("the log ended with entry 3 and then with 0");
    server.start_again()?;
    let degraded = server.public().get("/readyz").await?.good()?;
    ensure!(degraded["status"] == "degraded" && degraded["findings"]["log_tail"] == 1, "{degraded}");
    server.finish()
}
