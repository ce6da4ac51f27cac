//! The base map that was imported: `<data>/base/<region>/in_force.json` names the file beside it that is in force,
//! with its SHA-256 and its origin. One rename of that small file puts another in its place.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Base, BaseError, Content, Feature, Origin, feature};

/// The file that says which base map is in force.
const IN_FORCE: &str = "in_force.json";

/// The file that says which archive was looked through.
const LOOKED_THROUGH: &str = "looked_through.json";

/// What is in force, as it is written down.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct InForce {
    origin: Origin,
    /// The file beside this one; its extension says what it is.
    file: String,
    /// Its SHA-256, hexadecimal.
    sha256: String,
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

/// What is to be kept.
#[derive(Debug, Clone, Copy)]
pub enum Kept<'a> {
    /// Features.
    Features(&'a [Feature]),
    /// An archive of tiles, which is copied. Its extension (`pmtiles`, `mbtiles`) is kept.
    Archive(&'a Path),
}

/// Where a region's imported base map lies.
pub fn folder(data_dir: &Path, region: &str) -> PathBuf {
    data_dir.join("base").join(region)
}

/// The imported base map, if there is one. Reads an archive to its end, unless that was done before and it was not
/// touched since.
///
/// # Errors
/// [`BaseError`]: it is there, and cannot be read or was changed.
pub fn load(data_dir: &Path, region: &str) -> Result<Option<Base>, BaseError> {
    let folder = folder(data_dir, region);
    let file = folder.join(IN_FORCE);
    let bytes = match std::fs::read(&file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(BaseError::Unreadable { file, source }),
    };
    let malformed = |file: &Path, reason: String| BaseError::Malformed { file: file.display().to_string(), reason };
    let InForce { origin, file: name, sha256 } =
        serde_json::from_slice(&bytes).map_err(|error| malformed(&file, error.to_string()))?;
    if Path::new(&name).file_name().is_none_or(|bare| bare != name.as_str()) {
        return Err(malformed(&file, format!("{name:?} is not a file beside it")));
    }
    let kept = folder.join(&name);
    let unreadable = |source| BaseError::Unreadable { file: kept.clone(), source };
    let is_archive = kept.extension().is_some_and(|extension| extension != "geojson");
    // Before it is read: what changes meanwhile is looked through again.
    let about = LookedThrough::now(&kept, &sha256).map_err(unreadable)?;
    if is_archive && LookedThrough::written(&folder).as_ref() == Some(&about) {
        return Ok(Some(Base { origin, content: Content::Archive(kept) }));
    }
    let found = hash(&kept).map_err(unreadable)?;
    if found != sha256 {
        return Err(BaseError::Checksum { file: kept.display().to_string(), expected: sha256, found });
    }
    if is_archive {
        about.write(&folder);
        return Ok(Some(Base { origin, content: Content::Archive(kept) }));
    }
    let bytes = std::fs::read(&kept).map_err(unreadable)?;
    let features = feature::read(&bytes).map_err(|reason| malformed(&kept, reason))?;
    Ok(Some(Base { origin, content: Content::Features(Arc::new(features)) }))
}

/// Keeps a base map; it is in force from the next start. Until the last rename the old one is; then everything else in
/// the folder goes: the old file, and what an import has left that was killed.
///
/// # Errors
/// The file system's; the old base map is then still in force, and nothing is left of the new one.
pub fn store(data_dir: &Path, region: &str, kept: Kept<'_>, origin: &Origin) -> io::Result<PathBuf> {
    let folder = folder(data_dir, region);
    std::fs::create_dir_all(&folder)?;
    let extension = match kept {
        Kept::Features(_) => "geojson",
        Kept::Archive(path) => path.extension().and_then(|extension| extension.to_str()).unwrap_or("pmtiles"),
    };
    let temporary = folder.join("new");
    let sha256 = match kept {
        Kept::Features(features) => {
            write_synced(&temporary, &serde_json::to_vec(&feature::collection(features, false)?)?)
        }
        Kept::Archive(path) => std::fs::copy(path, &temporary).and_then(|_| File::open(&temporary)?.sync_all()),
    }
    .and_then(|()| hash(&temporary))
    .inspect_err(|_| drop(std::fs::remove_file(&temporary)))?;
    let name = format!("{}.{extension}", &sha256[..16]);
    let target = folder.join(&name);
    let was_there = target.exists();
    let beside = folder.join("in_force.new");
    std::fs::rename(&temporary, &target)
        .and_then(|()| Ok(serde_json::to_vec_pretty(&InForce { origin: origin.clone(), file: name, sha256 })?))
        .and_then(|said| write_synced(&beside, &said))
        .and_then(|()| std::fs::rename(&beside, folder.join(IN_FORCE)))
        .inspect_err(|_| {
            drop(std::fs::remove_file(&beside));
            if !was_there {
                drop(std::fs::remove_file(&target));
            }
        })?;
    File::open(&folder)?.sync_all()?;
    for entry in std::fs::read_dir(&folder)?.flatten() {
        let path = entry.path();
        if path != target && entry.file_name() != IN_FORCE {
            // A file that nobody names is only room on the disk.
            drop(std::fs::remove_file(path));
        }
    }
    Ok(target)
}

fn write_synced(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(file)?;
    file.write_all(bytes)?;
    file.sync_all()
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
