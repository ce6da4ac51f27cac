//! Things that were made, kept within so many bytes; what was asked for longest ago goes first.
//!
//! Whoever asks first for a thing has it made, and the others wait for that one. Who asks for a thing that is there
//! waits for nobody.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::drawers::{Drawers, NotDone, Once};

/// Counted for each thing beside its bytes: its places in the tables.
pub const ENTRY: usize = 320;

/// Things by their keys.
#[derive(Debug)]
pub struct Kept<K, V> {
    inside: Mutex<Inside<K, V>>,
    at_most: usize,
    bytes_of: fn(&V) -> usize,
    made: AtomicU64,
}

#[derive(Debug)]
struct Inside<K, V> {
    slots: HashMap<K, Slot<V>>,
    /// By the number of the question that asked last: the first was asked for longest ago.
    by_age: BTreeMap<u64, K>,
    bytes: usize,
    asked: u64,
}

#[derive(Debug)]
struct Slot<V> {
    thing: Arc<Once<V>>,
    asked: u64,
    bytes: usize,
}

impl<K, V> Kept<K, V>
where
    K: Copy + Eq + Hash + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Nothing yet, and later at most so many bytes; `bytes_of` tells those of a thing.
    pub fn new(at_most: usize, bytes_of: fn(&V) -> usize) -> Self {
        let inside = Inside { slots: HashMap::new(), by_age: BTreeMap::new(), bytes: 0, asked: 0 };
        Self { inside: Mutex::new(inside), at_most, bytes_of, made: AtomicU64::new(0) }
    }

    /// The thing of this key; `make` makes it where there is none.
    ///
    /// # Errors
    /// [`NotDone`]; nothing is kept then, and the next who asks tries again.
    pub async fn get<E: Send + 'static>(
        self: &Arc<Self>,
        key: K,
        drawers: &Drawers,
        make: impl FnOnce() -> Result<V, E> + Send + 'static,
    ) -> Result<V, NotDone<E>> {
        let slot = self.slot(key);
        let (kept, made_in) = (Arc::clone(self), Arc::clone(&slot));
        let make = move || {
            let made = make()?;
            kept.made.fetch_add(1, Ordering::Relaxed);
            kept.count(key, &made_in, (kept.bytes_of)(&made));
            Ok(made)
        };
        slot.get(drawers, make).await
    }

    /// Takes these out, also what is being made: who asks from now on gets what was begun after it.
    pub fn take_out(&self, keys: impl Iterator<Item = K>) {
        let mut inside = self.lock();
        for key in keys {
            if inside.slots.is_empty() {
                return;
            }
            inside.take_out(key);
        }
    }

    /// Takes all out.
    pub fn empty(&self) {
        let mut inside = self.lock();
        inside.slots.clear();
        inside.by_age.clear();
        inside.bytes = 0;
    }

    /// How many things were made so far.
    pub fn made(&self) -> u64 {
        self.made.load(Ordering::Relaxed)
    }

    /// How many bytes are counted, of the things and of the tables.
    pub fn bytes(&self) -> usize {
        self.lock().bytes
    }

    fn slot(&self, key: K) -> Arc<Once<V>> {
        let mut inside = self.lock();
        inside.asked += 1;
        let asked = inside.asked;
        if let Some(slot) = inside.slots.get_mut(&key) {
            let before = std::mem::replace(&mut slot.asked, asked);
            let thing = Arc::clone(&slot.thing);
            inside.by_age.remove(&before);
            inside.by_age.insert(asked, key);
            return thing;
        }
        let thing = Arc::default();
        inside.slots.insert(key, Slot { thing: Arc::clone(&thing), asked, bytes: ENTRY });
        inside.by_age.insert(asked, key);
        inside.bytes += ENTRY;
        inside.make_room(self.at_most);
        thing
    }

    /// Counts the bytes of what was made, unless it was taken out meanwhile.
    fn count(&self, key: K, made_in: &Arc<Once<V>>, bytes: usize) {
        let mut inside = self.lock();
        if let Some(slot) = inside.slots.get_mut(&key).filter(|slot| Arc::ptr_eq(&slot.thing, made_in)) {
            slot.bytes += bytes;
            inside.bytes += bytes;
            inside.make_room(self.at_most);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inside<K, V>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Copy + Eq + Hash, V> Inside<K, V> {
    fn take_out(&mut self, key: K) {
        if let Some(slot) = self.slots.remove(&key) {
            self.by_age.remove(&slot.asked);
            self.bytes -= slot.bytes;
        }
    }

    /// Takes out what was asked for longest ago, no more than needed: whoever changes something waits meanwhile. The
    /// one that was asked for last stays, for somebody waits for it.
    fn make_room(&mut self, at_most: usize) {
        while self.bytes > at_most && self.slots.len() > 1 {
            let Some((_, oldest)) = self.by_age.pop_first() else { return };
            self.take_out(oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::drawers::tests::Held;

    struct Rig {
        kept: Arc<Kept<u32, Vec<u8>>>,
        drawers: Arc<Drawers>,
    }

    impl Rig {
        fn new(at_most: usize) -> Self {
            Self { kept: Arc::new(Kept::new(at_most, Vec::len)), drawers: Arc::new(Drawers::new(2, 100)) }
        }

        /// What is kept under the key; else so many bytes of this value.
        async fn get(&self, key: u32, size: usize, value: u8) -> u8 {
            let made = self.kept.get(key, &self.drawers, move || Ok::<_, Infallible>(vec![value; size])).await;
            made.unwrap()[0]
        }
    }

    #[tokio::test]
    async fn a_thing_is_made_once_and_then_given_out() {
        let rig = Rig::new(1_000_000);
        assert_eq!((rig.get(1, 10, 1).await, rig.get(1, 10, 2).await, rig.get(2, 10, 2).await), (1, 1, 2));
        assert_eq!((rig.kept.made(), rig.kept.bytes()), (2, 2 * (ENTRY + 10)));
        rig.kept.empty();
        assert_eq!((rig.kept.bytes(), rig.get(1, 10, 3).await), (0, 3));
    }

    #[tokio::test]
    async fn who_asks_for_what_is_there_waits_for_nobody_and_many_have_a_thing_made_once() {
        let rig = Rig::new(1_000_000);
        assert_eq!(rig.get(1, 10, 1).await, 1);
        let (mut held, hold) = Held::new();
        let make = move || {
            hold();
            Ok::<_, Infallible>(vec![2])
        };
        let (kept, drawers) = (Arc::clone(&rig.kept), Arc::clone(&rig.drawers));
        let first = tokio::spawn(async move { kept.get(2, &drawers, make).await });
        (&mut held.begun).await.unwrap();
        let others: Vec<_> = (0..50)
            .map(|_| {
                let (kept, drawers) = (Arc::clone(&rig.kept), Arc::clone(&rig.drawers));
                tokio::spawn(async move { kept.get(2, &drawers, || Ok::<_, Infallible>(vec![3])).await })
            })
            .collect();
        assert_eq!(rig.get(1, 10, 9).await, 1);
        assert!(others.iter().all(|asked| !asked.is_finished()));
        held.let_go();
        assert_eq!(first.await.unwrap(), Ok(vec![2]));
        for asked in others {
            assert_eq!(asked.await.unwrap(), Ok(vec![2]));
        }
        assert_eq!(rig.kept.made(), 2);
    }

    #[tokio::test]
    async fn what_is_being_made_while_it_is_taken_out_is_not_given_to_those_who_ask_later() {
        let rig = Rig::new(1_000_000);
        let (mut held, hold) = Held::new();
        let make = move || {
            hold();
            Ok::<_, Infallible>(vec![1])
        };
        let (kept, drawers) = (Arc::clone(&rig.kept), Arc::clone(&rig.drawers));
        let making = tokio::spawn(async move { kept.get(7, &drawers, make).await });
        (&mut held.begun).await.unwrap();
        rig.kept.take_out([6, 7].into_iter());
        assert_eq!(rig.get(7, 10, 2).await, 2);
        held.let_go();
        assert_eq!(making.await.unwrap(), Ok(vec![1]), "who asked before may have the one from before");
        assert_eq!(rig.get(7, 10, 3).await, 2);
        assert_eq!(rig.kept.bytes(), ENTRY + 10, "what was taken out counts no longer");
    }

    #[tokio::test]
    async fn what_fails_is_not_kept() {
        let rig = Rig::new(1_000_000);
        let failed = rig.kept.get(1, &rig.drawers, || Err("out of paper")).await;
        assert_eq!(failed, Err(NotDone::Failed("out of paper")));
        assert_eq!((rig.get(1, 10, 2).await, rig.kept.made()), (2, 1));
    }

    #[tokio::test]
    async fn room_is_made_within_the_bytes_little_by_little_and_what_was_asked_for_longest_ago_goes() {
        let rig = Rig::new(100_000);
        assert_eq!(rig.get(0, 1_000, 1).await, 1);
        for n in 1..500 {
            rig.get(n, 1_000, 1).await;
            assert_eq!(rig.get(0, 1_000, 2).await, 1, "it is asked for again and again");
            let bytes = rig.kept.bytes();
            assert!(bytes <= 100_000, "{bytes}");
            assert!(n < 100 || bytes > 100_000 - 2 * (ENTRY + 1_000), "{bytes}: more went than had to");
        }
        assert_eq!(rig.get(1, 1_000, 2).await, 2);
    }

    #[tokio::test]
    async fn what_is_larger_than_all_the_room_is_given_out_and_not_kept_beside_others() {
        let rig = Rig::new(10_000);
        assert_eq!(rig.get(1, 50_000, 1).await, 1);
        assert_eq!(rig.get(2, 100, 1).await, 1);
        assert!(rig.kept.bytes() <= 10_000, "{}", rig.kept.bytes());
    }
}
