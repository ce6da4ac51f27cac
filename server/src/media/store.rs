//! The media store: files under their own SHA-256, each with a small record and, where one could be made, a
//! thumbnail beside it.
//!
//! ```text
//! incoming/upload-N                  on its way in; removed at the next start
//! sha256/ab/cd/HASH                  the file as it came
//! sha256/ab/cd/HASH.thumbnail.jpg    its thumbnail
//! sha256/ab/cd/HASH.json             its record: written last, so that a file without one is not there
//! ```
//!
//! What [`Store::receive`] has answered survives `kill -9` and a power cut: the upload is synced before it is
//! renamed, and the object store (`with_fsync`) syncs records, thumbnails, and every folder that a rename
//! changes.

mod limits;
mod places;
mod sweep;

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::BoxStream;
use jiff::Timestamp;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutPayload};
use serde::{Deserialize, Serialize};
use tokio::sync::{RwLock, Semaphore};

pub use self::limits::Limits;
pub use self::places::places;
use self::places::{file_path, record_path, thumbnail_path};
pub use self::sweep::Swept;
use super::allowance::Allowance;
use super::cache::Cache;
use super::examine::{Examined, examine};
use super::ledger::{Ledger, Sender};
use super::reserve::{Reserve, Room};
use super::staging::{Staged, Staging};
use super::{BodyError, MediaError};
use crate::domain::ids::MediaId;
use crate::domain::position::Evidence;
use crate::domain::report::{MediaKind, Medium};

/// What the store knows of a file; also its record on disk, as JSON.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Description {
    /// Content address.
    pub id: MediaId,
    /// What it is.
    pub kind: MediaKind,
    /// Bytes.
    pub size: u64,
    /// Whether there is a thumbnail.
    pub thumbnail: bool,
    /// What the file itself says of where it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// When it was taken, UTC, where the file says so with a zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_at: Option<Timestamp>,
}

impl Description {
    /// As a report carries it.
    pub fn medium(&self) -> Medium {
        Medium { id: self.id.clone(), kind: self.kind, size: self.size, thumbnail: self.thumbnail }
    }
}

/// An upload that came in.
#[derive(Clone, PartialEq, Debug)]
pub struct Received {
    /// What it is.
    pub description: Arc<Description>,
    /// `false`: the same file was there before.
    pub is_new: bool,
}

/// The store. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    objects: Arc<dyn ObjectStore>,
    staging: Staging,
    reserve: Reserve,
    limits: Limits,
    ledger: Arc<Ledger>,
    described: Cache<MediaId, Arc<Description>>,
    /// One picture is decoded at a time, so that memory is bounded by one.
    decoding: Semaphore,
    /// Who stands in line for it: of strangers one at a time, so that staff wait for one stranger's picture at most.
    strangers_decoding: Semaphore,
    allowance: Arc<Allowance>,
    /// Sweeping writes; claiming and finishing an upload read: nothing is removed while it is being wanted.
    removing: RwLock<()>,
}

/// Descriptions in each of the two generations of the cache: some 300 bytes each.
const CACHED: usize = 10_000;

impl Store {
    /// Opens the store below `folder` (`<data>/media`) and removes what a crash left in `incoming/`.
    /// Blocking, for the start.
    ///
    /// # Errors
    /// [`MediaError::Io`] or [`MediaError::Objects`] if the folder cannot be made or read.
    pub fn open(folder: &std::path::Path, limits: Limits) -> Result<Self, MediaError> {
        std::fs::create_dir_all(folder)?;
        let staging = Staging::open(folder.join("incoming"))?;
        for made in [staging.folder(), folder, folder.parent().unwrap_or(folder)] {
            std::fs::File::open(if made.as_os_str().is_empty() { std::path::Path::new(".") } else { made })?
                .sync_all()?;
        }
        Self::over(folder, staging, limits)
    }

    pub(super) fn over(folder: &std::path::Path, staging: Staging, limits: Limits) -> Result<Self, MediaError> {
        let objects = Arc::new(LocalFileSystem::new_with_prefix(folder)?.with_fsync(true));
        Ok(Self(Arc::new(Inner {
            objects,
            staging,
            reserve: Reserve::new(folder.to_owned(), limits.keep_free),
            ledger: Arc::new(Ledger::new(limits.unreferenced.clone(), limits.at_once)),
            described: Cache::new(CACHED),
            decoding: Semaphore::new(1),
            strangers_decoding: Semaphore::new(1),
            allowance: Arc::new(Allowance::new(limits.pixels_a_minute)),
            removing: RwLock::new(()),
            limits,
        })))
    }

    /// The numbers that bound it.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Takes in a body. When this returns, the file, its record and its thumbnail are on the disk for good;
    /// when it fails, or is dropped before the body has ended, nothing is kept.
    ///
    /// # Errors
    /// Everything that [`MediaError`] has, but `NotFound` and `RangeNotSatisfiable`.
    pub async fn receive<S>(&self, body: S, now: Timestamp, sender: Sender) -> Result<Received, MediaError>
    where
        S: Stream<Item = Result<Bytes, BodyError>> + Send,
    {
        let Inner { staging, limits, ledger, reserve, .. } = self.0.as_ref();
        let staged = staging.receive(body, limits, reserve, ledger.begin(sender)?).await?;
        // From here on a caller who hangs up changes nothing: half a move would leave half a file.
        let store = self.clone();
        let finish = async move {
            let is_here = store.holds(&staged.id).await?;
            store.0.finish(staged, is_here, now, sender).await
        };
        tokio::spawn(finish).await?
    }

