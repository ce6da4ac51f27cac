//! Import of hazard zones: files in, one finished edition a layer out. Nothing is in force before all files were read to
//! their end; then each layer's edition takes the place of the one before, or does not.
//!
//! Memory: one feature at a time, whatever the files' size.

mod out;
mod sound;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use uuid::Uuid;

use self::out::Out;
use self::sound::sound;
use super::catalogue::{Catalogue, Found, Mapping};
use super::edition::{About, Legend, MOST_CLASSES, Writer};
use super::folder::Unfinished;
use super::{HazardError, folder};
use crate::geodata::{Feature, Limits, Source};

/// A file, and all that is unpacked from an archive, may have at most this many bytes (16 GiB); the whole country's
/// floods have about eight.
pub const MAX_BYTES: u64 = 16 << 30;
/// An archive may have at most this many entries; a prefecture's rivers have some hundreds.
pub const MAX_ENTRIES: usize = 8_192;
/// Refused features that are listed; further ones are counted.
pub const MOST_REFUSALS: usize = 1_000;
/// Features between two words about the progress.
const TELL_EVERY: u64 = 256;
/// Bytes of a class's code at most; a longer value is no code.
const MOST_CODE: usize = 256;

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

/// A feature that was not taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// The file, with the archive's folders.
    pub file: String,
    /// The feature's index.
    pub feature: usize,
    /// Why.
    pub reason: String,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Counts {
    /// Features.
    pub features: u64,
    /// Features that are no hazard zones by any schema: not taken.
    pub ignored: u64,
    /// Zones whose rings were mended.
    pub mended: u64,
    /// Features that were not taken for what is wrong with them.
    pub refused: u64,
    /// The first of them.
    pub refusals: Vec<Refusal>,
    /// Values that are no class of ours, by layer; their zones are kept and shown as unknown.
    pub unknown: BTreeMap<String, BTreeMap<String, u64>>,
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
    let folder = folder::path(data);
    std::fs::create_dir_all(&folder).map_err(|error| HazardError::storage(&folder, error))?;
    let lock = lock(&folder)?;
    clear(&folder)?;
    let mut drafts = Drafts::new(catalogue, mapping, origin, Some(folder.clone()));
    for file in files {
        let limits = Limits { bytes: MAX_BYTES, entries: MAX_ENTRIES, scratch: Some(folder.clone()) };
        let failed = |cause| HazardError::File { file: file.clone(), cause };
        let mut source = Source::open(file, limits).map_err(failed)?;
        for layer in source.layers().to_vec() {
            let read = source.read(&layer, |feature| {
                drafts.take(&layer, feature)?;
                if drafts.counts.features.is_multiple_of(TELL_EVERY) {
                    tell(Progress { file: &layer, features: drafts.counts.features, zones: drafts.zones() });
                }
                Ok(())
            });
            read.map_err(|error| match error {
                HazardError::Geodata(cause) => HazardError::File { file: file.clone(), cause },
                other => other,
            })?;
        }
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        drafts.sources.push((name, source.sha256().map_err(failed)?));
    }
    let counts = std::mem::take(&mut drafts.counts);
    let mut editions = Vec::new();
    for (about, made) in drafts.finish(now, id)? {
        if let Made::File(file) = made {
            editions.push((about, file));
        }
    }
    let finished = Finished { editions, counts, _lock: lock };
    if finished.editions.is_empty() {
        return Err(HazardError::NoZones { features: finished.counts.features, refused: finished.counts.refused });
    }
    Ok(finished)
}

