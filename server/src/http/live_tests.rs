//! The door over real connections: a client library's handshake, refusals, and SSE over HTTP.

use futures_util::{SinkExt, StreamExt};
use jiff::Timestamp;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::*;
use crate::domain::clock::Clock;
use crate::domain::ids::NodeId;
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

async fn serve(settings: Settings) -> (Arc<Hub>, SocketAddr) {
    let hub = Hub::new(settings, NodeId(Uuid::nil()), Uuid::nil(), 0, Arc::new(Still), Arc::new(Everybody));
    tokio::spawn(Arc::clone(&hub).run());
    let (router, _) = routes().with_state(LiveState::new(Arc::clone(&hub))).split_for_parts();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
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
    for query in ["bounds=1,2,3", "bounds=NaN,0,1,1", "offices=x", "categories=fire", "since=-1", "colour=red"] {
        let answer =
            ask(address, &format!("GET /api/live/events?{query} HTTP/1.1\r\nHost: HOST\r\n\r\n"), "invalid_field")
                .await;
        assert!(answer.starts_with("HTTP/1.1 422"), "{query}: {answer}");
    }
    let answer = ask(address, "GET /api/live/events HTTP/1.1\r\nHost: HOST\r\n\r\n", "unavailable").await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after: 15"), "{answer}");
}
