//! Import of the official boundaries: 国土数値情報 行政区域データ (N03), GeoJSON or Shapefile, zipped or not.
//!
//! Schema: <https://nlftp.mlit.go.jp/ksj/gml/datalist/KsjTmplt-N03-2024.html>. `N03_007` is the code, `N03_004` the
//! municipality's name; islands and exclaves are features of their own. Everything is checked before anything is
//! written, and one rename puts it in force, so that an error leaves the old boundaries as they were.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use geo_types::{Geometry, MultiPolygon};

use super::imported::{self, Origin};
use super::verify::{self, Flaw};
use super::{Boundaries, Region};
use crate::domain::office::{Office, OfficeCode};
use crate::geodata::mend::mend as repair;
use crate::geodata::rings::{self, RingFlaw};
use crate::geodata::{Feature, FlawedShape, GeodataError, Limits, Source};

/// A file, and all that is unpacked from an archive, may have at most this many bytes (512 MiB); a prefecture has
/// about 50 MB.
pub const MAX_BYTES: u64 = 512 << 20;
/// An archive may have at most this many entries; the ministry's have about ten.
pub const MAX_ENTRIES: usize = 256;
/// What an import did.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportReport {
    /// Which edition, for people.
    pub edition: String,
    /// SHA-256 of the file, hexadecimal.
    pub source_sha256: String,
    /// Municipalities whose boundaries are in force from the next start.
    pub municipalities: usize,
    /// Features that were merged into them.
    pub features: usize,
    /// Features of municipalities outside the region, or without a code; not taken.
    pub ignored: usize,
    /// Corners of all rings together.
    pub vertices: usize,
    /// What was mended: the municipality, and what was wrong.
    pub repaired: Vec<(OfficeCode, RingFlaw)>,
    /// Whether it is a Shapefile that does not say which coordinates it has.
    pub without_crs: bool,
    /// Where it was written.
    pub written: PathBuf,
}

