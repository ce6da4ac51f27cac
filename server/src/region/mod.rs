//! The region bundle: offices, boundaries, neighbours; loaded and verified at the start. A region is data.
//!
//! A bundle is a folder of `region.json`, `offices.json`, `boundaries.geojson` and `SHA256SUMS`. The one under
//! `data/region/aizu` is built in. Its boundaries may be a sketch; [`import::import`] puts the official ones
//! into the data folder, and [`Region::with_imported`] lets them take the sketch's place.

pub mod boundary;
pub mod bundle;
pub mod import;
pub mod imported;
pub mod thin;
pub mod verify;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use geo_types::MultiPolygon;

use crate::domain::office::{Office, OfficeCode, OfficeKind};
use crate::domain::position::{Bounds, Position};

/// Each municipality's ground: degrees WGS 84, x east, y north. In practice the same as JGD2011.
pub type Boundaries = BTreeMap<OfficeCode, MultiPolygon<f64>>;

/// A region, verified. See [`verify::verify`] for what always holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Region {
    about: About,
    offices: Vec<Office>,
    boundaries: Boundaries,
    sketch: bool,
    edition: String,
    attribution: String,
}

/// What a region says of itself: `region.json`.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// Short name for folders and logs: 1 to 32 of a-z, 0-9 and '-'.
    pub code: String,
    /// Japanese name.
    pub name: String,
    /// Reading in hiragana.
    pub kana: String,
    /// English name.
    pub english: String,
    /// Prefecture's code, two digits of JIS X 0401.
    pub prefecture: String,
    /// IANA name of the time zone that screens show.
    pub time_zone: String,
    /// Where a map starts, degrees WGS 84.
    pub centre: Position,
    /// The box that holds all boundaries and labels, degrees WGS 84.
    pub bounds: Bounds,
    /// Zoom a map starts with, as web maps count: 512-pixel tiles, 0 is the world.
    pub default_zoom: f64,
    /// What to write on the map for the bundle's own boundaries.
    pub attribution: String,
}

/// Why a region cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RegionError {
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
    /// A file is not the one whose checksum stands in `SHA256SUMS`.
    #[error("{file} does not match its checksum: {expected} expected, {found} found")]
    Checksum {
        /// The file.
        file: String,
        /// What `SHA256SUMS` says; `nothing` if it does not name the file.
        expected: String,
        /// SHA-256 of the file, hexadecimal.
        found: String,
    },
    /// The parts do not fit together.
    #[error("the region does not hold together: {0}")]
    Inconsistent(#[from] verify::Flaw),
    /// The imported boundaries are damaged. Importing again, or moving the file away, helps.
    #[error("the imported boundaries in {} are damaged ({reason}); import them again or move the file away", .file.display())]
    DamagedImport {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

impl Region {
    /// The region that is built into the binary.
    ///
    /// # Errors
    /// [`RegionError`]; a test keeps it from happening.
    pub fn built_in() -> Result<Self, RegionError> {
        bundle::load(&bundle::BuiltIn)
    }

    /// The region in a folder.
    ///
    /// # Errors
    /// [`RegionError`] names the file and what is wrong with it.
    pub fn load(folder: &Path) -> Result<Self, RegionError> {
        bundle::load(&bundle::Folder(folder))
    }

    /// The same region with the boundaries that were imported into the data folder, if there are any.
    ///
    /// # Errors
    /// [`RegionError::DamagedImport`], [`RegionError::Unreadable`].
    pub fn with_imported(self, data_dir: &Path) -> Result<Self, RegionError> {
        imported::apply(self, data_dir)
    }

    /// What it says of itself.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// Its short name.
    pub fn code(&self) -> &str {
        &self.about.code
    }

    /// The box that holds everything, degrees WGS 84.
    pub fn bounds(&self) -> Bounds {
        self.about.bounds
    }

    /// All offices, municipalities first, by code.
    pub fn offices(&self) -> &[Office] {
        &self.offices
    }

    /// The office of this code.
    pub fn office(&self, code: &OfficeCode) -> Option<&Office> {
        self.offices.iter().find(|office| office.code == *code)
    }

    /// The municipalities, by code.
    pub fn municipalities(&self) -> impl Iterator<Item = &Office> {
        self.offices.iter().filter(|office| office.kind == OfficeKind::Municipality)
    }

    /// Each municipality's ground; at least one, none empty.
    pub fn boundaries(&self) -> &Boundaries {
        &self.boundaries
    }

    /// Whether the boundaries are a sketch (略図), which every screen must say.
    pub fn is_sketch(&self) -> bool {
        self.sketch
    }

    /// The boundaries' edition, for people.
    pub fn edition(&self) -> &str {
        &self.edition
    }

    /// What to write on the map.
    pub fn attribution(&self) -> &str {
        &self.attribution
    }
}

#[cfg(test)]
pub(crate) mod synthetic;
#[cfg(test)]
mod tests;
