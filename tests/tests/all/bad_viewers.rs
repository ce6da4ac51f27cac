//! Viewers that misbehave: each is sent away with a reason and a close code, and nobody else notices.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use rstest::rstest;
use serde_json::json;
use sokuho_tests::report::{report, with};
use sokuho_tests::server::{Server, Start};
use sokuho_tests::viewer::{Subscribe, farewell, open};
use tokio::net::TcpSocket;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

use crate::bystander::Bystander;

async fn is_sent_away(first: Message, reason: &str, code: u16) -> Result<()> {
    let server = Server::start()?;
    let mut bystander = Bystander::new(&server).await?;
    let mut socket = open(&server.url()).await?;
    socket.send(first).await?;
    let end = farewell(&mut socket).await?;
    ensure!(end.reason.as_deref() == Some(reason) && end.code == Some(code), "{end:?}");
    bystander.is_undisturbed().await
}

#[rstest]
#[case::no_json(Message::text("hello"))]
#[case::an_unknown_type(Message::text(r#"{"type":"publish"}"#))]
#[case::an_unknown_field(Message::text(r#"{"type":"subscribe","colour":"red"}"#))]
#[case::bounds_that_are_none(Message::text(
    r#"{"type":"subscribe","interest":{"bounds":{"west":10,"south":0,"east":-10,"north":95}}}"#
))]
#[case::an_office_that_is_none(Message::text(r#"{"type":"subscribe","interest":{"offices":["x"]}}"#))]
#[case::binary(Message::binary(vec![0xFF; 16]))]
#[tokio::test]
async fn a_first_frame_that_is_garbage_ends_the_stream(#[case] first: Message) -> Result<()> {
    is_sent_away(first, "bad_frame", 4500).await
}

#[tokio::test]
async fn a_frame_of_a_megabyte_ends_the_stream() -> Result<()> {
    let server = Server::start()?;
    let mut bystander = Bystander::new(&server).await?;
    let mut socket = open(&server.url()).await?;
    // The server may end the line before it has read all of it.
    let _ = socket.send(Message::text("x".repeat(1_000_000))).await;
    let end = farewell(&mut socket).await?;
    ensure!(end.code == Some(4501), "{end:?}");
    bystander.is_undisturbed().await
}

#[tokio::test]
async fn ten_thousand_subscriptions_end_the_stream() -> Result<()> {
    let server = Server::start()?;
    let mut bystander = Bystander::new(&server).await?;
    let mut socket = open(&server.url()).await?;
    let frame = Message::text(Subscribe::default().frame().to_string());
    for _ in 0..10_000 {
        // The server ends the line long before the last.
        if socket.feed(frame.clone()).await.is_err() {
            break;
        }
    }
    let _ = socket.flush().await;
    let end = farewell_after_frames(&mut socket).await?;
    ensure!(end == Some(4502), "{end:?}");
    bystander.is_undisturbed().await
}

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// The close code; `None`: the line was cut without one.
async fn farewell_after_frames(socket: &mut Socket) -> Result<Option<u16>> {
    let mut code = None;
    loop {
        match tokio::time::timeout(Duration::from_secs(30), socket.next()).await.context("the stream did not end")? {
            Some(Ok(Message::Close(frame))) => code = frame.map(|frame| frame.code.into()),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return Ok(code),
        }
    }
}

#[tokio::test]
async fn a_viewer_that_says_nothing_is_sent_away_after_ten_seconds() -> Result<()> {
    let server = Server::start()?;
    let mut bystander = Bystander::new(&server).await?;
    let mut socket = open(&server.url()).await?;
    let end = farewell(&mut socket).await?;
    ensure!(end.reason.as_deref() == Some("no_subscribe") && end.code == Some(4004), "{end:?}");
    bystander.is_undisturbed().await
}

