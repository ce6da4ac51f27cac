//! Tiles that were made, kept until a change empties their place, or until there is no room for them.
//!
//! Whoever asks first for a tile makes it, and the others wait for that one. A change takes the tiles of its place out,
//! also those that are being made at that moment: who asks after the change gets a tile that was begun after it.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::sync::OnceCell;

use crate::Tile;
use crate::points::{DEEPEST, Spot};

/// Counted for each tile beside its bytes: the places in the tables.
const ENTRY: usize = 256;

/// Smaller tiles gain nothing by compression.
const WORTH_COMPRESSING: usize = 512;

/// A tile that was made.
#[derive(Debug)]
pub struct Made {
    /// The vector tile; empty: nothing is there.
    pub plain: Bytes,
    /// What the tile was made from: the state of a world, or an edition.
    pub version: u64,
    gzip: OnceLock<Option<Bytes>>,
}

impl Made {
    /// A tile made from this version of things.
    pub fn new(plain: Vec<u8>, version: u64) -> Self {
        Self { plain: plain.into(), version, gzip: OnceLock::new() }
    }

    /// A tile that came as gzip.
    pub fn packed(plain: Vec<u8>, gzip: Vec<u8>, version: u64) -> Self {
        Self { plain: plain.into(), version, gzip: OnceLock::from(Some(gzip.into())) }
    }

    /// The same as gzip, made once, by whoever asks first; `None` where it would gain nothing.
    pub fn gzip(&self) -> Option<Bytes> {
        self.gzip.get_or_init(|| compress(&self.plain).ok().flatten()).clone()
    }
}

fn compress(plain: &[u8]) -> io::Result<Option<Bytes>> {
    if plain.len() < WORTH_COMPRESSING {
        return Ok(None);
    }
    let mut gzip = GzEncoder::new(Vec::with_capacity(plain.len() / 3), Compression::new(4));
    gzip.write_all(plain)?;
    let gzip = gzip.finish()?;
    Ok((gzip.len() < plain.len()).then(|| gzip.into()))
}

/// A cache of tiles in several forms `F`, such as one for each audience.
#[derive(Debug)]
pub struct Cache<F> {
    kept: Mutex<Kept<F>>,
    at_most: usize,
    made: AtomicU64,
}

#[derive(Debug)]
struct Kept<F> {
    slots: HashMap<Tile, Vec<Slot<F>>>,
    bytes: usize,
    /// Counts the questions, so that what was asked for longest ago can be told.
    asked: u64,
}

#[derive(Debug)]
struct Slot<F> {
    form: F,
    tile: Arc<OnceCell<Arc<Made>>>,
    asked: u64,
    bytes: usize,
}

impl<F: Copy + Eq> Cache<F> {
    /// An empty cache of at most so many bytes.
    pub fn new(at_most: usize) -> Self {
        let kept = Kept { slots: HashMap::new(), bytes: 0, asked: 0 };
        Self { kept: Mutex::new(kept), at_most, made: AtomicU64::new(0) }
    }

    /// The tile in this form; `make` makes it where there is none.
    ///
    /// # Errors
    /// Those of `make`; nothing is kept then, and the next who asks tries again.
    pub async fn get<E>(
        &self,
        tile: Tile,
        form: F,
        make: impl AsyncFnOnce() -> Result<Made, E>,
    ) -> Result<Arc<Made>, E> {
        let slot = self.slot(tile, form);
        if let Some(made) = slot.get() {
            return Ok(Arc::clone(made));
        }
        let mut first = false;
        let making = slot.get_or_try_init(async || {
            let made = make().await?;
            first = true;
            self.made.fetch_add(1, Ordering::Relaxed);
            Ok(Arc::new(made))
        });
        let made = Arc::clone(making.await?);
        if first {
            self.count(tile, &slot, &made);
        }
        Ok(made)
    }

    /// Something changed here: no tile that shows the place is given out any more.
    pub fn empty_at(&self, spot: Spot) {
        let mut kept = self.lock();
        if kept.slots.is_empty() {
            return;
        }
        for z in 0..=DEEPEST {
            kept.take_out(spot.tile(z));
        }
    }

    /// Everything may have changed.
    pub fn empty(&self) {
        let mut kept = self.lock();
        kept.slots.clear();
        kept.bytes = 0;
    }

