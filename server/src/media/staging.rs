//! Uploads on their way in: a file below `incoming/`, hashed and sniffed while it grows. Whatever is not
//! moved away is removed when it is dropped, and what a crash left is removed at the next start.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, pin_mut};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;

use super::ledger::Streaming;
use super::reserve::Reserve;
use super::sniff::{HEAD_BYTES, sniff};
use super::store::Limits;
use super::{BodyError, MediaError};
use crate::domain::ids::MediaId;
use crate::domain::report::MediaKind;

/// The folder of uploads under way.
#[derive(Debug)]
pub(super) struct Staging {
    folder: PathBuf,
    next: AtomicU64,
}

/// A file that came in whole and lies synced below `incoming/`.
#[derive(Debug)]
pub(super) struct Staged {
    pub file: StagedFile,
    pub id: MediaId,
    pub kind: MediaKind,
    pub size: u64,
    /// Holds its bytes in the books until it is noted or dropped.
    pub streaming: Streaming,
}

/// Removes the file when dropped, unless it was moved away.
#[derive(Debug)]
pub(super) struct StagedFile {
    pub path: PathBuf,
    pub name: String,
}

impl Drop for StagedFile {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(error = %error, "an upload could not be removed");
        }
    }
}

impl Staging {
    /// Makes the folder, or empties it of what a crash left.
    pub fn open(folder: PathBuf) -> Result<Self, MediaError> {
        std::fs::create_dir_all(&folder)?;
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                std::fs::remove_file(entry.path())?;
            }
        }
        Ok(Self { folder, next: AtomicU64::new(1) })
    }

    /// The folder as it is.
    pub fn untouched(folder: PathBuf) -> Self {
        Self { folder, next: AtomicU64::new(1) }
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Streams a body into a file; returns when it is whole and synced.
    pub async fn receive<S>(
        &self,
        body: S,
        limits: &Limits,
        reserve: &Reserve,
        mut streaming: Streaming,
    ) -> Result<Staged, MediaError>
    where
        S: Stream<Item = Result<Bytes, BodyError>> + Send,
    {
        pin_mut!(body);
        let mut head = Vec::with_capacity(HEAD_BYTES);
        let mut hash = Sha256::new();
        let mut opened: Option<(StagedFile, tokio::fs::File, MediaKind, u64)> = None;
        let mut size = 0_u64;
        while let Some(chunk) = body.next().await {
            let chunk = chunk?;
            size = size.saturating_add(chunk.len() as u64);
            streaming.grow(chunk.len() as u64)?;
            reserve.admit(chunk.len() as u64)?;
            hash.update(&chunk);
            let Some((_, file, _, limit)) = &mut opened else {
                head.extend_from_slice(&chunk);
                if head.len() >= HEAD_BYTES {
                    opened = Some(self.begin(&head, size, limits).await?);
                    head = Vec::new();
                }
                continue;
            };
            if size > *limit {
                return Err(MediaError::TooLarge { limit: *limit });
            }
            file.write_all(&chunk).await?;
        }
        let (staged, file, kind, _) = match opened {
            Some(opened) => opened,
            None => self.begin(&head, size, limits).await?,
        };
        let mut file = file;
        file.flush().await?;
        // The data must be on the disk before the rename that makes it visible.
        file.sync_all().await?;
        let id = MediaId::from_sha256(hash.finalize().into());
        Ok(Staged { file: staged, id, kind, size, streaming })
    }

    /// Tells the kind by the first bytes, and opens the file with them.
    async fn begin(
        &self,
        head: &[u8],
        size: u64,
        limits: &Limits,
    ) -> Result<(StagedFile, tokio::fs::File, MediaKind, u64), MediaError> {
        let kind = sniff(head).ok_or(MediaError::Unsupported)?;
        let limit = limits.of(kind);
        if size > limit {
            return Err(MediaError::TooLarge { limit });
        }
        let name = format!("upload-{}", self.next.fetch_add(1, Ordering::Relaxed));
        let path = self.folder.join(&name);
        // Opened here and not on another thread: a caller who hangs up at this moment would leave the file.
        let file = std::fs::OpenOptions::new().write(true).create_new(true).open(&path)?;
        let staged = StagedFile { path, name };
        let mut file = tokio::fs::File::from_std(file);
        file.write_all(head).await?;
        Ok((staged, file, kind, limit))
    }
}
