//! Bookkeeping of uploads that no report names yet: how many are under way, how many bytes they take altogether, and
//! which are about to be named. It bounds what strangers can leave on the disk, and how many can be at it.

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

/// How many uploads may be under way at the same time. Strangers have places of their own, and each address some of
/// those, for the same reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AtOnce {
    /// Of staff.
    pub staff: usize,
    /// Of strangers.
    pub strangers: usize,
    /// Of strangers of one address.
    pub address: usize,
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
    by_address: HashMap<IpAddr, OfAddress>,
    staff_under_way: usize,
    strangers_under_way: usize,
    claimed: HashMap<MediaId, Timestamp>,
}

/// What strangers of one address have waiting and under way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct OfAddress {
    bytes: u64,
    under_way: usize,
}

impl Books {
    fn begin(&mut self, sender: Sender, at_once: AtOnce) -> Result<(), MediaError> {
        let Sender::Stranger(address) = sender else {
            let free = self.staff_under_way < at_once.staff;
            self.staff_under_way += usize::from(free);
            return if free { Ok(()) } else { Err(MediaError::Busy) };
        };
        let of_address = address.and_then(|address| self.by_address.get(&address)).map_or(0, |of| of.under_way);
        if self.strangers_under_way >= at_once.strangers || of_address >= at_once.address {
            return Err(MediaError::Busy);
        }
        self.strangers_under_way += 1;
        if let Some(address) = address {
            self.by_address.entry(address).or_default().under_way += 1;
        }
        Ok(())
    }

    fn end(&mut self, sender: Sender) {
        let Sender::Stranger(address) = sender else {
            self.staff_under_way -= 1;
            return;
        };
        self.strangers_under_way -= 1;
        if let Some(address) = address {
            self.of_address(address, |of| of.under_way -= 1);
        }
    }

    fn of_address(&mut self, address: IpAddr, change: impl FnOnce(&mut OfAddress)) {
        if let Some(of_address) = self.by_address.get_mut(&address) {
            change(of_address);
            if *of_address == OfAddress::default() {
                self.by_address.remove(&address);
            }
        }
    }

    fn charge(&mut self, sender: Sender, bytes: u64) {
        let Sender::Stranger(address) = sender else { return };
        self.strangers_bytes += bytes;
        if let Some(address) = address {
            let of_address = self.by_address.entry(address).or_default();
            of_address.bytes += bytes;
        }
    }

    fn discharge(&mut self, sender: Sender, bytes: u64) {
        let Sender::Stranger(address) = sender else { return };
        self.strangers_bytes -= bytes;
        if let Some(address) = address {
            self.of_address(address, |of| of.bytes -= bytes);
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
    at_once: AtOnce,
    books: Mutex<Books>,
}

/// The place and the bytes of an upload under way; given back on drop.
#[derive(Debug)]
pub struct Streaming {
    ledger: Arc<Ledger>,
    sender: Sender,
    bytes: u64,
}

impl Ledger {
    /// Empty books with these bounds.
    pub fn new(share: Share, at_once: AtOnce) -> Self {
        Self { share, at_once, books: Mutex::default() }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins an upload.
    ///
    /// # Errors
    /// [`MediaError::Busy`] when as many as may are under way.
    pub fn begin(self: &Arc<Self>, sender: Sender) -> Result<Streaming, MediaError> {
        self.books().begin(sender, self.at_once)?;
        Ok(Streaming { ledger: Arc::clone(self), sender, bytes: 0 })
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
            let of_address = address.and_then(|address| books.by_address.get(&address)).map_or(0, |of| of.bytes);
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
        books.end(self.sender);
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

    const PLENTY: AtOnce = AtOnce { staff: 100, strangers: 100, address: 100 };

    fn ledger(bytes: u64, files: usize) -> Arc<Ledger> {
        let (strangers_bytes, strangers_files, address_bytes) = (bytes, files, bytes);
        Arc::new(Ledger::new(Share { bytes, files, strangers_bytes, strangers_files, address_bytes }, PLENTY))
    }

    #[test]
    fn one_address_does_not_fill_the_strangers_share_and_strangers_do_not_fill_that_of_staff() {
        let share = Share { bytes: 1_000, files: 10, strangers_bytes: 500, strangers_files: 5, address_bytes: 200 };
        let ledger = Arc::new(Ledger::new(share, PLENTY));
        let from = |n: u8| Sender::Stranger(Some(IpAddr::from([192, 0, 2, n])));
        let full = |sender: Sender, bytes: u64| ledger.begin(sender).unwrap().grow(bytes).is_err();
        ledger.note(&id(1), 150, at(1), from(1));
        let mut streaming = ledger.begin(from(1)).unwrap();
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
    fn one_address_does_not_take_all_places_of_strangers_and_strangers_take_none_of_staff() {
        let plenty =
            Share { bytes: 1_000, files: 10, strangers_bytes: 1_000, strangers_files: 10, address_bytes: 1_000 };
        let ledger = Arc::new(Ledger::new(plenty, AtOnce { staff: 2, strangers: 3, address: 2 }));
        let from = |n: u8| Sender::Stranger(Some(IpAddr::from([192, 0, 2, n])));
        let busy = |sender| matches!(ledger.begin(sender), Err(MediaError::Busy));
        let begin = |sender| ledger.begin(sender).unwrap();
        let mut one = vec![begin(from(1)), begin(from(1))];
        assert!(busy(from(1)) && !busy(from(2)));
        one.push(begin(from(2)));
        assert!(busy(from(2)) && busy(from(3)) && busy(Sender::Stranger(None)));
        let staff = [begin(Sender::Staff), begin(Sender::Staff)];
        assert!(busy(Sender::Staff));
        one.remove(0);
        assert!(!busy(from(3)) && !busy(from(1)), "a place that was given back");
        drop((one, staff));
        let books = ledger.books();
        assert_eq!((books.staff_under_way, books.strangers_under_way, books.by_address.len()), (0, 0, 0));
    }

    #[test]
    fn uploads_under_way_and_waiting_share_one_bound() {
        let ledger = ledger(100, 10);
        ledger.note(&id(1), 60, at(1), STRANGER);
        let mut streaming = ledger.begin(STRANGER).unwrap();
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
        assert!(matches!(ledger.begin(STRANGER).unwrap().grow(1), Err(MediaError::StorageFull(_))));
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
