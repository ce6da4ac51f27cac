//! What the door tells whom.

use axum::body::Body as HttpBody;
use axum::http::Request;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

use super::*;
use crate::domain::clock::{HlcSource, SystemClock};
use crate::domain::entry::Entry;
use crate::domain::ids::NodeId;
use crate::domain::operation::Operation;
use crate::domain::shelter::ShelterState;
use crate::identity::caller::Caller;
use crate::live::tests::ToLive;
use crate::locate::Locator;
use crate::log::samples::{draft, drilled, entry, office, operation_id, sheltered, sqlite_log};
use crate::log::writer::writer;
use crate::region::Region;

struct Rig {
    state: SheltersState,
    first: Shelter,
}

async fn rig(folder: &tempfile::TempDir) -> Rig {
    let region = Region::built_in().unwrap();
    let list = Shelters::in_force(folder.path(), &region, &Locator::new(&region)).unwrap();
    let first = list.all()[0].clone();
    let live = Arc::new(Live::default());
    let (appender, writing) = writer(Arc::new(sqlite_log(folder).await), 0, ToLive(Arc::clone(&live)));
    tokio::spawn(writing);
    let recorder = Recorder {
        appender,
        clock: Arc::new(SystemClock),
        hlc: Arc::new(HlcSource::default()),
        node: NodeId(Uuid::from_u128(7)),
    };
    Rig { state: SheltersState::new(live, Arc::new(list), recorder, Uuid::from_u128(1)), first }
}

impl Rig {
    /// The office says that the first shelter is in this state.
    async fn say(&self, number: u64, state: ShelterState) {
        let Body::ShelterChanged(mut change) = sheltered(number, 1, state, Some(41)).body else { panic!("a word") };
        change.shelter = self.first.id;
        change.note = Some("毛布が足りない".to_owned());
        self.state.recorder.appender.append(draft(entry(number, Body::ShelterChanged(change)))).await.unwrap();
    }

    /// In the drill that entry `drill` opens the first shelter is in this state.
    async fn say_in_drill(&self, number: u64, drill: u64, state: ShelterState) {
        let mut entry = drilled(number, 1, drill, state);
        let Body::ShelterDrilled(change) = &mut entry.body else { panic!("a word") };
        change.shelter = self.first.id;
        self.state.recorder.appender.append(draft(entry)).await.unwrap();
    }

    /// The drill that entry `drill` opens begins, or ends.
    async fn turn(&self, number: u64, drill: u64, open: bool) {
        let (kind, name) = (OperationKind::Drill, "総合防災訓練".to_owned());
        let begun = Body::OperationOpened(Operation { id: operation_id(drill), kind, name });
        let body = if open { begun } else { Body::OperationClosed };
        let entry = Entry { operation: operation_id(drill), ..entry(number, body) };
        self.state.recorder.appender.append(draft(entry)).await.unwrap();
    }

