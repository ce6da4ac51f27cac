//! What OGC API – Features answers with: the building blocks of Part 1 Core (OGC 17-069r4, annex B's
//! schemas), and GeoJSON (RFC 7946). `properties` says what the features know.
//!
//! Every property is there in every feature, `null` where it is not known: GIS programs make their columns
//! from the first features they see.

pub mod properties;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::{Object, ObjectBuilder, Type};

use super::LatLon;
use crate::domain::position::Bounds;

/// The only coordinate reference system: degrees WGS 84, longitude first.
pub const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";

/// The only calendar.
const GREGORIAN: &str = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian";

/// A link to another resource (RFC 8288).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Link {
    /// Absolute address.
    pub href: String,
    /// What it is to this one.
    pub rel: String,
    /// Its media type.
    pub r#type: String,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// Where everything begins.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct LandingPage {
    /// Name.
    pub title: String,
    /// What is here.
    pub description: String,
    /// What to write on a map.
    pub attribution: String,
    /// To the rest.
    pub links: Vec<Link>,
}

/// Which parts of the standard hold.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Conformance {
    /// Addresses of conformance classes.
    pub conforms_to: Vec<String>,
}

/// The collections that the caller may read.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Collections {
    /// To itself.
    pub links: Vec<Link>,
    /// The collections.
    pub collections: Vec<Collection>,
}

/// What a collection says of itself.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FeatureCollectionInfo)]
pub struct Collection {
    /// Its name in addresses.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// What is in it.
    pub description: String,
    /// What to write on a map.
    pub attribution: String,
    /// To its items.
    pub links: Vec<Link>,
    /// Where and when its features are.
    pub extent: Extent,
    /// `feature`.
    #[schema(schema_with = feature_lower)]
    pub item_type: String,
    /// Coordinate reference systems: CRS84 alone.
    pub crs: Vec<String>,
}

/// Where and when a collection's features are.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Extent {
    /// Where.
    pub spatial: SpatialExtent,
    /// When; left out where features have no time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temporal: Option<TemporalExtent>,
}

/// A box around all features.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SpatialExtent {
    /// One box: west, south, east, north.
    #[schema(value_type = Vec<Vec<f64>>)]
    pub bbox: [[f64; 4]; 1],
    /// CRS84.
    pub crs: String,
}

/// A span of time that holds all features.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct TemporalExtent {
    /// One span: begin and end; `null` is open.
    #[schema(value_type = Vec<Vec<Option<String>>>)]
    pub interval: [[Option<Timestamp>; 2]; 1],
    /// The Gregorian calendar.
    pub trs: String,
}

impl From<Bounds> for SpatialExtent {
    fn from(bounds: Bounds) -> Self {
        Self { bbox: [[bounds.west, bounds.south, bounds.east, bounds.north]], crs: CRS84.to_owned() }
    }
}

impl TemporalExtent {
    /// From then on; `None`: nobody knows from when.
    pub fn since(begin: Option<Timestamp>) -> Self {
        Self { interval: [[begin, None]], trs: GREGORIAN.to_owned() }
    }
}

/// Rings of a polygon of `[lon, lat]`; the first is the outer one, anticlockwise.
pub type Rings = Vec<Vec<[f64; 2]>>;

/// A GeoJSON geometry; degrees WGS 84, longitude first.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type")]
pub enum Geometry {
    /// A place.
    Point {
        /// `[lon, lat]`.
        #[schema(value_type = Vec<f64>)]
        coordinates: [f64; 2],
    },
    /// Ground.
    MultiPolygon {
        /// Polygons.
        #[schema(value_type = Vec<Vec<Vec<Vec<f64>>>>)]
        coordinates: Vec<Rings>,
    },
}

impl From<LatLon> for Geometry {
    fn from(position: LatLon) -> Self {
        Self::Point { coordinates: [position.lon, position.lat] }
    }
}

fn feature_lower() -> Object {
    literal("feature")
}

fn feature() -> Object {
    literal("Feature")
}

fn feature_collection() -> Object {
    literal("FeatureCollection")
}

/// The schema of a text that is always the same.
fn literal(text: &str) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some([text])).build()
}

/// A GeoJSON feature.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Feature<Properties> {
    /// `Feature`.
    #[schema(schema_with = feature)]
    pub r#type: String,
    /// Its name in addresses.
    pub id: String,
    /// Where.
    pub geometry: Option<Geometry>,
    /// What is known of it.
    pub properties: Properties,
    /// To itself and its collection, where it is asked for alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
}

impl<Properties> Feature<Properties> {
    /// A feature without links.
    pub fn new(id: impl ToString, geometry: Option<Geometry>, properties: Properties) -> Self {
        Self { r#type: "Feature".to_owned(), id: id.to_string(), geometry, properties, links: Vec::new() }
    }
}

/// A page of a collection, a GeoJSON feature collection.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct FeaturePage<Properties> {
    /// `FeatureCollection`.
    #[schema(schema_with = feature_collection)]
    pub r#type: String,
    /// The features.
    pub features: Vec<Feature<Properties>>,
    /// The rest.
    #[serde(flatten)]
    pub end: PageEnd,
}

/// What a page says after its features.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PageEnd {
    /// To itself, its collection, and, where there are more, the next page.
    pub links: Vec<Link>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub time_stamp: Timestamp,
    /// Features that match, on all pages; left out where counting them would cost more than the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number_matched: Option<usize>,
    /// Features on this page.
    pub number_returned: usize,
}
