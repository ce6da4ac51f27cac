//! The rules of check-in, through the door: real tokens, the real table of access, the real writer, and
//! a log in memory.

use std::collections::HashMap;
use std::sync::Mutex as StdMutex;

use axum::Router;
use axum::body::Body as HttpBody;
use axum::extract::Request;
use axum::middleware::from_fn_with_state;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::domain::clock::{Clock, HlcSource, SystemEntropy};
use crate::domain::entry::{Entry, Seq};
use crate::domain::ids::{NodeId, uuid_v7};
use crate::http::router::admit;
use crate::http::sessions::{self, SessionState};
use crate::identity::caller::Caller;
use crate::identity::tests::{Fixture, fixture_over, office};
use crate::live::tests::ToLive;
use crate::log::writer::writer;
use crate::log::{Appended, Draft, EntryLog, LogError};

/// A log that forgets everything when it is dropped.
#[derive(Default)]
struct MemoryLog(StdMutex<Vec<Draft>>);

impl EntryLog for MemoryLog {
    fn epoch(&self) -> Uuid {
        Uuid::nil()
    }

    async fn append(&self, drafts: &[Draft]) -> Result<Vec<Appended>, LogError> {
        let mut kept = self.0.lock().unwrap();
        let mut answers = Vec::new();
        for draft in drafts {
            let answer = match kept.iter().position(|old| old.entry.id == draft.entry.id) {
                Some(at) if kept[at].digest == draft.digest => {
                    Appended::Again(at as Seq + 1, Box::new(kept[at].entry.clone()))
                }
                Some(_) => Appended::Conflict,
                None => {
                    kept.push(draft.clone());
                    Appended::Fresh(kept.len() as Seq)
                }
            };
            answers.push(answer);
        }
        Ok(answers)
    }

    async fn head(&self) -> Result<Seq, LogError> {
        Ok(self.0.lock().unwrap().len() as Seq)
    }

    async fn read(&self, _after: Seq, _limit: u32) -> Result<Vec<(Seq, Entry)>, LogError> {
        Ok(Vec::new())
    }
}

const HOME: &str = "07423";
const WORK: &str = "07202";

struct Rig {
    router: Router,
    fixture: Fixture,
    log: Arc<MemoryLog>,
    bearers: HashMap<String, String>,
}

/// Two offices. At WORK: `traveller` (field), `boss` (operator), `chief` (admin), `guest` (viewer).
/// At HOME: `host` and `host2` (operators), `local` (field).
async fn rig() -> Rig {
    let live = Arc::new(Live::default());
    let presence: Arc<dyn crate::domain::check_in::Presence> = Arc::<Live>::clone(&live);
    let fixture = fixture_over(crate::identity::Settings::default(), Some(presence)).await;
    let mut bearers = HashMap::new();
    for (name, role, code) in [
        ("traveller", Role::Field, WORK),
        ("boss", Role::Operator, WORK),
        ("chief", Role::Admin, WORK),
        ("guest", Role::Viewer, WORK),
        ("host", Role::Operator, HOME),
        ("host2", Role::Operator, HOME),
        ("local", Role::Field, HOME),
    ] {
        fixture.account_at(name, role, code).await;
        bearers.insert(name.to_owned(), fixture.sign_in(name).await.access);
    }
    let log = Arc::new(MemoryLog::default());
    let (appender, tasks) = writer(Arc::clone(&log), 0, ToLive(Arc::clone(&live)));
    tokio::spawn(tasks);
    let sessions = SessionState { identity: Arc::clone(&fixture.identity), live: Arc::clone(&live) };
    let state = CheckInState {
        turns: Arc::default(),
        recorder: Recorder {
            appender,
            clock: Arc::<crate::identity::tests::TestClock>::clone(&fixture.clock),
            hlc: Arc::new(HlcSource::default()),
            node: NodeId(Uuid::from_u128(7)),
        },
        live,
        identity: Arc::clone(&fixture.identity),
        offices: Arc::new([office(HOME), office(WORK)].into_iter().collect()),
    };
    let doors = routes().with_state(state).merge(sessions::routes().with_state(sessions));
    let (router, _) = doors.split_for_parts();
    let router = router.layer(from_fn_with_state(Arc::clone(&fixture.identity), admit));
    Rig { router, fixture, log, bearers }
}

