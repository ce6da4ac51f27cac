//! A report's digest: what it tells apart, and what it does not give away.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::database::{Database, Location};
use crate::domain::clock::SystemEntropy;
use crate::live::tests::ToLive;
use crate::log::backend::Log;
use crate::log::writer::writer;
use crate::log::{EntryLog, History, digest_of};
use crate::media::store::Limits;
use crate::region::Region;

struct Still;
impl Clock for Still {
    fn now(&self) -> Timestamp {
        "2026-07-01T00:00:00Z".parse().unwrap()
    }
}

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// An intake over a log on disk, both in a folder.
async fn intake(folder: &std::path::Path) -> Intake {
    let database = Database::open(&Location::File(folder.join("sokuho.sqlite"))).await.unwrap();
    let log = Arc::new(Log::open(&database, folder, &Still, &SystemEntropy).await.unwrap());
    log.claim().await.unwrap();
    let (live, node) = (Arc::new(Live::default()), log.node());
    let (appender, tasks) = writer(Arc::clone(&log), log.head().await.unwrap(), ToLive(Arc::clone(&live)));
    tokio::spawn(tasks);
    let region = Region::built_in().unwrap();
    Intake {
        appender,
        locator: Arc::new(Locator::new(&region)),
        hazard: Arc::new(crate::hazard::InForce::of(Vec::new()).unwrap()),
        media: Store::open(&folder.join("media"), Limits::default()).unwrap(),
        past: Arc::new(Past::new(History::new(database), Arc::clone(&live))),
        live,
        quota: AddressLimit::per_minute(0, &SystemEntropy),
        receipts: ReceiptKeys::new(&[1; 32]),
        digests: Digests::new(&[2; 32]),
        clock: Arc::new(Still),
        hlc: Arc::default(),
        node,
        boundaries: Edition::named(region.edition()),
    }
}

fn report(contact: &Value) -> NewReport {
    let report = json!({
        "id": "0197c3e0-0000-7000-8000-000000000001",
        "category": "hazard",
        "words": "路肩が崩れた",
        "observed_at": "2026-07-01T00:00:00Z",
        "evidence": [{ "source": "pin", "position": { "lat": 37.56, "lon": 139.82 } }],
        "contact": contact,
    });
    serde_json::from_value(report).unwrap()
}

fn phone(number: &str) -> Value {
    json!({ "name": "阿部", "phone": number })
}

fn digest(secret: u8, number: &str) -> [u8; 32] {
    let mut report = report(&phone(number));
    let contact = report.contact.take();
    Digests::new(&[secret; 32]).of(&report, contact.as_ref(), &Actor::Resident).unwrap()
}

#[test]
fn a_telephone_number_cannot_be_tried_out_from_a_digest_without_the_nodes_secret() {
    assert_eq!(digest(1, "0242-00-0000"), digest(1, "0242-00-0000"));
    assert_ne!(digest(1, "0242-00-0000"), digest(1, "0242-00-0001"));
    assert_ne!(digest(1, "0242-00-0000"), digest(2, "0242-00-0000"), "the secret is in it");
}

#[test]
fn a_report_without_contact_details_has_the_digest_that_it_always_had() {
    let report = report(&Value::Null);
    let always = digest_of(&[&serde_json::to_vec(&report).unwrap(), b"null"]);
    assert_eq!(Digests::new(&[1; 32]).of(&report, None, &Actor::Resident).unwrap(), always);
}

#[tokio::test]
async fn the_same_contact_details_again_are_the_same_and_others_under_the_same_id_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let intake = intake(folder.path()).await;
    let file = |contact: Value| intake.file(&Caller::Public, HERE, report(&contact));
    let (first, again) = file(phone("0242-00-0000")).await.unwrap();
    assert!(!again);
    let (second, again) = file(phone("0242-00-0000")).await.unwrap();
    assert!(again);
    assert_eq!((first.seq, first.key), (second.seq, second.key));
    for other in [phone("0242-00-0001"), json!({ "name": "阿部" }), Value::Null] {
        let refused = file(other).await;
        assert!(matches!(refused, Err(Refusal::Append(AppendError::IdTaken))), "{refused:?}");
    }
}

#[tokio::test]
async fn a_report_whose_entry_has_a_digest_of_before_gets_its_receipt_again() {
    let folder = tempfile::tempdir().unwrap();
    let intake = intake(folder.path()).await;
    let mut whole = report(&phone("0242-00-0000"));
    let filed = crate::log::samples::filed(1);
    let entry = Entry { id: EntryId(whole.id), actor: Actor::Resident, ..filed };
    let old = Draft::new(entry, of_before(&whole, &Actor::Resident).unwrap(), None).unwrap();
    let seq = intake.appender.append(old).await.unwrap().seq;
    let (receipt, again) = intake.file(&Caller::Public, HERE, whole.clone()).await.unwrap();
    assert_eq!((receipt.seq, again), (seq, true));
    whole.contact = serde_json::from_value(phone("0242-00-0001")).unwrap();
    let refused = intake.file(&Caller::Public, HERE, whole).await;
    assert!(matches!(refused, Err(Refusal::Append(AppendError::IdTaken))), "{refused:?}");
}
