//! The ring: the last entries, encoded, in the order of the log.

use std::collections::VecDeque;

use bytes::Bytes;

use super::interest::{Facets, Interest};
use super::settings::{FRAME_BYTES, FRAME_ENTRIES};
use crate::domain::entry::Seq;
use crate::wire::Audience;

/// Slots that one look at the ring examines at most, so that a publisher never waits long for it.
const LOOK: u64 = 4_096;

/// An encoded entry.
#[derive(Clone, Debug)]
pub struct Slot {
    /// Its number.
    pub seq: Seq,
    /// What it is about.
    pub facets: Facets,
    /// JSON text of the `OfficeEntry`.
    pub office: Bytes,
    /// JSON text of the `PublicEntry`; `None`: not for the public.
    pub public: Option<Bytes>,
}

impl Slot {
    /// Bytes that it takes from the ring's.
    pub fn size(&self) -> usize {
        self.office.len() + self.public.as_ref().map_or(0, Bytes::len)
    }

    fn text(&self, audience: Audience) -> Option<&Bytes> {
        match audience {
            Audience::Office => Some(&self.office),
            Audience::Public => self.public.as_ref(),
        }
    }
}

/// The last entries. A cursor is the number of the last entry that a viewer has.
#[derive(Debug)]
pub struct Ring {
    slots: VecDeque<Slot>,
    /// Number of the entry before the oldest slot: the oldest cursor that can go on.
    base: Seq,
    bytes: usize,
    max_entries: usize,
    max_bytes: usize,
}

/// What a look at the ring found.
#[derive(Debug)]
pub struct Found {
    /// The viewer's cursor after it.
    pub seq: Seq,
    /// What is of interest, in order.
    pub texts: Vec<Bytes>,
}

/// The cursor lies before the oldest entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cursor fell off the ring")]
pub struct FellOff;

impl Ring {
    /// An empty ring after entry `head`.
    pub fn new(head: Seq, max_entries: usize, max_bytes: usize) -> Self {
        Self { slots: VecDeque::new(), base: head, bytes: 0, max_entries: max_entries.max(1), max_bytes }
    }

    /// Number of the last entry.
    pub fn head(&self) -> Seq {
        self.base + self.slots.len() as u64
    }

    /// The oldest cursor that can go on.
    pub fn oldest_cursor(&self) -> Seq {
        self.base
    }

    /// Entries held.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether none is held.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Bytes of encoded entries held.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Begins anew after entry `head`: who stands before it must take a new snapshot.
    pub fn begin_after(&mut self, head: Seq) {
        self.slots.clear();
        self.bytes = 0;
        self.base = head;
    }

    /// Adds the next entry and lets go of the oldest beyond the limits. One that is already here is
    /// left out; after a gap the ring starts over, so that nobody skips entries in silence.
    pub fn push(&mut self, slot: Slot) {
        let next = self.head() + 1;
        if slot.seq < next {
            tracing::error!(seq = slot.seq, head = next - 1, "entry published twice");
            return;
        }
        if slot.seq > next {
            tracing::error!(seq = slot.seq, head = next - 1, "gap between published entries, viewers must resync");
            self.begin_after(slot.seq - 1);
        }
        self.bytes += slot.size();
        self.slots.push_back(slot);
        while self.slots.len() > self.max_entries || (self.bytes > self.max_bytes && self.slots.len() > 1) {
            let Some(oldest) = self.slots.pop_front() else { break };
            self.bytes -= oldest.size();
            self.base = oldest.seq;
        }
    }

