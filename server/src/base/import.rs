//! Import of a base map: files of 国土数値情報 (see [`Schema`]), GeoJSON or Shapefile, zipped or not, as many as there
//! are; or one archive of tiles (PMTiles, MBTiles), which is opened by the reader that will serve it, tried, and kept as
//! it is.
//! Everything is read before anything is written, and one rename puts it in force, so that an error leaves the old base
//! map as it was. Features replace those of their themes and no others; an archive replaces everything.

mod replacing;
mod taken;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use geo_types::{Coord, Rect};
use sokuho_tiles::archive::{Archive, ArchiveError};

pub use self::replacing::{Before, Replacing};
use self::taken::Taken;
use super::kept::{self, InForce, Sheet};
use super::{BaseError, Origin, Theme, edition_of};
use crate::domain::position::Bounds;
use crate::geodata::put::alone_in;
use crate::geodata::{GeodataError, Limits, Source, open_regular, room};

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

/// What an import is asked to do.
#[derive(Debug, Clone)]
pub struct Order<'a> {
    /// The files.
    pub files: &'a [PathBuf],
    /// The region's short name.
    pub region: &'a str,
    /// Its box, degrees WGS 84.
    pub bounds: Bounds,
    /// What is said of an archive of tiles.
    pub said: Said,
    /// Take the files in although the map loses most of what was imported before.
    pub anyway: bool,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportReport {
    /// What became of each theme; empty for an archive of tiles.
    pub replacing: Vec<Replacing>,
    /// What is said of an archive of tiles.
    pub archive: Option<Origin>,
    /// What was imported before and is gone whole: an archive of tiles, or features for an archive.
    pub instead_of: Option<String>,
    /// Why nothing is known of what was imported before, and none of it stays: it could not be read.
    pub lost: Option<String>,
    /// Corners of all features that were taken.
    pub corners: usize,
    /// Features outside the region and what is around it, or that are not drawn.
    pub ignored: usize,
    /// Features in the region that exist no more, by the year that the file says of them.
    pub ended: usize,
    /// Features that could not be taken.
    pub refused: usize,
    /// The first of these: file, feature, reason.
    pub listed: Vec<String>,
    /// Shapefiles that do not say which coordinates they have.
    pub without_crs: Vec<String>,
    /// Each file, by its name, and its SHA-256, hexadecimal.
    pub sha256: Vec<(String, String)>,
    /// Where it was written.
    pub written: PathBuf,
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
    /// What lies in the region is history.
    #[error(
        "all {0} features of the files that lie in the region or around it exist no more, by the end years that the files \
         say of them"
    )]
    AllEnded(usize),
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
    /// The same file twice would draw everything twice.
    #[error("{0} and {1} are the same file")]
    Twice(String, String),
    /// The map would lose most of what was imported.
    #[error(
        "the map would lose more than half of what was imported; nothing was changed, and --anyway takes the files in all \
         the same{}", .0.iter().map(|theme| format!("\n{theme}")).collect::<String>()
    )]
    Loss(Vec<Replacing>),
    /// Features would take the place of a whole map.
    #[error(
        "the archive of tiles {0} is in force, which is a whole base map; nothing was changed, and --anyway puts these \
         files, and the sketch of all else, in its place"
    )]
    InsteadOfArchive(String),
    /// Somebody else imports.
    #[error("another import runs on the folder {}", .0.display())]
    Busy(PathBuf),
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
pub async fn import(order: &Order<'_>, data_dir: &Path) -> Result<ImportReport, ImportError> {
    let folder = kept::folder(data_dir, order.region);
    let unwritable = |source| ImportError::Unwritable { folder: folder.clone(), source };
    std::fs::create_dir_all(&folder).map_err(unwritable)?;
    // What stays in force is written anew with what comes: two at once would lose one's.
    let _alone: File = alone_in(&folder).map_err(unwritable)?.ok_or_else(|| ImportError::Busy(folder.clone()))?;
    let archives = order.files.iter().filter(|file| archive_magic(file).is_some()).count();
    match (archives, order.files) {
        (1, [file]) => archive(file, order, data_dir).await,
        (0, _) => features(order, data_dir),
        _ => Err(ImportError::ArchiveAmongOthers),
    }
}

/// What is in force of what was imported.
#[derive(Default)]
struct Imported {
    themes: BTreeMap<Theme, Sheet>,
    archive: Option<String>,
    lost: Option<String>,
}

