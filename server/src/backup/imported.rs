//! What `sokuho import` keeps in the data folder, as it goes into a backup: boundaries, the list of shelters, the editions
//! of hazard zones, the features of the base map. Not an archive of tiles: it has gigabytes, does not change, and whoever
//! imported it has it.

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};

use super::BackupError;
use crate::base::kept::{self, InForce};

/// What is kept of each region in one file: a folder of the data folder, and the file in the region's folder there.
const OF_REGIONS: [(&str, &str); 2] = [("region", "boundaries.geojson"), ("shelters", "shelters.json")];

/// The folder of hazard zones, and the ending of an edition.
const ZONES: (&str, &str) = ("hazard", "zones");

/// The folder of base maps, and the ending of their files of features.
const BASE: (&str, &str) = ("base", "geojson");

/// An import may put another base map in force while the files of this one are opened: then all is done again, so many
/// times at most.
const TRIES: usize = 8;

/// A file, open: an import may take it away meanwhile.
pub(super) struct Imported {
    /// Its name in the archive.
    pub(super) name: String,
    /// Where it lies.
    pub(super) path: PathBuf,
    /// It.
    pub(super) file: File,
}

/// Whether a file of this name in an archive is one of those, of a region or a layer with a name that leads nowhere else.
pub(super) fn is_imported(name: &str) -> bool {
    let parts: Vec<&str> = name.split('/').collect();
    let plain = |name: &str| {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        !name.is_empty() && name.chars().all(word)
    };
    let ends =
        |file: &str, ending| file.strip_suffix(ending).and_then(|stem| stem.strip_suffix('.')).is_some_and(plain);
    match *parts.as_slice() {
        [folder, file] => folder == ZONES.0 && ends(file, ZONES.1),
        [folder, region, file] => {
            let known = OF_REGIONS.contains(&(folder, file))
                || folder == BASE.0 && (file == kept::IN_FORCE || ends(file, BASE.1));
            known && plain(region)
        }
        _ => false,
    }
}

/// The files that are there.
///
/// # Errors
/// [`BackupError::File`].
pub(super) fn files(data: &Path) -> Result<Vec<Imported>, BackupError> {
    let mut files = Vec::new();
    for (folder, file) in OF_REGIONS {
        for region in names(&data.join(folder))? {
            files.extend(opened(data, format!("{folder}/{region}/{file}"))?);
        }
    }
    for file in names(&data.join(ZONES.0))? {
        files.extend(opened(data, format!("{}/{file}", ZONES.0))?);
    }
    for region in names(&data.join(BASE.0))? {
        files.extend(base(data, &region)?);
    }
    Ok(files)
}

/// The files of a region's base map, the one that names the others at the end. One that is damaged is left out: it must
/// not spoil the backup, and can be imported again.
fn base(data: &Path, region: &str) -> Result<Vec<Imported>, BackupError> {
    for _ in 0..TRIES {
        let before = kept::in_force(data, region);
        let sheets = match &before {
            Ok(Some(InForce::Themes(sheets))) => sheets,
            Ok(None | Some(InForce::Archive { .. })) => return Ok(Vec::new()),
            Err(_) => break,
        };
        let names = sheets.values().map(|sheet| sheet.file.name.as_str()).chain([kept::IN_FORCE]);
        let files = names.map(|name| opened(data, format!("{}/{region}/{name}", BASE.0)));
        let files = files.collect::<Result<Option<Vec<_>>, _>>()?;
        let same =
            || kept::in_force(data, region).is_ok_and(|after| before.as_ref().is_ok_and(|before| after == *before));
        if let Some(files) = files.filter(|_| same()) {
            return Ok(files);
        }
    }
    tracing::warn!(region, "the base map that was imported is damaged, and is not in the backup");
    Ok(Vec::new())
}

/// The file of this name, if it is there and belongs into a backup.
fn opened(data: &Path, name: String) -> Result<Option<Imported>, BackupError> {
    let path = data.join(&name);
    match File::open(&path) {
        _ if !is_imported(&name) => Ok(None),
        Ok(file) => Ok(Some(Imported { name, path, file })),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(BackupError::File(path, error)),
    }
}

/// The names in a folder, in order; none, if there is no such folder. What is no text was not made by us.
fn names(folder: &Path) -> Result<Vec<String>, BackupError> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(BackupError::file(folder))?,
    };
    let names = entries.map(|entry| entry.map(|entry| entry.file_name()));
    let mut names = names.collect::<Result<Vec<_>, _>>().map_err(BackupError::file(folder))?;
    names.sort();
    Ok(names.iter().filter_map(|name| OsStr::to_str(name)).map(str::to_owned).collect())
}