    /// What is of interest after the cursor, up to and including `limit`, as much as goes into one frame.
    ///
    /// # Errors
    /// [`FellOff`] where entries after the cursor are gone.
    pub fn look(&self, cursor: Seq, limit: Seq, audience: Audience, interest: &Interest) -> Result<Found, FellOff> {
        let skip = cursor.checked_sub(self.base).ok_or(FellOff)?;
        let mut found = Found { seq: cursor, texts: Vec::new() };
        let limit = limit.min(self.head()).min(cursor.saturating_add(LOOK));
        let mut bytes = 0;
        for slot in self.slots.iter().skip(usize::try_from(skip).unwrap_or(usize::MAX)) {
            if slot.seq > limit {
                break;
            }
            if let Some(text) = slot.text(audience).filter(|_| interest.matches(&slot.facets, audience)) {
                let full = found.texts.len() == FRAME_ENTRIES || bytes + text.len() > FRAME_BYTES;
                if full && !found.texts.is_empty() {
                    break;
                }
                bytes += text.len();
                found.texts.push(text.clone());
            }
            found.seq = slot.seq;
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(seq: Seq, size: usize) -> Slot {
        let public = seq.is_multiple_of(2).then(|| Bytes::from(vec![b'p'; size]));
        Slot { seq, facets: Facets { incident: None }, office: Bytes::from(vec![b'o'; size]), public }
    }

    fn look(ring: &Ring, cursor: Seq) -> Result<(Seq, usize), FellOff> {
        ring.look(cursor, Seq::MAX, Audience::Office, &Interest::default()).map(|f| (f.seq, f.texts.len()))
    }

    #[test]
    fn holds_at_most_so_many_entries_and_bytes() {
        let mut ring = Ring::new(10, 4, 1_000);
        for seq in 11..=20 {
            ring.push(slot(seq, 10));
        }
        assert_eq!((ring.len(), ring.head(), ring.oldest_cursor()), (4, 20, 16));
        assert_eq!(look(&ring, 15), Err(FellOff));
        assert_eq!(look(&ring, 16), Ok((20, 4)));
        assert_eq!(look(&ring, 20), Ok((20, 0)));
        ring.push(slot(21, 990));
        assert_eq!((ring.len(), ring.bytes()), (1, 990), "the older ones went for the bytes");
    }

    #[test]
    fn an_entry_larger_than_the_ring_is_held_alone() {
        let mut ring = Ring::new(0, 4, 100);
        ring.push(slot(1, 10));
        ring.push(slot(2, 5_000));
        assert_eq!((ring.len(), ring.head()), (1, 2));
    }

    #[test]
    fn the_public_skips_what_is_not_for_it_but_its_cursor_moves() {
        let mut ring = Ring::new(0, 16, 10_000);
        (1..=3).for_each(|seq| ring.push(slot(seq, 10)));
        let found = ring.look(0, Seq::MAX, Audience::Public, &Interest::default()).unwrap();
        assert_eq!((found.seq, found.texts.len()), (3, 1));
    }

    #[test]
    fn a_frame_is_bounded_and_the_rest_follows() {
        let mut ring = Ring::new(0, 1_000, 10_000_000);
        (1..=600).for_each(|seq| ring.push(slot(seq, 10)));
        assert_eq!(look(&ring, 0), Ok((256, 256)));
        assert_eq!(look(&ring, 512), Ok((600, 88)));
        ring.push(slot(601, FRAME_BYTES + 1));
        ring.push(slot(602, 10));
        assert_eq!(look(&ring, 599), Ok((600, 1)), "the large one makes a frame of its own");
        assert_eq!(look(&ring, 600), Ok((601, 1)));
    }

    #[test]
    fn a_ring_that_begins_anew_holds_nothing_from_before() {
        let mut ring = Ring::new(0, 16, 10_000);
        ring.push(slot(1, 10));
        ring.begin_after(2);
        assert_eq!((ring.head(), ring.bytes(), look(&ring, 1)), (2, 0, Err(FellOff)));
        ring.push(slot(3, 10));
        assert_eq!(look(&ring, 2), Ok((3, 1)));
    }

    #[test]
    fn a_gap_makes_everybody_start_over_and_a_repetition_is_left_out() {
        let mut ring = Ring::new(0, 16, 10_000);
        ring.push(slot(1, 10));
        ring.push(slot(1, 10));
        assert_eq!(ring.head(), 1);
        ring.push(slot(5, 10));
        assert_eq!(look(&ring, 1), Err(FellOff));
        assert_eq!(look(&ring, 4), Ok((5, 1)));
    }
}
