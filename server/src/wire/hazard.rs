//! Layers of hazard zones: the legend, and how many incidents lie in them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::incident::Depth;
use crate::domain::zone::Hazard;

/// The layers that are in force.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct HazardLayers {
    /// In the order of their ids.
    pub layers: Vec<HazardLayer>,
}

/// A layer of hazard zones.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct HazardLayer {
    /// Its id.
    pub id: String,
    /// Japanese name.
    pub name: String,
    /// English name.
    pub english: String,
    /// What threatens.
    pub hazard: Hazard,
    /// Which edition, for people.
    pub edition: String,
    /// Who made the data, or the files that were imported.
    pub source: String,
    /// Under which terms.
    pub licence: String,
    /// What to write on the map.
    pub attribution: String,
    /// Invented, for demonstration and drills (架空・訓練用); must be shown as such.
    pub demonstration: bool,
    /// When it was imported; the demonstration never was.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub imported_at: Option<Timestamp>,
    /// How many zones it has.
    pub zones: u32,
    /// West, south, east and north of all of them, degrees WGS 84.
    pub bounds: Option<crate::domain::position::Bounds>,
    /// The legend, the least severe first.
    pub classes: Vec<HazardClass>,
    /// Address of the tiles: `/tiles/hazard-ID/{z}/{x}/{y}`.
    pub tiles: String,
}

/// An entry of the legend.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct HazardClass {
    /// Code within the layer.
    pub code: String,
    /// Japanese name, understood without the layer's.
    pub name: String,
    /// English name.
    pub english: String,
    /// `#rrggbb`
    pub color: String,
    /// Drawn over the colour: `none`, `hatch`, `cross`, `dots` or `lines`.
    pub pattern: String,
    /// How deep the water may stand, if the class is one of depths.
    pub depth: Option<Depth>,
    /// Whether the program knows the class; others come from the file as they are.
    pub known: bool,
}

/// How many incidents lie in the zones of each class.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ZoneCounts {
    /// By layer, then class. Incidents of open operations; one that lies in several zones counts in each.
    pub zones: Vec<ZoneCount>,
}

/// How many incidents lie in the zones of a class.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ZoneCount {
    /// Id of the layer.
    pub layer: String,
    /// What threatens.
    pub hazard: Hazard,
    /// Code of the class.
    pub class: String,
    /// Its Japanese name.
    pub name: String,
    /// Its English name.
    pub english: String,
    /// Any of them was found by invented zones (架空・訓練用).
    pub demonstration: bool,
    /// Open incidents.
    pub open: usize,
    /// All incidents.
    pub all: usize,
}

/// The zones of a small box as squares, for a phone: GeoJSON (RFC 7946).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct HazardArea {
    /// `FeatureCollection`
    pub r#type: String,
    /// Edge of a square, degrees. What lies nearer to the edge of a zone than this may be told wrongly.
    pub step_deg: f64,
    /// One for each class of each layer that is there, by layer and class.
    pub features: Vec<HazardSquares>,
}

/// Where the zones of a class are.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct HazardSquares {
    /// `Feature`
    pub r#type: String,
    /// Which class.
    pub properties: HazardSquaresProperties,
    /// Where.
    pub geometry: HazardSquaresGeometry,
}

/// A class of a layer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct HazardSquaresProperties {
    /// Id of the layer.
    pub layer: String,
    /// What threatens.
    pub hazard: Hazard,
    /// Code of the class.
    pub class: String,
    /// Its Japanese name.
    pub name: String,
    /// Its English name.
    pub english: String,
    /// The layer's edition.
    pub edition: String,
    /// Invented (架空・訓練用).
    pub demonstration: bool,
}

/// Boxes of squares.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct HazardSquaresGeometry {
    /// `MultiPolygon`
    pub r#type: String,
    /// Each box a polygon of one ring; degrees WGS 84, longitude first.
    #[schema(value_type = Vec<Vec<Vec<Vec<f64>>>>)]
    pub coordinates: Vec<Vec<Vec<[f64; 2]>>>,
}
