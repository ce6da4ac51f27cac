use super::*;
use crate::domain::clock::{HlcSource, SystemClock};
use crate::domain::entry::Entry;
use crate::domain::ids::{NodeId, StaffId};
use crate::domain::incident::Status;
use crate::domain::place::Place;
use crate::domain::staff::Role;
use crate::identity::caller::{Caller, StaffCaller};
use crate::live::tests::ToLive;
use crate::log::samples::{draft, filed, incident_of, office, sqlite_log_and_history, uuid};
use crate::log::writer::writer;

fn layers() -> Arc<BTreeSet<String>> {
    Arc::new(["flood-max", "landslide"].map(str::to_owned).into())
}

/// A resident's report from outside the region.
fn abroad(number: u64) -> Entry {
    let mut entry = filed(number);
    let Body::ReportFiled(report) = &mut entry.body else { panic!("a report") };
    let report = std::sync::Arc::make_mut(report);
    report.place = Place::Outside { nearest: office("07421"), distance_m: 12.0 };
    entry.office = None;
    entry
}

/// A world with one incident on the ground of 07202, and one that nobody answers for.
async fn state(folder: &tempfile::TempDir) -> IncidentsState {
    let (log, history) = sqlite_log_and_history(folder).await;
    let (log, live) = (Arc::new(log), Arc::new(Live::default()));
    let past = Arc::new(Past::new(history, Arc::clone(&live)));
    let (appender, tasks) = writer(log, 0, ToLive(Arc::clone(&live)));
    tokio::spawn(tasks);
    appender.append(draft(filed(1))).await.unwrap();
    appender.append(draft(abroad(2))).await.unwrap();
    let (clock, hlc) = (Arc::new(SystemClock), Arc::new(HlcSource::default()));
    let recorder = Recorder { appender, clock, hlc, node: NodeId(uuid(9)) };
    let offices = Arc::new(["07202", "07421", "07423"].map(office).into());
    IncidentsState { live, past, recorder, offices, zone_layers: layers(), turns: Arc::default() }
}

#[tokio::test]
async fn a_map_is_told_what_it_draws_and_the_public_the_coarse_place() {
    let folder = tempfile::tempdir().unwrap();
    let state = state(&folder).await;
    let exact = state.live.read().incident(incident_of(1)).unwrap().reports[0].report.position().unwrap();
    let ask = |audience| {
        let question = Question {
            bbox: None,
            near: Some(format!("{},{}", exact.lat(), exact.lon())),
            office: None,
            zone: None,
            obstacles: None,
            limit: Some(1),
            form: Some(Form::Symbol),
        };
        serde_json::to_value(answer(&state.live.read(), &read(&question, &state.zone_layers).unwrap(), audience))
            .unwrap()
    };
    let symbol = |position: Position| {
        let position = serde_json::json!({ "lat": position.lat(), "lon": position.lon() });
        let symbol = serde_json::json!({
            "id": incident_of(1), "category": "water_leak", "status": "received", "position": position
        });
        serde_json::json!({ "incidents": [symbol] })
    };
    assert_ne!(exact, exact.coarse());
    assert_eq!(ask(Audience::Office), symbol(exact));
    assert_eq!(ask(Audience::Public), symbol(exact.coarse()));
}

#[test]
fn a_layer_that_there_is_not_is_refused_and_the_layers_are_named() {
    let question = |zone: &str| Question {
        bbox: None,
        near: None,
        office: None,
        zone: Some(zone.to_owned()),
        obstacles: None,
        limit: None,
        form: None,
    };
    for wrong in ["nope", "nope:1", ""] {
        let refused = read(&question(wrong), &layers()).err().unwrap();
        assert_eq!(refused.code(), Code::InvalidField, "{wrong}");
    }
    assert!(read(&question("flood-max"), &layers()).is_ok());
    // A class that nobody knows may be kept from some edition.
    assert!(read(&question("landslide:9"), &layers()).is_ok());
}

fn operator(acting: &str) -> StaffCaller {
    StaffCaller {
        id: StaffId(uuid(50)),
        name: "佐藤".to_owned(),
        employer: office("07423"),
        home: None,
        acting: office(acting),
        role: Role::Operator,
        check_in: None,
        session: uuid(51),
    }
}

async fn set(state: &IncidentsState, acting: &str, id: Uuid, status: Status) -> Result<u16, Code> {
    let new = JsonBody(NewStatus { id, status });
    let about = PathParams(incident_of(1).0);
    let answer = change_status(State(state.clone()), Who(Caller::Staff(operator(acting))), about, new).await;
    answer.map(|response| response.status().as_u16()).map_err(|error| error.code())
}