impl Imported {
    fn of(data_dir: &Path, region: &str) -> Self {
        match kept::in_force(data_dir, region) {
            Ok(None) => Self::default(),
            Ok(Some(InForce::Themes(themes))) => Self { themes, ..Self::default() },
            Ok(Some(InForce::Archive { origin, .. })) => Self { archive: Some(origin.source), ..Self::default() },
            // One that is damaged is no reason against a new one.
            Err(error @ (BaseError::Unreadable { .. } | BaseError::Malformed { .. } | BaseError::Checksum { .. })) => {
                Self { lost: Some(error.to_string()), ..Self::default() }
            }
        }
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

async fn archive(file: &Path, order: &Order<'_>, data_dir: &Path) -> Result<ImportReport, ImportError> {
    let name = bare(file);
    let magic = archive_magic(file).unwrap_or_default();
    let mut begins = Vec::new();
    open_regular(file)
        .and_then(|opened| opened.take(magic.len() as u64).read_to_end(&mut begins))
        .map_err(|source| ImportError::Unreadable { file: file.to_owned(), source })?;
    if begins != magic {
        return Err(ImportError::DamagedArchive(name));
    }
    let refused = |source| ImportError::RefusedArchive { file: name.clone(), source };
    let Bounds { west, south, east, north } = order.bounds;
    let opened = Archive::open(file).await.map_err(refused)?;
    opened.try_tiles(&sokuho_tiles::Bounds { west, south, east, north }).await.map_err(refused)?;
    drop(opened);
    let folder = kept::folder(data_dir, order.region);
    let unwritable = |source| ImportError::Unwritable { folder: folder.clone(), source };
    let needed = std::fs::metadata(file).map_err(|source| ImportError::Unreadable { file: file.to_owned(), source })?;
    let (needed, free) = (needed.len(), room(&folder).map_err(unwritable)?);
    if needed > free {
        return Err(ImportError::NoRoom { file: name, folder, needed, free });
    }
    let origin = Origin {
        edition: file.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        source: name,
        licence: order.said.licence.clone().unwrap_or_default(),
        attribution: order.said.attribution.clone().ok_or(ImportError::NoAttribution)?,
    };
    let Imported { themes, archive, lost } = Imported::of(data_dir, order.region);
    let editions = || themes.values().map(|sheet| edition_of(&sheet.sources)).collect::<BTreeSet<_>>();
    let features = (!themes.is_empty()).then(|| editions().into_iter().collect::<Vec<_>>().join(", "));
    let written = kept::store_archive(data_dir, order.region, file, &origin).map_err(unwritable)?;
    Ok(ImportReport {
        replacing: Vec::new(),
        archive: Some(origin),
        instead_of: archive.or(features),
        lost,
        corners: 0,
        ignored: 0,
        ended: 0,
        refused: 0,
        listed: Vec::new(),
        without_crs: Vec::new(),
        sha256: Vec::new(),
        written,
    })
}

fn features(order: &Order<'_>, data_dir: &Path) -> Result<ImportReport, ImportError> {
    let Bounds { west, south, east, north } = order.bounds;
    let here = Rect::new(Coord { x: west - AROUND, y: south - AROUND }, Coord { x: east + AROUND, y: north + AROUND });
    let folder = kept::folder(data_dir, order.region);
    let limits = Limits { bytes: MAX_BYTES, entries: MAX_ENTRIES, scratch: Some(folder.clone()) };
    let Imported { themes: mut others, archive: instead_of, lost } = Imported::of(data_dir, order.region);
    let mut taken = Taken::new(here);
    let (mut sums, mut without_crs) = (Vec::new(), Vec::new());
    for file in order.files {
        let name = bare(file);
        let of_file = |cause| ImportError::Geodata { file: file.clone(), cause };
        let mut source = Source::open(file, limits.clone()).map_err(of_file)?;
        let sha256 = source.sha256().map_err(of_file)?;
        if let Some((other, _)) = sums.iter().find(|(_, sum)| *sum == sha256) {
            return Err(ImportError::Twice(String::clone(other), name));
        }
        let mut known = false;
        for layer in source.layers().to_vec() {
            if source.lacks_crs(&layer) {
                without_crs.push(layer.clone());
            }
            let read = source.read(&layer, |feature| {
                known |= taken.take(&layer, feature, (&name, &sha256)).map_err(Stop::Import)?;
                Ok(())
            });
            read.map_err(|stop| match stop {
                Stop::Geodata(source) => of_file(source),
                Stop::Import(error) => error,
            })?;
        }
        if !known {
            return Err(ImportError::UnknownSchema(name));
        }
        sums.push((name, sha256));
    }
    let Taken { themes, corners, ignored, ended, refused, listed, .. } = taken.joined();
    if themes.is_empty() {
        return Err(if ended > 0 { ImportError::AllEnded(ended) } else { ImportError::NothingHere });
    }
    let replacing: Vec<Replacing> =
        themes.iter().map(|(theme, (_, features))| Replacing::of(*theme, features.len(), others.get(theme))).collect();
    others.retain(|theme, _| !themes.contains_key(theme));
    if corners + others.values().map(|sheet| sheet.corners).sum::<usize>() > MAX_CORNERS {
        return Err(ImportError::TooMuch);
    }
    if let Some(archive) = instead_of.as_ref().filter(|_| !order.anyway) {
        return Err(ImportError::InsteadOfArchive(archive.clone()));
    }
    if !order.anyway && replacing.iter().any(Replacing::is_loss) {
        return Err(ImportError::Loss(replacing.into_iter().filter(Replacing::is_loss).collect()));
    }
    let written = kept::store_themes(data_dir, order.region, &themes, others)
        .map_err(|source| ImportError::Unwritable { folder, source })?;
    Ok(ImportReport {
        replacing,
        archive: None,
        instead_of,
        lost,
        corners,
        ignored,
        ended,
        refused,
        listed,
        without_crs,
        sha256: sums,
        written,
    })
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

#[cfg(test)]
mod tests;
