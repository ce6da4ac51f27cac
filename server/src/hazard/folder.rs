//! The editions in a data folder: `<data>/hazard/<layer>.zones`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::HazardError;
use super::edition::Edition;
use super::import::Before;
use crate::domain::position::Bounds;
use crate::geodata::put::put_finished;

/// The folder of the editions.
pub fn path(data: &Path) -> PathBuf {
    data.join("hazard")
}

/// The file of a layer's edition.
pub fn file(data: &Path, layer: &str) -> PathBuf {
    path(data).join(format!("{layer}.zones"))
}

/// The editions' files, in the order of their names.
///
/// # Errors
/// [`HazardError::Storage`].
pub fn files(data: &Path) -> Result<Vec<PathBuf>, HazardError> {
    let folder = path(data);
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(HazardError::storage(&folder, error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| HazardError::storage(&folder, error))?.path();
        if path.extension().is_some_and(|extension| extension == "zones") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// All editions in the folder, in the order of their names. A file that is damaged is an error: a map that lacks a
/// layer must not look as if there were no danger.
///
/// # Errors
/// [`HazardError`].
pub fn editions(data: &Path) -> Result<Vec<Edition>, HazardError> {
    files(data)?.iter().map(|file| Edition::open(file)).collect()
}

/// What is in force of a layer, and how much of it lies in the region; `None` where nothing was imported, or what was is
/// damaged.
///
/// # Errors
/// [`HazardError::Storage`].
pub fn before(data: &Path, layer: &str, region: Bounds) -> Result<Option<Before>, HazardError> {
    let file = file(data, layer);
    if !file.exists() {
        return Ok(None);
    }
    match Edition::open(&file).and_then(|edition| Before::of(&edition, region)) {
        Ok(before) => Ok(Some(before)),
        Err(HazardError::Damaged { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A file that is being written; it goes when it is not kept.
#[derive(Debug)]
pub(super) struct Unfinished(PathBuf);

impl Unfinished {
    /// Begins an empty one.
    pub(super) fn create(path: PathBuf) -> Result<(File, Self), HazardError> {
        let file = File::create(&path).map_err(|error| HazardError::storage(&path, error))?;
        Ok((file, Self(path)))
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Where it has taken its place, there is none any more.
        drop(fs::remove_file(&self.0));
    }
}

/// Puts a finished file in the place of the layer's edition: one rename, both synced to disk.
///
/// # Errors
/// [`HazardError`]; the edition before is untouched then.
pub fn put_in_force(data: &Path, finished: &Path, layer: &str) -> Result<(), HazardError> {
    let target = file(data, layer);
    put_finished(finished, &target).map_err(|error| HazardError::storage(&target, error))
}
