use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::*;
use crate::base::{Origin, bundle};

async fn get(base: &Base) -> (StatusCode, String, wire::base::Base) {
    let (router, _) = routes().with_state(BaseState::new(base).unwrap()).split_for_parts();
    let response = router.oneshot(Request::get("/api/base").body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let etag = parts.headers[header::ETAG].to_str().unwrap().to_owned();
    (parts.status, etag, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn a_sketch_comes_whole_and_says_what_it_is() {
    let (status, _, base) = get(&bundle::load(None).unwrap()).await;
    assert_eq!(status, StatusCode::OK);
    assert!(base.sketch);
    assert_eq!((base.kind, base.tiles), (wire::base::Kind::Sketch, None));
    let features = base.features.unwrap().features;
    assert!(features.len() > 100);
    assert!(features.iter().all(|feature| feature.property("sketch") == Some(&serde_json::Value::Bool(true))));
}

#[tokio::test]
async fn an_archive_is_named_by_its_tiles_and_its_origin() {
    let origin = Origin { attribution: "地図: 国土地理院".to_owned(), ..Origin::default() };
    let (_, etag, base) = get(&Base { origin, content: Content::Archive("base.pmtiles".into()) }).await;
    assert_eq!((base.kind, base.sketch), (wire::base::Kind::Archive, false));
    assert_eq!((base.features, base.tiles.as_deref()), (None, Some("/tiles/base.json")));
    assert_eq!(base.attribution, "地図: 国土地理院");
    let (_, other, none) = get(&Base::nothing()).await;
    assert_eq!((none.kind, none.tiles), (wire::base::Kind::None, None));
    assert_ne!(etag, other, "another base map, another tag");
}
