//! Import of a base map: files of 国土数値情報 (see [`Schema`]), GeoJSON or Shapefile, zipped or not, as many as there
//! are; or one archive of tiles (PMTiles, MBTiles), which is opened by the reader that will serve it, and kept as it is.
//! Everything is read before anything is written, and one rename puts it in force, so that an error leaves the old base
//! map as it was.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use geo::{BoundingRect as _, CoordsIter as _, Intersects as _};
use geo_types::{Coord, Rect};
use sokuho_tiles::archive::{Archive, ArchiveError};

use super::kept::{self, Kept};
use super::schema::Schema;
use super::{Base, Feature, Layer, Origin};
use crate::domain::position::Bounds;
use crate::geodata::{FlawedShape, GeodataError, Limits, Source, room};

/// A file, and all that is unpacked from an archive, may have at most this many bytes (2 GiB); the whole country's
/// rivers have about 1 GB.
pub const MAX_BYTES: u64 = 2 << 30;
/// An archive of files may have at most this many entries; the ministry's have about twenty.
pub const MAX_ENTRIES: usize = 1_024;
/// What lies so far outside the region is drawn too, degrees: a map shows what is around.
pub const AROUND: f64 = 0.2;
/// Corners that are kept at most: they stay in memory, 16 bytes each.
pub const MAX_CORNERS: usize = 8_000_000;
/// Of what was refused, so many are listed; the others are counted.
pub const MAX_LISTED: usize = 20;

/// What somebody says of an archive of tiles, which cannot be told from the file.
#[derive(Debug, Clone, Default)]
pub struct Said {
    /// What to write on the map.
    pub attribution: Option<String>,
    /// Under which licence or terms it may be used.
    pub licence: Option<String>,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportReport {
    /// Where it came from, as it is written down.
    pub origin: Origin,
    /// Features by layer; empty for an archive of tiles.
    pub features: BTreeMap<Layer, usize>,
    /// Corners of all of them.
    pub corners: usize,
    /// Features outside the region and what is around it, or that are not drawn.
    pub ignored: usize,
    /// Features that could not be taken.
    pub refused: usize,
    /// The first of these: file, feature, reason.
    pub listed: Vec<String>,
    /// Shapefiles that do not say which coordinates they have.
    pub without_crs: Vec<String>,
    /// Each file's SHA-256, hexadecimal.
    pub sha256: Vec<(String, String)>,
    /// Where it was written.
    pub written: PathBuf,
}

impl ImportReport {
    /// What the base map before showed and this one, if it is made of features, does not.
    pub fn gone(&self, before: &Base) -> Vec<Layer> {
        if self.features.is_empty() {
            return Vec::new();
        }
        let had = |layer: &Layer| before.features().iter().any(|feature| feature.layer == *layer);
        Layer::ALL.into_iter().filter(|layer| !self.features.contains_key(layer) && had(layer)).collect()
    }
}

/// Why nothing was imported. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file cannot be read.
    #[error("{}", .cause.told_of(.file))]
    Geodata {
        /// The file.
        file: PathBuf,
        /// Why.
        cause: GeodataError,
    },
    /// A file cannot be read.
    #[error("cannot read {}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Text is in no encoding that we know.
    #[error("{file}, feature {}: its text is neither UTF-8 nor Shift_JIS", .feature + 1)]
    UnknownEncoding {
        /// The file.
        file: String,
        /// The feature's index.
        feature: usize,
    },
    /// No feature of a file is of a kind that we know.
    #[error("{0} is none of 国土数値情報 N01, N02, N06, N13, W05, W09")]
    UnknownSchema(String),
    /// Nothing lies in the region.
    #[error("nothing in the files lies in the region or around it")]
    NothingHere,
    /// More than is kept in memory.
    #[error("the files have more than {MAX_CORNERS} corners in the region; make an archive of tiles of them")]
    TooMuch,
    /// An archive of tiles stands for itself.
    #[error("an archive of tiles is a whole base map: import it alone")]
    ArchiveAmongOthers,
    /// An archive of tiles does not begin as one does.
    #[error("{0} does not begin as its kind does: it is damaged, or something else")]
    DamagedArchive(String),
    /// The reader that would serve an archive of tiles refuses it.
    #[error("{file} is refused")]
    RefusedArchive {
        /// The file.
        file: String,
        /// Why.
        source: ArchiveError,
    },
    /// There is no room for a copy of an archive of tiles.
    #[error("{file} has {needed} bytes, and {} has room for {free}", .folder.display())]
    NoRoom {
        /// The file.
        file: String,
        /// Where.
        folder: PathBuf,
        /// Bytes that it has.
        needed: u64,
        /// Bytes that are free there, but for what is left to the log.
        free: u64,
    },
    /// Nobody said what to write on the map.
    #[error("an archive of tiles needs --attribution: what its maker asks to be written on the map")]
    NoAttribution,
    /// The data folder cannot be written.
    #[error("cannot write below {}", .folder.display())]
    Unwritable {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Imports a base map for a region into `data_dir`; it is in force from the next start.
///
/// # Errors
/// [`ImportError`] says what is wrong; the base map that was in force stays so.
pub async fn import(
    files: &[PathBuf],
    region: &str,
    bounds: Bounds,
    data_dir: &Path,
    said: &Said,
) -> Result<ImportReport, ImportError> {
    let archives = files.iter().filter(|file| archive_magic(file).is_some()).count();
    match (archives, files) {
        (1, [file]) => archive(file, region, data_dir, said).await,
        (0, _) => features(files, region, bounds, data_dir),
        _ => Err(ImportError::ArchiveAmongOthers),
    }
}

/// How a file of this name begins, if it is an archive of tiles.
fn archive_magic(file: &Path) -> Option<&'static [u8]> {
    match file.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "pmtiles" => Some(b"PMTiles\x03"), // https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md
        "mbtiles" => Some(b"SQLite format 3\0"), // https://github.com/mapbox/mbtiles-spec
        _ => None,
    }
}

