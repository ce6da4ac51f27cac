//! Door: the region's offices and boundaries.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::region::{Region, thin};
use crate::wire;

/// The answer, encoded once: the region does not change while the node runs.
#[derive(Clone)]
pub struct RegionState(Arc<Encoded>);

struct Encoded {
    body: Bytes,
    etag: HeaderValue,
}

impl RegionState {
    /// Thins the boundaries and encodes the answer.
    ///
    /// # Errors
    /// serde_json's; a verified region gives none.
    pub fn new(region: &Region) -> Result<Self, serde_json::Error> {
        let body = Bytes::from(serde_json::to_vec(&encode(region))?);
        // Weak: the compression layer may send the same answer in several encodings.
        let etag = format!("W/\"{}\"", hex::encode(Sha256::digest(&body)));
        let etag = HeaderValue::try_from(etag).unwrap_or(HeaderValue::from_static("W/\"0\""));
        Ok(Self(Arc::new(Encoded { body, etag })))
    }
}

/// The door's routes.
pub fn routes() -> OpenApiRouter<RegionState> {
    OpenApiRouter::new().routes(routes!(get_region))
}

/// The region: its offices, where the map starts, and boundaries for drawing.
#[utoipa::path(
    get,
    path = "/api/region",
    tag = "watching",
    params(("If-None-Match" = Option<String>, Header, description = "ETag of the answer at hand")),
    responses(
        (status = 200, description = "The region", body = wire::region::Region,
            headers(("ETag" = String, description = "Changes with the region"))),
        (status = 304, description = "The answer at hand is still right"),
    )
)]
async fn get_region(State(RegionState(encoded)): State<RegionState>, headers: HeaderMap) -> Response {
    let fixed = [(header::ETAG, encoded.etag.clone()), (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
    if is_at_hand(&headers, &encoded.etag) {
        return (StatusCode::NOT_MODIFIED, fixed).into_response();
    }
    let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    (fixed, json, encoded.body.clone()).into_response()
}

/// Weak comparison (RFC 9110, 8.8.3.2 and 13.1.2).
fn is_at_hand(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let own = etag.to_str().map(opaque).unwrap_or_default();
    let given = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    given.flat_map(|value| value.split(',')).any(|tag| tag.trim() == "*" || opaque(tag) == own)
}

fn encode(region: &Region) -> wire::region::Region {
    let about = region.about();
    let thinned = region.boundaries().keys().zip(thin::thin(region.boundaries()));
    let features = thinned.map(|(code, coordinates)| wire::region::BoundaryFeature {
        r#type: "Feature".to_owned(),
        properties: wire::region::BoundaryProperties {
            code: code.to_string(),
            name: region.office(code).map(|office| office.name.clone()).unwrap_or_default(),
        },
        geometry: wire::region::BoundaryGeometry { r#type: "MultiPolygon".to_owned(), coordinates },
    });
    wire::region::Region {
        code: about.code.clone(),
        name: about.name.clone(),
        kana: about.kana.clone(),
        english: about.english.clone(),
        prefecture: about.prefecture.clone(),
        time_zone: about.time_zone.clone(),
        centre: about.centre.into(),
        bounds: about.bounds,
        default_zoom: about.default_zoom,
        sketch: region.is_sketch(),
        edition: region.edition().to_owned(),
        attribution: region.attribution().to_owned(),
        offices: region.offices().iter().map(Into::into).collect(),
        boundaries: wire::region::BoundaryCollection {
            r#type: "FeatureCollection".to_owned(),
            features: features.collect(),
        },
    }
}

#[cfg(test)]
mod tests;
