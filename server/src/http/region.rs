//! Door: the region's offices and boundaries.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use sha2::{Digest, Sha256};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::precompressed::{Keeping, Precompressed};
use crate::region::{Region, thin};
use crate::wire;

/// The answer, encoded and compressed once: the region does not change while the node runs.
#[derive(Clone)]
pub struct RegionState(Arc<Precompressed>);

impl RegionState {
    /// Thins the boundaries and encodes the answer.
    ///
    /// # Errors
    /// If it cannot be written as JSON; a verified region always can.
    pub fn new(region: &Region) -> std::io::Result<Self> {
        let tag = |text: &[u8]| hex::encode(Sha256::digest(text));
        Ok(Self(Arc::new(Precompressed::json(&encode(region), 9, tag)?)))
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
    encoded.answer(&headers, Keeping { cache: "no-cache", vary: "Accept-Encoding" })
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