#[tokio::test]
async fn a_status_sent_again_after_the_check_out_gets_its_receipt_and_nothing_new_is_let_in() {
    let folder = tempfile::tempdir().unwrap();
    let state = state(&folder).await;
    assert_eq!(set(&state, "07202", uuid(60), Status::InProgress).await, Ok(201));
    // The operator checked out and acts for the employer again.
    assert_eq!(set(&state, "07423", uuid(60), Status::InProgress).await, Ok(200));
    assert_eq!(set(&state, "07423", uuid(60), Status::Resolved).await, Err(Code::IdTaken));
    assert_eq!(set(&state, "07423", uuid(61), Status::Resolved).await, Err(Code::OtherOffice));
    let world = state.live.read();
    assert_eq!(*world.incident(incident_of(1)).unwrap().incident.status.get(), Status::InProgress);
}

async fn give(state: &IncidentsState, acting: &str, id: Uuid, of: u64, to: &str) -> Result<u16, Code> {
    let new = JsonBody(NewResponsible { id, office: to.to_owned() });
    let about = PathParams(incident_of(of).0);
    let answer = change_responsible(State(state.clone()), Who(Caller::Staff(operator(acting))), about, new).await;
    answer.map(|response| response.status().as_u16()).map_err(|error| error.code())
}

fn responsible(state: &IncidentsState, of: u64) -> Option<OfficeCode> {
    state.live.read().incident(incident_of(of)).unwrap().incident.responsible.clone()
}

#[tokio::test]
async fn an_office_takes_what_nobody_answers_for_and_hands_over_its_own_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let state = state(&folder).await;
    assert_eq!(responsible(&state, 2), None);
    assert_eq!(give(&state, "07423", uuid(60), 2, "07421").await, Err(Code::OtherOffice), "nobody's to give");
    assert_eq!(give(&state, "07423", uuid(61), 2, "07423").await, Ok(201));
    assert_eq!(responsible(&state, 2), Some(office("07423")));
    assert_eq!(give(&state, "07423", uuid(62), 2, "07423").await, Err(Code::AlreadyResponsible));
    assert_eq!(give(&state, "07421", uuid(63), 2, "07421").await, Err(Code::OtherOffice), "it has an office now");
    assert_eq!(give(&state, "07423", uuid(64), 2, "99999").await, Err(Code::UnknownOffice));
    assert_eq!(give(&state, "07423", uuid(65), 2, "07421").await, Ok(201));
    assert_eq!(responsible(&state, 2), Some(office("07421")));
    assert_eq!(give(&state, "07423", uuid(65), 2, "07421").await, Ok(200), "sent again after it has left");
    assert_eq!(give(&state, "07423", uuid(65), 2, "07202").await, Err(Code::IdTaken));
    // What lies on an office's own ground can be handed over as well.
    assert_eq!(give(&state, "07421", uuid(66), 1, "07421").await, Err(Code::OtherOffice));
    assert_eq!(give(&state, "07202", uuid(67), 1, "07421").await, Ok(201));
    assert_eq!(responsible(&state, 1), Some(office("07421")));
}

#[tokio::test]
async fn of_many_offices_that_reach_for_an_incident_at_once_one_gets_it_and_the_others_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let state = state(&folder).await;
    let reach = |(n, acting): (u64, &'static str)| {
        let state = state.clone();
        async move { (acting, give(&state, acting, uuid(60 + n), 2, acting).await) }
    };
    let reaching = [(1, "07202"), (2, "07421"), (3, "07423")].map(reach).map(tokio::spawn);
    let mut got = Vec::new();
    for answer in reaching {
        match answer.await.unwrap() {
            (acting, Ok(201)) => got.push(office(acting)),
            (acting, answer) => assert_eq!(answer, Err(Code::OtherOffice), "{acting}"),
        }
    }
    assert_eq!(got.len(), 1);
    assert_eq!(responsible(&state, 2), got.pop());
}

#[tokio::test]
async fn who_asks_what_stands_in_the_way_is_told_no_leak_and_must_say_near_what() {
    let folder = tempfile::tempdir().unwrap();
    let state = state(&folder).await;
    let castle = "37.4878,139.9297";
    let question = |near: Option<&str>, bbox: Option<&str>, obstacles: Option<bool>| Question {
        bbox: bbox.map(str::to_owned),
        near: near.map(str::to_owned),
        office: None,
        zone: None,
        obstacles,
        limit: None,
        form: None,
    };
    let ids = |obstacles: bool| {
        let asked = read(&question(Some(castle), None, Some(obstacles)), &layers()).unwrap();
        let answer = serde_json::to_value(answer(&state.live.read(), &asked, Audience::Public)).unwrap();
        answer["incidents"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(false).len(), 2);
    assert_eq!(ids(true).len(), 0, "both are leaks");
    let mut broken = filed(3);
    let Body::ReportFiled(report) = &mut broken.body else { panic!("a report") };
    std::sync::Arc::make_mut(report).category = crate::domain::report::Category::RoadDamage;
    state.recorder.appender.append(draft(broken)).await.unwrap();
    assert_eq!(ids(true), [serde_json::json!(incident_of(3))]);
    for wrong in [question(None, Some("139,37,140,38"), Some(true)), question(None, None, Some(true))] {
        assert_eq!(read(&wrong, &layers()).err().map(|error| error.code()), Some(Code::InvalidField));
    }
}
