//! Reading of geographic files, feature by feature: GeoJSON or Shapefile, zipped or not, and GeoPackage, as ministries
//! and towns hand them out. A file of gigabytes needs no more memory than its largest feature.
//!
//! What is refused here, by name: a file that is too large, a zip that is damaged or a bomb, coordinates that are not
//! degrees of WGS 84 or one of Japan's datums that are the same to a metre, axes that are exchanged, missing parts of a
//! Shapefile. Whoever reads decides what a feature means, and what a feature that is no good is to it.
//!
//! And what all imports share: the room on the disk that they may take, how a file comes into force ([`put`]), and what
//! is a loss ([`is_loss`]).

mod archive;
mod crs;
mod degrees;
mod feature;
mod geojson_file;
mod geopackage;
mod loss;
pub mod mend;
pub mod put;
pub mod rings;
mod room;
mod shape_file;
mod source;
mod table;
#[cfg(test)]
mod tests;
pub mod wkb;

use std::path::{Path, PathBuf};

pub use feature::{Feature, Fields, FlawedShape, NotText};
pub use loss::is_loss;
pub use room::room;
pub use source::{Source, open_regular};

/// How much is read at most.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Bytes of the file, and of all that is unpacked from an archive.
    pub bytes: u64,
    /// Entries of an archive.
    pub entries: usize,
    /// The folder where the parts of a zipped Shapefile are unpacked, which has to jump about in them, if not in
    /// memory. It must be there; nothing stays in it.
    pub scratch: Option<PathBuf>,
}

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub enum GeodataError {
    /// The file cannot be read.
    #[error("cannot read {}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is larger than we read.
    #[error("{name} is larger than {} MiB", .most >> 20)]
    TooLarge {
        /// The file.
        name: String,
        /// Bytes that are read.
        most: u64,
    },
    /// An archive unpacks to more than we read, or to so many times its size that it is a bomb.
    #[error(
        "{0} in the zip unpacks to more than 256 MiB and 32 times the zip's size, or more than is read at all: unpack it \
         yourself"
    )]
    UnpacksTooLarge(String),
    /// There is no room for unpacking a Shapefile.
    #[error("unpacking {name} needs {needed} bytes in {}, where there is room for {free}", .folder.display())]
    NoRoom {
        /// What is unpacked.
        name: String,
        /// Where.
        folder: PathBuf,
        /// Bytes that it has.
        needed: u64,
        /// Bytes that are free, but for what is left to the log.
        free: u64,
    },
    /// Unpacking failed.
    #[error("cannot unpack {name}")]
    NotUnpacked {
        /// What.
        name: String,
        /// Why.
        source: std::io::Error,
    },
    /// JSON, and no FeatureCollection.
    #[error("{file} has no features: it is no FeatureCollection")]
    NoFeatures {
        /// The file.
        file: String,
        /// What it says itself that it is.
        says: Option<String>,
    },
    /// Not a file of a kind that we know.
    #[error("{0} is neither GeoJSON, nor a Shapefile (.shp), nor a zip with one of them, nor a GeoPackage (.gpkg)")]
    UnknownKind(String),
    /// The archive is cut short or damaged.
    #[error("the zip is cut short or damaged: {0}")]
    DamagedArchive(String),
    /// The archive has more entries than we look through.
    #[error("the zip has {found} entries; at most {most} are read")]
    TooManyEntries {
        /// Entries.
        found: usize,
        /// Entries that are read.
        most: usize,
    },
    /// A Shapefile lacks one of its files.
    #[error("the Shapefile's {0} is missing")]
    MissingPart(String),
    /// The content is not what the name says.
    #[error("{file} is damaged or not understood: {reason}")]
    Malformed {
        /// The file.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// The coordinates are not degrees of JGD2011, JGD2000 or WGS 84.
    #[error("the coordinates are in {0}; degrees of JGD2011, JGD2000 or WGS 84 are needed")]
    WrongCrs(String),
    /// Latitude and longitude are exchanged.
    #[error("feature {}: latitude and longitude look exchanged", .feature + 1)]
    SwappedAxes {
        /// The feature's index.
        feature: usize,
    },
    /// The numbers are no degrees.
    #[error("feature {}: {x}, {y} are not degrees; the coordinates look projected", .feature + 1)]
    NotDegrees {
        /// The feature's index.
        feature: usize,
        /// First coordinate.
        x: f64,
        /// Second coordinate.
        y: f64,
    },
}

impl GeodataError {
    /// The sentence with the file's name, once, and why.
    pub fn told_of(&self, file: &Path) -> String {
        let mut told = self.to_string();
        if !told.contains(file.file_name().unwrap_or_default().to_string_lossy().as_ref()) {
            told = format!("{}: {told}", file.display());
        }
        let mut cause = std::error::Error::source(self);
        while let Some(source) = cause {
            told = format!("{told}: {source}");
            cause = source.source();
        }
        told
    }
}

/// Reads the features of a GeoJSON text, one after the other.
///
/// # Errors
/// [`GeodataError`], or what `each` says.
pub fn features_of_geojson<E: From<GeodataError>>(
    name: &str,
    source: impl std::io::Read,
    mut each: impl FnMut(Feature) -> Result<(), E>,
) -> Result<(), E> {
    geojson_file::read(name, source, &mut each)
}
