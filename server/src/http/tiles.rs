//! Door: the map's tiles, and what describes them. Everything comes from this node; nobody's browser asks a third
//! party.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use bytes::Bytes;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use sokuho_tiles::Tile;
use sokuho_tiles::proxy::ProxyError;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::access::Who;
use super::base_url::BaseUrl;
use super::error::{ApiError, ApiResult};
use super::extract::PathParams;
use super::precompressed::{Keeping, Precompressed, is_at_hand};
use crate::tiles::sources::{Given, Origin, Source, Sources, TileError};
use crate::tiles::styles;
use crate::wire::Audience;
use crate::wire::problem::{Code, Problem};
use crate::wire::tiles::{TileJson, TileSource, TileSources};

/// Seconds after which it makes sense to ask again for a tile that would have had to wait too long to be drawn.
const AGAIN_AFTER: u64 = 2;

/// What this door needs.
#[derive(Clone)]
pub struct TilesState {
    /// The sources, by id.
    pub sources: Arc<Sources>,
    /// The log's epoch: the live world's versions begin anew with it.
    pub epoch: Uuid,
}

impl TilesState {
    fn source(&self, id: &str) -> ApiResult<&Source> {
        self.sources.get(id).ok_or_else(|| ApiError::new(Code::NotFound).detail("no source of tiles has this id"))
    }
}

/// The door's routes.
pub fn routes() -> OpenApiRouter<TilesState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(tile_json)).routes(routes!(tile)).routes(routes!(style))
}

/// The sources of tiles.
#[utoipa::path(get, path = "/tiles", operation_id = "tile_sources", tag = "map", responses(
    (status = 200, body = TileSources),
    (status = "default", body = Problem),
))]
async fn list(State(state): State<TilesState>, BaseUrl(base): BaseUrl) -> axum::Json<TileSources> {
    let source = |(id, source): (&String, &Source)| TileSource {
        id: id.clone(),
        kind: source.kind,
        name: source.name.clone(),
        attribution: source.attribution.clone(),
        tilejson: format!("{base}/tiles/{id}.json"),
    };
    axum::Json(TileSources { sources: state.sources.iter().map(source).collect() })
}

/// A source of tiles, as TileJSON 3.0.0 describes it: `/tiles/SOURCE.json`.
#[utoipa::path(get, path = "/tiles/{document}", tag = "map",
    params(("document" = String, Path, description = "Id of the source and `.json`")),
    responses(
        (status = 200, body = TileJson),
        (status = 404, description = "There is no such source", body = Problem),
        (status = "default", body = Problem),
    )
)]
async fn tile_json(
    State(state): State<TilesState>,
    PathParams(document): PathParams<String>,
    BaseUrl(base): BaseUrl,
) -> ApiResult<axum::Json<TileJson>> {
    let id = document.strip_suffix(".json").ok_or(Code::NotFound)?;
    let source = state.source(id)?;
    let bounds = source.bounds;
    Ok(axum::Json(TileJson {
        tilejson: "3.0.0".to_owned(),
        name: source.name.clone(),
        attribution: source.attribution.clone(),
        scheme: "xyz".to_owned(),
        tiles: vec![format!("{base}/tiles/{id}/{{z}}/{{x}}/{{y}}")],
        minzoom: source.zooms.0,
        maxzoom: source.zooms.1,
        bounds: [bounds.west, bounds.south, bounds.east, bounds.north],
        vector_layers: source.layers.clone(),
        kind: source.kind,
    }))
}

#[derive(Deserialize)]
struct Address {
    source: String,
    z: String,
    x: String,
    y: String,
}

