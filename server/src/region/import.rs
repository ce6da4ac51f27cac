//! Import of the official boundaries: 国土数値情報 行政区域データ (N03), GeoJSON or Shapefile, zipped or not.
//!
//! Schema: <https://nlftp.mlit.go.jp/ksj/gml/datalist/KsjTmplt-N03-2024.html>. `N03_007` is the code, `N03_004` the
//! municipality's name; islands and exclaves are features of their own. Everything is checked before anything is
//! written, and one rename puts it in force, so that an error leaves the old boundaries as they were.

mod archive;
mod crs;
mod geojson_file;
mod shape_file;
mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use geo::{Area, BooleanOps, unary_union};
use geo_types::MultiPolygon;
use sha2::{Digest, Sha256};

use super::imported::{self, Origin};
use super::rings::{self, RingFlaw};
use super::verify::{self, Flaw};
use super::{Boundaries, Region};
use crate::domain::office::{Office, OfficeCode};

/// A file, and all that is unpacked from an archive, may have at most this many bytes (512 MiB); a prefecture has
/// about 50 MB.
pub const MAX_BYTES: u64 = 512 << 20;
/// An archive may have at most this many entries; the ministry's have about ten.
pub const MAX_ENTRIES: usize = 256;
/// A repair may change a municipality's area by at most this share; more is not a repair.
const MOST_REPAIR: f64 = 0.01;

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
    /// Where it was written.
    pub written: PathBuf,
}

/// Why a file was not imported. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error("cannot read {}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is larger than we read.
    #[error("{0} is larger than 512 MiB")]
    TooLarge(String),
    /// An archive unpacks to more than we read, or to so many times its size that it is a bomb.
    #[error("the zip unpacks to too much: {0}")]
    UnpacksTooLarge(String),
    /// Not a file of a kind that we know.
    #[error("{0} is neither GeoJSON, nor a Shapefile (.shp), nor a zip with one of them")]
    UnknownKind(String),
    /// The archive is cut short or damaged.
    #[error("the zip is cut short or damaged: {0}")]
    DamagedArchive(String),
    /// The archive has more entries than we look through.
    #[error("the zip has {0} entries; at most 256 are read")]
    TooManyEntries(usize),
    /// A Shapefile lacks one of its files.
    #[error("the Shapefile's {0} is missing")]
    MissingPart(String),
    /// The content is not what the name says.
    #[error("{file} is damaged or not understood: {reason}")]
    Malformed {
        /// The file.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// Text is in no encoding that we know.
    #[error("feature {feature}: its text is neither UTF-8 nor Shift_JIS")]
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
    /// The coordinates are not degrees of JGD2011, JGD2000 or WGS 84.
    #[error("the coordinates are in {0}; degrees of JGD2011, JGD2000 or WGS 84 are needed")]
    WrongCrs(String),
    /// Latitude and longitude are exchanged.
    #[error("feature {feature}: latitude and longitude look exchanged")]
    SwappedAxes {
        /// The feature's index.
        feature: usize,
    },
    /// The numbers are no degrees.
    #[error("feature {feature}: {x}, {y} are not degrees; the coordinates look projected")]
    NotDegrees {
        /// The feature's index.
        feature: usize,
        /// First coordinate.
        x: f64,
        /// Second coordinate.
        y: f64,
    },
    /// No feature has a code.
    #[error("no feature has a code in N03_007; is this the administrative areas (N03)?")]
    NoCodes,
    /// A municipality of the region is not in the file.
    #[error("the file lacks municipalities of the region: {}", .0.join(", "))]
    MissingMunicipality(Vec<String>),
    /// A municipality's rings are unsound and cannot be mended.
    #[error("{code}: {flaw}, and mending it would change its area too much")]
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

/// A feature as it stands in a file.
pub(super) struct RawFeature {
    /// `N03_007`, five digits; `None` for ground that belongs to nobody yet (所属未定地).
    code: Option<String>,
    /// `N03_004`.
    name: Option<String>,
    shape: MultiPolygon<f64>,
}

/// What a file gave.
pub(super) struct RawFile {
    /// The name of the file that was read, inside the archive if there was one.
    name: String,
    features: Vec<RawFeature>,
}

/// Imports the boundaries of the region's municipalities from `file` into `data_dir`. They are in force from the
/// next start.
///
/// # Errors
/// [`ImportError`] says what is wrong with the file; the boundaries that were in force stay so.
pub fn import(file: &Path, region: &Region, data_dir: &Path) -> Result<ImportReport, ImportError> {
    let bytes = read_bounded(file)?;
    let source = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let raw = read_any(file, &source, &bytes)?;
    let edition = edition_of(&source).or_else(|| edition_of(&raw.name)).unwrap_or_else(|| format!("N03 ({source})"));
    let origin = Origin { edition, source, source_sha256: hex::encode(Sha256::digest(&bytes)) };
    drop(bytes);

    let total = raw.features.len();
    let gathered = gather(raw.features, region)?;
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
        written,
    })
}

