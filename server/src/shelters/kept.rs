//! The list that was imported into the data folder: `<data>/shelters/<region>/shelters.json`.
//!
//! One file, so that one rename replaces it: what the list says of itself, the files that it was made from with
//! their SHA-256, and the SHA-256 of its own shelters as they are written.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::sheet::Sheet;
use crate::domain::office::OfficeCode;
use crate::domain::shelter::Shelter;
use crate::geodata::put::put;

/// Why an imported list cannot be used. Importing again, or moving the file away, helps.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// It cannot be read.
    #[error("cannot read {}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not what was written.
    #[error("the list of shelters in {} is damaged ({reason}); import it again or move the file away", .file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// What a list says of itself.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct About {
    pub(super) edition: String,
    pub(super) attribution: String,
    pub(super) demonstration: bool,
    pub(super) sources: Vec<Source>,
}

/// A file that it was made from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Source {
    pub(super) name: String,
    pub(super) sha256: String,
}

impl From<&Sheet> for Source {
    fn from(sheet: &Sheet) -> Self {
        Self { name: sheet.name.clone(), sha256: sheet.sha256.clone() }
    }
}

/// A shelter, and which municipality its list names.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    #[serde(flatten)]
    pub(super) shelter: Shelter,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) said: Option<OfficeCode>,
}

/// A list.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Stored {
    pub(super) about: About,
    pub(super) shelters: Vec<Kept>,
}

impl Stored {
    /// SHA-256 of all that it says, hexadecimal.
    pub(super) fn sha256(&self) -> String {
        let text = serde_json::to_vec(&(&self.about, &self.shelters)).unwrap_or_default();
        hex::encode(Sha256::digest(text))
    }
}

#[derive(Serialize)]
struct File {
    #[serde(flatten)]
    about: About,
    shelters_sha256: String,
    shelters: Box<RawValue>,
}

/// The file where a region's list lies.
pub(super) fn path(data_dir: &Path, region: &str) -> PathBuf {
    data_dir.join("shelters").join(region).join("shelters.json")
}

/// Writes a list beside the old one and lets it take its place in one rename, both synced to disk.
pub(super) fn store(target: &Path, stored: &Stored) -> std::io::Result<()> {
    let shelters = serde_json::value::to_raw_value(&stored.shelters)?;
    let file =
        File { about: stored.about.clone(), shelters_sha256: hex::encode(Sha256::digest(shelters.get())), shelters };
    put(target, &serde_json::to_vec(&file)?)
}

/// Reads the list; `None` if there is none.
pub(super) fn load(data_dir: &Path, region: &str) -> Result<Option<Stored>, KeptError> {
    let file = path(data_dir, region);
    let bytes = match std::fs::read(&file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(KeptError::Unreadable { file, source }),
    };
    unpack(&bytes).map(Some).map_err(|reason| KeptError::Damaged { file, reason })
}

fn unpack(bytes: &[u8]) -> Result<Stored, String> {
    // Not `flatten` around a raw value: serde would have taken the text apart before.
    #[derive(Deserialize)]
    struct Sums<'a> {
        shelters_sha256: String,
        #[serde(borrow)]
        shelters: &'a RawValue,
    }
    let about: About = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let sums: Sums<'_> = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let found = hex::encode(Sha256::digest(sums.shelters.get()));
    if found != sums.shelters_sha256 {
        return Err(format!("checksum {} expected, {found} found", sums.shelters_sha256));
    }
    let shelters = serde_json::from_str(sums.shelters.get()).map_err(|error| error.to_string())?;
    Ok(Stored { about, shelters })
}
