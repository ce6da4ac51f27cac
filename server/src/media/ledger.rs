//! Bookkeeping of uploads that no report names yet: how many bytes they take altogether, and which are
//! about to be named. It bounds what strangers can leave on the disk.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::MediaError;
use crate::domain::ids::MediaId;

/// Who uploads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sender {
    /// Somebody with an account.
    Staff,
    /// Anybody, from this address (of IPv6, its /64); `None`: from before the start, so that nobody knows.
    Stranger(Option<IpAddr>),
}

/// How much may wait, with what is under way. Strangers have a share of the whole, and each address a part
/// of that, so that neither one of them nor all together can shut the door for staff.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Share {
    /// Bytes of all uploads that no report names.
    pub bytes: u64,
    /// How many of them.
    pub files: usize,
    /// Bytes of those that strangers sent.
    pub strangers_bytes: u64,
    /// How many of those.
    pub strangers_files: usize,
    /// Bytes of those of one address.
    pub address_bytes: u64,
}

/// An upload that no report names yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Waiting {
    /// Bytes on disk.
    pub bytes: u64,
    /// When it was last uploaded.
    pub at: Timestamp,
    /// Who sent it first.
    pub sender: Sender,
}

#[derive(Debug, Default)]
struct Books {
    waiting: HashMap<MediaId, Waiting>,
    waiting_bytes: u64,
    streaming_bytes: u64,
    /// Of strangers, waiting and under way.
    strangers_bytes: u64,
    strangers_files: usize,
    /// The same by address; as many as there are uploads at most.
    by_address: HashMap<IpAddr, u64>,
    claimed: HashMap<MediaId, Timestamp>,
}

impl Books {
    fn charge(&mut self, sender: Sender, bytes: u64) {
        let Sender::Stranger(address) = sender else { return };
        self.strangers_bytes += bytes;
        if let Some(address) = address {
            *self.by_address.entry(address).or_default() += bytes;
        }
    }

    fn discharge(&mut self, sender: Sender, bytes: u64) {
        let Sender::Stranger(address) = sender else { return };
        self.strangers_bytes -= bytes;
        if let Some(address) = address
            && let Some(of_address) = self.by_address.get_mut(&address)
        {
            *of_address -= bytes;
            if *of_address == 0 {
                self.by_address.remove(&address);
            }
        }
    }

    fn put(&mut self, id: &MediaId, waiting: Waiting) {
        self.take(id);
        self.waiting_bytes += waiting.bytes;
        self.strangers_files += usize::from(waiting.sender != Sender::Staff);
        self.charge(waiting.sender, waiting.bytes);
        self.waiting.insert(id.clone(), waiting);
    }

    fn take(&mut self, id: &MediaId) {
        let Some(waiting) = self.waiting.remove(id) else { return };
        self.waiting_bytes -= waiting.bytes;
        self.strangers_files -= usize::from(waiting.sender != Sender::Staff);
        self.discharge(waiting.sender, waiting.bytes);
    }
}

/// The books. All methods are quick and do no I/O.
#[derive(Debug)]
pub struct Ledger {
    share: Share,
    books: Mutex<Books>,
}

/// Bytes of an upload under way; given back on drop.
#[derive(Debug)]
pub struct Streaming {
    ledger: Arc<Ledger>,
    sender: Sender,
    bytes: u64,
}

