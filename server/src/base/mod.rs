//! The base map: what lies on the ground beneath reports and hazard zones. Waters, railways, roads and names of
//! places; a sketch that the region's bundle carries, or what an operator imported into the data folder.
//!
//! A base map is data, and nothing hangs on it but what people see: a region without one is served all the same.

pub mod bundle;
pub mod feature;
pub mod import;
pub mod kept;
pub mod schema;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use feature::{Feature, Kind, Layer};
use serde::{Deserialize, Serialize};

/// The base map that is in force while the node runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Base {
    /// Where it came from.
    pub origin: Origin,
    /// What it is made of.
    pub content: Content,
}

/// Where a base map came from, and what has to be said of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// Which edition, for people.
    pub edition: String,
    /// Who made what it rests on.
    pub source: String,
    /// Under which licence or terms it may be used.
    pub licence: String,
    /// What to write on the map.
    pub attribution: String,
}

/// What a base map is made of.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// There is none.
    Nothing,
    /// A sketch (略図), which every screen must say.
    Sketch(Arc<Vec<Feature>>),
    /// Imported features.
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
    /// The base map in force for a region: the imported one, else the bundle's.
    ///
    /// `folder`: the region bundle's; `None`: the built-in one. `region`: the region's short name.
    ///
    /// # Errors
    /// [`BaseError`]: a base map that is there and damaged is named, and never passed over in silence.
    pub fn in_force(folder: Option<&Path>, region: &str, data_dir: &Path) -> Result<Self, BaseError> {
        match kept::load(data_dir, region)? {
            Some(kept) => Ok(kept),
            None => bundle::load(folder),
        }
    }

    /// None at all.
    pub fn nothing() -> Self {
        Self { origin: Origin::default(), content: Content::Nothing }
    }

    /// Whether it is a sketch.
    pub fn is_sketch(&self) -> bool {
        matches!(self.content, Content::Sketch(_))
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
