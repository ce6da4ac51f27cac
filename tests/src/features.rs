//! The building blocks of OGC API – Features as a strict client reads them: the schemas `landingPage`,
//! `confClasses`, `collections`, `collection`, `extent`, `link`, `featureCollectionGeoJSON`,
//! `featureGeoJSON`, `pointGeoJSON` and `multipolygonGeoJSON` of OGC 17-069r4 (annex, `ogcapi-features-1.yaml`),
//! written here as types, with the requirements that go with them. `attribution` is the one member that is
//! not in Part 1 (it is Part "Common"'s). A member that nobody knows is an error.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// WGS 84, longitude first (/req/core/crs84).
pub const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";

/// Media type of features (/req/geojson/definition).
pub const GEOJSON: &str = "application/geo+json";

/// `link`; `rel` and `type` are asked for wherever links are.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Address.
    pub href: String,
    /// Relation.
    pub rel: String,
    /// Media type.
    pub r#type: String,
    /// For people.
    pub title: Option<String>,
}

/// `landingPage`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LandingPage {
    /// Name.
    pub title: String,
    /// What it is.
    pub description: String,
    /// What to write on a map.
    pub attribution: String,
    /// Links.
    pub links: Vec<Link>,
}

/// `confClasses`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Conformance {
    /// Conformance classes.
    pub conforms_to: Vec<String>,
}

/// `collections`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collections {
    /// Links.
    pub links: Vec<Link>,
    /// The collections.
    pub collections: Vec<Collection>,
}

/// `collection`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Collection {
    /// Name in addresses.
    pub id: String,
    /// Name.
    pub title: String,
    /// What it is.
    pub description: String,
    /// What to write on a map.
    pub attribution: String,
    /// Links.
    pub links: Vec<Link>,
    /// Where and when.
    pub extent: Extent,
    /// `feature`.
    pub item_type: String,
    /// Coordinate reference systems.
    pub crs: Vec<String>,
}

/// `extent`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extent {
    /// Where.
    pub spatial: Spatial,
    /// When.
    pub temporal: Option<Temporal>,
}

/// `extent.spatial`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spatial {
    /// West, south, east, north.
    pub bbox: Vec<[f64; 4]>,
    /// CRS84.
    pub crs: String,
}

/// `extent.temporal`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Temporal {
    /// Begin and end.
    pub interval: Vec<[Option<Timestamp>; 2]>,
    /// Calendar.
    pub trs: String,
}

/// `featureCollectionGeoJSON`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct FeatureCollection {
    /// `FeatureCollection`.
    pub r#type: String,
    /// The features.
    pub features: Vec<Feature>,
    /// Links.
    pub links: Vec<Link>,
    /// When it was made.
    pub time_stamp: Timestamp,
    /// How many match.
    pub number_matched: Option<usize>,
    /// How many are here.
    pub number_returned: usize,
}

/// `featureGeoJSON`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// `Feature`.
    pub r#type: String,
    /// Name in addresses.
    pub id: String,
    /// Where.
    pub geometry: Option<Geometry>,
    /// What.
    pub properties: BTreeMap<String, Value>,
    /// Links of a feature that was asked for alone.
    #[serde(default)]
    pub links: Vec<Link>,
}

/// `pointGeoJSON` and `multipolygonGeoJSON`.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum Geometry {
    /// A place.
    Point {
        /// Longitude and latitude.
        coordinates: [f64; 2],
    },
    /// Ground.
    MultiPolygon {
        /// Polygons of rings.
        coordinates: Vec<Vec<Vec<[f64; 2]>>>,
    },
}

/// The link of this relation.
pub fn link<'a>(links: &'a [Link], rel: &str) -> Option<&'a Link> {
    links.iter().find(|link| link.rel == rel)
}

