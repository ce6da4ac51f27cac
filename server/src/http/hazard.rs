//! Doors: the layers of hazard zones, how many incidents lie in them, and the zones around a place.

pub mod zones;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use sha2::{Digest, Sha256};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::precompressed::{Keeping, Precompressed};
use crate::hazard::{InForce, LayerInForce};
use crate::live::Live;
use crate::wire::hazard::{HazardClass, HazardLayer, HazardLayers, ZoneCount, ZoneCounts};
use crate::wire::problem::Problem;

/// What these doors need.
#[derive(Clone)]
pub struct HazardState {
    /// The layers, encoded and compressed once: they do not change while the node runs.
    layers: Arc<Precompressed>,
    live: Arc<Live>,
}

impl HazardState {
    /// Encodes the layers.
    ///
    /// # Errors
    /// If they cannot be written as JSON, which layers always can.
    pub fn new(in_force: &InForce, live: Arc<Live>) -> std::io::Result<Self> {
        let tag = |text: &[u8]| hex::encode(Sha256::digest(text));
        let layers = HazardLayers { layers: in_force.layers().iter().map(layer).collect() };
        Ok(Self { layers: Arc::new(Precompressed::json(&layers, 9, tag)?), live })
    }
}

/// The routes.
pub fn routes() -> OpenApiRouter<HazardState> {
    OpenApiRouter::new().routes(routes!(layers)).routes(routes!(counts))
}

/// The layers of hazard zones that are in force, with their legends.
#[utoipa::path(get, path = "/api/hazard/layers", tag = "watching",
    params(("If-None-Match" = Option<String>, Header, description = "ETag of the answer at hand")), responses(
    (status = 200, description = "The layers", body = HazardLayers,
        headers(("ETag" = String, description = "Changes with the editions"))),
    (status = 304, description = "The answer at hand is still right"),
))]
async fn layers(State(state): State<HazardState>, headers: HeaderMap) -> Response {
    state.layers.answer(&headers, Keeping { cache: "no-cache", vary: "Accept-Encoding" })
}

/// How many incidents lie in the zones of each class of each layer.
#[utoipa::path(get, path = "/api/hazard/counts", tag = "watching", responses(
    (status = 200, body = ZoneCounts),
    (status = "default", body = Problem),
))]
async fn counts(State(state): State<HazardState>) -> Json<ZoneCounts> {
    let world = state.live.read();
    let count = |(tag, all, open): (&crate::domain::zone::ZoneTag, usize, usize)| ZoneCount {
        layer: tag.layer.clone(),
        hazard: tag.hazard,
        class: tag.class.clone(),
        name: tag.name.clone(),
        english: tag.english.clone(),
        demonstration: tag.demonstration,
        open,
        all,
    };
    Json(ZoneCounts { zones: world.counts_by_zone().into_values().map(count).collect() })
}

fn layer(layer: &LayerInForce) -> HazardLayer {
    let about = layer.about();
    let mut legend: Vec<_> = about.classes.iter().collect();
    legend.sort_by_key(|entry| (entry.severity, entry.class.code.clone()));
    let class = |entry: &crate::hazard::edition::Legend| HazardClass {
        code: entry.class.code.clone(),
        name: entry.class.name.clone(),
        english: entry.class.english.clone(),
        color: entry.class.color.clone(),
        pattern: entry.class.pattern.as_str().to_owned(),
        depth: entry.class.depth.map(Into::into),
        known: entry.known,
    };
    HazardLayer {
        id: about.layer.clone(),
        name: about.name.clone(),
        english: about.english.clone(),
        hazard: about.hazard,
        edition: about.edition.clone(),
        source: about.source.clone(),
        licence: about.licence.clone(),
        attribution: about.attribution.clone(),
        demonstration: about.demonstration,
        imported_at: (!about.id.is_nil()).then_some(about.imported_at),
        zones: about.zones,
        bounds: about.bounds,
        classes: legend.into_iter().map(class).collect(),
        tiles: format!("/tiles/hazard-{}/{{z}}/{{x}}/{{y}}", about.layer),
    }
}
