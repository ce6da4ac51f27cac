use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;
use uuid::Uuid;

use super::*;
use crate::audit::exports::Exports;
use crate::database::{Database, Location};
use crate::domain::clock::SystemClock;
use crate::domain::entry::{Body as EntryBody, CheckedIn, Entry};
use crate::domain::ids::StaffId;
use crate::domain::position::Position;
use crate::http::export::ExportDoor;
use crate::identity::caller::Caller;
use crate::log::samples::{entry, filed, filed_at, incident_of, office, report_id, uuid};
use crate::region::synthetic::two_towns;

fn wall() -> Caller {
    Caller::Wall { token: Uuid::nil(), office: office("99001") }
}

/// The door to a world, as the caller sees it. Its database lasts for as long as the door.
async fn door(live: &Arc<Live>, caller: Caller) -> Router {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let database = Database::open(&Location::File(folder.path().join("sokuho.sqlite"))).await.unwrap();
    door_with(live, caller, database).layer(axum::Extension(folder))
}

/// The same, which records exports there.
fn door_with(live: &Arc<Live>, caller: Caller, database: Database) -> Router {
    let exports = ExportDoor { exports: Arc::new(Exports::new(database)), clock: Arc::new(SystemClock) };
    let list = Arc::new(Shelters::none());
    let state = FeaturesState::new(&two_towns(), list, Arc::clone(live), Arc::new(SystemClock), exports).unwrap();
    let (router, _) = routes().with_state(state).split_for_parts();
    router.layer(axum::Extension(caller))
}

fn live(entries: &[Entry]) -> Arc<Live> {
    let live = Live::default();
    for (seq, entry) in (1..).zip(entries) {
        live.write().apply(seq, entry);
    }
    Arc::new(live)
}

