//! Door: the base map.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use sha2::{Digest, Sha256};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::precompressed::{Keeping, Precompressed};
use crate::base::{Base, Content, feature};
use crate::wire;

/// The answer, encoded and compressed once: the base map does not change while the node runs.
#[derive(Clone)]
pub struct BaseState(Arc<Precompressed>);

impl BaseState {
    /// Encodes the answer.
    ///
    /// # Errors
    /// If it cannot be written as JSON; a base map that was read always can.
    pub fn new(base: &Base) -> std::io::Result<Self> {
        let tag = |text: &[u8]| hex::encode(Sha256::digest(text));
        Ok(Self(Arc::new(Precompressed::json(&encode(base)?, 9, tag)?)))
    }
}

/// The door's routes.
pub fn routes() -> OpenApiRouter<BaseState> {
    OpenApiRouter::new().routes(routes!(get_base))
}

/// The base map: where it came from, and either all of it (a sketch) or where its tiles are.
#[utoipa::path(
    get,
    path = "/api/base",
    tag = "watching",
    params(("If-None-Match" = Option<String>, Header, description = "ETag of the answer at hand")),
    responses(
        (status = 200, description = "The base map", body = wire::base::Base,
            headers(("ETag" = String, description = "Changes with the base map"))),
        (status = 304, description = "The answer at hand is still right"),
    )
)]
async fn get_base(State(BaseState(encoded)): State<BaseState>, headers: HeaderMap) -> Response {
    encoded.answer(&headers, Keeping { cache: "no-cache", vary: "Accept-Encoding" })
}

fn encode(base: &Base) -> std::io::Result<wire::base::Base> {
    let (kind, features, tiles) = match &base.content {
        Content::Nothing => (wire::base::Kind::None, None, false),
        Content::Sketch(features) => (wire::base::Kind::Sketch, Some(feature::collection(features)?), false),
        Content::Features(_) => (wire::base::Kind::Features, None, true),
        Content::Archive(_) => (wire::base::Kind::Archive, None, true),
    };
    let origin = &base.origin;
    Ok(wire::base::Base {
        kind,
        sketch: base.is_sketch(),
        edition: origin.edition.clone(),
        source: origin.source.clone(),
        licence: origin.licence.clone(),
        attribution: origin.attribution.clone(),
        features,
        tiles: tiles.then(|| "/tiles/base.json".to_owned()),
    })
}

#[cfg(test)]
mod tests;