/// A tile. Live tiles have words and danger to life for whoever shows an office's token, and what everybody may see
/// for everybody else.
#[utoipa::path(get, path = "/tiles/{source}/{z}/{x}/{y}", tag = "map",
    params(
        ("source" = String, Path, description = "Id of the source"),
        ("z" = u8, Path, description = "Zoom"),
        ("x" = u32, Path, description = "Column, from the antimeridian eastwards"),
        ("y" = u32, Path, description = "Row, from the north southwards"),
        ("If-None-Match" = Option<String>, Header, description = "ETag of the tile at hand"),
    ),
    responses(
        (status = 200, description = "The tile", content_type = "application/vnd.mapbox-vector-tile",
            headers(("ETag" = String, description = "Changes with the tile"))),
        (status = 204, description = "Nothing is there"),
        (status = 304, description = "The tile at hand is still right"),
        (status = 404, description = "There is no such source, or the address is out of its range", body = Problem),
        (status = 502, description = "The file or the server that the tile comes from is damaged or cannot be reached",
            body = Problem),
        (status = "default", body = Problem),
    )
)]
async fn tile(
    State(state): State<TilesState>,
    who: Who,
    PathParams(Address { source, z, x, y }): PathParams<Address>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let source = state.source(&source)?;
    let tile = Tile::parse(&z, &x, &y, source.zooms);
    let tile = tile.map_err(|no_tile| ApiError::new(Code::TileOutOfRange).detail(no_tile.to_string()))?;
    if !source.reaches(tile) {
        return Err(ApiError::new(Code::TileOutOfRange).detail("the tile lies beyond the bounds of the source"));
    }
    let audience = who.0.audience();
    let keeping = keeping(source, audience);
    if matches!(source.origin, Origin::Still(_) | Origin::Archive(_)) {
        let etag = tag(&source.edition)?;
        if is_at_hand(&headers, &etag) {
            return Ok(Precompressed::bytes(Bytes::new(), None, source.content_type, etag).answer(&headers, keeping));
        }
    }
    let given = source.tile(tile, audience).await.map_err(refused)?;
    let answer = match given {
        None => Precompressed::bytes(Bytes::new(), None, source.content_type, tag("nothing")?),
        Some(Given::Fetched(made, kind)) => {
            let etag = tag(&hex::encode(&Sha256::digest(&made.plain)[..8]))?;
            Precompressed::bytes(made.plain.clone(), made.gzip.clone(), kind, etag)
        }
        Some(Given::Drawn(made)) => {
            let form = if audience == Audience::Office { 'o' } else { 'p' };
            let live = || format!("{}-{}-{}-{form}", source.edition, state.epoch, made.version);
            let etag = tag(&if source.is_live() { live() } else { source.edition.clone() })?;
            Precompressed::bytes(made.plain.clone(), made.gzip.clone(), source.content_type, etag)
        }
    };
    Ok(answer.answer(&headers, keeping))
}

/// A style for map programs, with addresses of this node alone: `/styles/standard.json`, or `/styles/SOURCE.json` for
/// a source of pictures.
#[utoipa::path(get, path = "/styles/{document}", tag = "map",
    params(("document" = String, Path, description = "Name of the style and `.json`")),
    responses(
        (status = 200, description = "MapLibre Style Specification, version 8", body = serde_json::Value),
        (status = 404, description = "There is no such style", body = Problem),
        (status = "default", body = Problem),
    )
)]
async fn style(
    State(state): State<TilesState>,
    PathParams(document): PathParams<String>,
    BaseUrl(base): BaseUrl,
) -> ApiResult<axum::Json<serde_json::Value>> {
    let name = document.strip_suffix(".json").ok_or(Code::NotFound)?;
    Ok(axum::Json(styles::style(name, &base, &state.sources).ok_or(Code::NotFound)?))
}

fn keeping(source: &Source, audience: Audience) -> Keeping {
    match (&source.origin, audience) {
        (Origin::Live(_), Audience::Office) => {
            Keeping { cache: "private, no-cache", vary: "Accept-Encoding, Authorization" }
        }
        (Origin::Live(_), Audience::Public) => Keeping { cache: "no-cache", vary: "Accept-Encoding, Authorization" },
        // An import of a new edition shows within minutes.
        (Origin::Still(_) | Origin::Archive(_), _) => Keeping { cache: "public, max-age=300", vary: "Accept-Encoding" },
        (Origin::Proxy(..), _) => Keeping { cache: "public, max-age=86400", vary: "Accept-Encoding" },
    }
}

fn refused(error: TileError) -> ApiError {
    match error {
        TileError::Drawing(error) => ApiError::internal(error),
        TileError::Busy => ApiError::new(Code::Unavailable).retry_after(AGAIN_AFTER),
        TileError::Proxy(ProxyError::Busy) => ApiError::new(Code::Unavailable).retry_after(5),
        error => ApiError::new(Code::MapSourceFailed).detail(error.to_string()).retry_after(30),
    }
}

fn tag(text: &str) -> ApiResult<HeaderValue> {
    HeaderValue::try_from(format!("W/\"{text}\"")).map_err(ApiError::internal)
}

#[cfg(test)]
#[path = "tiles_tests.rs"]
mod tests;
