//! The region as screens need it: offices, where the map starts, and boundaries fit for drawing.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::{Object, ObjectBuilder, Type};

use super::LatLon;
use crate::domain::office::OfficeKind;
use crate::domain::position::Bounds;

/// The region that this node serves. Changes only when the node is started anew.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Region {
    /// Short name.
    pub code: String,
    /// Japanese name.
    pub name: String,
    /// Reading in hiragana.
    pub kana: String,
    /// English name.
    pub english: String,
    /// Prefecture's code, two digits of JIS X 0401.
    pub prefecture: String,
    /// IANA name of the time zone that screens show.
    pub time_zone: String,
    /// Where the map starts.
    pub centre: LatLon,
    /// The box that holds all boundaries, degrees WGS 84.
    pub bounds: Bounds,
    /// Zoom the map starts with, 512-pixel tiles.
    pub default_zoom: f64,
    /// Whether the boundaries are a sketch (略図), which every screen must say.
    pub sketch: bool,
    /// The boundaries' edition, for people.
    pub edition: String,
    /// What to write on the map for the boundaries.
    pub attribution: String,
    /// All offices, municipalities first, by code.
    pub offices: Vec<Office>,
    /// The municipalities' boundaries for drawing: thinned, so that a point near a border may lie on its wrong side.
    /// Neighbours share the same corners. The server decides with the exact ones.
    pub boundaries: BoundaryCollection,
}

/// An office.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = RegionOffice)]
pub struct Office {
    /// Code: five digits of JIS X 0402, for a branch office of the prefecture with a suffix.
    pub code: String,
    /// What it is.
    pub kind: OfficeKind,
    /// Japanese name.
    pub name: String,
    /// Reading in hiragana.
    pub kana: String,
    /// English name.
    pub english: String,
    /// Where to write the name on the map.
    pub label: LatLon,
    /// Codes of the municipalities that share a border with it.
    pub neighbours: Vec<String>,
}

impl From<&crate::domain::office::Office> for Office {
    fn from(office: &crate::domain::office::Office) -> Self {
        Self {
            code: office.code.to_string(),
            kind: office.kind,
            name: office.name.clone(),
            kana: office.kana.clone(),
            english: office.english.clone(),
            label: office.label.into(),
            neighbours: office.neighbours.iter().map(ToString::to_string).collect(),
        }
    }
}

fn feature_collection() -> Object {
    literal("FeatureCollection")
}

fn feature() -> Object {
    literal("Feature")
}

fn multi_polygon() -> Object {
    literal("MultiPolygon")
}

/// The schema of a text that is always the same.
fn literal(text: &str) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some([text])).build()
}

/// A GeoJSON FeatureCollection (RFC 7946).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct BoundaryCollection {
    /// `FeatureCollection`.
    #[schema(schema_with = feature_collection)]
    pub r#type: String,
    /// One for each municipality, by code.
    pub features: Vec<BoundaryFeature>,
}

/// A municipality's boundary, a GeoJSON Feature.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct BoundaryFeature {
    /// `Feature`.
    #[schema(schema_with = feature)]
    pub r#type: String,
    /// Whose it is.
    pub properties: BoundaryProperties,
    /// The ground.
    pub geometry: BoundaryGeometry,
}

/// Whose boundary it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct BoundaryProperties {
    /// The municipality's code.
    pub code: String,
    /// Its Japanese name.
    pub name: String,
}

/// A GeoJSON MultiPolygon.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct BoundaryGeometry {
    /// `MultiPolygon`.
    #[schema(schema_with = multi_polygon)]
    pub r#type: String,
    /// Polygons of rings of `[lon, lat]`, degrees WGS 84 to five decimals (about 1 m); outer rings anticlockwise.
    #[schema(value_type = Vec<Vec<Vec<Vec<f64>>>>)]
    pub coordinates: Vec<Vec<Vec<[f64; 2]>>>,
}