    /// How many tiles were made so far.
    pub fn made(&self) -> u64 {
        self.made.load(Ordering::Relaxed)
    }

    /// How many bytes are counted, of the tiles and of the tables.
    pub fn bytes(&self) -> usize {
        self.lock().bytes
    }

    fn slot(&self, tile: Tile, form: F) -> Arc<OnceCell<Arc<Made>>> {
        let mut kept = self.lock();
        kept.asked += 1;
        let asked = kept.asked;
        if let Some(slot) = kept.slots.get_mut(&tile).and_then(|slots| slots.iter_mut().find(|s| s.form == form)) {
            slot.asked = asked;
            return Arc::clone(&slot.tile);
        }
        let slot = Slot { form, tile: Arc::default(), asked, bytes: ENTRY };
        let made = Arc::clone(&slot.tile);
        kept.slots.entry(tile).or_default().push(slot);
        kept.bytes += ENTRY;
        kept.make_room(self.at_most);
        made
    }

    /// Counts the bytes of a tile that was made, unless it was taken out meanwhile.
    fn count(&self, tile: Tile, made_in: &Arc<OnceCell<Arc<Made>>>, made: &Made) {
        // With the compressed form, which is made when it is asked for.
        let bytes = made.plain.len() + made.plain.len() / 2;
        let mut kept = self.lock();
        let slots = kept.slots.get_mut(&tile);
        if let Some(slot) = slots.and_then(|slots| slots.iter_mut().find(|slot| Arc::ptr_eq(&slot.tile, made_in))) {
            slot.bytes += bytes;
            kept.bytes += bytes;
            kept.make_room(self.at_most);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept<F>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F> Kept<F> {
    fn take_out(&mut self, tile: Tile) {
        if let Some(slots) = self.slots.remove(&tile) {
            self.bytes -= slots.iter().map(|slot| slot.bytes).sum::<usize>();
        }
    }

    /// Takes out what was asked for longest ago, until an eighth is free: rarely, so it may go through all.
    fn make_room(&mut self, at_most: usize) {
        if self.bytes <= at_most {
            return;
        }
        let latest = |slots: &Vec<Slot<F>>| slots.iter().map(|slot| slot.asked).max().unwrap_or_default();
        let mut oldest: Vec<(u64, Tile)> = self.slots.iter().map(|(tile, slots)| (latest(slots), *tile)).collect();
        oldest.sort_unstable();
        // The one that was asked for last is the one that somebody waits for.
        oldest.pop();
        for (_, tile) in oldest {
            if self.bytes <= at_most - at_most / 8 {
                break;
            }
            self.take_out(tile);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use tokio::sync::Barrier;

    use super::*;

    const CASTLE: (f64, f64) = (37.4878, 139.9297);

    fn castle(z: u8) -> Tile {
        Spot::at(CASTLE.0, CASTLE.1).tile(z)
    }

    async fn get(cache: &Cache<char>, tile: Tile, form: char, size: usize, version: u64) -> u64 {
        let made = cache.get(tile, form, async || Ok::<_, Infallible>(Made::new(vec![7; size], version))).await;
        made.unwrap_or_else(|never| match never {}).version
    }

    #[tokio::test]
    async fn a_tile_is_made_once_and_then_given_out() {
        let cache = Cache::new(1_000_000);
        assert_eq!(get(&cache, castle(10), 'o', 10, 1).await, 1);
        assert_eq!(get(&cache, castle(10), 'o', 10, 2).await, 1);
        assert_eq!(get(&cache, castle(10), 'p', 10, 2).await, 2, "another form is another tile");
        assert_eq!(cache.made(), 2);
    }

    #[tokio::test]
    async fn a_change_empties_its_place_at_every_zoom_and_no_other() {
        let cache = Cache::new(1_000_000);
        let elsewhere = Spot::at(37.2, 139.3).tile(10);
        for z in 0..=DEEPEST {
            get(&cache, castle(z), 'o', 10, 1).await;
            get(&cache, castle(z), 'p', 10, 1).await;
        }
        get(&cache, elsewhere, 'o', 10, 1).await;
        cache.empty_at(Spot::at(CASTLE.0, CASTLE.1));
        for z in 0..=DEEPEST {
            assert_eq!(get(&cache, castle(z), 'o', 10, 2).await, 2, "{z}");
            assert_eq!(get(&cache, castle(z), 'p', 10, 2).await, 2, "{z}");
        }
        assert_eq!(get(&cache, elsewhere, 'o', 10, 2).await, 1);
        cache.empty();
        assert_eq!(get(&cache, elsewhere, 'o', 10, 2).await, 2);
    }

    #[tokio::test]
    async fn a_tile_that_is_being_made_while_its_place_changes_is_not_given_to_those_who_ask_later() {
        let cache = Arc::new(Cache::new(1_000_000));
        let (begun, go_on) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
        let making = tokio::spawn({
            let (cache, begun, go_on) = (Arc::clone(&cache), Arc::clone(&begun), Arc::clone(&go_on));
            async move {
                let make = async || {
                    begun.wait().await;
                    go_on.wait().await;
                    Ok::<_, Infallible>(Made::new(vec![], 1))
                };
                cache.get(castle(10), 'o', make).await.map(|made| made.version)
            }
        });
        begun.wait().await;
        cache.empty_at(Spot::at(CASTLE.0, CASTLE.1));
        assert_eq!(get(&cache, castle(10), 'o', 10, 2).await, 2);
        go_on.wait().await;
        assert_eq!(making.await.unwrap(), Ok(1), "who asked before the change may have the tile from before it");
        assert_eq!(get(&cache, castle(10), 'o', 10, 3).await, 2);
        assert_eq!(cache.bytes(), ENTRY + 15, "what was taken out counts no longer");
    }

    #[tokio::test]
    async fn many_who_ask_at_once_have_it_made_once() {
        let cache = Arc::new(Cache::new(1_000_000));
        let asking: Vec<_> = (0..50_u64)
            .map(|n| {
                let cache = Arc::clone(&cache);
                tokio::spawn(async move {
                    let make = async || {
                        tokio::task::yield_now().await;
                        Ok::<_, Infallible>(Made::new(vec![], n))
                    };
                    cache.get(castle(10), 'o', make).await.map(|made| made.version)
                })
            })
            .collect();
        let mut versions = Vec::new();
        for asked in asking {
            versions.push(asked.await.unwrap());
        }
        versions.dedup();
        assert_eq!((versions.len(), cache.made()), (1, 1));
    }

    #[tokio::test]
    async fn what_fails_is_not_kept() {
        let cache = Cache::new(1_000_000);
        let failed = cache.get(castle(10), 'o', async || Err("out of paper")).await;
        assert_eq!(failed.err(), Some("out of paper"));
        assert_eq!(get(&cache, castle(10), 'o', 10, 2).await, 2);
    }

    #[tokio::test]
    async fn the_cache_stays_within_its_bytes_and_lets_go_what_was_asked_for_longest_ago() {
        let cache = Cache::new(100_000);
        let tile = |n: u32| Tile { z: 14, x: n, y: 0 };
        get(&cache, tile(0), 'o', 1_000, 1).await;
        for n in 1..500 {
            get(&cache, tile(n), 'o', 1_000, 1).await;
            assert_eq!(get(&cache, tile(0), 'o', 1_000, 2).await, 1, "it is asked for again and again");
            assert!(cache.bytes() <= 100_000, "{}", cache.bytes());
        }
        assert_eq!(get(&cache, tile(1), 'o', 1_000, 2).await, 2);
    }

    #[tokio::test]
    async fn a_tile_larger_than_the_whole_cache_is_given_out_and_not_kept_beside_others() {
        let cache = Cache::new(10_000);
        assert_eq!(get(&cache, castle(3), 'o', 50_000, 1).await, 1);
        assert_eq!(get(&cache, castle(4), 'o', 100, 1).await, 1);
        assert!(cache.bytes() <= 10_000, "{}", cache.bytes());
    }

    #[test]
    fn compression_is_done_once_and_where_it_gains() {
        use std::io::Read;
        let made = Made::new(b"sokuho ".repeat(1_000), 1);
        let gzip = made.gzip().unwrap();
        assert!(gzip.len() < 200 && gzip.as_ptr() == made.gzip().unwrap().as_ptr());
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(&gzip[..]).read_to_end(&mut plain).unwrap();
        assert_eq!(plain, made.plain);
        assert!(Made::new(vec![7; 100], 1).gzip().is_none());
    }
}
