use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::*;
use crate::region::synthetic::{official_aizu, two_towns};

async fn get(region: &Region, etag: Option<&str>) -> (StatusCode, HeaderMap, Bytes) {
    let (router, _) = routes().with_state(RegionState::new(region).unwrap()).split_for_parts();
    let mut request = Request::get("/api/region");
    if let Some(etag) = etag {
        request = request.header(header::IF_NONE_MATCH, etag);
    }
    let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    (parts.status, parts.headers, body.collect().await.unwrap().to_bytes())
}

#[tokio::test]
async fn the_region_tells_its_offices_its_boundaries_and_that_they_are_a_sketch() {
    let (status, headers, body) = get(&Region::built_in().unwrap(), None).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers[header::CONTENT_TYPE], "application/json");
    assert_eq!(headers[header::CACHE_CONTROL], "no-cache");
    let region: wire::region::Region = serde_json::from_slice(&body).unwrap();
    assert!(region.sketch);
    assert_eq!(region.offices.len(), 19);
    assert_eq!(region.boundaries.features.len(), 13);
    assert!(region.attribution.contains("略図"));
    // It is GeoJSON that others can read.
    let value: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let boundaries: geojson::FeatureCollection = serde_json::from_value(value["boundaries"].clone()).unwrap();
    assert_eq!(boundaries.features.len(), 13);
}

#[tokio::test]
async fn who_has_the_answer_already_is_told_so_in_304() {
    let region = two_towns();
    let (_, headers, _) = get(&region, None).await;
    let etag = headers[header::ETAG].to_str().unwrap().to_owned();
    let strong = etag.trim_start_matches("W/").to_owned();
    for tag in [etag.as_str(), strong.as_str(), "*", &format!("\"other\", {etag}")] {
        let (status, headers, body) = get(&region, Some(tag)).await;
        assert_eq!((status, body.len()), (StatusCode::NOT_MODIFIED, 0), "{tag}");
        assert_eq!(headers[header::ETAG], etag.as_str());
    }
    assert_eq!(get(&region, Some("\"other\"")).await.0, StatusCode::OK);
    let (_, headers, _) = get(&Region::built_in().unwrap(), None).await;
    assert_ne!(headers[header::ETAG], etag.as_str(), "another region, another tag");
}

#[tokio::test]
async fn the_official_boundaries_fit_into_150_kilobytes_compressed() {
    let Some(region) = official_aizu() else { return };
    let (_, _, body) = get(&region, None).await;
    let (router, _) = routes().with_state(RegionState::new(&region).unwrap()).split_for_parts();
    let request = Request::get("/api/region").header(header::ACCEPT_ENCODING, "gzip").body(Body::empty()).unwrap();
    let response = router.oneshot(request).await.unwrap();
    assert_eq!(response.headers()[header::CONTENT_ENCODING], "gzip");
    let compressed = response.into_body().collect().await.unwrap().to_bytes().len();
    println!("{} bytes, {compressed} compressed", body.len());
    assert!(compressed <= 150_000, "{compressed}");
    let region: wire::region::Region = serde_json::from_slice(&body).unwrap();
    assert!(!region.sketch);
}
