//! What the hub promises to viewers, with many of them at once and sockets that behave badly.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};
use sokuho_tiles::{MAX_ZOOM, Tile};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex};
use uuid::Uuid;

use super::interest::{Facets, IncidentFacets, Interest};
use super::reader::Reader;
use super::session::{Session, Socket};
use super::sse::Opening;
use super::{Admission, Gate, Hub, Settings, Slot};
use crate::domain::clock::Clock;
use crate::domain::ids::{NodeId, OperationId};
use crate::domain::operation::EVERYDAY;
use crate::domain::report::Category;
use crate::wire;
use crate::wire::Audience;
use crate::wire::live::GoodbyeReason;

const EPOCH: Uuid = Uuid::from_u128(77);

struct Still;
impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

#[derive(Default)]
struct Tokens {
    revoked: AtomicBool,
    /// Asking again about a token panics, as a mistake in the code would.
    broken: AtomicBool,
}
impl Gate for Tokens {
    fn admit(&self, token: Option<&str>) -> Result<Admission, GoodbyeReason> {
        let office = |until| Admission { audience: Audience::Office, until, id: Some(Uuid::from_u128(1)) };
        match token {
            None => Ok(Admission::PUBLIC),
            Some("office") => Ok(office(None)),
            Some("old") => Ok(office(Some(Timestamp::UNIX_EPOCH))),
            Some(_) => Err(GoodbyeReason::TokenInvalid),
        }
    }
    fn still_valid(&self, _: Uuid) -> Result<(), GoodbyeReason> {
        assert!(!self.broken.load(Ordering::Relaxed), "told to break");
        if self.revoked.load(Ordering::Relaxed) { Err(GoodbyeReason::TokenRevoked) } else { Ok(()) }
    }
}

struct Stage {
    hub: Arc<Hub>,
    tokens: Arc<Tokens>,
    running: tokio::task::JoinHandle<Result<(), tokio::task::JoinError>>,
}

fn stage(settings: Settings) -> Stage {
    let tokens = Arc::new(Tokens::default());
    let gate: Arc<dyn Gate> = tokens.clone();
    let hub = Hub::new(settings, NodeId(Uuid::from_u128(3)), EPOCH, 0, Arc::new(Still), gate);
    let running = tokio::spawn(Arc::clone(&hub).run());
    Stage { hub, tokens, running }
}

fn two_writers() -> Settings {
    Settings { writers: 2, ..Settings::default() }
}

/// A small generator (splitmix64), so that a failure can be seen again.
#[derive(Clone)]
struct Dice(u64);
impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % sides
    }
}

const OFFICES: [&str; 4] = ["07202", "07208", "07421", "07423"];

fn slot(seq: u64, dice: &mut Dice) -> Slot {
    let kind = dice.roll(10);
    let tile = Some(Tile::at(36.9 + dice.roll(10) as f64 / 10.0, 139.2 + dice.roll(10) as f64 / 10.0, MAX_ZOOM));
    let incident = (kind > 0).then(|| IncidentFacets {
        responsible: (kind > 4).then(|| OFFICES[(kind % 4) as usize].parse().unwrap()),
        tile,
        coarse_tile: tile,
        offices: Box::new([OFFICES[dice.roll(4) as usize].parse().unwrap()]),
        category: Category::ALL[dice.roll(5) as usize],
        before: None,
        operation: if dice.roll(4) == 0 { OperationId(Uuid::from_u128(8)) } else { EVERYDAY },
    });
    let filler = "x".repeat(dice.roll(400) as usize);
    let text = |who: &str| Bytes::from(json!({ "seq": seq, "for": who, "filler": filler }).to_string());
    Slot { seq, facets: Facets { incident }, office: text("office"), public: (kind != 1).then(|| text("public")) }
}

/// An entry for everybody.
fn bell(seq: u64) -> Slot {
    let text = Bytes::from(json!({ "seq": seq }).to_string());
    Slot { seq, facets: Facets { incident: None }, office: text.clone(), public: Some(text) }
}