impl Rig {
    async fn call(&self, method: &str, who: &str, path: &str, body: Value) -> (u16, Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {}", self.bearers[who]))
            .header("content-type", "application/json")
            .body(HttpBody::from(body.to_string()))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or_else(|_| panic!("{status} {bytes:?}")))
    }

    fn id(&self) -> Uuid {
        uuid_v7(self.fixture.clock.now(), &SystemEntropy)
    }

    async fn check_in(&self, who: &str, office: &str) -> Uuid {
        let id = self.id();
        let (status, receipt) = self.call("POST", who, "/api/check-ins", json!({"id": id, "office": office})).await;
        assert_eq!(status, 201, "{receipt}");
        id
    }

    async fn confirm(&self, who: &str, check_in: Uuid, role: &str) -> (u16, Value) {
        let body = json!({"id": self.id(), "role": role});
        self.call("POST", who, &format!("/api/check-ins/{check_in}/confirm"), body).await
    }

    async fn end(&self, who: &str, how: &str, check_in: Uuid) -> (u16, Value) {
        self.call("POST", who, &format!("/api/check-ins/{check_in}/{how}"), json!({"id": self.id()})).await
    }

    async fn roster(&self, who: &str, office: &str) -> Value {
        let (status, roster) = self.call("GET", who, &format!("/api/offices/{office}/roster"), Value::Null).await;
        assert_eq!(status, 200);
        roster
    }

    fn acting(&self, who: &str) -> (String, Role) {
        match self.fixture.identity.caller(&self.bearers[who]).unwrap() {
            Caller::Staff(staff) => (staff.acting.to_string(), staff.role),
            other => panic!("{other:?}"),
        }
    }

    fn written(&self) -> usize {
        self.log.0.lock().unwrap().len()
    }
}

fn refused(answer: (u16, Value)) -> (u16, String) {
    (answer.0, answer.1["code"].as_str().unwrap_or_default().to_owned())
}

