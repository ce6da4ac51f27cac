//! Whether a file that a report names is still what was sent: there, with its record and its thumbnail, of
//! the bytes that its name says.

use std::path::Path;

use futures_util::TryStreamExt;
use sha2::{Digest, Sha256};

use super::MediaError;
use super::store::Store;
use crate::domain::ids::MediaId;
use crate::domain::report::Medium;

/// What is wrong with a stored file.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Flaw {
    /// The file is not there.
    #[error("the file is missing")]
    Missing,
    /// Its record is not there or cannot be read, so nobody can fetch the file.
    #[error("its record is missing or damaged")]
    NoRecord,
    /// Its thumbnail is not there.
    #[error("its thumbnail is missing")]
    NoThumbnail,
    /// The file has other bytes than those that were sent.
    #[error("the file holds {bytes} bytes whose SHA-256 is {found}")]
    WrongHash {
        /// Bytes that it has.
        bytes: u64,
        /// Their hash.
        found: MediaId,
    },
    /// The disk does not give it.
    #[error("the file cannot be read: {0}")]
    Unreadable(String),
}

impl Store {
    /// Reads a file that a report names to its end, and says what is wrong with it.
    ///
    /// # Errors
    /// The first [`Flaw`]. The number is of the bytes that were read.
    pub async fn verify(&self, medium: &Medium) -> Result<u64, Flaw> {
        let unreadable = |error: MediaError| match error {
            MediaError::NotFound => Flaw::Missing,
            other => Flaw::Unreadable(other.to_string()),
        };
        let mut chunks = self.read(&medium.id, None).await.map_err(unreadable)?;
        let (mut hash, mut bytes) = (Sha256::new(), 0_u64);
        while let Some(chunk) = chunks.try_next().await.map_err(|error| unreadable(error.into()))? {
            bytes += chunk.len() as u64;
            hash.update(&chunk);
        }
        let found = MediaId::from_sha256(hash.finalize().into());
        if found != medium.id || bytes != medium.size {
            return Err(Flaw::WrongHash { bytes, found });
        }
        match self.describe(&medium.id).await {
            Ok(Some(_)) => {}
            Ok(None) | Err(MediaError::Record(_)) => return Err(Flaw::NoRecord),
            Err(error) => return Err(unreadable(error)),
        }
        if medium.thumbnail {
            self.thumbnail(&medium.id).await.map_err(|error| match error {
                MediaError::NotFound => Flaw::NoThumbnail,
                other => unreadable(other),
            })?;
        }
        Ok(bytes)
    }

    /// Whether a file is here as it was sent. One that was damaged since is not: whoever sends it again mends it.
    ///
    /// # Errors
    /// [`MediaError::Objects`].
    pub(super) async fn holds(&self, id: &MediaId) -> Result<bool, MediaError> {
        let described = match self.describe(id).await {
            Ok(Some(described)) => described,
            Ok(None) | Err(MediaError::Record(_)) => return Ok(false),
            Err(error) => return Err(error),
        };
        let flaw = self.verify(&described.medium()).await.err();
        if let Some(flaw) = &flaw {
            tracing::warn!(media.id = %id, error = %flaw, "a damaged file was sent again and is taken in anew");
        }
        Ok(flaw.is_none())
    }

    /// Opens the store for looking at it: makes no folder and leaves alone what is on its way in, because a
    /// node may run on it.
    ///
    /// # Errors
    /// [`MediaError::Objects`] if the folder is not there.
    pub fn inspect(folder: &Path) -> Result<Self, MediaError> {
        Self::over(folder, super::staging::Staging::untouched(folder.join("incoming")), super::store::Limits::default())
    }
}
