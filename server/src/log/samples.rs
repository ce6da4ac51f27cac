//! Entries for tests, made from small numbers: the same numbers, the same entry.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::backend::Log;
use super::{Draft, History, digest_of};
use crate::database::{Database, Location};
use crate::domain::clock::{Clock, Entropy, Hlc, SystemClock, SystemEntropy};
use crate::domain::entry::{Actor, Body, Entry, ResponsibleChanged, ShelterChanged, StatusChanged, ZonesChanged};
use crate::domain::ids::{EntryId, IncidentId, NodeId, OperationId, ReportId, ShelterId, StaffId};
use crate::domain::incident::Status;
use crate::domain::office::OfficeCode;
use crate::domain::operation::EVERYDAY;
use crate::domain::place::Place;
use crate::domain::position::{Evidence, EvidenceSource, Position};
use crate::domain::report::{Category, Edition, Report};
use crate::domain::shelter::ShelterState;
use crate::domain::zone::{DepthRange, Hazard, ZoneTag, Zones};

/// Not random at all: counts.
#[derive(Debug, Default)]
pub(crate) struct Counting(std::sync::atomic::AtomicU8);

impl Entropy for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
    }
}

/// A log of SQLite in a folder.
pub(crate) async fn sqlite_log(folder: &tempfile::TempDir) -> Log {
    sqlite_log_and_history(folder).await.0
}

/// The same, and who looks things up in it.
pub(crate) async fn sqlite_log_and_history(folder: &tempfile::TempDir) -> (Log, History) {
    let file = Location::File(folder.path().join("sokuho.sqlite"));
    let database = Database::open(&file).await.unwrap();
    let log = Log::open(&database, folder.path(), &SystemClock, &SystemEntropy).await.unwrap();
    (log, History::new(database))
}

/// 2026-11-22 00:00 UTC, milliseconds since 1970.
pub(crate) const MIDNIGHT_MS: i64 = 1_795_305_600_000;

/// A clock that stands at that midnight.
pub(crate) struct Midnight;

impl Clock for Midnight {
    fn now(&self) -> Timestamp {
        time(0)
    }
}

/// So many milliseconds after that midnight.
pub(crate) fn time(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(MIDNIGHT_MS + ms).unwrap()
}

/// A UUID that says the number.
pub(crate) fn uuid(number: u64) -> Uuid {
    let millis = u128::from(MIDNIGHT_MS.unsigned_abs() + number);
    Uuid::from_u128((millis << 80) | (0x7000 << 64) | (0x8000_0000_0000_0000 | u128::from(number)))
}

pub(crate) fn office(code: &str) -> OfficeCode {
    code.parse().unwrap()
}

pub(crate) fn report_id(number: u64) -> ReportId {
    ReportId(uuid(number))
}

pub(crate) fn incident_of(number: u64) -> IncidentId {
    IncidentId::opened_by(report_id(number))
}

/// An entry of the first node, `number` milliseconds after midnight, by a staff member who acts for 07202.
pub(crate) fn entry(number: u64, body: Body) -> Entry {
    Entry {
        id: EntryId(uuid(number)),
        origin: NodeId(uuid(1_000_001)),
        hlc: Hlc::at(time(number.cast_signed())),
        actor: Actor::Staff { id: StaffId(uuid(2_000_001)), name: "佐藤".to_owned(), employer: office("07202") },
        office: Some(office("07202")),
        operation: EVERYDAY,
        body,
    }
}

/// A report filed at a position, on the ground of 07202.
pub(crate) fn filed_at(number: u64, position: Position) -> Entry {
    let evidence = Evidence {
        source: EvidenceSource::Device,
        position,
        accuracy_m: Some(8.0),
        heading_deg: Some(120.0),
        at: Some(time(number.cast_signed())),
    };
    let report = Report {
        id: report_id(number),
        incident: incident_of(number),
        category: Category::ALL[(number % 5) as usize],
        words: "県道の路肩が崩れています。片側通行です。".to_owned(),
        danger_to_life: false,
        observed_at: time(number.cast_signed()),
        evidence: [evidence].into(),
        chosen: 0,
        place: Place::Inside { municipality: office("07202") },
        boundaries: Edition::named("sketch 1"),
        media: Box::default(),
        zones: Zones::none(),
        has_contact: false,
    };
    entry(number, Body::ReportFiled(Arc::new(report)))
}

/// A report filed somewhere in Aizu.
pub(crate) fn filed(number: u64) -> Entry {
    let spread = |step: u64| (number.wrapping_mul(step) % 10_007) as f64 / 10_007.0;
    filed_at(number, Position::new(37.0 + spread(7_919), 139.2 + spread(6_101)).unwrap())
}

/// A change of the status of report `of`'s incident.
pub(crate) fn status(number: u64, of: u64, status: Status) -> Entry {
    entry(number, Body::StatusChanged(StatusChanged { incident: incident_of(of), status }))
}

/// An office takes report `of`'s incident, or gets it.
pub(crate) fn responsible(number: u64, of: u64, code: &str) -> Entry {
    let body = ResponsibleChanged { incident: incident_of(of), office: office(code) };
    entry(number, Body::ResponsibleChanged(body))
}

/// A tag of a flood zone of this class.
pub(crate) fn zone(class: &str) -> ZoneTag {
    ZoneTag {
        layer: "flood".to_owned(),
        hazard: Hazard::Flood,
        class: class.to_owned(),
        name: "浸水 3.0〜5.0m".to_owned(),
        english: "Flood depth 3 to 5 m".to_owned(),
        depth: DepthRange::new(3.0, Some(5.0)).ok(),
        edition: "A31a 2022".to_owned(),
        demonstration: false,
    }
}

/// Report `of`'s incident is looked at again, and lies in zones of these classes.
pub(crate) fn zones(number: u64, of: u64, classes: &[&str]) -> Entry {
    let zones = Zones::of(classes.iter().copied().map(zone));
    entry(number, Body::ZonesChanged(ZonesChanged { incident: incident_of(of), zones }))
}

/// The id of a shelter of this number.
pub(crate) fn shelter_id(number: u64) -> ShelterId {
    ShelterId::of_key(&number.to_string())
}

/// The office says something of shelter `of`.
pub(crate) fn sheltered(number: u64, of: u64, state: ShelterState, people: Option<u32>) -> Entry {
    let body = ShelterChanged { shelter: shelter_id(of), name: format!("避難所 {of}"), state, people, note: None };
    entry(number, Body::ShelterChanged(body))
}

/// The office says something of shelter `of` in the drill that entry `drill` opens.
pub(crate) fn drilled(number: u64, of: u64, drill: u64, state: ShelterState) -> Entry {
    let Body::ShelterChanged(body) = sheltered(number, of, state, None).body else { panic!("a word") };
    Entry { operation: operation_id(drill), ..entry(number, Body::ShelterDrilled(body)) }
}

/// The operation that the entry with this number opens.
pub(crate) fn operation_id(number: u64) -> OperationId {
    OperationId(uuid(number))
}

/// A draft without contact details, whose digest says what is in it.
pub(crate) fn draft(entry: Entry) -> Draft {
    let digest = digest_of(&[entry.id.0.as_bytes(), entry.body.encode().unwrap().as_bytes()]);
    Draft::new(entry, digest, None).unwrap()
}
