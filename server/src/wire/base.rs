//! The base map as screens need it: where it came from, and either all of it or where its tiles are.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The base map that this node serves. Changes only when the node is started anew.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = BaseMap)]
pub struct Base {
    /// What it is.
    pub kind: Kind,
    /// Whether it is a sketch (略図), or with `kind` features a part of it, which every screen must say.
    pub sketch: bool,
    /// Its edition, for people.
    pub edition: String,
    /// Who made what it rests on.
    pub source: String,
    /// Under which licence or terms it may be used.
    pub licence: String,
    /// What to write on the map.
    pub attribution: String,
    /// A sketch is small and comes whole: a GeoJSON FeatureCollection whose features have `layer` (water, waterway,
    /// railway, road, station, place), `name`, `name_en`, `ref`, `kind`, `rank` (1 is the most important) and `sketch`.
    #[schema(value_type = Option<Object>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub features: Option<geojson::FeatureCollection>,
    /// TileJSON of everything larger, on this node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tiles: Option<String>,
}

/// What a base map is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BaseMapKind)]
pub enum Kind {
    /// There is none.
    None,
    /// A sketch.
    Sketch,
    /// Imported features, as tiles; what was not imported is of the sketch, and its features say so (`sketch`).
    Features,
    /// An archive of tiles that somebody else made.
    Archive,
}
