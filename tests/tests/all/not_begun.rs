//! What keeps a node from beginning, and what a node that cannot begin says and does.

use anyhow::{Context, Result, ensure};
use rstest::rstest;
use sokuho_tests::client::Client;
use sokuho_tests::postgres::Database;
use sokuho_tests::server::{Edition, Server, Start, command};

use crate::damage::{check, database, file_some, find, halted};

/// Makes the second entry one of a newer program, or what it was.
fn make_newer(server: &Server, newer: bool) -> Result<()> {
    if let Some(database) = server.database() {
        let kind = if newer { "report_fired" } else { "report_filed" };
        database.query(&format!("UPDATE sokuho.entry SET kind = '{kind}' WHERE seq = 2"))?;
        return Ok(());
    }
    let [from, to] = if newer { [b"report_filed", b"report_fired"] } else { [b"report_fired", b"report_filed"] };
    let mut bytes = std::fs::read(database(server))?;
    let at = find(&bytes, from).context("no report in the file")?;
    bytes[at..at + to.len()].copy_from_slice(to);
    Ok(std::fs::write(database(server), bytes)?)
}

#[rstest]
#[case::sqlite(Edition::Sqlite)]
#[case::postgres(Edition::Postgres)]
#[tokio::test]
async fn an_entry_of_a_newer_program_is_named_by_a_node_that_shows_nothing_without_it(
    #[case] edition: Edition,
) -> Result<()> {
    let Some(start) = Start::on(edition)? else { return Ok(()) };
    let mut server = start.start()?;
    let region = server.public().region().await?;
    file_some(&server.public(), &region, 3).await?;
    server.stop()?;
    make_newer(&server, true)?;

    server.allow("a newer program wrote it");
    let said = halted(&mut server).await?;
    ensure!(said.starts_with("log_row: log row ") && said.contains("report_fired version 1"), "{said}");
    let (is_sound, said) = check(&server, &[]);
    ensure!(!is_sound && said.contains("in 3 entries"), "it goes on behind the row: {said}");

    make_newer(&server, false)?;
    ensure!(check(&server, &[]).0, "{}", check(&server, &[]).1);
    server.start_again()?;
    ensure!(server.public().get("/readyz").await?.good()?["log_head"] == 3);
    server.finish()
}

#[tokio::test]
async fn a_node_that_cannot_begin_leaves_its_database_to_the_program_that_can() -> Result<()> {
    let Some(start) = Start::on(Edition::Postgres)? else { return Ok(()) };
    let mut server = start.start()?;
    let region = server.public().region().await?;
    file_some(&server.public(), &region, 2).await?;
    server.stop()?;
    make_newer(&server, true)?;
    server.allow("a newer program wrote it");
    server.allow("the node has not begun");
    server.start_again()?;
    make_newer(&server, false)?;
    // What appends must claim the database first, and so must this.
    ensure!(server.command(&["rebuild"], "")?.starts_with("2 reports"));
    server.finish()
}

#[tokio::test]
async fn a_node_that_cannot_begin_says_why_on_the_listener_for_health_alone() -> Result<()> {
    let health = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let mut server = Start::default().arg("--health-listen").arg(health.to_string()).start()?;
    let region = server.public().region().await?;
    file_some(&server.public(), &region, 2).await?;
    server.stop()?;
    make_newer(&server, true)?;
    server.allow("a newer program wrote it");
    server.allow("the node has not begun");
    server.start_again()?;
    ensure!(!server.public().get("/readyz").await?.text().contains("log_row"), "strangers are told");
    ensure!(server.public().get("/healthz").await?.status == 200);
    let inside = Client::new(format!("http://{health}"));
    let why = inside.get("/readyz").await?.refused(503, "unavailable")?;
    ensure!(why["detail"].as_str().is_some_and(|why| why.starts_with("log_row: ")), "{why}");
    server.finish()
}

#[tokio::test]
async fn an_empty_database_beside_the_folder_of_another_is_no_reason_to_begin_anew() -> Result<()> {
    let (Some(start), Some(other)) = (Start::on(Edition::Postgres)?, Database::fresh()?) else { return Ok(()) };
    let mut server = start.start()?;
    let region = server.public().region().await?;
    file_some(&server.public(), &region, 3).await?;
    server.stop()?;
    let data = server.data().to_string_lossy().into_owned();
    let wrong = || command(&["retag", "--data", &data, "--database", &other.url()], "");
    for _ in 0..2 {
        let refused = format!("{:#}", wrong().err().context("it began")?);
        ensure!(refused.contains("has no entries, but the log of") && refused.contains("had 3"), "{refused}");
    }
    server.start_again()?;
    ensure!(server.public().get("/readyz").await?.good()?["status"] == "ready", "the right one still is");
    server.finish()
}

#[tokio::test]
async fn a_folder_in_which_a_restore_was_killed_is_no_node() -> Result<()> {
    let data = tempfile::tempdir()?;
    std::fs::create_dir(data.path().join("restoring"))?;
    let refused = command(&["retag", "--data", &data.path().to_string_lossy()], "");
    let refused = format!("{:#}", refused.err().context("it began")?);
    ensure!(refused.contains("was not finished"), "{refused}");
    Ok(())
}
