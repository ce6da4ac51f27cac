//! Uploads of which nothing came: they are removed some time after.

use std::ops::Range;

use futures_util::TryStreamExt;
use jiff::Timestamp;
use object_store::ObjectStoreExt;
use object_store::path::Path;

use super::places::{file_path, id_of, record_path, thumbnail_path};
use super::{Inner, Store};
use crate::domain::ids::MediaId;
use crate::media::MediaError;
use crate::media::ledger::Sender;

/// What a sweep removed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Swept {
    /// Files removed, each with its record and thumbnail.
    pub files: usize,
    /// Bytes freed.
    pub bytes: u64,
}

impl Store {
    /// Removes uploads that no report names and that were last uploaded within this time, and recounts those that came
    /// after it. `is_referenced` is asked of the world. What came before it is of another history of the log, which may
    /// have lost the report that names it: it stays, and does not count. To be called some time after the start, and
    /// then every hour or so; it walks over the whole store.
    ///
    /// # Errors
    /// [`MediaError::Objects`] if the store cannot be listed. A file that cannot be removed is logged.
    pub async fn sweep(
        &self,
        Range { start, end: older_than }: Range<Timestamp>,
        is_referenced: impl Fn(&MediaId) -> bool + Send + Sync,
    ) -> Result<Swept, MediaError> {
        let mut found = std::collections::HashMap::<MediaId, (u64, Timestamp)>::new();
        let mut listing = self.0.objects.list(Some(&Path::from("sha256")));
        while let Some(object) = listing.try_next().await? {
            let Some(id) = id_of(&object.location) else { continue };
            if is_referenced(&id) {
                continue;
            }
            let at = Timestamp::from_millisecond(object.last_modified.timestamp_millis()).unwrap_or(older_than);
            let entry = found.entry(id).or_insert((0, at));
            *entry = (entry.0 + object.size, entry.1.max(at));
        }
        self.0.ledger.settle(older_than, &is_referenced);
        let mut swept = Swept::default();
        for (id, (bytes, written_at)) in found {
            if written_at < start {
                continue;
            }
            let _alone = self.0.removing.write().await;
            if is_referenced(&id) {
                continue;
            }
            let wanted_at = self.0.ledger.last_wanted(&id).map_or(written_at, |at| at.max(written_at));
            if wanted_at >= older_than {
                self.0.ledger.note(&id, bytes, wanted_at, Sender::Stranger(None));
                continue;
            }
            if let Err(error) = self.0.remove(&id).await {
                // One file that cannot be removed must not keep all others; the next sweep tries again.
                tracing::error!(media.id = %id, error = %error, "an upload could not be swept");
                continue;
            }
            swept.files += 1;
            swept.bytes += bytes;
        }
        Ok(swept)
    }
}

impl Inner {
    /// Removes a file: its record first, so that what is half removed is already gone.
    pub(super) async fn remove(&self, id: &MediaId) -> Result<(), MediaError> {
        self.described.forget(id);
        for path in [record_path(id), thumbnail_path(id), file_path(id)] {
            match self.objects.delete(&path).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.ledger.forget(id);
        Ok(())
    }
}