/// How long a report may be on its way to a viewer beside one that reads nothing. The node allows that one 30 s to take
/// a frame: who waited for it would wait longer than this.
const UNDELAYED: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_viewer_that_never_reads_delays_nobody_and_is_told_what_it_missed() -> Result<()> {
    const REPORTS: u64 = 800;
    const AT_ONCE: u64 = 16;
    let server = Server::start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let staffer = server.staff("sato", &town.code, None, "field").await?;
    let token = server.wall_token(&town.code).await?;
    let mut good = server.public().with_token(token.clone()).watch().await?;

    // A small window, so that what the viewer does not read piles up on the server's side.
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(4096)?;
    let line = socket.connect(([127, 0, 0, 1], server.port()).into()).await?;
    let (mut silent, _) = client_async(format!("ws://127.0.0.1:{}/api/live", server.port()), line).await?;
    let subscribe = Subscribe { token: Some(token), ..Subscribe::default() };
    silent.send(Message::text(subscribe.frame().to_string())).await?;

    let words = "雨".repeat(2000);
    let (mut last, mut arrived) = (0, 0);
    for _ in 0..REPORTS / AT_ONCE {
        let batch = (0..AT_ONCE).map(|_| {
            let (client, sent) = (staffer.clone(), with(report(town.at), "words", json!(words)));
            tokio::spawn(async move { client.file(&sent).await })
        });
        for receipt in batch.collect::<Vec<_>>() {
            last = receipt.await??["seq"].as_u64().unwrap_or_default().max(last);
        }
        // Committed: now it must be there, whatever the silent one does.
        let entries = tokio::time::timeout(UNDELAYED, good.entries_until(last)).await;
        arrived += entries.context("the silent viewer delays others")??.len() as u64;
    }
    ensure!(arrived == REPORTS, "{arrived} of {REPORTS} arrived");

    // Whatever became of the silent one, it is told in words: all entries, a resync, or a goodbye.
    let (mut position, mut told) = (0, false);
    while position < last && !told {
        match tokio::time::timeout(Duration::from_secs(60), silent.next()).await.context("nothing came")? {
            Some(Ok(Message::Text(text))) => {
                let frame: serde_json::Value = serde_json::from_str(&text)?;
                told = frame["type"] == "resync" || frame["type"] == "goodbye";
                if frame["type"] == "entries" {
                    ensure!(frame["after"].as_u64().unwrap_or(u64::MAX) <= position, "a gap after {position}");
                }
                position = frame["seq"].as_u64().unwrap_or(position);
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => bail!("the line was cut at {position} of {last} without a word"),
        }
    }
    Ok(())
}

#[tokio::test]
async fn one_address_does_not_take_all_places_of_viewers_and_a_wall_behind_it_has_one() -> Result<()> {
    let server = Start::default().arg("--viewers-per-address").arg("3").start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let mut public = Vec::new();
    for _ in 0..3 {
        public.push(server.public().watch().await?);
    }
    is_told_that_it_is_full(&server).await?;
    let _walls = [server.wall(&town.code).await?.watch().await?, server.wall(&town.code).await?.watch().await?];
    public.pop();
    // Its place is free as soon as the server has noticed.
    let again = async { while server.public().watch().await.is_err() {} };
    tokio::time::timeout(Duration::from_secs(30), again).await.context("the place of who has gone stays taken")
}

#[tokio::test]
async fn the_public_does_not_take_the_places_that_are_kept_for_offices() -> Result<()> {
    let server = Start::default().arg("--viewers").arg("5").start()?;
    let region = server.public().region().await?;
    let [town] = region.towns()?;
    let mut public = Vec::new();
    for _ in 0..4 {
        public.push(server.public().watch().await?);
    }
    is_told_that_it_is_full(&server).await?;
    server.wall(&town.code).await?.watch().await?;
    Ok(())
}

/// Subscribes without a token; an error if there is a place.
async fn is_told_that_it_is_full(server: &Server) -> Result<()> {
    let mut socket = open(&server.url()).await?;
    socket.send(Message::text(Subscribe::default().frame().to_string())).await?;
    let first = socket.next().await.context("no frame")??;
    ensure!(!first.to_text()?.contains("\"hello\""), "there is a place");
    let end = farewell_after_frames(&mut socket).await?;
    ensure!(first.to_text()?.contains("\"full\"") && end == Some(4003), "{first:?} {end:?}");
    Ok(())
}
