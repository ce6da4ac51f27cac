//! The base map that was imported: `<data>/base/<region>/in_force.json` names the files beside it that are in force,
//! each with its SHA-256 and where it came from: an archive of tiles, or a file of features for each theme. One rename of
//! that small file puts others in their place.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{BaseError, Feature, Origin, SourceFile, Theme, feature};
use crate::geodata::put::{LOCK, put, put_finished};

/// The file that says which base map is in force.
pub const IN_FORCE: &str = "in_force.json";

/// The file that says which archive was looked through.
const LOOKED_THROUGH: &str = "looked_through.json";

/// What is in force, as it is written down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InForce {
    /// An archive of tiles: a whole base map.
    Archive {
        /// What is said of it.
        origin: Origin,
        /// It.
        file: Beside,
    },
    /// Features; of the themes that are not here the bundle's sketch is in force.
    Themes(BTreeMap<Theme, Sheet>),
}

/// A file that lies beside the one that names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beside {
    /// Its name; the ending says what it is.
    pub name: String,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
}

/// The features of a theme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sheet {
    /// The files that they were imported from.
    pub sources: Vec<SourceFile>,
    /// How many there are.
    pub features: usize,
    /// Corners of all of them.
    pub corners: usize,
    /// Where they are.
    pub file: Beside,
}

impl InForce {
    /// The files that are in force.
    pub fn files(&self) -> Vec<&Beside> {
        match self {
            Self::Archive { file, .. } => vec![file],
            Self::Themes(sheets) => sheets.values().map(|sheet| &sheet.file).collect(),
        }
    }
}

/// What was imported, read.
#[derive(Debug)]
pub enum Imported {
    /// An archive of tiles.
    Archive {
        /// What is said of it.
        origin: Origin,
        /// Where it is.
        file: PathBuf,
    },
    /// The features of some themes, and the files that they were imported from.
    Themes(BTreeMap<Theme, (Vec<SourceFile>, Vec<Feature>)>),
}

/// An archive that was read to its end and is what it should be. As long as this is true of the file nobody reads it
/// again: it may have gigabytes. Whatever writes into a file changes when it was changed, and nothing can set that.
#[derive(PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LookedThrough {
    sha256: String,
    bytes: u64,
    inode: u64,
    /// Seconds since 1970, and nanoseconds.
    changed: (i64, i64),
}

impl LookedThrough {
    fn now(archive: &Path, sha256: &str) -> io::Result<Self> {
        let about = archive.metadata()?;
        let changed = (about.ctime(), about.ctime_nsec());
        Ok(Self { sha256: sha256.to_owned(), bytes: about.len(), inode: about.ino(), changed })
    }

    fn written(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(folder.join(LOOKED_THROUGH)).ok()?).ok()
    }

    /// If it cannot be written, the next start looks through the archive once more.
    fn write(&self, folder: &Path) {
        let written = serde_json::to_vec_pretty(self).map_err(io::Error::from);
        if let Err(error) = written.and_then(|bytes| std::fs::write(folder.join(LOOKED_THROUGH), bytes)) {
            tracing::warn!(error = %error, "that the base map was looked through cannot be written down");
        }
    }
}

/// Where a region's imported base map lies.
pub fn folder(data_dir: &Path, region: &str) -> PathBuf {
    data_dir.join("base").join(region)
}

/// What is in force, as it is written down; `None` if nothing was imported. The files that it names are not looked at.
///
/// # Errors
/// [`BaseError`]: it is there, and cannot be read.
pub fn in_force(data_dir: &Path, region: &str) -> Result<Option<InForce>, BaseError> {
    let file = folder(data_dir, region).join(IN_FORCE);
    let bytes = match std::fs::read(&file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(BaseError::Unreadable { file, source }),
    };
    let read: InForce = serde_json::from_slice(&bytes).map_err(|error| malformed(&file, error.to_string()))?;
    let strays = |beside: &&Beside| Path::new(&beside.name).file_name().is_none_or(|bare| bare != beside.name.as_str());
    match read.files().into_iter().find(strays) {
        Some(stray) => Err(malformed(&file, format!("{:?} is not a file beside it", stray.name))),
        None => Ok(Some(read)),
    }
}

fn malformed(file: &Path, reason: String) -> BaseError {
    BaseError::Malformed { file: file.display().to_string(), reason }
}

/// The imported base map, if there is one. Reads an archive to its end, unless that was done before and it was not
/// touched since.
///
/// # Errors
/// [`BaseError`]: it is there, and cannot be read or was changed.
pub fn load(data_dir: &Path, region: &str) -> Result<Option<Imported>, BaseError> {
    let folder = folder(data_dir, region);
    match in_force(data_dir, region)? {
        None => Ok(None),
        Some(InForce::Archive { origin, file }) => {
            look_through(&folder, &file)?;
            Ok(Some(Imported::Archive { origin, file: folder.join(file.name) }))
        }
        Some(InForce::Themes(sheets)) => {
            let read = sheets.into_iter().map(|(theme, Sheet { sources, file, .. })| {
                let kept = folder.join(&file.name);
                let bytes =
                    std::fs::read(&kept).map_err(|source| BaseError::Unreadable { file: kept.clone(), source })?;
                same(&kept, file.sha256, hex::encode(Sha256::digest(&bytes)))?;
                let features = feature::read(&bytes).map_err(|reason| malformed(&kept, reason))?;
                Ok((theme, (sources, features)))
            });
            Ok(Some(Imported::Themes(read.collect::<Result<_, BaseError>>()?)))
        }
    }
}