fn bare(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

async fn archive(file: &Path, region: &str, data_dir: &Path, said: &Said) -> Result<ImportReport, ImportError> {
    let name = bare(file);
    let magic = archive_magic(file).unwrap_or_default();
    let mut begins = Vec::new();
    std::fs::File::open(file)
        .and_then(|opened| opened.take(magic.len() as u64).read_to_end(&mut begins))
        .map_err(|source| ImportError::Unreadable { file: file.to_owned(), source })?;
    if begins != magic {
        return Err(ImportError::DamagedArchive(name));
    }
    let refused = |source| ImportError::RefusedArchive { file: name.clone(), source };
    drop(Archive::open(file).await.map_err(refused)?);
    let folder = kept::folder(data_dir, region);
    let unwritable = |source| ImportError::Unwritable { folder: folder.clone(), source };
    std::fs::create_dir_all(&folder).map_err(unwritable)?;
    let needed = std::fs::metadata(file).map_err(|source| ImportError::Unreadable { file: file.to_owned(), source })?;
    let (needed, free) = (needed.len(), room(&folder).map_err(unwritable)?);
    if needed > free {
        return Err(ImportError::NoRoom { file: name, folder, needed, free });
    }
    let origin = Origin {
        edition: file.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        source: name,
        licence: said.licence.clone().unwrap_or_default(),
        attribution: said.attribution.clone().ok_or(ImportError::NoAttribution)?,
    };
    let written = store(data_dir, region, Kept::Archive(file), &origin)?;
    Ok(report(origin, &[], written))
}

fn features(files: &[PathBuf], region: &str, bounds: Bounds, data_dir: &Path) -> Result<ImportReport, ImportError> {
    let here = Rect::new(
        Coord { x: bounds.west - AROUND, y: bounds.south - AROUND },
        Coord { x: bounds.east + AROUND, y: bounds.north + AROUND },
    );
    let folder = kept::folder(data_dir, region);
    std::fs::create_dir_all(&folder).map_err(|source| ImportError::Unwritable { folder: folder.clone(), source })?;
    let limits = Limits { bytes: MAX_BYTES, entries: MAX_ENTRIES, scratch: Some(folder) };
    let mut taken = Taken::default();
    let mut schemas = BTreeSet::new();
    let (mut sums, mut without_crs) = (Vec::new(), Vec::new());
    for file in files {
        let name = bare(file);
        let of_file = |cause| ImportError::Geodata { file: file.clone(), cause };
        let mut source = Source::open(file, limits.clone()).map_err(of_file)?;
        let before = schemas.len();
        let mut known = false;
        for layer in one_of_each(source.layers()) {
            if source.lacks_crs(&layer) {
                without_crs.push(layer.clone());
            }
            let read = source.read(&layer, |feature| {
                known |= taken.take(&layer, feature, here, &mut schemas).map_err(Stop::Import)?;
                Ok(())
            });
            read.map_err(|stop| match stop {
                Stop::Geodata(source) => of_file(source),
                Stop::Import(error) => error,
            })?;
        }
        if !known && schemas.len() == before {
            return Err(ImportError::UnknownSchema(name));
        }
        sums.push((name.clone(), source.sha256().map_err(of_file)?));
    }
    taken.join_stations();
    if taken.features.is_empty() {
        return Err(ImportError::NothingHere);
    }
    let origin = origin(files, &schemas);
    let written = store(data_dir, region, Kept::Features(&taken.features), &origin)?;
    let Taken { features, corners, ignored, refused, listed } = taken;
    let report = report(origin, &features, written);
    Ok(ImportReport { corners, ignored, refused, listed, without_crs, sha256: sums, ..report })
}

/// Why reading stopped.
enum Stop {
    Geodata(GeodataError),
    Import(ImportError),
}

impl From<GeodataError> for Stop {
    fn from(error: GeodataError) -> Self {
        Self::Geodata(error)
    }
}

/// The ministry packs the same features as GeoJSON and as Shapefiles in two encodings: one of each is read.
fn one_of_each(layers: &[String]) -> Vec<String> {
    let mut by_stem: BTreeMap<String, &String> = BTreeMap::new();
    let rank = |layer: &str| (!layer.to_ascii_lowercase().ends_with("json"), !layer.contains("UTF-8"), layer.len());
    for layer in layers {
        let stem = Path::new(layer).file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let best = by_stem.entry(stem).or_insert(layer);
        if rank(layer) < rank(best) {
            *best = layer;
        }
    }
    by_stem.into_values().cloned().collect()
}

#[derive(Default)]
struct Taken {
    features: Vec<Feature>,
    corners: usize,
    ignored: usize,
    refused: usize,
    listed: Vec<String>,
}

impl Taken {
    /// Takes a feature, or counts why not. Whether its kind is known.
    fn take(
        &mut self,
        file: &str,
        feature: crate::geodata::Feature,
        here: Rect,
        schemas: &mut BTreeSet<Schema>,
    ) -> Result<bool, ImportError> {
        let Some(schema) = Schema::of(&feature.fields) else {
            self.ignored += 1;
            return Ok(false);
        };
        schemas.insert(schema);
        let geometry = match feature.shape {
            Ok(geometry) | Err(FlawedShape::OpenRing(geometry)) => geometry,
            Err(flaw) => {
                self.refused += 1;
                if self.listed.len() < MAX_LISTED {
                    self.listed.push(format!("{file}, feature {}: {flaw}", feature.index + 1));
                }
                return Ok(true);
            }
        };
        if !geometry.bounding_rect().is_some_and(|reach| reach.intersects(&here)) {
            self.ignored += 1;
            return Ok(true);
        }
        let drawn = schema
            .feature(&feature.fields, geometry)
            .map_err(|_| ImportError::UnknownEncoding { file: file.to_owned(), feature: feature.index })?;
        match drawn {
            Some(drawn) => {
                self.corners += drawn.geometry.coords_count();
                self.features.push(drawn);
            }
            None => self.ignored += 1,
        }
        if self.corners > MAX_CORNERS { Err(ImportError::TooMuch) } else { Ok(true) }
    }

    /// A station where lines meet is in the file once for each: one of the same name close by is enough.
    fn join_stations(&mut self) {
        let cell = |feature: &Feature| {
            let at = feature.geometry.coords_iter().next().unwrap_or_default();
            ((at.x * 50.0).round() as i32, (at.y * 50.0).round() as i32)
        };
        let mut seen = BTreeSet::new();
        self.features
            .retain(|feature| feature.layer != Layer::Station || seen.insert((feature.name.clone(), cell(feature))));
    }
}

fn origin(files: &[PathBuf], schemas: &BTreeSet<Schema>) -> Origin {
    let stems: Vec<String> =
        files.iter().map(|file| file.file_stem().unwrap_or_default().to_string_lossy().into_owned()).collect();
    let names: BTreeSet<&str> =
        schemas.iter().filter(|schema| **schema != Schema::Own).map(|schema| schema.name()).collect();
    let names: Vec<&str> = names.into_iter().collect();
    if names.is_empty() {
        let (source, attribution) = (stems.join(", "), format!("背景地図: {}", stems.join(", ")));
        return Origin { edition: stems.join(", "), source, licence: String::new(), attribution };
    }
    Origin {
        edition: stems.join(", "),
        source: format!("国土数値情報（{}）（国土交通省）", names.join("、")),
        licence: "国土数値情報ダウンロードサイト利用規約".to_owned(),
        attribution: format!("国土数値情報（{}）（国土交通省）を加工して作成", names.join("、")),
    }
}

fn store(data_dir: &Path, region: &str, kept: Kept<'_>, origin: &Origin) -> Result<PathBuf, ImportError> {
    kept::store(data_dir, region, kept, origin)
        .map_err(|source| ImportError::Unwritable { folder: kept::folder(data_dir, region), source })
}

fn report(origin: Origin, features: &[Feature], written: PathBuf) -> ImportReport {
    let mut by_layer = BTreeMap::new();
    for feature in features {
        *by_layer.entry(feature.layer).or_default() += 1;
    }
    ImportReport {
        origin,
        features: by_layer,
        corners: 0,
        ignored: 0,
        refused: 0,
        listed: Vec::new(),
        without_crs: Vec::new(),
        sha256: Vec::new(),
        written,
    }
}

#[cfg(test)]
mod tests;
