//! Bookkeeping of uploads that no report names yet: how many bytes they take altogether, and which are
//! about to be named. It bounds what strangers can leave on the disk.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::MediaError;
use crate::domain::ids::MediaId;

/// An upload that no report names yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Waiting {
    /// Bytes on disk.
    pub bytes: u64,
    /// When it was last uploaded.
    pub at: Timestamp,
}

#[derive(Debug, Default)]
struct Books {
    waiting: HashMap<MediaId, Waiting>,
    waiting_bytes: u64,
    streaming_bytes: u64,
    claimed: HashMap<MediaId, Timestamp>,
}

/// The books. All methods are quick and do no I/O.
#[derive(Debug)]
pub struct Ledger {
    most_bytes: u64,
    most_files: usize,
    books: Mutex<Books>,
}

/// Bytes of an upload under way; given back on drop.
#[derive(Debug)]
pub struct Streaming {
    ledger: Arc<Ledger>,
    bytes: u64,
}

impl Ledger {
    /// Empty books with these bounds.
    pub fn new(most_bytes: u64, most_files: usize) -> Self {
        Self { most_bytes, most_files, books: Mutex::default() }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins an upload.
    pub fn stream(self: &Arc<Self>) -> Streaming {
        Streaming { ledger: Arc::clone(self), bytes: 0 }
    }

    /// Notes a finished upload, or that it was uploaded again; that renews a claim as well.
    pub fn note(&self, id: &MediaId, bytes: u64, at: Timestamp) {
        let mut books = self.books();
        if let Some(claimed_at) = books.claimed.get_mut(id) {
            *claimed_at = at.max(*claimed_at);
            return;
        }
        let before = books.waiting.get(id).copied();
        let bytes = before.map_or(bytes, |w| w.bytes.max(bytes));
        books.waiting_bytes = books.waiting_bytes - before.map_or(0, |w| w.bytes) + bytes;
        books.waiting.insert(id.clone(), Waiting { bytes, at });
    }

    /// A report is about to name it: it no longer counts, and is not swept.
    pub fn claim(&self, id: &MediaId, now: Timestamp) {
        let mut books = self.books();
        if let Some(waiting) = books.waiting.remove(id) {
            books.waiting_bytes -= waiting.bytes;
        }
        books.claimed.insert(id.clone(), now);
    }

    /// When it was last uploaded or claimed, as far as these books know.
    pub fn last_wanted(&self, id: &MediaId) -> Option<Timestamp> {
        let books = self.books();
        books.claimed.get(id).copied().max(books.waiting.get(id).map(|w| w.at))
    }

    /// Takes a removed file out.
    pub fn forget(&self, id: &MediaId) {
        let mut books = self.books();
        if let Some(waiting) = books.waiting.remove(id) {
            books.waiting_bytes -= waiting.bytes;
        }
        books.claimed.remove(id);
    }

    /// Drops claims that have come true, and those older than `older_than` that never did.
    pub fn settle(&self, older_than: Timestamp, is_referenced: impl Fn(&MediaId) -> bool) {
        let mut books = self.books();
        books.claimed.retain(|id, at| *at >= older_than && !is_referenced(id));
        let named: Vec<MediaId> = books.waiting.keys().filter(|id| is_referenced(id)).cloned().collect();
        for id in named {
            if let Some(waiting) = books.waiting.remove(&id) {
                books.waiting_bytes -= waiting.bytes;
            }
        }
    }

    /// Bytes of all uploads that no report names, with those under way.
    pub fn bytes(&self) -> u64 {
        let books = self.books();
        books.waiting_bytes + books.streaming_bytes
    }
}

impl Streaming {
    /// More bytes have arrived.
    ///
    /// # Errors
    /// [`MediaError::StorageFull`] when unreferenced uploads have filled their share.
    pub fn grow(&mut self, bytes: u64) -> Result<(), MediaError> {
        let mut books = self.ledger.books();
        let sum = books.waiting_bytes.saturating_add(books.streaming_bytes).saturating_add(bytes);
        if sum > self.ledger.most_bytes || books.waiting.len() >= self.ledger.most_files {
            return Err(MediaError::StorageFull("uploads that no report names have filled their share".to_owned()));
        }
        books.streaming_bytes += bytes;
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Streaming {
    fn drop(&mut self) {
        self.ledger.books().streaming_bytes -= self.bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> MediaId {
        MediaId::from_sha256([n; 32])
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn uploads_under_way_and_waiting_share_one_bound() {
        let ledger = Arc::new(Ledger::new(100, 10));
        ledger.note(&id(1), 60, at(1));
        let mut streaming = ledger.stream();
        streaming.grow(40).unwrap();
        assert!(matches!(streaming.grow(1), Err(MediaError::StorageFull(_))));
        drop(streaming);
        assert_eq!(ledger.bytes(), 60);
        ledger.claim(&id(1), at(2));
        assert_eq!(ledger.bytes(), 0);
    }

    #[test]
    fn many_tiny_files_are_bounded_by_their_number() {
        let ledger = Arc::new(Ledger::new(1_000_000, 2));
        ledger.note(&id(1), 1, at(1));
        ledger.note(&id(2), 1, at(1));
        assert!(matches!(ledger.stream().grow(1), Err(MediaError::StorageFull(_))));
    }

    #[test]
    fn uploading_again_counts_once_and_renews() {
        let ledger = Ledger::new(100, 10);
        ledger.note(&id(1), 60, at(1));
        ledger.note(&id(1), 0, at(5));
        assert_eq!(ledger.bytes(), 60);
        assert_eq!(ledger.last_wanted(&id(1)), Some(at(5)));
        ledger.claim(&id(1), at(6));
        ledger.note(&id(1), 0, at(9));
        assert_eq!((ledger.bytes(), ledger.last_wanted(&id(1))), (0, Some(at(9))), "a claim is renewed too");
        ledger.settle(at(0), |_| true);
        assert_eq!((ledger.bytes(), ledger.last_wanted(&id(1))), (0, None));
    }
}
