//! The door over real connections: a client library's handshake, refusals, and SSE over HTTP.

use futures_util::{SinkExt, StreamExt};
use jiff::Timestamp;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::domain::clock::Clock;
use crate::domain::ids::NodeId;
use crate::http::listener;
use crate::http::places::Places;
use crate::hub::interest::Facets;
use crate::hub::{Gate, Settings, Slot};
use crate::wire::live::GoodbyeReason;

struct Still;
impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

struct Everybody;
impl Gate for Everybody {
    fn admit(&self, token: Option<&str>) -> Result<Admission, GoodbyeReason> {
        token.map_or(Ok(Admission::PUBLIC), |_| Err(GoodbyeReason::TokenInvalid))
    }
    fn still_valid(&self, _: Uuid) -> Result<(), GoodbyeReason> {
        Ok(())
    }
}

fn hub(settings: Settings) -> Arc<Hub> {
    let hub = Hub::new(settings, NodeId(Uuid::nil()), Uuid::nil(), 0, Arc::new(Still), Arc::new(Everybody));
    tokio::spawn(Arc::clone(&hub).run());
    hub
}

/// The door, and the same door for somebody who has shown a wall's token.
async fn open(state: LiveState) -> (SocketAddr, SocketAddr) {
    let (router, _) = routes().with_state(state).split_for_parts();
    let wall = Caller::Wall { token: Uuid::nil(), office: "07202".parse().unwrap() };
    let mut addresses = Vec::new();
    for router in [router.clone(), router.layer(axum::Extension(wall))] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        addresses.push(listener.local_addr().unwrap());
        tokio::spawn(listener::serve(listener, router, Places::new(&[]), CancellationToken::new()));
    }
    (addresses[0], addresses[1])
}

async fn serve(settings: Settings) -> (Arc<Hub>, SocketAddr) {
    let hub = hub(settings);
    let (address, _) = open(LiveState::new(Arc::clone(&hub))).await;
    (hub, address)
}

