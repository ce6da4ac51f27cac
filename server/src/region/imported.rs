//! Boundaries that were imported into the data folder: `<data>/region/<region>/boundaries.geojson`.
//!
//! One file, so that one rename replaces it: a FeatureCollection that also names its edition, the file it was
//! made from with that file's SHA-256, and the SHA-256 of its own `features` as they are written.

use std::path::{Path, PathBuf};

use geo::Orient;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::boundary::{self, Sheet};
use super::{Boundaries, Region, RegionError, verify};
use crate::domain::office::Office;
use crate::geodata::put::put;

/// What is written on the map for imported boundaries, as the ministry's terms of use ask for.
pub const ATTRIBUTION: &str = "国土数値情報（行政区域データ）（国土交通省）を加工して作成";

/// The file where a region's imported boundaries lie.
pub fn path(data_dir: &Path, region: &str) -> PathBuf {
    data_dir.join("region").join(region).join("boundaries.geojson")
}

#[derive(Serialize, Deserialize)]
struct Stored {
    r#type: String,
    sketch: bool,
    edition: String,
    attribution: String,
    source: String,
    source_sha256: String,
    features_sha256: String,
    features: Box<RawValue>,
}

/// Where imported boundaries came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Which edition, for people.
    pub edition: String,
    /// The imported file's name, without folders.
    pub source: String,
    /// Its SHA-256, hexadecimal.
    pub source_sha256: String,
}

/// Writes boundaries beside the old ones and lets them take their place in one rename, both synced to disk.
///
/// # Errors
/// The file system's; the old file is then untouched.
pub fn store(target: &Path, boundaries: &Boundaries, offices: &[Office], origin: &Origin) -> std::io::Result<()> {
    let features: Vec<geojson::Feature> = boundaries
        .iter()
        .map(|(code, shape)| {
            let shape = shape.orient(geo::algorithm::orient::Direction::Default);
            let mut feature = geojson::Feature::from(geojson::Geometry::new((&shape).into()));
            feature.set_property("code", code.as_str());
            if let Some(office) = offices.iter().find(|office| office.code == *code) {
                feature.set_property("name", office.name.as_str());
            }
            feature
        })
        .collect();
    let features = serde_json::value::to_raw_value(&features)?;
    let stored = Stored {
        r#type: "FeatureCollection".to_owned(),
        sketch: false,
        edition: origin.edition.clone(),
        attribution: ATTRIBUTION.to_owned(),
        source: origin.source.clone(),
        source_sha256: origin.source_sha256.clone(),
        features_sha256: hex::encode(Sha256::digest(features.get())),
        features,
    };
    put(target, &serde_json::to_vec(&stored)?)
}

/// Puts the imported boundaries in place of the region's own, if there are any. Their rings were checked when they
/// were imported; here the checksum says that they are still the same.
pub(super) fn apply(mut region: Region, data_dir: &Path) -> Result<Region, RegionError> {
    let file = path(data_dir, region.code());
    let bytes = match std::fs::read(&file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(region),
        Err(source) => return Err(RegionError::Unreadable { file, source }),
    };
    let damaged = |reason: String| RegionError::DamagedImport { file: file.clone(), reason };
    let sheet = unpack(&bytes).map_err(&damaged)?;
    verify::verify_fit(&region.offices, &sheet.boundaries).map_err(|flaw| damaged(flaw.to_string()))?;
    let bounds = &mut region.about.bounds;
    for envelope in sheet.boundaries.values().filter_map(verify::envelope) {
        bounds.west = bounds.west.min(envelope.west);
        bounds.south = bounds.south.min(envelope.south);
        bounds.east = bounds.east.max(envelope.east);
        bounds.north = bounds.north.max(envelope.north);
    }
    region.sketch = sheet.sketch;
    region.edition = sheet.edition;
    region.attribution = sheet.attribution.unwrap_or_else(|| ATTRIBUTION.to_owned());
    region.boundaries = sheet.boundaries;
    Ok(region)
}

fn unpack(bytes: &[u8]) -> Result<Sheet, String> {
    let stored: Stored = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let found = hex::encode(Sha256::digest(stored.features.get()));
    if found != stored.features_sha256 {
        return Err(format!("checksum {} expected, {found} found", stored.features_sha256));
    }
    boundary::read(bytes)
}
