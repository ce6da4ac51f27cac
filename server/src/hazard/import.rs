//! Import of hazard zones: files in, one finished edition a layer out. Nothing is in force before all files were read to
//! their end; then each layer's edition takes the place of the one before, or does not.
//!
//! Memory: one feature at a time, whatever the files' size.

mod counts;
mod drafts;
mod out;
mod replacing;
mod sound;

use std::fs::File;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use uuid::Uuid;

pub use self::counts::{Counts, Remark};
pub(super) use self::drafts::{Drafts, Made};
pub use self::replacing::{Before, Replacing};
use super::catalogue::{Catalogue, Mapping};
use super::edition::About;
use super::folder::Unfinished;
use super::{HazardError, folder};
use crate::geodata::put::alone_in;
use crate::geodata::{Limits, Source};

/// A file, and all that is unpacked from an archive, may have at most this many bytes (16 GiB); the whole country's
/// floods have about eight.
pub const MAX_BYTES: u64 = 16 << 30;
/// An archive may have at most this many entries; a prefecture's rivers have some hundreds.
pub const MAX_ENTRIES: usize = 8_192;
/// Features between two words about the progress.
const TELL_EVERY: u64 = 256;

/// What the operator says of where the files come from; what is left out, files and catalogue say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// Which edition, for people.
    pub edition: Option<String>,
    /// Who made the data.
    pub source: Option<String>,
    /// Under which terms.
    pub licence: Option<String>,
    /// What to write on the map.
    pub attribution: Option<String>,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress<'a> {
    /// The file that is read.
    pub file: &'a str,
    /// Features that were read so far, of all files.
    pub features: u64,
    /// Zones that were written so far.
    pub zones: u64,
}

/// Editions that are finished, and not in force yet. Their files go when this goes.
#[derive(Debug)]
pub struct Finished {
    editions: Vec<(About, Unfinished)>,
    /// What was read.
    pub counts: Counts,
    _lock: File,
}

impl Finished {
    /// What must be known about each edition, and its file.
    pub fn editions(&self) -> impl Iterator<Item = (&About, &Path)> {
        self.editions.iter().map(|(about, file)| (about, file.path()))
    }
}

/// Reads files into finished editions, below `data`. `id` makes the editions' ids.
///
/// # Errors
/// [`HazardError`]; nothing is left of what was begun.
pub fn read(
    files: &[PathBuf],
    data: &Path,
    (mapping, origin): (Mapping, Origin),
    now: Timestamp,
    id: &mut dyn FnMut() -> Uuid,
    tell: &mut dyn FnMut(Progress<'_>),
) -> Result<Finished, HazardError> {
    let catalogue = Catalogue::built_in()?;
    if let Some(layer) = mapping.layer.as_deref().filter(|id| catalogue.layer(id).is_none()) {
        let known: Vec<&str> = catalogue.layers.iter().map(|layer| layer.id.as_str()).collect();
        return Err(HazardError::UnknownLayer(layer.to_owned(), known.join(", ")));
    }
    if let (Some(layer), Some(class)) = (&mapping.layer, &mapping.class) {
        let layer = catalogue.layer(layer).map(|(_, layer)| layer);
        if let Some(layer) = layer.filter(|layer| layer.class(class).is_none()) {
            let known: Vec<&str> = layer.classes.iter().map(|class| class.code.as_str()).collect();
            return Err(HazardError::UnknownClass(layer.id.clone(), class.clone(), known.join(", ")));
        }
    }
    let folder = folder::path(data);
    std::fs::create_dir_all(&folder).map_err(|error| HazardError::storage(&folder, error))?;
    let lock = lock(&folder)?;
    clear(&folder)?;
    let mut drafts = Drafts::new(catalogue, mapping, origin, Some(folder.clone()));
    for file in files {
        let limits = Limits { bytes: MAX_BYTES, entries: MAX_ENTRIES, scratch: Some(folder.clone()) };
        let failed = |cause| HazardError::File { file: file.clone(), cause };
        let mut source = Source::open(file, limits).map_err(failed)?;
        let before = drafts.zones();
        for layer in source.layers().to_vec() {
            if source.lacks_crs(&layer) {
                drafts.note(format!("{layer} has no .prj, and is taken as degrees of JGD2011"));
            }
            let read = source.read(&layer, |feature| {
                drafts.take(&layer, feature)?;
                if drafts.features().is_multiple_of(TELL_EVERY) {
                    tell(Progress { file: &layer, features: drafts.features(), zones: drafts.zones() });
                }
                Ok(())
            });
            read.map_err(|error| match error {
                HazardError::Geodata(cause) => HazardError::File { file: file.clone(), cause },
                other => other,
            })?;
        }
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        drafts.end_file(name, source.sha256().map_err(failed)?, before)?;
    }
    let counts = drafts.take_counts();
    let mut editions = Vec::new();
    for (about, made) in drafts.finish(now, id)? {
        if let Made::File(file) = made {
            editions.push((about, file));
        }
    }
    let finished = Finished { editions, counts, _lock: lock };
    if finished.editions.is_empty() {
        return Err(HazardError::NoZones(Box::new(finished.counts)));
    }
    Ok(finished)
}

/// One import at a time: two would write the same files.
fn lock(folder: &Path) -> Result<File, HazardError> {
    let alone = alone_in(folder).map_err(|error| HazardError::storage(folder, error))?;
    alone.ok_or_else(|| HazardError::Busy(folder.to_owned()))
}

/// Takes away what an import has left that was killed or lost its power.
fn clear(folder: &Path) -> Result<(), HazardError> {
    let storage = |error| HazardError::storage(folder, error);
    for entry in std::fs::read_dir(folder).map_err(storage)? {
        let path = entry.map_err(storage)?.path();
        if path.extension().is_some_and(|extension| extension == "new" || extension == "part") {
            std::fs::remove_file(&path).map_err(|error| HazardError::storage(&path, error))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