    /// What the store knows of a file; `None`: it is not there.
    ///
    /// # Errors
    /// [`MediaError::Objects`] or [`MediaError::Record`] if the record cannot be read.
    pub async fn describe(&self, id: &MediaId) -> Result<Option<Arc<Description>>, MediaError> {
        if let Some(description) = self.0.described.get(id) {
            return Ok(Some(description));
        }
        // A record that is read while its file is being removed must not stay in memory after it.
        let _stay = self.0.removing.read().await;
        self.0.describe(id).await
    }

    /// Describes a file that a report is about to name. From now on it is not swept, and does not count as
    /// unreferenced; if the report comes to nothing, a later sweep takes it after all.
    ///
    /// # Errors
    /// As [`Store::describe`].
    pub async fn claim(&self, id: &MediaId, now: Timestamp) -> Result<Option<Arc<Description>>, MediaError> {
        let _stay = self.0.removing.read().await;
        let described = self.0.describe(id).await?;
        if described.is_some() {
            self.0.ledger.claim(id, now);
        }
        Ok(described)
    }

    /// Whether a file has as many bytes as it had: whoever is promised more than there are gets a broken answer.
    ///
    /// # Errors
    /// [`MediaError::Changed`] if not, [`MediaError::NotFound`], [`MediaError::Objects`].
    pub async fn has_its_size(&self, file: &Description) -> Result<(), MediaError> {
        let found = self.0.objects.head(&file_path(&file.id)).await?.size;
        if found == file.size {
            Ok(())
        } else {
            Err(MediaError::Changed { id: file.id.clone(), found, size: file.size })
        }
    }

    /// The bytes of a file, or of a part of it, as a stream of chunks.
    ///
    /// # Errors
    /// [`MediaError::NotFound`], [`MediaError::Objects`].
    pub async fn read(
        &self,
        id: &MediaId,
        part: Option<Range<u64>>,
    ) -> Result<BoxStream<'static, Result<Bytes, object_store::Error>>, MediaError> {
        let options = GetOptions { range: part.map(GetRange::Bounded), ..GetOptions::default() };
        Ok(self.0.objects.get_opts(&file_path(id), options).await?.into_stream())
    }

    /// The thumbnail, JPEG.
    ///
    /// # Errors
    /// [`MediaError::NotFound`] if there is none, or no such file.
    pub async fn thumbnail(&self, id: &MediaId) -> Result<Bytes, MediaError> {
        Ok(self.0.objects.get(&thumbnail_path(id)).await?.bytes().await?)
    }

    /// How much room there is on the disk, and how much of it is kept for the log.
    ///
    /// # Errors
    /// [`MediaError::Io`] if the folder has gone.
    pub fn room(&self) -> Result<Room, MediaError> {
        self.0.reserve.room()
    }

    /// Bytes of all uploads that no report names, as far as they have been counted.
    pub fn unreferenced_bytes(&self) -> u64 {
        self.0.ledger.bytes()
    }
}

impl Inner {
    async fn finish(
        &self,
        staged: Staged,
        is_here: bool,
        now: Timestamp,
        sender: Sender,
    ) -> Result<Received, MediaError> {
        if is_here && let Some(received) = self.known(&staged.id, now, sender).await? {
            return Ok(received);
        }
        let Examined { facts, thumbnail } = {
            // The semaphores are never closed; if they were, decoding unbounded would be the worse end.
            let _first_of_strangers = match sender {
                Sender::Staff => None,
                Sender::Stranger(_) => Some(self.strangers_decoding.acquire().await.map_err(|_| MediaError::Busy)?),
            };
            let _one = self.decoding.acquire().await.map_err(|_| MediaError::Busy)?;
            let (path, kind): (PathBuf, MediaKind) = (staged.file.path.clone(), staged.kind);
            let allowance = Arc::clone(&self.allowance);
            let admit = move |pixels| allowance.take(sender, pixels);
            tokio::task::spawn_blocking(move || examine(&path, kind, &admit)).await??
        };
        let description = Arc::new(Description {
            id: staged.id.clone(),
            kind: staged.kind,
            size: staged.size,
            thumbnail: thumbnail.is_some(),
            evidence: facts.evidence,
            taken_at: facts.taken_at,
        });
        let record = serde_json::to_vec(description.as_ref())?;
        let written =
            (staged.size + record.len() as u64).saturating_add(thumbnail.as_ref().map_or(0, |t| t.len() as u64));

        let _stay = self.removing.read().await;
        let id = &staged.id;
        self.objects.rename(&Path::from_iter(["incoming", &staged.file.name]), &file_path(id)).await?;
        if let Some(thumbnail) = thumbnail {
            self.objects.put(&thumbnail_path(id), PutPayload::from(thumbnail)).await?;
        }
        self.objects.put(&record_path(id), PutPayload::from(record)).await?;
        self.described.put(id.clone(), Arc::clone(&description));
        self.ledger.note(id, written, now, sender);
        drop(staged.streaming); // counted as waiting from here on
        Ok(Received { description, is_new: true })
    }

    /// The same file, if it is there already; it counts as uploaded anew.
    async fn known(&self, id: &MediaId, now: Timestamp, sender: Sender) -> Result<Option<Received>, MediaError> {
        let _stay = self.removing.read().await;
        let Some(description) = self.describe(id).await? else { return Ok(None) };
        self.ledger.note(id, 0, now, sender);
        Ok(Some(Received { description, is_new: false }))
    }

    async fn describe(&self, id: &MediaId) -> Result<Option<Arc<Description>>, MediaError> {
        if let Some(description) = self.described.get(id) {
            return Ok(Some(description));
        }
        let record = match self.objects.get(&record_path(id)).await {
            Ok(found) => found.bytes().await?,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let description: Arc<Description> = Arc::new(serde_json::from_slice(&record)?);
        self.described.put(id.clone(), Arc::clone(&description));
        Ok(Some(description))
    }
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
