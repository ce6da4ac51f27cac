//! What the hub promises to viewers, with many of them at once and sockets that behave badly.

mod client;
mod delivery;
mod events;
mod places;
mod stream;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};
use sokuho_tiles::{MAX_ZOOM, Tile};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use uuid::Uuid;

use self::client::{Client, Heard};
use super::interest::{Facets, IncidentFacets};
use super::reader::Reader;
use super::session::{Session, Socket};
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

fn seqs(frame: &Value) -> Vec<u64> {
    frame["entries"].as_array().unwrap().iter().map(|entry| entry["seq"].as_u64().unwrap()).collect()
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