fn interest(dice: &mut Dice) -> wire::live::Interest {
    let west = 139.2 + dice.roll(8) as f64 / 10.0;
    let south = 36.9 + dice.roll(8) as f64 / 10.0;
    let bounds = crate::domain::position::Bounds { west, south, east: west + 0.2, north: south + 0.2 };
    wire::live::Interest {
        bounds: (dice.roll(3) == 0).then_some(bounds),
        offices: (dice.roll(3) == 0).then(|| vec![OFFICES[dice.roll(4) as usize].to_owned()]),
        categories: (dice.roll(3) == 0).then(|| vec![Category::ALL[dice.roll(5) as usize]]),
        operation: (dice.roll(5) == 0).then_some(EVERYDAY.0),
    }
}

/// A socket that takes a few bytes at a time and is often full.
struct Choppy {
    inner: DuplexStream,
    dice: Dice,
}
impl AsyncRead for Choppy {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}
impl AsyncWrite for Choppy {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        if self.dice.roll(4) == 0 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let some = 1 + self.dice.roll(buf.len() as u64) as usize;
        Pin::new(&mut self.inner).poll_write(cx, &buf[..some])
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[derive(Debug, PartialEq)]
enum Heard {
    Frame(Value),
    Ping,
    Pong(Vec<u8>),
    Close(u16),
    Nothing,
}

/// The other end of the wire.
struct Client {
    wire: DuplexStream,
}

impl Client {
    fn connect(hub: &Arc<Hub>, buffer: usize) -> Self {
        let (wire, theirs) = duplex(buffer);
        hub.serve(hub.ticket(None), theirs, &[]);
        Self { wire }
    }

    fn connect_choppy(hub: &Arc<Hub>, buffer: usize, seed: u64) -> Self {
        let (wire, inner) = duplex(buffer);
        hub.serve(hub.ticket(None), Choppy { inner, dice: Dice(seed) }, &[]);
        Self { wire }
    }

    async fn send_raw(&mut self, first: u8, payload: &[u8]) {
        let mut frame = vec![first];
        match payload.len() {
            len @ 0..=125 => frame.push(0x80 | len as u8),
            len => frame.extend([&[0x80 | 126][..], &(len as u16).to_be_bytes()].concat()),
        }
        frame.extend([1, 2, 3, 4]);
        frame.extend(payload.iter().zip([1, 2, 3, 4].iter().cycle()).map(|(b, m)| b ^ m));
        let _ = self.wire.write_all(&frame).await;
    }

    async fn subscribe(&mut self, subscribe: Value) {
        let mut frame = json!({ "type": "subscribe" });
        frame.as_object_mut().unwrap().extend(subscribe.as_object().unwrap().clone());
        self.send_raw(0x81, frame.to_string().as_bytes()).await;
    }

    async fn next(&mut self) -> Heard {
        self.read().await.unwrap_or(Heard::Nothing)
    }

    async fn read(&mut self) -> std::io::Result<Heard> {
        let (first, second) = (self.wire.read_u8().await?, self.wire.read_u8().await?);
        let len = match second {
            126 => usize::from(self.wire.read_u16().await?),
            127 => self.wire.read_u64().await? as usize,
            len => usize::from(len),
        };
        let mut payload = vec![0; len];
        self.wire.read_exact(&mut payload).await?;
        Ok(match first {
            0x81 => Heard::Frame(serde_json::from_slice(&payload).expect("a whole frame of JSON")),
            0x88 => Heard::Close(u16::from_be_bytes([payload[0], payload[1]])),
            0x89 => Heard::Ping,
            0x8A => Heard::Pong(payload),
            other => panic!("first byte {other:#x} begins no frame: frames were interleaved"),
        })
    }

    /// The next frame of this type; others are passed over.
    async fn frame(&mut self, kind: &str) -> Value {
        loop {
            match self.next().await {
                Heard::Frame(frame) if frame["type"] == kind => return frame,
                Heard::Nothing => panic!("the stream ended before {kind}"),
                _ => {}
            }
        }
    }