async fn get(router: &Router, path: &str) -> (StatusCode, String, Value) {
    let request = Request::get(path).header(header::HOST, "h").body(Body::empty()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let kind = parts.headers[header::CONTENT_TYPE].to_str().unwrap().to_owned();
    let bytes = body.collect().await.unwrap().to_bytes();
    (parts.status, kind, serde_json::from_slice(&bytes).unwrap())
}

fn ids(page: &Value) -> Vec<String> {
    page["features"].as_array().unwrap().iter().map(|f| f["id"].as_str().unwrap().to_owned()).collect()
}

fn next(page: &Value) -> Option<String> {
    let link = page["links"].as_array().unwrap().iter().find(|link| link["rel"] == "next")?;
    Some(link["href"].as_str().unwrap().strip_prefix("http://h").unwrap().to_owned())
}

fn arrival(number: u64, at: &str) -> Entry {
    let staff = StaffId(uuid(3_000_000 + number));
    let body = CheckedIn { staff, name: "佐藤".to_owned(), office: office(at), employer: office("99002") };
    entry(number, EntryBody::CheckedIn(body))
}

#[tokio::test]
async fn a_page_of_several_slices_is_one_feature_collection() {
    let entries: Vec<Entry> = (1..=1_200).map(filed).collect();
    let router = door(&live(&entries), wall()).await;
    for collection in ["incidents", "reports"] {
        let (status, kind, page) = get(&router, &format!("/ogc/collections/{collection}/items?limit=10000")).await;
        assert_eq!((status, kind.as_str()), (StatusCode::OK, "application/geo+json"));
        assert_eq!((&page["numberReturned"], &page["numberMatched"]), (&1_200.into(), &1_200.into()));
        assert_eq!(ids(&page).len(), 1_200);
        assert_eq!(next(&page), None);
        let parsed: geojson::FeatureCollection = serde_json::from_value(page).unwrap();
        assert_eq!(parsed.features.len(), 1_200);
    }
    let (_, _, page) = get(&router, "/ogc/collections/reports/items?limit=700").await;
    assert_eq!((ids(&page).len(), next(&page).is_some()), (700, true));
}

#[tokio::test]
async fn pages_follow_one_another_to_the_end_and_what_is_filed_meanwhile_moves_nothing() {
    let entries: Vec<Entry> = (1..=25).map(filed).collect();
    let live = live(&entries);
    let router = door(&live, wall()).await;
    let (mut path, mut seen) = (Some("/ogc/collections/reports/items?limit=7".to_owned()), Vec::new());
    while let Some(at) = path {
        let (_, _, page) = get(&router, &at).await;
        seen.extend(ids(&page));
        let head = live.read().head() + 1;
        live.write().apply(head, &filed(head));
        path = next(&page);
    }
    let expected: Vec<String> = (1..=25).rev().map(|number| report_id(number).0.to_string()).collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn an_empty_world_gives_empty_pages_and_says_where_it_would_be() {
    let router = door(&live(&[]), wall()).await;
    for collection in ["incidents", "reports", "check-ins"] {
        let (_, _, page) = get(&router, &format!("/ogc/collections/{collection}/items")).await;
        assert_eq!((&page["numberReturned"], &page["numberMatched"], ids(&page).len()), (&0.into(), &0.into(), 0));
    }
    let (_, _, collection) = get(&router, "/ogc/collections/reports").await;
    assert_eq!(collection["extent"]["spatial"]["bbox"], serde_json::json!([[139.0, 36.0, 142.0, 39.0]]));
    assert_eq!(collection["extent"]["temporal"]["interval"], serde_json::json!([[null, null]]));
}

#[tokio::test]
async fn the_extent_holds_what_lies_outside_the_region_as_its_reader_sees_it() {
    let far = filed_at(1, Position::new(-20.123_456, 179.987_654).unwrap());
    let live = live(&[far]);
    let extent = async |caller| {
        let (_, _, collection) = get(&door(&live, caller).await, "/ogc/collections/incidents").await;
        collection["extent"]["spatial"]["bbox"][0].to_string()
    };
    assert_eq!(extent(wall()).await, "[139.0,-20.123456,179.987654,39.0]");
    assert_eq!(extent(Caller::Public).await, "[139.0,-20.1235,179.9877,39.0]");
}

#[tokio::test]
async fn the_public_sees_the_public_encoding_and_no_collection_that_is_the_offices() {
    let live = live(&[filed_at(1, Position::new(37.123_456, 140.234_567).unwrap())]);
    let (_, _, page) = get(&door(&live, Caller::Public).await, "/ogc/collections/incidents/items").await;
    let feature = &page["features"][0];
    assert_eq!(feature["geometry"]["coordinates"], serde_json::json!([140.2346, 37.1235]));
    let known: Vec<&String> = feature["properties"].as_object().unwrap().keys().collect();
    let public = [
        "category",
        "filed_at",
        "operation",
        "operation_kind",
        "operation_name",
        "responsible",
        "status",
        "updated_at",
    ];
    let mut known: Vec<&str> = known.into_iter().map(String::as_str).collect();
    known.sort_unstable();
    assert_eq!(known, public);

    let (_, _, list) = get(&door(&live, Caller::Public).await, "/ogc/collections").await;
    let names = |list: &Value| -> Vec<String> {
        list["collections"].as_array().unwrap().iter().map(|c| c["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&list), ["incidents", "offices", "shelters"]);
    let (_, _, list) = get(&door(&live, wall()).await, "/ogc/collections").await;
    assert_eq!(names(&list), ["incidents", "reports", "offices", "check-ins", "shelters"]);
    let (_, _, page) = get(&door(&live, wall()).await, "/ogc/collections/incidents/items").await;
    assert_eq!(page["features"][0]["geometry"]["coordinates"], serde_json::json!([140.234567, 37.123456]));
    assert_eq!(page["features"][0]["properties"]["reports"], 1);
}

#[tokio::test]
async fn offices_are_found_by_the_ground_that_they_have() {
    let router = door(&live(&[]), Caller::Public).await;
    let found = async |query: &str| ids(&get(&router, &format!("/ogc/collections/offices/items{query}")).await.2);
    assert_eq!(found("").await, ["99001", "99002"]);
    assert_eq!(found("?bbox=140.1,37.1,140.2,37.2").await, ["99001"], "within the ground");
    assert_eq!(found("?bbox=140.5,37.1,140.5,37.2").await, ["99001", "99002"], "on the border");
    assert_eq!(found("?bbox=139,36,142,39").await, ["99001", "99002"], "all around");
    assert_eq!(found("?bbox=141.5,37,142,38").await, Vec::<String>::new());
    assert_eq!(found("?bbox=170,36,140.1,39").await, ["99001"], "across the antimeridian");
    assert_eq!(found("?datetime=2000-01-01T00:00:00Z").await, ["99001", "99002"], "they have no time");
    let (_, _, first) = get(&router, "/ogc/collections/offices/items?limit=1").await;
    assert_eq!((ids(&first), &first["numberMatched"]), (vec!["99001".to_owned()], &2.into()));
    let (_, _, second) = get(&router, &next(&first).unwrap()).await;
    assert_eq!((ids(&second), next(&second)), (vec!["99002".to_owned()], None));
    assert_eq!(get(&router, "/ogc/collections/offices/items?cursor=99009").await.0, StatusCode::BAD_REQUEST);

    let (_, _, town) = get(&router, "/ogc/collections/offices/items/99001").await;
    assert_eq!(town["properties"]["sketch"], true);
    let rings = &town["geometry"]["coordinates"][0][0];
    assert_eq!(rings[0], rings[rings.as_array().unwrap().len() - 1], "closed");
}

#[tokio::test]
async fn check_ins_lie_at_their_office_and_leave_when_they_end() {
    let mut later = arrival(4, "99002");
    later.body = match arrival(2, "99001").body {
        EntryBody::CheckedIn(body) => EntryBody::CheckedIn(CheckedIn { office: office("99002"), ..body }),
        other => other,
    };
    let live = live(&[arrival(1, "99001"), arrival(2, "99001"), arrival(3, "99777"), later]);
    let router = door(&live, wall()).await;
    let items = async |query: &str| get(&router, &format!("/ogc/collections/check-ins/items{query}")).await.2;
    let all = items("").await;
    assert_eq!(ids(&all), [4, 3, 1].map(|number| uuid(number).to_string()), "the second was superseded");
    assert_eq!(all["features"][2]["geometry"]["coordinates"], serde_json::json!([140.25, 37.5]));
    assert_eq!(all["features"][1]["geometry"], Value::Null, "the region has no such office");
    // What lies nowhere matches every box.
    assert_eq!(ids(&items("?bbox=140.2,37.4,140.3,37.6").await), [3, 1].map(|number| uuid(number).to_string()));
    assert_eq!(items("?bbox=140.2,37.4,140.3,37.6").await["numberMatched"], 2);
    assert_eq!(ids(&items("?datetime=../2026-11-22T00:00:00.001Z").await), [uuid(1).to_string()]);
    assert_eq!(ids(&items("?datetime=2030-01-01T00:00:00Z/..").await).len(), 3, "they last");
    let first = items("?limit=2").await;
    let (_, _, second) = get(&router, &next(&first).unwrap()).await;
    assert_eq!((ids(&second), next(&second)), (vec![uuid(1).to_string()], None));
    let gone = format!("/ogc/collections/check-ins/items/{}", uuid(2));
    assert_eq!(get(&router, &gone).await.0, StatusCode::NOT_FOUND);
    let (_, _, one) = get(&router, &format!("/ogc/collections/check-ins/items/{}", uuid(1))).await;
    assert_eq!(one["properties"]["office"], "99001");
}

#[tokio::test]
async fn a_feature_alone_links_to_itself_and_its_collection() {
    let router = door(&live(&[filed(1)]), wall()).await;
    for (collection, id) in [("incidents", incident_of(1).0), ("reports", report_id(1).0)] {
        let path = format!("/ogc/collections/{collection}/items/{id}");
        let (status, kind, feature) = get(&router, &path).await;
        assert_eq!((status, kind.as_str()), (StatusCode::OK, "application/geo+json"));
        assert_eq!(feature["id"], id.to_string());
        assert_eq!(feature["links"][0]["href"], format!("http://h{path}"));
        assert_eq!(feature["links"][1]["href"], format!("http://h/ogc/collections/{collection}"));
        for none in [uuid(99).to_string(), "x".to_owned()] {
            let path = format!("/ogc/collections/{collection}/items/{none}");
            assert_eq!(get(&router, &path).await.0, StatusCode::NOT_FOUND);
        }
    }
}

#[tokio::test]
async fn the_definition_describes_every_door_that_there_is_and_names_nothing_that_is_not_there() {
    let router = door(&live(&[]), Caller::Public).await;
    let (_, kind, document) = get(&router, "/ogc/api").await;
    assert_eq!(kind, "application/vnd.oai.openapi+json;version=3.0");
    assert_eq!((&document["openapi"], &document["servers"][0]["url"]), (&"3.0.3".into(), &"http://h/ogc".into()));
    let described: Vec<String> = document["paths"].as_object().unwrap().keys().cloned().collect();
    let doors = crate::http::access::TABLE.iter().filter_map(|(_, path, _)| path.strip_prefix(ROOT));
    let mut doors: Vec<String> =
        doors.filter(|path| !path.is_empty()).map(|path| path.replace("{id}", "{featureId}")).collect();
    doors.sort();
    let mut sorted = described.clone();
    sorted.sort();
    assert_eq!(sorted, doors);
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
    assert_eq!(document["components"]["parameters"]["limit"]["schema"]["maximum"], 10_000);
}

#[tokio::test]
async fn what_is_the_offices_is_not_given_out_where_that_cannot_be_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(&Location::File(folder.path().join("sokuho.sqlite"))).await.unwrap();
    let live = live(&[filed(1)]);
    let (walls, public) =
        (door_with(&live, wall(), database.clone()), door_with(&live, Caller::Public, database.clone()));
    database.close().await;
    for collection in ["incidents", "reports", "check-ins"] {
        let (status, _, problem) = get(&walls, &format!("/ogc/collections/{collection}/items")).await;
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::SERVICE_UNAVAILABLE, &"unavailable".into()),
            "{collection}"
        );
    }
    for (door, path) in [
        (&walls, "/ogc/collections/offices/items"),
        (&walls, "/ogc/collections/reports"),
        (&public, "/ogc/collections/incidents/items"),
    ] {
        assert_eq!(get(door, path).await.0, StatusCode::OK, "{path}");
    }
}
