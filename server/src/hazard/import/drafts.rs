//! The editions that an import is making, feature by feature.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use uuid::Uuid;

use super::super::HazardError;
use super::super::catalogue::{Catalogue, Found, Mapping};
use super::super::edition::{About, Legend, MOST_CLASSES, Writer};
use super::super::folder::Unfinished;
use super::out::Out;
use super::sound::sound;
use super::{Counts, Origin};
use crate::domain::text::is_forbidden;
use crate::domain::zone::DepthRange;
use crate::geodata::Feature;

/// Bytes of a class's code at most; a longer value is no code.
const MOST_CODE: usize = 256;

/// Editions that are being made, by layer.
pub(in crate::hazard) struct Drafts {
    catalogue: Catalogue,
    mapping: Mapping,
    origin: Origin,
    folder: Option<PathBuf>,
    /// Name and SHA-256 of each file that was read.
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
    /// The files that gave it zones, by their place among the sources.
    from: BTreeSet<usize>,
    /// Whether the fields of official files said of all zones what they are.
    official: bool,
}

/// A finished edition.
pub(in crate::hazard) enum Made {
    /// In a file.
    File(Unfinished),
    /// In memory.
    Memory(Vec<u8>),
}

impl Drafts {
    /// None yet; they are written into a folder, or into memory.
    pub(in crate::hazard) fn new(
        catalogue: Catalogue,
        mapping: Mapping,
        origin: Origin,
        folder: Option<PathBuf>,
    ) -> Self {
        let (sources, layers, counts) = (Vec::new(), BTreeMap::new(), Counts::default());
        Self { catalogue, mapping, origin, folder, sources, layers, counts }
    }

    /// How many zones were written so far.
    pub(super) fn zones(&self) -> u64 {
        self.layers.values().map(|draft| u64::from(draft.writer.zones())).sum()
    }

    /// How many features were read so far.
    pub(super) fn features(&self) -> u64 {
        self.counts.features
    }

    /// What was read, once it all was.
    pub(super) fn take_counts(&mut self) -> Counts {
        std::mem::take(&mut self.counts)
    }

    /// Something that the operator must know of a file.
    pub(super) fn note(&mut self, note: String) {
        self.counts.notes.push(note);
    }

    /// A file was read to its end; `before`: how many zones there were before it.
    ///
    /// # Errors
    /// [`HazardError::Twice`].
    pub(super) fn end_file(&mut self, name: String, sha256: String, before: u64) -> Result<(), HazardError> {
        if self.zones() == before {
            self.note(format!("{name} gave no zones"));
        } else if let Some((same, _)) = self.sources.iter().find(|(_, sum)| *sum == sha256) {
            return Err(HazardError::Twice(name, same.clone()));
        }
        self.sources.push((name, sha256));
        Ok(())
    }

    /// Takes a feature of a file in, as what it is.
    pub(in crate::hazard) fn take(&mut self, file: &str, feature: Feature) -> Result<(), HazardError> {
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
                self.counts.refuse(file, index, reason);
                return Ok(());
            }
        };
        let mut flaws: Vec<String> = mended.into_iter().collect();
        for Found { layer, class, depth, official } in found {
            let Some(class) = class else {
                let field = self.mapping.class_field.as_ref().map_or(String::new(), |field| format!(": no {field:?}"));
                self.counts.refuse(file, index, format!("it does not say of which class it is{field}"));
                continue;
            };
            if class.len() > MOST_CODE {
                let reason = format!("what should name its class has more than {MOST_CODE} bytes");
                self.counts.refuse(file, index, reason);
                continue;
            }
            // Such a text would be shown to people; U+0000, which PostgreSQL does not take, is one of them.
            let plain: String = class.chars().filter(|c| !is_forbidden(*c)).collect();
            if plain.trim().is_empty() {
                self.counts.refuse(file, index, format!("control characters alone name its class: {class:?}"));
                continue;
            }
            if plain != class {
                flaws.push(format!("control characters or direction marks were taken out of its class {class:?}"));
            }
            let class = self.class(layer, plain.trim(), depth)?;
            let at = self.sources.len();
            let draft = self.draft(layer)?;
            draft.demonstration |= demonstration;
            draft.from.insert(at);
            draft.official &= official;
            let written = draft.writer.zone(class, &shape);
            let folder = self.folder.as_deref().unwrap_or(Path::new(""));
            written.map_err(|error| HazardError::storage(folder, error))?;
        }
        if !flaws.is_empty() {
            flaws.dedup();
            self.counts.mend(file, index, flaws.join("; "));
        }
        Ok(())
    }

    /// The index of a class in the layer's draft.
    fn class(&mut self, layer: usize, code: &str, depth: Option<DepthRange>) -> Result<u16, HazardError> {
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
            let (classes, from) = (Vec::new(), BTreeSet::new());
            let draft = Draft { writer, file, classes, demonstration: false, from, official: true };
            self.layers.insert(layer, draft);
        }
        self.layers.get_mut(&layer).ok_or_else(|| HazardError::NoZones(Box::default()))
    }

    /// Finishes all editions.
    pub(in crate::hazard) fn finish(
        self,
        now: Timestamp,
        id: &mut dyn FnMut() -> Uuid,
    ) -> Result<Vec<(About, Made)>, HazardError> {
        let Self { catalogue, origin, folder, sources, layers, .. } = self;
        let mut made = Vec::new();
        for (at, draft) in layers {
            let layer = &catalogue.layers[at];
            let files: Vec<&(String, String)> = draft.from.iter().filter_map(|at| sources.get(*at)).collect();
            let join =
                |of: fn(&(String, String)) -> &str| files.iter().map(|file| of(file)).collect::<Vec<_>>().join(", ");
            let said = |said: &Option<String>, otherwise: &dyn Fn() -> String| said.clone().unwrap_or_else(otherwise);
            let source = said(&origin.source, &|| join(|(name, _)| name));
            // What the ministry asks for is no word of what others made.
            let official = draft.official && origin.source.is_none() && !layer.attribution.is_empty();
            let of_layer = |word: &String, other: &str| if official { word.clone() } else { other.to_owned() };
            let about = About {
                id: id(),
                layer: layer.id.clone(),
                name: layer.name.clone(),
                english: layer.english.clone(),
                hazard: layer.hazard,
                edition: said(&origin.edition, &|| edition_of(&files)),
                source_sha256: join(|(_, sum)| sum),
                licence: said(&origin.licence, &|| of_layer(&layer.licence, "")),
                attribution: said(&origin.attribution, &|| of_layer(&layer.attribution, &source)),
                source,
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
fn edition_of(sources: &[&(String, String)]) -> String {
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