fn bell(seq: u64) -> Slot {
    let text = Bytes::from(format!(r#"{{"seq":{seq}}}"#));
    Slot { seq, facets: Facets { incident: None }, office: text.clone(), public: Some(text) }
}

async fn frame(socket: &mut WebSocketStream<MaybeTlsStream<TcpStream>>) -> serde_json::Value {
    serde_json::from_str(socket.next().await.unwrap().unwrap().to_text().unwrap()).unwrap()
}

/// Sends a request as it is and reads until the text has come.
async fn ask(address: SocketAddr, request: &str, until: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.replace("HOST", &address.to_string()).as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !String::from_utf8_lossy(&answer).contains(until) {
        assert!(stream.read_buf(&mut answer).await.unwrap() > 0, "{}", String::from_utf8_lossy(&answer));
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_client_library_joins_listens_and_closes() {
    let (hub, address) = serve(Settings::default()).await;
    let (mut socket, _) = connect_async(format!("ws://{address}/api/live")).await.unwrap();
    socket.send(Message::text(r#"{"type":"subscribe"}"#)).await.unwrap();
    assert_eq!(frame(&mut socket).await["type"], "hello");
    assert_eq!(frame(&mut socket).await["type"], "snapshot");
    for seq in 1..=100 {
        hub.publish(vec![bell(seq)]);
    }
    let mut got = Vec::new();
    while got.len() < 100 {
        let frame = frame(&mut socket).await;
        got.extend(frame["entries"].as_array().unwrap().iter().map(|entry| entry["seq"].as_u64().unwrap()));
    }
    assert_eq!(got, (1..=100).collect::<Vec<_>>());
    socket.close(None).await.unwrap();
    while let Some(Ok(_)) = socket.next().await {}
    while hub.viewers() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_subscribe_that_comes_with_the_handshake_is_heard() {
    let (_, address) = serve(Settings::default()).await;
    let payload = br#"{"type":"subscribe"}"#;
    let request = String::from(
        "GET /api/live HTTP/1.1\r\nHost: HOST\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    let mut bytes = request.replace("HOST", &address.to_string()).into_bytes();
    // A mask of zeros keeps the bytes as they are.
    bytes.extend([0x81, 0x80 | payload.len() as u8, 0, 0, 0, 0]);
    bytes.extend(payload);
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&bytes).await.unwrap();
    let mut answer = Vec::new();
    while !String::from_utf8_lossy(&answer).contains("\"snapshot\"") {
        assert!(stream.read_buf(&mut answer).await.unwrap() > 0);
    }
    let answer = String::from_utf8_lossy(&answer);
    // The key and its answer are the example of RFC 6455, 1.3.
    assert!(answer.starts_with("HTTP/1.1 101") && answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{answer}");
}

#[tokio::test]
async fn what_is_no_handshake_or_comes_from_another_page_is_refused() {
    let (hub, address) = serve(Settings { max_viewers: 0, ..Settings::default() }).await;
    let good = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let cases = [
        (String::new(), "400", "malformed_request"),
        (good.replace("13", "8"), "400", "malformed_request"),
        (good.replace("25jZQ==", ""), "400", "malformed_request"),
        (format!("{good}Origin: https://elsewhere.example\r\n"), "403", "forbidden"),
        (format!("{good}Origin: null\r\n"), "403", "forbidden"),
    ];
    for (headers, status, code) in cases {
        let answer = ask(address, &format!("GET /api/live HTTP/1.1\r\nHost: HOST\r\n{headers}\r\n"), code).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }
    // The same origin is let in, and told that the node is full.
    let request = format!("GET /api/live HTTP/1.1\r\nHost: HOST\r\n{good}Origin: http://HOST\r\n\r\n");
    let answer = ask(address, &request, "goodbye").await;
    assert!(answer.starts_with("HTTP/1.1 101") && answer.contains("full"), "{answer}");
    assert_eq!(hub.viewers(), 0);
}

#[tokio::test]
async fn an_event_stream_resumes_from_the_last_event_id() {
    let (hub, address) = serve(Settings::default()).await;
    hub.publish((1..=5).map(bell).collect());
    let epoch = Uuid::nil();
    let request = format!(
        "GET /api/live/events?since=1&epoch={epoch}&categories=hazard,other&bounds=139,36,141,38 HTTP/1.1\r\n\
         Host: HOST\r\nLast-Event-ID: {epoch}:3\r\n\r\n"
    );
    let answer = ask(address, &request, "\"seq\":5}]}").await;
    assert!(answer.contains("content-type: text/event-stream") && answer.contains("x-accel-buffering: no"), "{answer}");
    assert!(
        answer.contains(&format!("event: entries\nid: {epoch}:5\ndata: {{\"type\":\"entries\",\"after\":3")),
        "{answer}"
    );
}

#[tokio::test]
async fn a_bad_interest_or_a_full_node_is_a_problem_for_event_streams() {
    let (_, address) = serve(Settings { max_viewers: 0, ..Settings::default() }).await;
    let invalid = ["bounds=1,2,3", "bounds=NaN,0,1,1", "offices=x", "categories=fire", "since=-1"];
    let cases = invalid.map(|query| (query, "invalid_field")).into_iter().chain([("colour=red", "unknown_field")]);
    for (query, code) in cases {
        let request = format!("GET /api/live/events?{query} HTTP/1.1\r\nHost: HOST\r\n\r\n");
        let answer = ask(address, &request, code).await;
        assert!(answer.starts_with("HTTP/1.1 422"), "{query}: {answer}");
    }
    let answer = ask(address, "GET /api/live/events HTTP/1.1\r\nHost: HOST\r\n\r\n", "unavailable").await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after: 15"), "{answer}");
}

/// Opens an event stream; gives the answer's first line, and the line, which is open as long as it is held.
async fn listen(address: SocketAddr) -> (String, TcpStream) {
    let mut line = TcpStream::connect(address).await.unwrap();
    line.write_all(b"GET /api/live/events HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    while !answer.contains(&b'\n') {
        assert!(line.read_buf(&mut answer).await.unwrap() > 0);
    }
    (String::from_utf8_lossy(&answer).lines().next().unwrap().to_owned(), line)
}

#[tokio::test]
async fn event_streams_of_the_public_are_few_and_take_no_place_from_offices_or_web_sockets() {
    let hub = hub(Settings::default());
    let public_streams = Arc::new(Semaphore::new(2));
    let state = LiveState { public_streams: Arc::clone(&public_streams), ..LiveState::new(Arc::clone(&hub)) };
    let (public, office) = open(state).await;
    let streams = [listen(public).await, listen(public).await];
    assert!(streams.iter().all(|(status, _)| status == "HTTP/1.1 200 OK"), "{streams:?}");
    assert_eq!(listen(public).await.0, "HTTP/1.1 503 Service Unavailable");
    assert_eq!(hub.viewers(), 2, "who was refused has no place in the hub either");
    assert_eq!(listen(office).await.0, "HTTP/1.1 200 OK");
    assert!(connect_async(format!("ws://{public}/api/live")).await.is_ok());

    drop(streams);
    let _there_is_room = public_streams.acquire().await.unwrap();
    assert_eq!(listen(public).await.0, "HTTP/1.1 200 OK");
}