/// Why a file was not imported. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read, or is not what it says.
    #[error(transparent)]
    File(#[from] GeodataError),
    /// A feature is no polygon.
    #[error("feature {}: {flaw}", .feature + 1)]
    Shape {
        /// The feature's index.
        feature: usize,
        /// Why.
        flaw: FlawedShape,
    },
    /// Text is in no encoding that we know.
    #[error("feature {}: its text is neither UTF-8 nor Shift_JIS", .feature + 1)]
    UnknownEncoding {
        /// The feature's index.
        feature: usize,
    },
    /// A name is not the one of its code: garbled text, or another code system.
    #[error("{code} is called {found:?} in the file and {expected:?} in the region: wrong encoding, or wrong codes")]
    WrongName {
        /// The code.
        code: OfficeCode,
        /// The region's name.
        expected: String,
        /// The file's name.
        found: String,
    },
    /// No feature has a code.
    #[error("no feature has a code in N03_007; is this the administrative areas (N03)?")]
    NoCodes,
    /// A municipality of the region is not in the file.
    #[error("the file lacks municipalities of the region: {}", .0.join(", "))]
    MissingMunicipality(Vec<String>),
    /// A municipality's rings are unsound and cannot be mended.
    #[error("{code}: {flaw}, and which ground is meant cannot be told")]
    Unsound {
        /// The municipality.
        code: OfficeCode,
        /// What is wrong.
        flaw: RingFlaw,
    },
    /// The boundaries do not fit the region's offices.
    #[error("the boundaries do not fit the region: {0}")]
    Unfit(#[from] Flaw),
    /// The data folder cannot be written.
    #[error("cannot write {}", .file.display())]
    Unwritable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// A feature of the administrative areas.
struct Area {
    /// `N03_007`, five digits; `None` for ground that belongs to nobody yet (所属未定地).
    code: Option<String>,
    /// `N03_004`.
    name: Option<String>,
    shape: MultiPolygon<f64>,
}

/// Imports the boundaries of the region's municipalities from `file` into `data_dir`. They are in force from the
/// next start.
///
/// # Errors
/// [`ImportError`] says what is wrong with the file; the boundaries that were in force stay so.
pub fn import(file: &Path, region: &Region, data_dir: &Path) -> Result<ImportReport, ImportError> {
    let limits = Limits { bytes: MAX_BYTES, entries: MAX_ENTRIES, scratch: None };
    let mut opened = Source::open(file, limits)?;
    let source = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    // The ministry packs `N03-20240101_07.shp` beside `N03-20240101_07_prefecture.shp`.
    let layer = opened.layers().iter().min_by_key(|name| (name.len(), name.as_str())).cloned().unwrap_or_default();
    let without_crs = opened.lacks_crs(&layer);
    let mut areas = Vec::new();
    opened.read(&layer, |feature| -> Result<(), ImportError> {
        areas.extend(area(feature)?);
        Ok(())
    })?;
    let edition = edition_of(&source).or_else(|| edition_of(&layer)).unwrap_or_else(|| format!("N03 ({source})"));
    let origin = Origin { edition, source, source_sha256: opened.sha256()? };

    let total = areas.len();
    let gathered = gather(areas, region)?;
    let features = gathered.values().map(|parts| parts.len()).sum();
    let (boundaries, repaired) = mend(gathered)?;
    verify::verify_fit(region.offices(), &boundaries)?;

    let written = imported::path(data_dir, region.code());
    imported::store(&written, &boundaries, region.offices(), &origin)
        .map_err(|source| ImportError::Unwritable { file: written.clone(), source })?;
    Ok(ImportReport {
        edition: origin.edition,
        source_sha256: origin.source_sha256,
        municipalities: boundaries.len(),
        features,
        ignored: total - features,
        vertices: boundaries.values().flat_map(rings::all).map(|ring| ring.0.len()).sum(),
        repaired,
        without_crs,
        written,
    })
}

/// What a feature says; `None` without a geometry.
fn area(feature: Feature) -> Result<Option<Area>, ImportError> {
    let Feature { index, fields, shape } = feature;
    let shape = match shape {
        Ok(Geometry::Polygon(polygon)) => MultiPolygon(vec![polygon]),
        Ok(Geometry::MultiPolygon(polygons)) => polygons,
        Ok(_) => {
            let flaw = FlawedShape::Malformed("a boundary is a Polygon or a MultiPolygon".to_owned());
            return Err(ImportError::Shape { feature: index, flaw });
        }
        Err(FlawedShape::None) => return Ok(None),
        Err(flaw) => return Err(ImportError::Shape { feature: index, flaw }),
    };
    let text = |field| {
        let text = fields.text(field).map_err(|_| ImportError::UnknownEncoding { feature: index })?;
        Ok::<_, ImportError>(text.map(std::borrow::Cow::into_owned))
    };
    Ok(Some(Area { code: text("N03_007")?.map(five_digits), name: text("N03_004")?, shape }))
}

/// Codes come as text, and after a spreadsheet had them as numbers without the leading nought.
fn five_digits(code: String) -> String {
    let number = code.len() < 5 && code.bytes().all(|byte| byte.is_ascii_digit());
    if number { format!("{code:0>5}") } else { code }
}

/// Sorts the region's features by municipality, and refuses what cannot be right.
fn gather(features: Vec<Area>, region: &Region) -> Result<BTreeMap<OfficeCode, Vec<MultiPolygon<f64>>>, ImportError> {
    if !features.iter().any(|feature| feature.code.is_some()) {
        return Err(ImportError::NoCodes);
    }
    let towns: BTreeMap<&str, &Office> = region.municipalities().map(|town| (town.code.as_str(), town)).collect();
    let mut gathered: BTreeMap<OfficeCode, Vec<MultiPolygon<f64>>> = BTreeMap::new();
    for feature in features {
        let Some(town) = feature.code.as_deref().and_then(|code| towns.get(code)) else { continue };
        if let Some(found) = feature.name.filter(|name| *name != town.name) {
            return Err(ImportError::WrongName { code: town.code.clone(), expected: town.name.clone(), found });
        }
        gathered.entry(town.code.clone()).or_default().push(feature.shape);
    }
    let missing: Vec<String> = towns
        .values()
        .filter(|town| !gathered.contains_key(&town.code))
        .map(|town| format!("{} {}", town.code, town.name))
        .collect();
    if missing.is_empty() { Ok(gathered) } else { Err(ImportError::MissingMunicipality(missing)) }
}

/// Joins each municipality's parts, and mends small flaws: parts that share a side, spikes, tiny loops.
fn mend(
    gathered: BTreeMap<OfficeCode, Vec<MultiPolygon<f64>>>,
) -> Result<(Boundaries, Vec<(OfficeCode, RingFlaw)>), ImportError> {
    let mut boundaries = Boundaries::new();
    let mut repaired = Vec::new();
    for (code, parts) in gathered {
        let mut shape = MultiPolygon(parts.into_iter().flatten().collect());
        if let Err(flaw) = rings::check(&shape) {
            shape = repair(&shape).ok_or_else(|| ImportError::Unsound { code: code.clone(), flaw })?;
            repaired.push((code.clone(), flaw));
        }
        boundaries.insert(code, shape);
    }
    Ok((boundaries, repaired))
}

/// The edition in a file's name: `N03-20240101_07…` or `N03-21_07_210101…`.
fn edition_of(name: &str) -> Option<String> {
    let digits = name.split(|c: char| !c.is_ascii_digit());
    let date = |text: &str| -> Option<jiff::civil::Date> {
        let text = if text.len() == 6 { format!("20{text}") } else { text.to_owned() };
        (text.len() == 8).then(|| jiff::civil::Date::strptime("%Y%m%d", &text).ok()).flatten()
    };
    name.contains("N03").then(|| digits.filter_map(date).next()).flatten().map(|date| format!("N03 {date}"))
}

#[cfg(test)]
mod tests;
