//! Hazard zones: which layers there are, the editions that were imported, and in which zones a place lies.
//!
//! `catalogue` holds the layers and classes, which are data. `import` makes editions from official files and others
//! (`geodata` reads them); an edition is one compact file of zones ([`edition`]) in the data folder. With PostgreSQL the
//! table `hazard_zone` is the truth and the file a copy of it ([`table`]). [`InForce`] is what a running node knows.

pub mod catalogue;
mod codec;
mod demo;
mod depth_text;
pub mod edition;
pub mod folder;
pub mod import;
mod in_force;
pub mod table;

use std::path::PathBuf;

pub use in_force::{InForce, LayerInForce};

use self::import::{Counts, Replacing};
use crate::database::is_full;
use crate::geodata::GeodataError;

/// Why hazard zones could not be imported or loaded. What was in force stays so.
#[derive(Debug, thiserror::Error)]
pub enum HazardError {
    /// The catalogue is malformed.
    #[error("data/hazard/layers.json is malformed")]
    Catalogue(#[from] serde_json::Error),
    /// Something is wrong with a file that has no name here.
    #[error(transparent)]
    Geodata(#[from] GeodataError),
    /// A file cannot be read as what it is.
    #[error("{}", .cause.told_of(.file))]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        cause: GeodataError,
    },
    /// A field is in no encoding that we know.
    #[error("{file}, feature {}: its text is neither UTF-8 nor Shift_JIS", .feature + 1)]
    NotText {
        /// The file.
        file: String,
        /// The feature's index.
        feature: usize,
    },
    /// No layer has this id.
    #[error("there is no layer {0:?}; the layers are: {1}")]
    UnknownLayer(String, String),
    /// The layer has no class of this code.
    #[error("layer {0} has no class {1:?}; its classes are: {2}")]
    UnknownClass(String, String, String),
    /// Nothing in the files is a hazard zone.
    #[error(
        "no feature is known as a hazard zone ({} were looked at, {} refused); --layer and --class-field take in files \
         of other schemas{}", .0.features, .0.refused, below(.0)
    )]
    NoZones(Box<Counts>),
    /// The same file twice would give each zone twice.
    #[error("{0} and {1} are the same file")]
    Twice(String, String),
    /// The region would lose the zones of a layer, or most of them.
    #[error(
        "the region would lose zones; nothing was changed, and --anyway takes the files in all the same{}{}",
        .replacing.iter().map(|layer| format!("\n{layer}")).collect::<String>(), below(.counts)
    )]
    Loss {
        /// The layers for which that is so.
        replacing: Vec<Replacing>,
        /// What was read.
        counts: Box<Counts>,
    },
    /// A layer has more different classes than a legend can have.
    #[error("layer {0} has more than {1} different classes: is the class field right?")]
    TooManyClasses(String, usize),
    /// Somebody else imports.
    #[error("another import runs on the folder {}", .0.display())]
    Busy(PathBuf),
    /// The disk is full, but for what is left to the log.
    #[error("there is no room left on the disk of {}, but for what imports leave to the log", .0.display())]
    DiskFull(PathBuf),
    /// PostgreSQL's disk is full.
    #[error("the disk of PostgreSQL is full; the zones that were in force stay so")]
    DatabaseFull,
    /// The data folder cannot be read or written.
    #[error("cannot read or write {}", .file.display())]
    Storage {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A stored edition is not as it was written.
    #[error("{} is damaged: {reason}; import the layer again", .file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The database failed.
    #[error("the database failed")]
    Database(#[source] sqlx::Error),
    /// The zones cannot be held in memory.
    #[error("the zones cannot be held in memory: {0}")]
    Index(#[from] crate::locate::ZonesError),
}

/// What was read, below a sentence.
fn below(counts: &Counts) -> String {
    format!("\n{counts}").trim_end().to_owned()
}

impl From<sqlx::Error> for HazardError {
    fn from(error: sqlx::Error) -> Self {
        if is_full(&error) { Self::DatabaseFull } else { Self::Database(error) }
    }
}

impl HazardError {
    /// An error of the file system.
    fn storage(file: &std::path::Path, source: std::io::Error) -> Self {
        match source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::DiskFull(file.to_owned()),
            _ => Self::Storage { file: file.to_owned(), source },
        }
    }
}