fn check_links(links: &[Link], wanted: &[(&str, &str)]) -> Result<()> {
    for link in links {
        ensure!(link.href.starts_with("http://") || link.href.starts_with("https://"), "not absolute: {link:?}");
    }
    for (rel, kind) in wanted {
        let found = link(links, rel);
        ensure!(found.is_some_and(|found| found.r#type == *kind), "no {rel} of {kind} in {links:?}");
    }
    Ok(())
}

impl LandingPage {
    /// /req/core/root-success, /req/oas30/oas-definition-1.
    ///
    /// # Errors
    /// If it does not hold.
    pub fn check(&self) -> Result<()> {
        let json = "application/json";
        let wanted = [
            ("self", json),
            ("service-desc", "application/vnd.oai.openapi+json;version=3.0"),
            ("service-doc", "text/html"),
            ("conformance", json),
            ("data", json),
        ];
        check_links(&self.links, &wanted)
    }
}

impl Collections {
    /// /req/core/fc-md-success and -links.
    ///
    /// # Errors
    /// If it does not hold.
    pub fn check(&self) -> Result<()> {
        check_links(&self.links, &[("self", "application/json")])?;
        self.collections.iter().try_for_each(Collection::check)
    }
}

impl Collection {
    /// /req/core/fc-md-items, -items-links, -extent and crs84.
    ///
    /// # Errors
    /// If it does not hold.
    pub fn check(&self) -> Result<()> {
        check_links(&self.links, &[("self", "application/json"), ("items", GEOJSON)])?;
        ensure!(self.item_type == "feature" && self.crs == [CRS84], "{self:?}");
        let spatial = &self.extent.spatial;
        ensure!(spatial.crs == CRS84 && spatial.bbox.len() == 1, "{spatial:?}");
        let [west, south, east, north] = spatial.bbox[0];
        ensure!(-180.0 <= west && west <= east && east <= 180.0, "{spatial:?}");
        ensure!(-90.0 <= south && south <= north && north <= 90.0, "{spatial:?}");
        if let Some(temporal) = &self.extent.temporal {
            ensure!(temporal.trs == "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian", "{temporal:?}");
            ensure!(temporal.interval.len() == 1, "{temporal:?}");
        }
        Ok(())
    }
}

impl FeatureCollection {
    /// /req/core/fc-response, -links, -timeStamp, -numberMatched, -numberReturned and /req/geojson/content.
    ///
    /// # Errors
    /// If it does not hold.
    pub fn check(&self) -> Result<()> {
        ensure!(self.r#type == "FeatureCollection", "{}", self.r#type);
        ensure!(self.number_returned == self.features.len(), "{} returned", self.number_returned);
        ensure!(self.number_matched.is_none_or(|matched| matched >= self.number_returned), "{:?}", self.number_matched);
        check_links(&self.links, &[("self", GEOJSON), ("collection", "application/json")])?;
        ensure!(link(&self.links, "next").is_none_or(|next| next.r#type == GEOJSON), "{:?}", self.links);
        self.features.iter().try_for_each(Feature::check)
    }
}

impl Feature {
    /// `featureGeoJSON`; rings closed and wound as RFC 7946, 3.1.6 asks.
    ///
    /// # Errors
    /// If it does not hold.
    pub fn check(&self) -> Result<()> {
        ensure!(self.r#type == "Feature" && !self.id.is_empty() && !self.properties.is_empty(), "{self:?}");
        let flat = |value: &Value| !value.is_object() && !value.is_array();
        ensure!(self.properties.values().all(flat), "no table can be made of {:?}", self.properties);
        match &self.geometry {
            None => Ok(()),
            Some(Geometry::Point { coordinates: [lon, lat] }) => {
                ensure!(lon.abs() <= 180.0 && lat.abs() <= 90.0, "{lon} {lat}");
                Ok(())
            }
            Some(Geometry::MultiPolygon { coordinates }) => {
                ensure!(!coordinates.is_empty(), "{} has no ground", self.id);
                coordinates.iter().try_for_each(|rings| check_rings(rings))
            }
        }
    }

    /// The same, asked for alone: /req/core/f-links.
    ///
    /// # Errors
    /// If it does not hold.
    pub fn check_alone(&self) -> Result<()> {
        self.check()?;
        check_links(&self.links, &[("self", GEOJSON), ("collection", "application/json")])
    }
}

fn check_rings(rings: &[Vec<[f64; 2]>]) -> Result<()> {
    for (index, ring) in rings.iter().enumerate() {
        ensure!(ring.len() >= 4 && ring.first() == ring.last(), "a ring of {} corners", ring.len());
        let twice: f64 = ring.windows(2).map(|pair| pair[0][0] * pair[1][1] - pair[1][0] * pair[0][1]).sum();
        ensure!((twice > 0.0) == (index == 0), "ring {index} is wound the wrong way");
    }
    ensure!(!rings.is_empty(), "a polygon without rings");
    Ok(())
}

/// `exception`: an error answer has a code (the rest is RFC 9457).
///
/// # Errors
/// If it has none.
pub fn check_exception(problem: &Value) -> Result<()> {
    ensure!(problem["code"].is_string() && problem["title"].is_string(), "{problem}");
    Ok(())
}
