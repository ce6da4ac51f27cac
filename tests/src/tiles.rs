//! The map's tiles as a client reads them.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use fast_mvt::{MvtFeature, MvtGeometry, MvtReaderRef, MvtTile, MvtValue};

use crate::client::{Answer, Client};

/// Media type of a vector tile.
pub const MVT: &str = "application/vnd.mapbox-vector-tile";

/// Column and row of the tile of a position (latitude, longitude): OpenStreetMap wiki, "Slippy map tilenames".
pub fn column_and_row((lat, lon): (f64, f64), z: u8) -> (u32, u32) {
    let side = f64::from(1_u32 << z);
    let across = (lon + 180.0) / 360.0 * side;
    let down = (1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0 * side;
    (across as u32, down as u32)
}

/// The address of the tile of a position.
pub fn address(source: &str, at: (f64, f64), z: u8) -> String {
    let (x, y) = column_and_row(at, z);
    format!("/tiles/{source}/{z}/{x}/{y}")
}

/// The tile of an answer; an empty one for 204.
///
/// # Errors
/// If it is anything else.
pub fn read(answer: &Answer) -> Result<MvtTile> {
    if answer.status == 204 {
        ensure!(answer.body.is_empty(), "204 with a body");
        return Ok(MvtTile::new());
    }
    ensure!(answer.status == 200, "refused with {}: {}", answer.status, answer.text());
    ensure!(answer.header("content-type") == MVT, "a tile of type {}", answer.header("content-type"));
    ensure!(!answer.body.is_empty() && answer.body.len() <= 200_000, "{} bytes", answer.body.len());
    Ok(MvtReaderRef::new(&answer.body)?.to_tile()?)
}

/// The features of a layer of the tile of a position; none if the tile has no such layer.
///
/// # Errors
/// If there is no tile.
pub async fn features(client: &Client, source: &str, at: (f64, f64), z: u8, layer: &str) -> Result<Vec<Feature>> {
    let tile = read(&client.get(&address(source, at, z)).await?)?;
    let layers = tile.layers.into_iter().filter(|found| found.name == layer);
    layers.flat_map(|layer| layer.features).map(Feature::of).collect()
}

/// A feature.
#[derive(Clone, PartialEq, Debug)]
pub struct Feature {
    /// Where, if it is a point: in units of the tile.
    pub at: Option<(i32, i32)>,
    /// Its properties.
    pub properties: BTreeMap<String, MvtValue>,
}

impl Feature {
    fn of(feature: MvtFeature) -> Result<Self> {
        let at = match feature.geometry {
            MvtGeometry::Point(point) => Some((point.x(), point.y())),
            _ => None,
        };
        Ok(Self { at, properties: feature.properties.into_iter().collect() })
    }

    /// A text among its properties.
    ///
    /// # Errors
    /// If it has none of this name.
    pub fn text(&self, name: &str) -> Result<&str> {
        match self.properties.get(name) {
            Some(MvtValue::String(text)) => Ok(text),
            other => Err(anyhow::anyhow!("{name} is {other:?}")),
        }
    }

    /// A whole number among its properties; 0 where it is left out.
    pub fn number(&self, name: &str) -> u64 {
        match self.properties.get(name) {
            Some(MvtValue::UInt(number)) => *number,
            _ => 0,
        }
    }

    /// Whether a property says yes.
    pub fn flag(&self, name: &str) -> bool {
        self.properties.get(name) == Some(&MvtValue::Bool(true))
    }

    /// How many things it stands for.
    pub fn count(&self) -> u64 {
        self.number("count").max(1)
    }
}

/// How many incidents of a live tile are real, and how many are a drill's.
///
/// # Errors
/// If there is no tile.
pub async fn incidents(client: &Client, at: (f64, f64), z: u8) -> Result<(u64, u64)> {
    let all = features(client, "live", at, z, "incidents").await?;
    let sum = |drill: bool| all.iter().filter(|one| one.flag("drill") == drill).map(Feature::count).sum();
    Ok((sum(false), sum(true)))
}

/// The id of the only feature.
///
/// # Errors
/// If there are none or several.
pub fn only(features: &[Feature]) -> Result<&Feature> {
    ensure!(features.len() == 1, "{} features", features.len());
    features.first().context("no feature")
}