fn read_bounded(file: &Path) -> Result<Vec<u8>, ImportError> {
    let unreadable = |source| ImportError::Unreadable { file: file.to_owned(), source };
    let size = std::fs::metadata(file).map_err(unreadable)?.len();
    if size > MAX_BYTES {
        return Err(ImportError::TooLarge(file.display().to_string()));
    }
    std::fs::read(file).map_err(unreadable)
}

/// Reads by what the file is: a zip by its first bytes, the others by their extension.
fn read_any(file: &Path, name: &str, bytes: &[u8]) -> Result<RawFile, ImportError> {
    let lower = name.to_ascii_lowercase();
    if bytes.starts_with(b"PK") {
        archive::read(bytes, MAX_BYTES)
    } else if lower.ends_with(".geojson") || lower.ends_with(".json") {
        geojson_file::read(name, bytes)
    } else if lower.ends_with(".shp") {
        let beside = |extension: &str| {
            [extension.to_owned(), extension.to_ascii_uppercase()]
                .iter()
                .map(|extension| file.with_extension(extension))
                .find(|path| path.is_file())
                .map(|path| read_bounded(&path))
                .transpose()
        };
        shape_file::read(&shape_file::Files {
            name,
            shp: bytes,
            shx: beside("shx")?.as_deref(),
            dbf: beside("dbf")?.as_deref(),
            prj: beside("prj")?.as_deref(),
            cpg: beside("cpg")?.as_deref(),
        })
    } else if lower.ends_with(".zip") {
        Err(ImportError::DamagedArchive("it does not begin as a zip does".to_owned()))
    } else {
        Err(ImportError::UnknownKind(name.to_owned()))
    }
}

/// Sorts the region's features by municipality, and refuses what cannot be right.
fn gather(
    features: Vec<RawFeature>,
    region: &Region,
) -> Result<BTreeMap<OfficeCode, Vec<MultiPolygon<f64>>>, ImportError> {
    if !features.iter().any(|feature| feature.code.is_some()) {
        return Err(ImportError::NoCodes);
    }
    let towns: BTreeMap<&str, &Office> = region.municipalities().map(|town| (town.code.as_str(), town)).collect();
    let mut gathered: BTreeMap<OfficeCode, Vec<MultiPolygon<f64>>> = BTreeMap::new();
    for (at, feature) in features.into_iter().enumerate() {
        check_degrees(at, &feature.shape)?;
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

fn check_degrees(feature: usize, shape: &MultiPolygon<f64>) -> Result<(), ImportError> {
    for c in rings::all(shape).flat_map(|ring| ring.0.iter()) {
        // Japan with its outer islands: latitude 20–46, longitude 122–154.
        if (20.0..=46.0).contains(&c.x) && (122.0..=154.0).contains(&c.y) {
            return Err(ImportError::SwappedAxes { feature });
        }
        if c.x.abs() > 180.0 || c.y.abs() > 90.0 {
            return Err(ImportError::NotDegrees { feature, x: c.x, y: c.y });
        }
    }
    Ok(())
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

fn repair(shape: &MultiPolygon<f64>) -> Option<MultiPolygon<f64>> {
    if rings::check(shape).is_err_and(|flaw| matches!(flaw, RingFlaw::Empty | RingFlaw::NotFinite)) {
        return None;
    }
    let before = shape.unsigned_area();
    let each: Vec<MultiPolygon<f64>> =
        shape.iter().map(|polygon| polygon.union(&MultiPolygon::<f64>(vec![]))).collect();
    let mended = unary_union(&each);
    let moved = (mended.unsigned_area() - before).abs();
    (rings::check(&mended).is_ok() && before > 0.0 && moved <= MOST_REPAIR * before).then_some(mended)
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
