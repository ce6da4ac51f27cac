use std::sync::Mutex as StdMutex;

use axum::body::Body;
use axum::http::{Request, header};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use super::*;
use crate::domain::ids::NodeId;
use crate::hub::interest::{Facets, Interest};
use crate::hub::sse::Opening;
use crate::hub::{Admission, Gate, Hub, Settings, Slot};
use crate::log::samples::{filed, time, uuid};
use crate::wire::live::GoodbyeReason;

/// A wall clock that stands still unless it is set.
struct Wall(StdMutex<Timestamp>);

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

struct Rig {
    live: Arc<Live>,
    wall: Arc<Wall>,
    state: SnapshotState,
}

fn rig() -> Rig {
    let (live, wall) = (Arc::new(Live::default()), Arc::new(Wall(StdMutex::new(time(0)))));
    let state = SnapshotState::new(Arc::clone(&live), uuid(1), Arc::<Wall>::clone(&wall));
    Rig { live, wall, state }
}

impl Rig {
    fn file(&self, number: u64) {
        self.live.write().apply(number, &filed(number));
    }

    async fn get(&self, path: &str, etag: Option<&str>) -> (u16, String, Value) {
        let (router, _) = routes().with_state(self.state.clone()).split_for_parts();
        let mut request = Request::get(path);
        if let Some(etag) = etag {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let etag = response.headers().get(header::ETAG).map(|tag| tag.to_str().unwrap().to_owned());
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, etag.unwrap_or_default(), serde_json::from_slice(&body).unwrap_or_default())
    }
}

struct Nobody;

impl Gate for Nobody {
    fn admit(&self, _: Option<&str>) -> Result<Admission, GoodbyeReason> {
        Ok(Admission::PUBLIC)
    }
    fn still_valid(&self, _: Uuid) -> Result<(), GoodbyeReason> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn the_address_in_a_viewers_first_frame_gives_a_picture_no_older_than_the_frame() {
    let rig = rig();
    rig.file(1);
    assert_eq!(rig.get("/api/snapshot", None).await.2["seq"], 1, "the shared answer is warm");
    let hub =
        Hub::new(Settings::default(), NodeId(uuid(2)), uuid(1), 1, Arc::<Wall>::clone(&rig.wall), Arc::new(Nobody));
    rig.file(2);
    hub.publish(vec![Slot { seq: 2, facets: Facets { incident: None }, office: "{}".into(), public: None }]);
    let opening = Opening { admission: Admission::PUBLIC, interest: Interest::default(), epoch: None, since: None };
    let mut events = hub.stream(hub.ticket(None).unwrap(), opening);
    events.recv().await.unwrap();
    let event = String::from_utf8(events.recv().await.unwrap().to_vec()).unwrap();
    let frame: Value = serde_json::from_str(event.split("data: ").nth(1).unwrap()).unwrap();
    assert_eq!((&frame["type"], &frame["seq"]), (&"snapshot".into(), &2.into()));
    assert_eq!(rig.get(frame["href"].as_str().unwrap(), None).await.2["seq"], 2);
}

#[tokio::test(start_paused = true)]
async fn a_position_ahead_of_the_log_is_refused_before_anything_is_encoded() {
    let rig = rig();
    rig.file(1);
    assert_eq!(rig.get("/api/snapshot?at_least=2", None).await.0, 422);
    assert!(rig.state.public.lock().await.is_none());
    assert_eq!(rig.get("/api/snapshot?at_least=1", None).await.0, 200);
}

#[tokio::test]
async fn who_asks_and_hangs_up_leaves_the_answer_for_the_next() {
    let rig = rig();
    rig.file(1);
    let mut asking = Box::pin(rig.state.get(Audience::Public, 0));
    let _ = futures_util::poll!(&mut asking);
    drop(asking);
    let held = rig.state.public.lock().await.as_ref().map(|held| held.seq);
    assert_eq!(held, Some(1), "the encoding went to its end, and nobody could start another meanwhile");
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_shared_for_a_second_whatever_the_wall_clock_does() {
    let rig = rig();
    rig.file(1);
    assert_eq!(rig.get("/api/snapshot", None).await.2["seq"], 1);
    rig.file(2);
    assert_eq!(rig.get("/api/snapshot", None).await.2["seq"], 1, "within the second");
    *rig.wall.0.lock().unwrap() = time(-3_600_000);
    tokio::time::advance(FRESH).await;
    assert_eq!(rig.get("/api/snapshot", None).await.2["seq"], 2, "though the wall clock was set back an hour");
}

#[tokio::test(start_paused = true)]
async fn a_tag_is_weak_and_does_not_outlive_what_leaves_by_time() {
    let rig = rig();
    rig.file(1);
    let (_, etag, _) = rig.get("/api/snapshot", None).await;
    assert!(etag.starts_with("W/\""), "{etag}");
    assert_eq!(rig.get("/api/snapshot", Some(&etag)).await.0, 304);
    *rig.wall.0.lock().unwrap() = time(61_000);
    tokio::time::advance(FRESH).await;
    assert_eq!(rig.get("/api/snapshot", Some(&etag)).await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn while_no_entry_comes_one_encoding_serves_everybody_until_the_minute_is_over() {
    let rig = rig();
    rig.file(1);
    let made_at = async |second: i64| {
        *rig.wall.0.lock().unwrap() = time(second * 1_000);
        rig.get("/api/snapshot", None).await;
        rig.state.public.lock().await.as_ref().map(|held| held.made_at).unwrap()
    };
    let first = made_at(0).await;
    tokio::time::advance(FRESH * 40).await;
    assert_eq!(made_at(59).await, first);
    assert_ne!(made_at(60).await, first, "a day ago something may have been closed");
    let second = made_at(61).await;
    rig.file(2);
    tokio::time::advance(FRESH).await;
    assert_ne!(made_at(62).await, second, "something was filed");
}
