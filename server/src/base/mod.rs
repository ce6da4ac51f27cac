//! The base map: what lies on the ground beneath reports and hazard zones. Waters, railways, roads and names of
//! places; a sketch that the region's bundle carries, in part or whole replaced by what an operator imported into the
//! data folder: an archive of tiles replaces it whole, features theme by theme ([`Theme`]).
//!
//! A base map is data, and nothing hangs on it but what people see: a region without one is served all the same.

pub mod bundle;
pub mod feature;
pub mod import;
pub mod kept;
mod origin;
pub mod schema;
mod theme;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use feature::{Feature, Kind, Layer};
pub use origin::{Origin, SourceFile, edition_of};
pub use theme::Theme;

use self::kept::Imported;

/// The base map that is in force while the node runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Base {
    /// Where it came from.
    pub origin: Origin,
    /// What it is made of.
    pub content: Content,
}

/// What a base map is made of.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// There is none.
    Nothing,
    /// A sketch (略図) and nothing else.
    Sketch(Arc<Vec<Feature>>),
    /// Imported features; what was not imported is the sketch's, as each feature says.
    Features(Arc<Vec<Feature>>),
    /// An archive of tiles that is served as it is.
    Archive(PathBuf),
}

/// Why a base map cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BaseError {
    /// A file is missing or cannot be read.
    #[error("cannot read {}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file's content is not of the expected form.
    #[error("{file} is not understood: {reason}")]
    Malformed {
        /// The file.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// A file is not the one whose checksum was written down.
    #[error("{file} does not match its checksum: {expected} expected, {found} found")]
    Checksum {
        /// The file.
        file: String,
        /// What was written down; `nothing` if the file is not named there.
        expected: String,
        /// SHA-256 of the file, hexadecimal.
        found: String,
    },
}

impl Base {
    /// The base map in force for a region: the imported one, and the bundle's sketch of what was not imported.
    ///
    /// `folder`: the region bundle's; `None`: the built-in one. `region`: the region's short name.
    ///
    /// # Errors
    /// [`BaseError`]: a base map that is there and damaged is named, and never passed over in silence.
    pub fn in_force(folder: Option<&Path>, region: &str, data_dir: &Path) -> Result<Self, BaseError> {
        match kept::load(data_dir, region)? {
            Some(Imported::Archive { origin, file }) => Ok(Self { origin, content: Content::Archive(file) }),
            Some(Imported::Themes(themes)) => Ok(Self::joined(themes, bundle::load(folder)?)),
            None => bundle::load(folder),
        }
    }

    /// The imported themes, and the sketch's features of all others.
    fn joined(themes: BTreeMap<Theme, (Vec<SourceFile>, Vec<Feature>)>, sketch: Self) -> Self {
        let mut by_theme: BTreeMap<Theme, Vec<Feature>> = BTreeMap::new();
        let mut files = BTreeMap::new();
        for feature in sketch.features() {
            by_theme.entry(Theme::of(feature)).or_default().push(feature.clone());
        }
        by_theme.retain(|theme, _| !themes.contains_key(theme));
        let sketched: Vec<Theme> = by_theme.keys().copied().collect();
        for (theme, (from, features)) in themes {
            files.insert(theme, from);
            by_theme.insert(theme, features);
        }
        let mut features: Vec<Feature> = by_theme.into_values().flatten().collect();
        features.sort_by_key(|feature| (feature.layer, feature.rank));
        Self {
            origin: origin::of(&files, Some((&sketch.origin, &sketched))),
            content: Content::Features(Arc::new(features)),
        }
    }

    /// None at all.
    pub fn nothing() -> Self {
        Self { origin: Origin::default(), content: Content::Nothing }
    }

    /// Whether it is a sketch, or a part of it is, which every screen must say.
    pub fn is_sketch(&self) -> bool {
        self.features().iter().any(|feature| feature.sketch)
    }

    /// Its features; none, if it is an archive.
    pub fn features(&self) -> &[Feature] {
        match &self.content {
            Content::Sketch(features) | Content::Features(features) => features,
            Content::Nothing | Content::Archive(_) => &[],
        }
    }
}

#[cfg(test)]
mod tests;
