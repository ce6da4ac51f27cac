//! Where the map's tiles are to be had.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a tile holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TileKind {
    /// A Mapbox Vector Tile.
    Vector,
    /// A picture.
    Raster,
}

/// A source of tiles.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct TileSource {
    /// Id: what stands in the address of its tiles.
    pub id: String,
    /// What its tiles hold.
    pub kind: TileKind,
    /// Name, Japanese.
    pub name: String,
    /// What must be shown beside the map; may be empty.
    pub attribution: String,
    /// Address of its TileJSON.
    pub tilejson: String,
}

/// The sources of tiles that this node has.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct TileSources {
    /// All of them, by id.
    pub sources: Vec<TileSource>,
}

/// A layer of a vector tile, as TileJSON describes it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct VectorLayer {
    /// Its name within the tile.
    pub id: String,
    /// The names of its properties, with what kind of value each has.
    pub fields: BTreeMap<String, String>,
    /// The outermost zoom at which it is drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minzoom: Option<u8>,
}

/// A source of tiles, as TileJSON 3.0.0 describes it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct TileJson {
    /// `3.0.0`
    pub tilejson: String,
    /// Name, Japanese.
    pub name: String,
    /// What must be shown beside the map, as text.
    pub attribution: String,
    /// `xyz`: rows count from the north.
    pub scheme: String,
    /// The address of its tiles on this node, with `{z}`, `{x}` and `{y}`.
    pub tiles: Vec<String>,
    /// The outermost zoom.
    pub minzoom: u8,
    /// The deepest zoom; a map enlarges it beyond.
    pub maxzoom: u8,
    /// West, south, east and north, degrees WGS 84.
    pub bounds: [f64; 4],
    /// The layers of a vector tile; empty for pictures.
    pub vector_layers: Vec<VectorLayer>,
    /// What its tiles hold (ours).
    pub kind: TileKind,
}
