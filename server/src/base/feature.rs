//! A feature of the base map, and how it is written as GeoJSON (RFC 7946).

use geo::CoordsIter as _;
use geo_types::Geometry;
use geojson::FeatureCollection;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a feature is drawn as; the layers of the vector tiles bear the same names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// Lakes: areas.
    Water,
    /// Rivers: lines.
    Waterway,
    /// Railways: lines.
    Railway,
    /// Roads: lines.
    Road,
    /// Stations: points.
    Station,
    /// Names of places: points.
    Place,
}

impl Layer {
    /// All of them, in the order in which they are drawn.
    pub const ALL: [Self; 6] = [Self::Water, Self::Waterway, Self::Railway, Self::Road, Self::Station, Self::Place];

    /// Its name in files and tiles.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Water => "water",
            Self::Waterway => "waterway",
            Self::Railway => "railway",
            Self::Road => "road",
            Self::Station => "station",
            Self::Place => "place",
        }
    }

    /// Whether a geometry is one that this layer draws.
    pub(super) fn takes(self, geometry: &Geometry<f64>) -> bool {
        match self {
            Self::Water => matches!(geometry, Geometry::Polygon(_) | Geometry::MultiPolygon(_)),
            Self::Waterway | Self::Railway | Self::Road => {
                matches!(geometry, Geometry::LineString(_) | Geometry::MultiLineString(_))
            }
            Self::Station | Self::Place => matches!(geometry, Geometry::Point(_)),
        }
    }
}

/// What a named place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A village or a part of a town.
    Settlement,
    /// A town hall or another office.
    Office,
    /// An interchange of an expressway.
    Interchange,
    /// A summit.
    Peak,
}

impl Kind {
    /// Its name in files and tiles.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Settlement => "settlement",
            Self::Office => "office",
            Self::Interchange => "interchange",
            Self::Peak => "peak",
        }
    }
}

/// A feature of the base map.
#[derive(Debug, Clone, PartialEq)]
pub struct Feature {
    /// What it is drawn as.
    pub layer: Layer,
    /// Japanese name, if it has one.
    pub name: Option<String>,
    /// English name, if it has one.
    pub english: Option<String>,
    /// Number of a road: `49`, `E49`.
    pub reference: Option<String>,
    /// What a place is.
    pub kind: Option<Kind>,
    /// How early it is drawn, 1 (first) to 9.
    pub rank: u8,
    /// Whether it is of a sketch (略図).
    pub sketch: bool,
    /// Its shape: degrees WGS 84, x east, y north.
    pub geometry: Geometry<f64>,
}

#[derive(Serialize, Deserialize)]
struct Properties {
    layer: Layer,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, rename = "name_en", skip_serializing_if = "Option::is_none")]
    english: Option<String>,
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<Kind>,
    rank: u8,
    #[serde(default)]
    sketch: bool,
}

/// Reads a FeatureCollection of the base map.
///
/// # Errors
/// What is wrong, in English.
pub fn read(bytes: &[u8]) -> Result<Vec<Feature>, String> {
    let collection: FeatureCollection = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let feature = |(at, feature): (usize, geojson::Feature)| -> Result<Feature, String> {
        let wrong = |reason: String| format!("feature {at}: {reason}");
        let properties = Value::Object(feature.properties.unwrap_or_default());
        let said: Properties = serde_json::from_value(properties).map_err(|error| wrong(error.to_string()))?;
        let geometry = feature.geometry.ok_or_else(|| wrong("it has no geometry".to_owned()))?;
        let geometry = Geometry::try_from(geometry).map_err(|error| wrong(error.to_string()))?;
        if !said.layer.takes(&geometry) {
            return Err(wrong(format!("its geometry is not one of the layer {}", said.layer.name())));
        }
        if geometry.coords_iter().any(|c| !(c.x.abs() <= 180.0 && c.y.abs() <= 90.0)) {
            return Err(wrong("its coordinates are not degrees".to_owned()));
        }
        if !(1..=9).contains(&said.rank) {
            return Err(wrong(format!("rank {} is not among 1 to 9", said.rank)));
        }
        let Properties { layer, name, english, reference, kind, rank, sketch } = said;
        Ok(Feature { layer, name, english, reference, kind, rank, sketch, geometry })
    };
    collection.features.into_iter().enumerate().map(feature).collect()
}

/// The features as a FeatureCollection.
///
/// # Errors
/// If a property cannot be written as JSON; ours always can.
pub fn collection(features: &[Feature]) -> serde_json::Result<FeatureCollection> {
    let written = |feature: &Feature| {
        let Feature { layer, name, english, reference, kind, rank, sketch, geometry } = feature.clone();
        let properties = serde_json::to_value(Properties { layer, name, english, reference, kind, rank, sketch })?;
        let mut written = geojson::Feature::from(geojson::Geometry::from(&geometry));
        if let Value::Object(properties) = properties {
            written.properties = Some(properties);
        }
        Ok(written)
    };
    let features = features.iter().map(written).collect::<serde_json::Result<Vec<_>>>()?;
    Ok(FeatureCollection { bbox: None, features, foreign_members: None })
}