impl Ledger {
    /// Empty books with these bounds.
    pub fn new(share: Share) -> Self {
        Self { share, books: Mutex::default() }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins an upload.
    pub fn stream(self: &Arc<Self>, sender: Sender) -> Streaming {
        Streaming { ledger: Arc::clone(self), sender, bytes: 0 }
    }

    /// Notes a finished upload, or that it was uploaded again; that renews a claim as well.
    pub fn note(&self, id: &MediaId, bytes: u64, at: Timestamp, sender: Sender) {
        let mut books = self.books();
        if let Some(claimed_at) = books.claimed.get_mut(id) {
            *claimed_at = at.max(*claimed_at);
            return;
        }
        let before = books.waiting.get(id).copied();
        let (bytes, sender) = before.map_or((bytes, sender), |w| (w.bytes.max(bytes), w.sender));
        books.put(id, Waiting { bytes, at, sender });
    }

    /// A report is about to name it: it no longer counts, and is not swept.
    pub fn claim(&self, id: &MediaId, now: Timestamp) {
        let mut books = self.books();
        books.take(id);
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
        books.take(id);
        books.claimed.remove(id);
    }

    /// Drops claims that have come true, and those older than `older_than` that never did.
    pub fn settle(&self, older_than: Timestamp, is_referenced: impl Fn(&MediaId) -> bool) {
        let mut books = self.books();
        books.claimed.retain(|id, at| *at >= older_than && !is_referenced(id));
        let named: Vec<MediaId> = books.waiting.keys().filter(|id| is_referenced(id)).cloned().collect();
        for id in named {
            books.take(&id);
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
        let share = &self.ledger.share;
        let sum = books.waiting_bytes.saturating_add(books.streaming_bytes).saturating_add(bytes);
        let mut full = sum > share.bytes || books.waiting.len() >= share.files;
        if let Sender::Stranger(address) = self.sender {
            let of_address = address.and_then(|address| books.by_address.get(&address)).copied().unwrap_or(0);
            full |= books.strangers_bytes.saturating_add(bytes) > share.strangers_bytes
                || books.strangers_files >= share.strangers_files
                || of_address.saturating_add(bytes) > share.address_bytes;
        }
        if full {
            return Err(MediaError::StorageFull("uploads that no report names have filled their share".to_owned()));
        }
        books.streaming_bytes += bytes;
        books.charge(self.sender, bytes);
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Streaming {
    fn drop(&mut self) {
        let mut books = self.ledger.books();
        books.streaming_bytes -= self.bytes;
        books.discharge(self.sender, self.bytes);
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

    const STRANGER: Sender = Sender::Stranger(Some(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST)));

    fn ledger(bytes: u64, files: usize) -> Arc<Ledger> {
        let (strangers_bytes, strangers_files, address_bytes) = (bytes, files, bytes);
        Arc::new(Ledger::new(Share { bytes, files, strangers_bytes, strangers_files, address_bytes }))
    }

    #[test]
    fn one_address_does_not_fill_the_strangers_share_and_strangers_do_not_fill_that_of_staff() {
        let share = Share { bytes: 1_000, files: 10, strangers_bytes: 500, strangers_files: 5, address_bytes: 200 };
        let ledger = Arc::new(Ledger::new(share));
        let from = |n: u8| Sender::Stranger(Some(IpAddr::from([192, 0, 2, n])));
        let full = |sender: Sender, bytes: u64| ledger.stream(sender).grow(bytes).is_err();
        ledger.note(&id(1), 150, at(1), from(1));
        let mut streaming = ledger.stream(from(1));
        streaming.grow(50).unwrap();
        assert!(full(from(1), 1), "this address waits and streams as much as it may");
        assert!(!full(from(2), 200) && full(from(2), 201));
        ledger.note(&id(2), 200, at(1), from(2));
        ledger.note(&id(3), 100, at(1), Sender::Stranger(None));
        assert!(full(from(3), 1), "strangers altogether");
        assert!(!full(Sender::Staff, 500));
        drop(streaming);
        ledger.claim(&id(1), at(2));
        assert!(!full(from(1), 200), "what a report names does not count");
        ledger.note(&id(4), 1, at(1), Sender::Staff);
        for n in 5..8 {
            ledger.note(&id(n), 0, at(1), Sender::Stranger(None));
        }
        assert!(full(from(4), 1) && !full(Sender::Staff, 1), "five files of strangers, with room for more of staff");
        ledger.settle(at(0), |_| true);
        let books = ledger.books();
        assert_eq!((books.waiting_bytes, books.strangers_bytes, books.strangers_files), (0, 0, 0));
        assert!(books.by_address.is_empty());
    }

    #[test]
    fn uploads_under_way_and_waiting_share_one_bound() {
        let ledger = ledger(100, 10);
        ledger.note(&id(1), 60, at(1), STRANGER);
        let mut streaming = ledger.stream(STRANGER);
        streaming.grow(40).unwrap();
        assert!(matches!(streaming.grow(1), Err(MediaError::StorageFull(_))));
        drop(streaming);
        assert_eq!(ledger.bytes(), 60);
        ledger.claim(&id(1), at(2));
        assert_eq!(ledger.bytes(), 0);
    }

    #[test]
    fn many_tiny_files_are_bounded_by_their_number() {
        let ledger = ledger(1_000_000, 2);
        ledger.note(&id(1), 1, at(1), STRANGER);
        ledger.note(&id(2), 1, at(1), STRANGER);
        assert!(matches!(ledger.stream(STRANGER).grow(1), Err(MediaError::StorageFull(_))));
    }

    #[test]
    fn uploading_again_counts_once_and_renews() {
        let ledger = ledger(100, 10);
        ledger.note(&id(1), 60, at(1), STRANGER);
        ledger.note(&id(1), 0, at(5), STRANGER);
        assert_eq!(ledger.bytes(), 60);
        assert_eq!(ledger.last_wanted(&id(1)), Some(at(5)));
        ledger.claim(&id(1), at(6));
        ledger.note(&id(1), 0, at(9), STRANGER);
        assert_eq!((ledger.bytes(), ledger.last_wanted(&id(1))), (0, Some(at(9))), "a claim is renewed too");
        ledger.settle(at(0), |_| true);
        assert_eq!((ledger.bytes(), ledger.last_wanted(&id(1))), (0, None));
    }
}