/// One import at a time: two would write the same files.
fn lock(folder: &Path) -> Result<File, HazardError> {
    let path = folder.join("import.lock");
    let file = File::create(&path).map_err(|error| HazardError::storage(&path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(HazardError::Busy(folder.to_owned())),
        Err(std::fs::TryLockError::Error(error)) => Err(HazardError::storage(&path, error)),
    }
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

/// Editions that are being made, by layer.
pub(super) struct Drafts {
    catalogue: Catalogue,
    mapping: Mapping,
    origin: Origin,
    folder: Option<PathBuf>,
    sources: Vec<(String, String)>,
    layers: BTreeMap<usize, Draft>,
    counts: Counts,
}

struct Draft {
    writer: Writer<Out>,
    /// The file, until it is finished.
    file: Option<Unfinished>,
    classes: Vec<Legend>,
    demonstration: bool,
}

/// A finished edition.
pub(super) enum Made {
    /// In a file.
    File(Unfinished),
    /// In memory.
    Memory(Vec<u8>),
}

impl Drafts {
    /// None yet; they are written into a folder, or into memory.
    pub(super) fn new(catalogue: Catalogue, mapping: Mapping, origin: Origin, folder: Option<PathBuf>) -> Self {
        let (sources, layers, counts) = (Vec::new(), BTreeMap::new(), Counts::default());
        Self { catalogue, mapping, origin, folder, sources, layers, counts }
    }

    fn zones(&self) -> u64 {
        self.layers.values().map(|draft| u64::from(draft.writer.zones())).sum()
    }

    /// Takes a feature of a file in, as what it is.
    pub(super) fn take(&mut self, file: &str, feature: Feature) -> Result<(), HazardError> {
        self.counts.features += 1;
        let Feature { index, fields, shape } = feature;
        let not_text = |_| HazardError::NotText { file: file.to_owned(), feature: index };
        let found = self.catalogue.meaning(&fields, file, &self.mapping).map_err(not_text)?;
        if found.is_empty() {
            self.counts.ignored += 1;
            return Ok(());
        }
        let demonstration = fields.text("demonstration").is_ok_and(|text| text.as_deref() == Some("true"));
        let (shape, mended) = match sound(shape) {
            Ok(sound) => sound,
            Err(reason) => {
                self.refuse(file, index, reason);
                return Ok(());
            }
        };
        self.counts.mended += u64::from(mended);
        for Found { layer, class, depth } in found {
            let Some(class) = class else {
                self.refuse(file, index, "it does not say of which class it is".to_owned());
                continue;
            };
            if class.len() > MOST_CODE {
                self.refuse(file, index, format!("what should name its class has more than {MOST_CODE} bytes"));
                continue;
            }
            let class = self.class(layer, &class, depth)?;
            let draft = self.draft(layer)?;
            draft.demonstration |= demonstration;
            let written = draft.writer.zone(class, &shape);
            let folder = self.folder.as_deref().unwrap_or(Path::new(""));
            written.map_err(|error| HazardError::storage(folder, error))?;
        }
        Ok(())
    }

    fn refuse(&mut self, file: &str, feature: usize, reason: String) {
        self.counts.refused += 1;
        if self.counts.refusals.len() < MOST_REFUSALS {
            self.counts.refusals.push(Refusal { file: file.to_owned(), feature, reason });
        }
    }

    /// The index of a class in the layer's draft.
    fn class(
        &mut self,
        layer: usize,
        code: &str,
        depth: Option<crate::domain::zone::DepthRange>,
    ) -> Result<u16, HazardError> {
        let described = &self.catalogue.layers[layer];
        let known = described.class(code).map(|(severity, class)| Legend {
            class: class.clone(),
            severity: 1 + severity as u32,
            known: true,
        });
        let legend = known.unwrap_or_else(|| {
            let of_layer = self.counts.unknown.entry(described.id.clone()).or_default();
            // No more are told apart than can be in a legend.
            if of_layer.len() < MOST_CLASSES || of_layer.contains_key(code) {
                *of_layer.entry(code.to_owned()).or_default() += 1;
            }
            Legend { class: described.unknown(code, depth), severity: 0, known: false }
        });
        let id = described.id.clone();
        let draft = self.draft(layer)?;
        if let Some(at) = draft.classes.iter().position(|known| known.class.code == code) {
            return Ok(at as u16);
        }
        if draft.classes.len() == MOST_CLASSES {
            return Err(HazardError::TooManyClasses(id, MOST_CLASSES));
        }
        draft.classes.push(legend);
        Ok((draft.classes.len() - 1) as u16)
    }

    fn draft(&mut self, layer: usize) -> Result<&mut Draft, HazardError> {
        if !self.layers.contains_key(&layer) {
            let (out, file) = match &self.folder {
                None => (Out::Memory(Vec::new()), None),
                Some(folder) => {
                    let path = folder.join(format!("{}.new", self.catalogue.layers[layer].id));
                    let (file, unfinished) = Unfinished::create(path)?;
                    (Out::file(file, folder.clone()), Some(unfinished))
                }
            };
            let writer = Writer::begin(out).map_err(|error| HazardError::storage(Path::new(""), error))?;
            let draft = Draft { writer, file, classes: Vec::new(), demonstration: false };
            self.layers.insert(layer, draft);
        }
        self.layers.get_mut(&layer).ok_or_else(|| HazardError::NoZones { features: 0, refused: 0 })
    }

    /// Finishes all editions.
    pub(super) fn finish(
        self,
        now: Timestamp,
        id: &mut dyn FnMut() -> Uuid,
    ) -> Result<Vec<(About, Made)>, HazardError> {
        let Self { catalogue, origin, folder, sources, layers, .. } = self;
        let join = |of: fn(&(String, String)) -> &str| sources.iter().map(of).collect::<Vec<_>>().join(", ");
        let (names, sums) = (join(|(name, _)| name), join(|(_, sum)| sum));
        let mut made = Vec::new();
        for (at, draft) in layers {
            let layer = &catalogue.layers[at];
            let said = |said: &Option<String>, otherwise: &dyn Fn() -> String| said.clone().unwrap_or_else(otherwise);
            let about = About {
                id: id(),
                layer: layer.id.clone(),
                name: layer.name.clone(),
                english: layer.english.clone(),
                hazard: layer.hazard,
                edition: said(&origin.edition, &|| edition_of(&sources)),
                source: said(&origin.source, &|| names.clone()),
                source_sha256: sums.clone(),
                licence: said(&origin.licence, &|| layer.licence.clone()),
                attribution: said(&origin.attribution, &|| layer.attribution.clone()),
                demonstration: draft.demonstration,
                imported_at: now,
                classes: draft.classes,
                zones: 0,
                vertices: 0,
                bounds: None,
            };
            let path = folder.as_deref().unwrap_or(Path::new("")).to_owned();
            let (out, about) = draft.writer.finish(about).map_err(|error| HazardError::storage(&path, error))?;
            made.push((about, out, draft.file));
        }
        let kept = made.into_iter().filter_map(|(about, out, file)| match (out, file) {
            (Out::Memory(bytes), _) => Some((about, Made::Memory(bytes))),
            (Out::File { .. }, file) => Some((about, Made::File(file?))),
        });
        Ok(kept.collect())
    }
}

/// What a file's name says of the edition: `A31a-22_07…` is A31a of 2022. Of several files that of the first, and how
/// many more there are.
fn edition_of(sources: &[(String, String)]) -> String {
    let Some((first, _)) = sources.first() else { return String::new() };
    let stem = first.rsplit_once('.').map_or(first.as_str(), |(stem, _)| stem);
    let (series, rest) = stem.split_once('-').unwrap_or((stem, ""));
    let year: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let is_series = series.len() <= 6 && series.starts_with(|c: char| c.is_ascii_uppercase());
    let named = match year.len() {
        2 if is_series => format!("{series} 20{year}"),
        4 | 8 if is_series => format!("{series} {}", &year[..4]),
        _ => stem.to_owned(),
    };
    let more = sources.len() - 1;
    if more == 0 { named } else { format!("{named} (+{more})") }
}

#[cfg(test)]
mod tests;