/// Compares an archive with its SHA-256, unless that was done before and it was not touched since.
fn look_through(folder: &Path, file: &Beside) -> Result<(), BaseError> {
    let kept = folder.join(&file.name);
    let unreadable = |source| BaseError::Unreadable { file: kept.clone(), source };
    // Before it is read: what changes meanwhile is looked through again.
    let about = LookedThrough::now(&kept, &file.sha256).map_err(unreadable)?;
    if LookedThrough::written(folder).as_ref() == Some(&about) {
        return Ok(());
    }
    same(&kept, file.sha256.clone(), hash(&kept).map_err(unreadable)?)?;
    about.write(folder);
    Ok(())
}

fn same(file: &Path, expected: String, found: String) -> Result<(), BaseError> {
    if found == expected {
        return Ok(());
    }
    Err(BaseError::Checksum { file: file.display().to_string(), expected, found })
}

/// Keeps an archive of tiles, which is copied, as the whole base map; it is in force from the next start. Its ending
/// (`pmtiles`, `mbtiles`) is kept.
///
/// # Errors
/// The file system's; the old base map is then still in force, and nothing is left of the new one.
pub fn store_archive(data_dir: &Path, region: &str, archive: &Path, origin: &Origin) -> io::Result<PathBuf> {
    let folder = folder(data_dir, region);
    std::fs::create_dir_all(&folder)?;
    let extension = archive.extension().and_then(|extension| extension.to_str()).unwrap_or("pmtiles");
    let temporary = folder.join("new");
    let sha256 = std::fs::copy(archive, &temporary)
        .and_then(|_| hash(&temporary))
        .inspect_err(|_| drop(std::fs::remove_file(&temporary)))?;
    let name = format!("{}.{extension}", &sha256[..16]);
    let target = folder.join(&name);
    let mut laid = Laid::default();
    laid.begin(&target);
    put_finished(&temporary, &target).inspect_err(|_| drop(std::fs::remove_file(&temporary)))?;
    put_in_force(&folder, &InForce::Archive { origin: origin.clone(), file: Beside { name, sha256 } }, laid)?;
    Ok(target)
}

/// Keeps features in the place of what was kept of their themes; they are in force from the next start. `others`: the
/// themes that stay as they were.
///
/// # Errors
/// The file system's; the old base map is then still in force, and nothing is left of the new one.
pub fn store_themes(
    data_dir: &Path,
    region: &str,
    themes: &BTreeMap<Theme, (Vec<SourceFile>, Vec<Feature>)>,
    others: BTreeMap<Theme, Sheet>,
) -> io::Result<PathBuf> {
    use geo::CoordsIter as _;
    let folder = folder(data_dir, region);
    let mut laid = Laid::default();
    let mut sheets = others;
    for (theme, (sources, features)) in themes {
        let bytes = serde_json::to_vec(&feature::collection(features)?)?;
        let sha256 = hex::encode(Sha256::digest(&bytes));
        let name = format!("{theme}-{}.geojson", &sha256[..16]);
        laid.begin(&folder.join(&name));
        put(&folder.join(&name), &bytes)?;
        let corners = features.iter().map(|feature| feature.geometry.coords_count()).sum();
        let file = Beside { name, sha256 };
        sheets.insert(*theme, Sheet { sources: sources.clone(), features: features.len(), corners, file });
    }
    put_in_force(&folder, &InForce::Themes(sheets), laid)?;
    Ok(folder)
}

/// Files that are not in force yet: they go when this goes.
#[derive(Default)]
struct Laid(Vec<PathBuf>);

impl Laid {
    /// A file that is going to be written; one that is there already may be in force, and stays.
    fn begin(&mut self, file: &Path) {
        if !file.exists() {
            self.0.push(file.to_owned());
        }
    }

    /// They are in force now.
    fn keep(&mut self) {
        self.0.clear();
    }
}

impl Drop for Laid {
    fn drop(&mut self) {
        for file in &self.0 {
            // What failed is told by whoever failed; a file that nobody names is only room on the disk.
            drop(std::fs::remove_file(file));
        }
    }
}

/// Until the last rename the old base map is in force; then everything else in the folder goes: the old files, and what
/// an import has left that was killed.
fn put_in_force(folder: &Path, in_force: &InForce, mut laid: Laid) -> io::Result<()> {
    let (place, said) = (folder.join(IN_FORCE), serde_json::to_vec_pretty(in_force)?);
    let put = put(&place, &said);
    // Also where the last sync failed, after the rename.
    if std::fs::read(&place).is_ok_and(|there| there == said) {
        laid.keep();
    }
    put?;
    let named: BTreeSet<&str> = in_force.files().into_iter().map(|file| file.name.as_str()).collect();
    for entry in std::fs::read_dir(folder)?.flatten() {
        let name = entry.file_name();
        let stays = name.to_str().is_some_and(|name| [IN_FORCE, LOCK].contains(&name) || named.contains(name));
        if !stays {
            // A file that nobody names is only room on the disk.
            drop(std::fs::remove_file(entry.path()));
        }
    }
    Ok(())
}

/// SHA-256 of a file, hexadecimal, read piece by piece: archives are large.
fn hash(file: &Path) -> io::Result<String> {
    let mut file = File::open(file)?;
    let mut sum = Sha256::new();
    let mut piece = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut piece)?;
        let Some(bytes) = piece.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        sum.update(bytes);
    }
    Ok(hex::encode(sum.finalize()))
}