fn problem(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn away_from_the_employer_one_is_field_at_that_office_and_both_rosters_show_it() {
    let rig = rig().await;
    let id = rig.check_in("traveller", HOME).await;
    assert_eq!(rig.acting("traveller"), (HOME.to_owned(), Role::Field));
    let here = rig.roster("host", HOME).await;
    assert_eq!(here["here"][0]["id"], json!(id));
    assert_eq!(here["here"][0]["employer"], WORK);
    assert_eq!(here["here"][0]["since"], "2026-07-01T00:00:00Z");
    assert_eq!(here["not_checked_in"].as_array().unwrap().len(), 3);
    let employer = rig.roster("boss", WORK).await;
    assert_eq!(employer["elsewhere"][0]["office"], HOME);
    assert_eq!(employer["elsewhere"][0]["role"], "field");
    let absent: Vec<&str> =
        employer["not_checked_in"].as_array().unwrap().iter().map(|s| s["name"].as_str().unwrap()).collect();
    assert_eq!(absent, ["職員 boss", "職員 chief", "職員 guest"]);
    let (_, me) = rig.call("GET", "traveller", "/api/me", Value::Null).await;
    assert_eq!((&me["acting_office"], &me["role"]), (&json!(HOME), &json!("field")));
    assert_eq!(me["check_in"]["id"], json!(id));
    let entry = rig.log.0.lock().unwrap()[0].entry.clone();
    assert_eq!((entry.office, entry.operation), (Some(office(HOME)), EVERYDAY));
}

#[tokio::test]
async fn a_check_in_gives_field_whatever_one_is_at_home_and_an_admin_works_nobody_elses_inbox() {
    let rig = rig().await;
    for who in ["chief", "boss", "guest"] {
        let id = rig.check_in(who, HOME).await;
        assert_eq!(rig.acting(who), (HOME.to_owned(), Role::Field), "{who}");
        let other = rig.check_in("traveller", HOME).await;
        assert_eq!(refused(rig.confirm(who, other, "operator").await), problem(403, "forbidden"), "{who}");
        assert_eq!(refused(rig.end(who, "check-out", other).await), problem(403, "forbidden"), "{who}");
        rig.end(who, "check-out", id).await;
    }
    assert_eq!(rig.acting("chief"), (WORK.to_owned(), Role::Admin));
    assert_eq!(rig.acting("guest"), (WORK.to_owned(), Role::Viewer));
}

#[tokio::test]
async fn at_the_employers_own_office_the_accounts_role_holds() {
    let rig = rig().await;
    rig.check_in("boss", WORK).await;
    assert_eq!(rig.acting("boss"), (WORK.to_owned(), Role::Operator));
    assert_eq!(rig.roster("host", WORK).await["here"][0].get("role"), None);
}

#[tokio::test]
async fn an_operator_there_confirms_and_may_raise_the_role_until_check_out() {
    let rig = rig().await;
    let id = rig.check_in("traveller", HOME).await;
    let (status, receipt) = rig.confirm("host", id, "operator").await;
    assert_eq!(status, 200, "{receipt}");
    assert_eq!(receipt["check_in"]["confirmed_by"], "職員 host");
    assert_eq!(rig.acting("traveller"), (HOME.to_owned(), Role::Operator));
    assert_eq!(rig.confirm("host2", id, "field").await.0, 200);
    assert_eq!(rig.acting("traveller"), (HOME.to_owned(), Role::Field));
    let (status, receipt) = rig.end("traveller", "check-out", id).await;
    assert_eq!((status, &receipt["check_in"]["ended"]["reason"]), (200, &json!("checked_out")));
    assert_eq!(rig.acting("traveller"), (WORK.to_owned(), Role::Field));
    rig.check_in("traveller", HOME).await;
    assert_eq!(rig.acting("traveller").1, Role::Field, "an earlier confirmation does not come along");
}

#[tokio::test]
async fn only_an_operator_acting_for_that_office_confirms_and_never_their_own_arrival() {
    let rig = rig().await;
    let id = rig.check_in("traveller", HOME).await;
    let before = rig.written();
    assert_eq!(refused(rig.confirm("boss", id, "operator").await), problem(403, "other_office"));
    assert_eq!(refused(rig.confirm("chief", id, "operator").await), problem(403, "other_office"));
    assert_eq!(refused(rig.confirm("local", id, "operator").await), problem(403, "forbidden"));
    for role in ["admin", "viewer"] {
        assert_eq!(refused(rig.confirm("host", id, role).await), problem(422, "invalid_field"));
    }
    assert_eq!(rig.written(), before, "nothing was written");
    rig.confirm("host", id, "operator").await;
    assert_eq!(refused(rig.confirm("traveller", id, "operator").await), problem(403, "forbidden"));
    let own = rig.check_in("host", HOME).await;
    assert_eq!(refused(rig.confirm("host", own, "operator").await), problem(403, "forbidden"));
    assert_eq!(rig.confirm("traveller", own, "field").await.0, 200, "a raised guest is an operator of that office");
    rig.check_in("host2", WORK).await;
    assert_eq!(refused(rig.confirm("host2", id, "field").await), problem(403, "forbidden"), "acts elsewhere now");
}

#[tokio::test]
async fn the_person_or_an_operator_of_that_office_ends_a_check_in_and_nobody_else() {
    let rig = rig().await;
    let id = rig.check_in("traveller", HOME).await;
    assert_eq!(refused(rig.end("local", "check-out", id).await), problem(403, "forbidden"));
    assert_eq!(refused(rig.end("boss", "check-out", id).await), problem(403, "other_office"));
    assert_eq!(rig.end("host", "check-out", id).await.0, 200);
    assert_eq!(refused(rig.end("traveller", "check-out", id).await), problem(409, "check_in_ended"));
    assert_eq!(refused(rig.confirm("host", id, "field").await), problem(409, "check_in_ended"));
    assert_eq!(refused(rig.end("boss", "call-back", id).await), problem(409, "check_in_ended"));
}

#[tokio::test]
async fn a_new_check_in_ends_the_earlier_one() {
    let rig = rig().await;
    let first = rig.check_in("traveller", HOME).await;
    rig.confirm("host", first, "operator").await;
    rig.check_in("traveller", WORK).await;
    assert_eq!(rig.acting("traveller"), (WORK.to_owned(), Role::Field));
    assert_eq!(rig.roster("host", HOME).await["here"], json!([]));
    assert_eq!(refused(rig.end("traveller", "check-out", first).await), problem(409, "check_in_ended"));
}

#[tokio::test]
async fn only_an_operator_acting_for_the_employer_calls_back_and_that_is_an_entry() {
    let rig = rig().await;
    let id = rig.check_in("traveller", HOME).await;
    assert_eq!(refused(rig.end("host", "call-back", id).await), problem(403, "other_office"));
    let away = rig.check_in("boss", HOME).await;
    rig.confirm("host", away, "operator").await;
    assert_eq!(refused(rig.end("boss", "call-back", id).await), problem(403, "other_office"), "acts elsewhere");
    let (status, receipt) = rig.end("chief", "call-back", id).await;
    assert_eq!((status, &receipt["check_in"]["ended"]["reason"]), (200, &json!("called_back")));
    assert_eq!(rig.acting("traveller"), (WORK.to_owned(), Role::Field));
    let last = rig.log.0.lock().unwrap().last().unwrap().entry.clone();
    assert_eq!((last.body.kind(), last.office), ("called_back", Some(office(WORK))));
}

#[tokio::test]
async fn nobody_calls_themselves_back() {
    let rig = rig().await;
    let own = rig.check_in("boss", WORK).await;
    assert_eq!(refused(rig.end("boss", "call-back", own).await), problem(403, "forbidden"));
}

#[tokio::test]
async fn the_same_again_gives_the_same_receipt_and_another_thing_under_its_id_is_refused() {
    let rig = rig().await;
    let (id, end) = (rig.id(), rig.id());
    let new = json!({"id": id, "office": HOME});
    let first = rig.call("POST", "traveller", "/api/check-ins", new.clone()).await;
    assert_eq!(rig.call("POST", "traveller", "/api/check-ins", new.clone()).await, first);
    let elsewhere = rig.call("POST", "traveller", "/api/check-ins", json!({"id": id, "office": WORK})).await;
    assert_eq!(refused(elsewhere), problem(409, "id_taken"));
    assert_eq!(refused(rig.call("POST", "boss", "/api/check-ins", new).await), problem(409, "id_taken"));
    let path = format!("/api/check-ins/{id}/check-out");
    let ended = rig.call("POST", "traveller", &path, json!({"id": end})).await;
    assert_eq!(ended.0, 200);
    assert_eq!(rig.call("POST", "traveller", &path, json!({"id": end})).await, ended, "though it has ended since");
    let path = format!("/api/check-ins/{id}/confirm");
    let reused = rig.call("POST", "host", &path, json!({"id": end, "role": "operator"})).await;
    assert_eq!(refused(reused), problem(409, "id_taken"));
    assert_eq!(rig.written(), 2);
}

#[tokio::test]
async fn what_is_not_understood_is_refused_by_name_and_nothing_is_written() {
    let rig = rig().await;
    let id = rig.id();
    for (body, expected) in [
        (json!({"id": id, "office": "99999"}), problem(422, "unknown_office")),
        (json!({"id": id, "office": "../x"}), problem(422, "unknown_office")),
        (json!({"id": id, "office": HOME, "role": "admin"}), problem(422, "unknown_field")),
        (json!({"id": "x", "office": HOME}), problem(422, "invalid_field")),
        (json!({"id": Uuid::from_u128(5), "office": HOME}), problem(422, "invalid_field")),
        (json!({"office": HOME}), problem(422, "invalid_field")),
    ] {
        let answer = rig.call("POST", "traveller", "/api/check-ins", body.clone()).await;
        assert_eq!(refused(answer), expected, "{body}");
    }
    assert_eq!(refused(rig.end("host", "check-out", id).await), problem(404, "not_found"));
    let answer = rig.call("POST", "host", "/api/check-ins/x/check-out", json!({"id": id})).await;
    assert_eq!(refused(answer), problem(404, "not_found"));
    let answer = rig.call("GET", "host", "/api/offices/99999/roster", Value::Null).await;
    assert_eq!(refused(answer), problem(404, "not_found"));
    assert_eq!(rig.written(), 0);
}

#[tokio::test]
async fn many_check_ins_of_one_person_at_once_leave_exactly_one_open() {
    let rig = rig().await;
    let offices = [HOME, WORK, HOME, WORK, HOME, WORK];
    futures_util::future::join_all(offices.map(|office| rig.check_in("traveller", office))).await;
    let (here, there) = (rig.roster("host", HOME).await, rig.roster("host", WORK).await);
    let open = here["here"].as_array().unwrap().len() + there["here"].as_array().unwrap().len();
    assert_eq!((open, rig.written()), (1, 6));
}