    async fn get(&self, caller: Caller, path: &str, etag: Option<&str>) -> (u16, String, String) {
        let (router, _) = routes().with_state(self.state.clone()).split_for_parts();
        let mut request = Request::get(path);
        if let Some(etag) = etag {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        let router = router.layer(axum::Extension(caller));
        let response = router.oneshot(request.body(HttpBody::empty()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = body.collect().await.unwrap().to_bytes();
        let etag = parts.headers.get(header::ETAG).map(|tag| tag.to_str().unwrap().to_owned()).unwrap_or_default();
        (parts.status.as_u16(), etag, String::from_utf8(text.to_vec()).unwrap())
    }
}

fn wall() -> Caller {
    Caller::Wall { token: Uuid::nil(), office: office("07202") }
}

#[tokio::test]
async fn everybody_sees_which_shelters_are_open_and_offices_alone_how_many_people_and_who_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(&folder).await;
    rig.say(1, ShelterState::Open).await;
    let (status, _, public) = rig.get(Caller::Public, "/api/shelters", None).await;
    assert_eq!(status, 200);
    let told: Value = serde_json::from_str(&public).unwrap();
    assert_eq!(told["statuses"][0]["shelter"], rig.first.id.to_string());
    assert_eq!((&told["statuses"][0]["state"], &told["demonstration"]), (&"open".into(), &true.into()));
    for secret in ["毛布", "佐藤", "people", "\"by\""] {
        assert!(!public.contains(secret), "{secret}");
    }
    let (_, _, offices) = rig.get(wall(), "/api/shelters", None).await;
    let told: Value = serde_json::from_str(&offices).unwrap();
    assert_eq!((&told["statuses"][0]["people"], &told["statuses"][0]["by"]), (&41.into(), &"佐藤".into()));
}

#[tokio::test]
async fn what_a_drill_says_stands_beside_what_is_real_for_offices_alone_and_ends_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(&folder).await;
    let told = async |caller: Caller| {
        let (_, etag, text) = rig.get(caller, "/api/shelters", None).await;
        let list: Value = serde_json::from_str(&text).unwrap();
        let statuses = list["statuses"].as_array().unwrap().iter();
        let said = statuses.map(|status| format!("{} {}", status["state"], !status["drill"].is_null()));
        (said.collect::<Vec<_>>(), etag)
    };
    rig.turn(10, 10, true).await;
    rig.say_in_drill(11, 10, ShelterState::Open).await;
    assert_eq!(told(Caller::Public).await.0, Vec::<String>::new(), "the door is shut");
    assert_eq!(told(wall()).await.0, ["\"open\" true"]);
    rig.say(12, ShelterState::Closed).await;
    assert_eq!(told(Caller::Public).await.0, ["\"closed\" false"]);
    let (both, tag) = told(wall()).await;
    assert_eq!(both, ["\"closed\" false", "\"open\" true"], "neither overwrites the other");
    rig.turn(13, 10, false).await;
    let (after, ended) = told(wall()).await;
    assert_eq!(after, ["\"closed\" false"], "the drill is over");
    assert_ne!(tag, ended, "and the list is another");
    assert_eq!(told(Caller::Public).await.0, ["\"closed\" false"]);
}

#[tokio::test]
async fn the_list_is_new_after_each_word_and_the_same_until_then() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(&folder).await;
    let (_, before, _) = rig.get(Caller::Public, "/api/shelters", None).await;
    assert_eq!(rig.get(Caller::Public, "/api/shelters", Some(&before)).await.0, 304);
    assert_eq!(rig.get(wall(), "/api/shelters", Some(&before)).await.0, 200, "another audience, another answer");
    rig.say(1, ShelterState::Full).await;
    let (status, after, text) = rig.get(Caller::Public, "/api/shelters", Some(&before)).await;
    assert!(status == 200 && after != before && text.contains("\"full\""));
}

#[tokio::test]
async fn another_log_with_as_many_entries_is_another_list() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = rig(&folder).await;
    rig.say(1, ShelterState::Open).await;
    let (_, before, _) = rig.get(Caller::Public, "/api/shelters", None).await;
    // The entry was lost with the log's tail, and somebody says something else.
    rig.state = SheltersState { epoch: Uuid::from_u128(2), public: Arc::default(), ..rig.state };
    let (status, after, _) = rig.get(Caller::Public, "/api/shelters", Some(&before)).await;
    assert!(status == 200 && after != before, "{status} {after}");
}

#[tokio::test]
async fn a_question_for_a_box_and_a_danger_gives_those_shelters_alone() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(&folder).await;
    let at = rig.first.position;
    let bbox = format!("{},{},{},{}", at.lon() - 0.001, at.lat() - 0.001, at.lon() + 0.001, at.lat() + 0.001);
    let count = async |path: String| {
        let (status, _, text) = rig.get(Caller::Public, &path, None).await;
        assert_eq!(status, 200, "{text}");
        serde_json::from_str::<Value>(&text).unwrap()["shelters"].as_array().unwrap().len()
    };
    assert_eq!(count(format!("/api/shelters?bbox={bbox}")).await, 1);
    assert_eq!(count("/api/shelters?fit=flood".to_owned()).await, 26);
    assert_eq!(count("/api/shelters?fit=tsunami".to_owned()).await, 0);
    for bad in ["bbox=1,2,3", "bbox=140,37,139,38", "fit=meteor", "limit=3"] {
        assert_eq!(rig.get(Caller::Public, &format!("/api/shelters?{bad}"), None).await.0, 422, "{bad}");
    }
}
