//! Backup: a whole node in one file, made while it runs, and filled from it again into either database.
//!
//! The file is a zip. Its comment, the last 64 bytes, is the SHA-256 of all bytes before, so that a flipped
//! byte is found wherever it lies.
//!
//! ```text
//! entry.ndjson, contact.ndjson, account.ndjson, wall_token.ndjson, audit.ndjson
//!                          the tables: a JSON array a row, see `tables`
//! media.ndjson             what photos and videos the reports name: id, kind, bytes, whether with a thumbnail
//! keys/token.key           the node's secret: receipt links and wall tokens go on working
//! region/R/boundaries.geojson, shelters/R/shelters.json, hazard/LAYER.zones, base/R/in_force.json and what it names
//!                          what was imported, but for an archive of tiles
//! media/HASH, media/HASH.thumbnail.jpg, media/HASH.json    the media themselves, if asked for
//! manifest.json            what it is, and the size and SHA-256 of each part
//! ```
//!
//! Sessions are left out on purpose: one that was ended after the backup, because a phone was lost, must not
//! come to life again. Everybody signs in anew after a restore.

pub mod archive;
pub mod fill;
mod imported;
pub mod make;
mod pack;
mod tables;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::entry::Seq;
use crate::domain::ids::MediaId;
use crate::domain::report::Medium;

/// What every backup says of itself.
const FORMAT: &str = "sokuho backup";

/// The format's version. A program reads the one that it writes.
const VERSION: u32 = 1;

const MANIFEST: &str = "manifest.json";

const MEDIA: &str = "media.ndjson";

/// The file with the node's secret, below the data folder and in the backup.
pub const KEY: &str = "keys/token.key";

/// What a backup says of itself.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Manifest {
    format: String,
    version: u32,
    /// When it was begun, UTC.
    pub made_at: Timestamp,
    /// The version of the program that made it.
    pub program: String,
    /// The node.
    pub node: Uuid,
    /// Its history; what is restored gets another.
    pub epoch: Uuid,
    /// The number of the last entry.
    pub head: Seq,
    /// The parts, but for the manifest and the media.
    pub parts: Vec<Part>,
    /// The media.
    pub media: Media,
}

impl Manifest {
    /// The rows of the table of this name.
    pub fn rows(&self, table: &str) -> u64 {
        self.parts.iter().find(|part| part.name == format!("{table}.ndjson")).map_or(0, |part| part.rows)
    }
}

/// A part of a backup.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Part {
    /// Its name in the zip.
    pub name: String,
    /// Lines; 0 for what has no rows.
    pub rows: u64,
    /// Bytes, unpacked.
    pub bytes: u64,
    /// SHA-256 of these bytes, hexadecimal.
    pub sha256: String,
}

/// How many photos and videos.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Media {
    /// That reports name.
    pub named: u64,
    /// That lie in the backup.
    pub packed: u64,
    /// That should, but were not in the store, or damaged there.
    pub missing: u64,
}

/// How far it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress<'a> {
    /// What is being done.
    pub step: &'a str,
    /// So many.
    pub done: u64,
    /// Of so many, where that is known.
    pub of: Option<u64>,
}

/// Is told how far it is.
pub type Tell<'a> = &'a mut (dyn FnMut(Progress<'_>) + Send);

/// Why there is no backup, or no restored node.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A backup never takes another's place.
    #[error("{0} is there already: name another file")]
    Exists(PathBuf),
    /// A file cannot be read or written.
    #[error("{0}")]
    File(PathBuf, #[source] io::Error),
    /// The archive cannot be written.
    #[error("the archive cannot be written")]
    Pack(#[source] anyhow::Error),
    /// What is restored cannot be written.
    #[error("what is in the backup cannot be written")]
    Unpack(#[source] io::Error),
    /// The database failed.
    #[error("the database failed")]
    Storage(#[from] sqlx::Error),
    /// An entry cannot be read by this program, and no restore would take it. What is wrong, as a sentence.
    #[error("the log cannot be backed up: {0}")]
    Unreadable(String),
    /// The file is none of ours.
    #[error("{0} is no backup of Sokuho")]
    NoBackup(PathBuf),
    /// The file was made by a newer program.
    #[error("the backup has version {0} of the format, and this program reads version {VERSION}")]
    Version(u32),
    /// The file is not as it was made. What is damaged, as a sentence.
    #[error("the backup is damaged: {0}")]
    Damaged(String),
    /// There is something already where it should be restored.
    #[error("{0} is not empty: a backup is restored into an empty place only")]
    NotEmpty(String),
}

impl BackupError {
    fn file(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        |cause| Self::File(path.to_owned(), cause)
    }
}

/// Runs what blocks, elsewhere.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BackupError> + Send + 'static,
) -> Result<T, BackupError> {
    let ended = tokio::task::spawn_blocking(work).await;
    ended.map_err(|error| BackupError::Pack(error.into()))?
}

/// A line of `media.ndjson`.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct MediaLine(Medium);

/// The names in the zip of a file, its thumbnail and its record; in the order of
/// [`crate::media::store::places`].
fn media_names(id: &MediaId) -> [String; 3] {
    ["", ".thumbnail.jpg", ".json"].map(|ending| format!("media/{id}{ending}"))
}