    /// Reads to the end; returns the reason of the goodbye and the close code.
    async fn last_words(&mut self) -> (String, u16) {
        let goodbye = self.frame("goodbye").await;
        let Heard::Close(code) = self.next().await else { panic!("no close after the goodbye") };
        (goodbye["reason"].as_str().unwrap().to_owned(), code)
    }
}

fn seqs(frame: &Value) -> Vec<u64> {
    frame["entries"].as_array().unwrap().iter().map(|entry| entry["seq"].as_u64().unwrap()).collect()
}

/// A viewer that reads, dawdles, breaks off and comes back, until it has entry `last`. Returns where it
/// began and what it was given.
async fn restless(
    hub: Arc<Hub>,
    mut dice: Dice,
    wish: wire::live::Interest,
    token: Option<&str>,
    last: u64,
) -> (u64, Vec<u64>) {
    let mut position: Option<u64> = None;
    let mut began = 0;
    let mut given = Vec::new();
    loop {
        let buffer = 64 + dice.roll(8_000) as usize;
        let mut client = match dice.roll(2) {
            0 => Client::connect(&hub, buffer),
            _ => Client::connect_choppy(&hub, buffer, dice.roll(u64::MAX)),
        };
        let mut subscribe = json!({ "interest": wish });
        if let Some(since) = position {
            subscribe["since"] = since.into();
            subscribe["epoch"] = EPOCH.to_string().into();
        }
        if let Some(token) = token {
            subscribe["token"] = token.into();
        }
        client.subscribe(subscribe).await;
        for _ in 0..dice.roll(40) + 2 {
            let Heard::Frame(frame) = client.next().await else { break };
            match frame["type"].as_str().unwrap() {
                "snapshot" => {
                    assert_eq!(position, None, "a snapshot only for who has no position");
                    began = frame["seq"].as_u64().unwrap();
                    position = Some(began);
                }
                "entries" => {
                    let here = position.expect("entries come after a position");
                    assert!(frame["after"].as_u64().unwrap() <= here, "no gap that the viewer could not explain");
                    let seq = frame["seq"].as_u64().unwrap();
                    let list = seqs(&frame);
                    assert!(!list.is_empty() && *list.first().unwrap() > here && *list.last().unwrap() <= seq);
                    given.extend(list);
                    position = Some(seq);
                    if seq == last {
                        return (began, given);
                    }
                }
                "resync" => panic!("nobody fell off"),
                _ => {}
            }
            for _ in 0..dice.roll(3) {
                tokio::task::yield_now().await;
            }
        }
    }
}

async fn nobody_misses_anything(seed: u64) {
    let Stage { hub, .. } = stage(Settings { frame_cache_bytes: 64 * 1024, ..two_writers() });
    let mut dice = Dice(seed);
    const LAST: u64 = 3_000;
    let slots: Vec<Slot> = (1..LAST).map(|seq| slot(seq, &mut dice)).chain([bell(LAST)]).collect();
    let wishes: Vec<_> = (0..12).map(|_| interest(&mut dice)).collect();
    let viewers: Vec<_> = (0..60)
        .map(|n| {
            let wish = wishes[dice.roll(12) as usize].clone();
            let token = (n % 2 == 0).then_some("office");
            let viewer = restless(Arc::clone(&hub), Dice(dice.roll(u64::MAX)), wish.clone(), token, LAST);
            (wish, token, tokio::spawn(viewer))
        })
        .collect();
    let publisher = {
        let (hub, slots, mut dice) = (Arc::clone(&hub), slots.clone(), dice.clone());
        tokio::spawn(async move {
            let mut left = slots.as_slice();
            while !left.is_empty() {
                let (now, later) = left.split_at(left.len().min(1 + dice.roll(40) as usize));
                hub.publish(now.to_vec());
                left = later;
                for _ in 0..dice.roll(30) {
                    tokio::task::yield_now().await;
                }
            }
        })
    };
    publisher.await.unwrap();
    for (wish, token, viewer) in viewers {
        let (began, given) = viewer.await.unwrap();
        let wanted = Interest::try_from(&wish).unwrap();
        let sees = |slot: &&Slot| {
            let audience = if token.is_some() { Audience::Office } else { Audience::Public };
            slot.seq > began && (token.is_some() || slot.public.is_some()) && wanted.matches(&slot.facets, audience)
        };
        let expected: Vec<u64> = slots.iter().filter(sees).map(|slot| slot.seq).collect();
        assert_eq!(given, expected, "seed {seed}, {wish:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_viewer_gets_what_it_wants_once_and_in_order_however_its_socket_behaves() {
    for seed in 0..4 {
        nobody_misses_anything(seed).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_viewer_gets_what_it_wants_once_and_in_order_with_writers_in_parallel() {
    for seed in 100..103 {
        nobody_misses_anything(seed).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_frames_are_hello_and_a_snapshot_position() {
    let Stage { hub, .. } = stage(two_writers());
    hub.publish(vec![bell(1), bell(2)]);
    let mut client = Client::connect(&hub, 4_096);
    client.subscribe(json!({})).await;
    let Heard::Frame(hello) = client.next().await else { panic!() };
    assert_eq!((&hello["type"], &hello["seq"], &hello["heartbeat_seconds"]), (&json!("hello"), &json!(2), &json!(15)));
    let Heard::Frame(snapshot) = client.next().await else { panic!() };
    assert_eq!(snapshot, json!({ "type": "snapshot", "epoch": EPOCH, "seq": 2, "href": "/api/snapshot?at_least=2" }));
    hub.publish(vec![bell(3)]);
    assert_eq!(
        client.next().await,
        Heard::Frame(json!({ "type": "entries", "after": 2, "seq": 3, "entries": [{ "seq": 3 }] }))
    );
}

#[tokio::test(start_paused = true)]
async fn a_position_that_cannot_be_resumed_gets_a_resync_by_name() {
    let Stage { hub, .. } = stage(Settings { ring_entries: 4, ..two_writers() });
    hub.publish((1..=10).map(bell).collect());
    let other = Uuid::from_u128(9);
    for (epoch, since, reason) in [(EPOCH, 5, "too_old"), (EPOCH, 11, "ahead_of_log"), (other, 10, "other_epoch")] {
        let mut client = Client::connect(&hub, 4_096);
        client.subscribe(json!({ "epoch": epoch, "since": since })).await;
        let resync = client.frame("resync").await;
        assert_eq!((&resync["reason"], &resync["seq"]), (&json!(reason), &json!(10)));
        assert_eq!(resync["href"], "/api/snapshot?at_least=10");
    }
    let mut client = Client::connect(&hub, 4_096);
    client.subscribe(json!({ "epoch": EPOCH, "since": 6 })).await;
    assert_eq!(seqs(&client.frame("entries").await), [7, 8, 9, 10]);
}

#[tokio::test(start_paused = true)]
async fn who_falls_off_the_ring_is_told_and_goes_on_from_the_head() {
    let Stage { hub, .. } = stage(Settings { ring_entries: 8, ..two_writers() });
    let mut client = Client::connect(&hub, 64);
    client.subscribe(json!({})).await;
    client.frame("hello").await;
    for seq in 1..=200 {
        hub.publish(vec![bell(seq)]);
        tokio::task::yield_now().await;
    }
    let resync = client.frame("resync").await;
    assert_eq!((&resync["reason"], &resync["seq"]), (&json!("too_old"), &json!(200)));
    hub.publish(vec![bell(201)]);
    assert_eq!(seqs(&client.frame("entries").await), [201]);
}

#[tokio::test(start_paused = true)]
async fn a_ring_that_begins_anew_sends_everybody_for_a_snapshot_and_goes_on() {
    let Stage { hub, .. } = stage(two_writers());
    let mut clients: Vec<Client> = (0..3).map(|_| Client::connect(&hub, 4_096)).collect();
    for client in &mut clients {
        client.subscribe(json!({})).await;
        client.frame("hello").await;
    }
    hub.publish(vec![bell(1)]);
    for client in &mut clients {
        assert_eq!(seqs(&client.frame("entries").await), [1]);
    }
    hub.begin_after(2);
    hub.publish(vec![bell(3)]);
    for client in &mut clients {
        let resync = client.frame("resync").await;
        assert!(resync["seq"].as_u64() >= Some(2), "{resync}");
        // An entry that is in the snapshot already is not told again.
        let told = resync["seq"].as_u64().unwrap();
        hub.publish(vec![bell(hub.head() + 1)]);
        assert_eq!(seqs(&client.frame("entries").await).first(), Some(&(told + 1)));
    }
    let mut late = Client::connect(&hub, 4_096);
    late.subscribe(json!({ "epoch": EPOCH, "since": 1 })).await;
    assert_eq!(late.frame("resync").await["reason"], "too_old");
}

#[tokio::test(start_paused = true)]
async fn who_never_reads_disturbs_nobody_and_is_let_go() {
    let Stage { hub, .. } = stage(two_writers());
    let mut deaf: Vec<Client> = Vec::new();
    for _ in 0..4 {
        let mut client = Client::connect(&hub, 600);
        client.subscribe(json!({})).await;
        deaf.push(client);
    }
    let mut good = Client::connect(&hub, 100_000);
    good.subscribe(json!({})).await;
    good.frame("snapshot").await;
    for seq in 1..=500 {
        hub.publish(vec![bell(seq)]);
    }
    let mut got = Vec::new();
    while got.len() < 500 {
        got.extend(seqs(&good.frame("entries").await));
    }
    assert_eq!(got, (1..=500).collect::<Vec<_>>());
    assert_eq!(hub.viewers(), 5);
    // Heartbeats pass by until the deaf have gone; the paused clock runs ahead by itself.
    let mut heartbeats = 0;
    while hub.viewers() > 1 {
        good.frame("heartbeat").await;
        heartbeats += 1;
        assert!(heartbeats < 4, "the deaf are gone within 45 seconds");
    }
    drop(deaf);
}

#[tokio::test(start_paused = true)]
async fn bad_frames_end_the_stream_with_the_right_code() {
    let Stage { hub, .. } = stage(two_writers());
    let long = "x".repeat(20_000);
    let cases: [(&str, u8, &str, &str, u16); 8] = [
        ("garbage", 0x81, "garbage", "bad_frame", 4500),
        ("binary", 0x82, "{}", "bad_frame", 4500),
        ("unknown type", 0x81, r#"{"type":"publish"}"#, "bad_frame", 4500),
        ("unknown field", 0x81, r#"{"type":"subscribe","all":true}"#, "bad_frame", 4500),
        ("bad interest", 0x81, r#"{"type":"subscribe","interest":{"offices":["x"]}}"#, "bad_frame", 4500),
        ("too large", 0x81, &long, "frame_too_large", 4501),
        ("foreign token", 0x81, r#"{"type":"subscribe","token":"x"}"#, "token_invalid", 4503),
        ("old token", 0x81, r#"{"type":"subscribe","token":"old"}"#, "token_expired", 4504),
    ];
    for (name, first, payload, reason, code) in cases {
        let mut client = Client::connect(&hub, 4_096);
        client.send_raw(first, payload.as_bytes()).await;
        assert_eq!(client.last_words().await, (reason.to_owned(), code), "{name}");
        drop(client);
    }
    let mut unmasked = Client::connect(&hub, 4_096);
    unmasked.wire.write_all(&[0x81, 2, b'{', b'}']).await.unwrap();
    assert_eq!(unmasked.last_words().await, ("bad_frame".to_owned(), 4500));
    let mut silent = Client::connect(&hub, 4_096);
    assert_eq!(silent.last_words().await, ("no_subscribe".to_owned(), 4004));
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_subscriptions_on_one_stream_end_it() {
    let Stage { hub, .. } = stage(two_writers());
    let mut client = Client::connect(&hub, 100_000);
    for n in 0..10_000 {
        client.subscribe(json!({ "interest": { "offices": [format!("{n:05}")] } })).await;
    }
    assert_eq!(client.last_words().await, ("too_many_frames".to_owned(), 4502));
}

#[tokio::test(start_paused = true)]
async fn another_interest_counts_from_the_present_position_on() {
    let Stage { hub, .. } = stage(two_writers());
    let mut client = Client::connect(&hub, 4_096);
    client.subscribe(json!({ "interest": { "categories": ["hazard"] } })).await;
    client.frame("snapshot").await;
    let about = |seq, category| {
        let offices: Box<[_]> = Box::new([]);
        let incident = IncidentFacets {
            tile: None,
            coarse_tile: None,
            responsible: None,
            before: None,
            offices,
            category,
            operation: EVERYDAY,
        };
        Slot { facets: Facets { incident: Some(incident) }, ..bell(seq) }
    };
    hub.publish(vec![about(1, Category::Other), about(2, Category::Hazard)]);
    assert_eq!(seqs(&client.frame("entries").await), [2]);
    client.subscribe(json!({ "interest": { "categories": ["other"] } })).await;
    assert_eq!(client.frame("snapshot").await["seq"], 2);
    hub.publish(vec![about(3, Category::Other), about(4, Category::Hazard), bell(5)]);
    assert_eq!(
        client.next().await,
        Heard::Frame(json!({ "type": "entries", "after": 2, "seq": 5, "entries": [{ "seq": 3 }, { "seq": 5 }] }))
    );
}

#[tokio::test(start_paused = true)]
async fn heartbeats_tell_the_position_and_a_viewer_without_pong_goes() {
    let Stage { hub, .. } = stage(two_writers());
    let mut client = Client::connect(&hub, 4_096);
    client.subscribe(json!({ "interest": { "offices": [] } })).await;
    client.frame("snapshot").await;
    let quiet = Slot { public: None, ..bell(1) };
    hub.publish(vec![quiet]);
    assert_eq!(client.frame("heartbeat").await["seq"], 1, "the position moves without a frame");
    let mut pings = 0;
    loop {
        match client.next().await {
            Heard::Ping => pings += 1,
            Heard::Frame(frame) if frame["type"] == "goodbye" => {
                assert_eq!(frame["reason"], "no_pong");
                break;
            }
            Heard::Frame(frame) => assert_eq!(frame["type"], "heartbeat"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(client.next().await, Heard::Close(4002));
    assert!((2..=3).contains(&pings), "{pings}");
}

#[tokio::test(start_paused = true)]
async fn a_viewer_that_answers_pings_stays_and_its_own_pings_are_answered() {
    let Stage { hub, .. } = stage(two_writers());
    let mut client = Client::connect(&hub, 4_096);
    client.subscribe(json!({})).await;
    let mut pings = 0;
    while pings < 6 {
        match client.next().await {
            Heard::Ping => {
                pings += 1;
                client.send_raw(0x8A, b"").await;
            }
            Heard::Frame(_) => {}
            other => panic!("{other:?}"),
        }
    }
    client.send_raw(0x89, b"are you there").await;
    while client.next().await != Heard::Pong(b"are you there".to_vec()) {}
    client.send_raw(0x88, &1000_u16.to_be_bytes()).await;
    while client.next().await != Heard::Close(1000) {}
}

#[tokio::test(start_paused = true)]
async fn who_catches_up_for_minutes_is_pinged_meanwhile_and_stays_when_it_is_there() {
    let Stage { hub, .. } = stage(two_writers());
    let mut client = Client::connect(&hub, 4_096);
    client.subscribe(json!({})).await;
    client.frame("snapshot").await;
    let heavy = |seq| {
        let text = Bytes::from(json!({ "seq": seq, "filler": "x".repeat(60_000) }).to_string());
        Slot { office: text.clone(), public: Some(text), ..bell(seq) }
    };
    hub.publish((1..=20).map(heavy).collect());
    let (mut pings, mut last, mut heartbeats) = (0, 0, 0);
    while heartbeats < 3 {
        match client.next().await {
            // A slow line: nine seconds for a frame. It answers no ping until it has everything.
            Heard::Frame(frame) if frame["type"] == "entries" => {
                last = *seqs(&frame).last().unwrap();
                tokio::time::sleep(Duration::from_secs(9)).await;
            }
            Heard::Frame(frame) => {
                assert_eq!((&frame["type"], last), (&json!("heartbeat"), 20), "{frame}");
                heartbeats += 1;
            }
            Heard::Ping => {
                pings += u32::from(last < 20);
                if last == 20 {
                    client.send_raw(0x8A, b"").await;
                }
            }
            other => panic!("{other:?}"),
        }
    }
    assert!((5..=12).contains(&pings), "{pings} in three minutes");
}

#[tokio::test(start_paused = true)]
async fn a_writer_that_fails_ends_the_hub_so_that_the_node_stops() {
    let Stage { hub, tokens, running } = stage(two_writers());
    let mut client = Client::connect(&hub, 4_096);
    client.subscribe(json!({ "token": "office" })).await;
    client.frame("snapshot").await;
    tokens.broken.store(true, Ordering::Relaxed);
    let ended = tokio::time::timeout(Duration::from_secs(60), running).await.expect("the hub goes on without a writer");
    assert!(ended.unwrap().unwrap_err().is_panic());
}

#[tokio::test(start_paused = true)]
async fn a_revoked_token_ends_the_stream_at_the_next_heartbeat() {
    let Stage { hub, tokens, .. } = stage(two_writers());
    let mut public = Client::connect(&hub, 4_096);
    public.subscribe(json!({})).await;
    let mut office = Client::connect(&hub, 4_096);
    office.subscribe(json!({ "token": "office" })).await;
    office.frame("heartbeat").await;
    tokens.revoked.store(true, Ordering::Relaxed);
    assert_eq!(office.last_words().await, ("token_revoked".to_owned(), 4505));
    public.frame("heartbeat").await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_says_goodbye_to_everybody_and_spreads_their_return() {
    let Stage { hub, .. } = stage(two_writers());
    let retries = Arc::new(std::sync::Mutex::new(Vec::new()));
    let ready = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..40)
        .map(|n| {
            let (hub, retries, ready) = (Arc::clone(&hub), Arc::clone(&retries), Arc::clone(&ready));
            tokio::spawn(async move {
                let mut client = Client::connect(&hub, 4_096);
                if n > 0 {
                    client.subscribe(json!({})).await;
                    client.frame("snapshot").await;
                }
                ready.fetch_add(1, Ordering::Relaxed);
                let goodbye = client.frame("goodbye").await;
                assert_eq!(goodbye["reason"], "shutdown");
                retries.lock().unwrap().push(goodbye["retry_after_ms"].as_u64().unwrap());
                assert_eq!(client.next().await, Heard::Close(4000));
            })
        })
        .collect();
    while ready.load(Ordering::Relaxed) < 40 {
        tokio::task::yield_now().await;
    }
    let began = tokio::time::Instant::now();
    hub.stop().await;
    assert!(began.elapsed() <= Duration::from_secs(5));
    assert_eq!(hub.viewers(), 0);
    for client in clients {
        client.await.unwrap();
    }
    let retries = retries.lock().unwrap();
    assert!(retries.iter().all(|ms| *ms <= 5_000));
    assert!(retries.iter().any(|ms| *ms < 1_500) && retries.iter().any(|ms| *ms > 3_500), "{retries:?}");
}

#[tokio::test(start_paused = true)]
async fn a_full_node_says_so_and_has_room_again_when_somebody_goes() {
    let Stage { hub, .. } = stage(Settings { max_viewers: 1, kept_for_offices: 0, ..two_writers() });
    let mut first = Client::connect(&hub, 4_096);
    first.subscribe(json!({})).await;
    first.frame("snapshot").await;
    let mut second = Client::connect(&hub, 4_096);
    assert_eq!(second.last_words().await, ("full".to_owned(), 4003));
    drop(first);
    while hub.viewers() > 0 {
        tokio::task::yield_now().await;
    }
    assert!(hub.ticket(None).is_ok());
}

#[tokio::test(start_paused = true)]
async fn one_address_does_not_take_all_places_and_offices_behind_it_do_not_count() {
    let Stage { hub, .. } = stage(Settings { max_public_per_address: Some(2), ..two_writers() });
    let address = |n: u8| Some(std::net::IpAddr::from([192, 0, 2, n]));
    let enter = |from, audience| hub.ticket(from).and_then(|mut ticket| ticket.known(audience).map(|()| ticket));
    let mut public: Vec<_> = (0..2).map(|_| enter(address(1), Audience::Public).unwrap()).collect();
    assert!(enter(address(1), Audience::Public).is_err());
    assert_eq!(hub.viewers(), 2, "who is refused has no place");
    let offices: Vec<_> = (0..50).map(|_| enter(address(1), Audience::Office).unwrap()).collect();
    assert!(enter(address(2), Audience::Public).is_ok());
    assert!(enter(None, Audience::Public).is_ok(), "an address that nobody knows");

    // Who says nothing is bounded as well, and keeps nobody else of the address out.
    let silent: Vec<_> = (0..2).map(|_| hub.ticket(address(1)).unwrap()).collect();
    assert!(hub.ticket(address(1)).is_err() && hub.ticket(address(2)).is_ok());
    drop(silent);
    public.pop();
    assert!(enter(address(1), Audience::Public).is_ok());
    drop((public, offices));
    assert_eq!(hub.viewers(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_public_does_not_take_the_places_kept_for_offices() {
    let Stage { hub, .. } = stage(Settings { max_viewers: 5, kept_for_offices: 2, ..two_writers() });
    let mut public = Vec::new();
    for _ in 0..3 {
        let mut viewer = Client::connect(&hub, 4_096);
        viewer.subscribe(json!({})).await;
        viewer.frame("snapshot").await;
        public.push(viewer);
    }
    let mut refused = Client::connect(&hub, 4_096);
    refused.subscribe(json!({})).await;
    assert_eq!(refused.last_words().await, ("full".to_owned(), 4003));
    drop(refused);
    let mut offices = Vec::new();
    for _ in 0..2 {
        let mut wall = Client::connect(&hub, 4_096);
        wall.subscribe(json!({ "token": "office" })).await;
        wall.frame("snapshot").await;
        offices.push(wall);
    }
    let mut one_too_many = Client::connect(&hub, 4_096);
    assert_eq!(one_too_many.last_words().await, ("full".to_owned(), 4003));
    offices.pop();
    public.pop();
    while hub.viewers() > 3 {
        tokio::task::yield_now().await;
    }
    let mut another = Client::connect(&hub, 4_096);
    another.subscribe(json!({})).await;
    another.frame("snapshot").await;
}

fn event(bytes: &Bytes) -> (String, Option<String>, Value) {
    let text = std::str::from_utf8(bytes).unwrap();
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
    (field("event: ").unwrap(), field("id: "), serde_json::from_str(&field("data: ").unwrap()).unwrap())
}

#[tokio::test(start_paused = true)]
async fn server_sent_events_say_what_a_web_socket_says() {
    let Stage { hub, tokens, .. } = stage(two_writers());
    let mut dice = Dice(5);
    hub.publish((1..=50).map(|seq| slot(seq, &mut dice)).collect());
    let wish = interest(&mut Dice(3));
    let admission = hub.admit(Some("office")).unwrap();
    let opening =
        Opening { admission, interest: Interest::try_from(&wish).unwrap(), epoch: Some(EPOCH), since: Some(10) };
    let mut events = hub.stream(hub.ticket(None).unwrap(), opening);
    let mut client = Client::connect(&hub, 100_000);
    client.subscribe(json!({ "token": "office", "interest": wish, "epoch": EPOCH, "since": 10 })).await;
    assert_eq!(event(&events.recv().await.unwrap()).0, "hello");
    client.frame("hello").await;
    let mut last = 0;
    for seq in [51, 52] {
        let (kind, id, data) = event(&events.recv().await.unwrap());
        assert_eq!((kind.as_str(), &data), ("entries", &client.frame("entries").await));
        assert_eq!(id.unwrap(), format!("{EPOCH}:{}", data["seq"]));
        last = *seqs(&data).last().unwrap();
        hub.publish(vec![bell(seq)]);
    }
    assert_eq!(last, 51);
    assert_eq!(seqs(&event(&events.recv().await.unwrap()).2), [52]);
    tokens.revoked.store(true, Ordering::Relaxed);
    let (kind, id, data) = event(&events.recv().await.unwrap());
    assert_eq!((kind.as_str(), id, &data["reason"]), ("goodbye", None, &json!("token_revoked")));
    assert!(events.recv().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_event_stream_that_nobody_reads_gives_its_place_back() {
    let Stage { hub, .. } = stage(two_writers());
    let opening = Opening { admission: Admission::PUBLIC, interest: Interest::default(), epoch: None, since: None };
    let events = hub.stream(hub.ticket(None).unwrap(), opening);
    assert_eq!(hub.viewers(), 1);
    hub.publish((1..=10).map(bell).collect());
    let mut watcher = Client::connect(&hub, 4_096);
    watcher.subscribe(json!({})).await;
    let mut heartbeats = 0;
    while hub.viewers() > 1 {
        watcher.frame("heartbeat").await;
        heartbeats += 1;
        assert!(heartbeats < 4, "gone within 45 seconds");
    }
    drop(events);
}

#[test]
fn an_idle_viewer_is_small() {
    fn session_of<S: Socket>() -> usize {
        size_of::<Session<S>>()
    }
    let (session, reader) = (session_of::<tokio::net::TcpStream>(), size_of::<Reader<tokio::net::TcpStream>>());
    println!("session {session} bytes, reader task's future {reader} bytes");
    assert!(session <= 320 && reader <= 128, "session {session}, reader {reader}");
}
