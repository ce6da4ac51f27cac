//! Tiles that were made, kept until a change empties their place, or until there is no room for them.
//!
//! A change takes the tiles of its place out, also those that are being made at that moment: who asks after the change
//! gets a tile that was begun after it.

use std::hash::Hash;
use std::io::{self, Write};
use std::sync::Arc;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::Tile;
use crate::drawers::{Drawers, NotDone};
use crate::kept::Kept;
use crate::points::{DEEPEST, Spot};

/// Smaller tiles gain nothing by compression.
const WORTH_COMPRESSING: usize = 512;

/// A tile that was made.
#[derive(Debug)]
pub struct Made {
    /// The tile; empty: nothing is there.
    pub plain: Bytes,
    /// The same as gzip; `None` where it would gain nothing.
    pub gzip: Option<Bytes>,
    /// What the tile was made from: the state of a world, or an edition.
    pub version: u64,
}

impl Made {
    /// A vector tile made from this version of things. Packs it, which takes milliseconds for a large one.
    pub fn new(plain: Vec<u8>, version: u64) -> Self {
        // Writing into memory does not fail.
        let gzip = compress(&plain).ok().flatten();
        Self { plain: plain.into(), gzip, version }
    }

    /// A tile that came as gzip.
    pub fn packed(plain: Vec<u8>, gzip: Vec<u8>) -> Self {
        Self { plain: plain.into(), gzip: Some(gzip.into()), version: 0 }
    }

    /// A picture, which is packed by itself.
    pub fn picture(plain: Vec<u8>) -> Self {
        Self { plain: plain.into(), gzip: None, version: 0 }
    }

    /// Bytes that it takes.
    pub fn bytes(&self) -> usize {
        self.plain.len() + self.gzip.as_ref().map_or(0, Bytes::len)
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
    tiles: Arc<Kept<(Tile, F), Arc<Made>>>,
    drawers: Arc<Drawers>,
}

impl<F: Copy + Eq + Hash + Send + 'static> Cache<F> {
    /// An empty cache of at most so many bytes, and who makes its tiles.
    pub fn new(at_most: usize, drawers: Arc<Drawers>) -> Self {
        Self { tiles: Arc::new(Kept::new(at_most, |made| made.bytes())), drawers }
    }

    /// The tile in this form; `make` makes it where there is none.
    ///
    /// # Errors
    /// [`NotDone`]; nothing is kept then, and the next who asks tries again.
    pub async fn get<E: Send + 'static>(
        &self,
        tile: Tile,
        form: F,
        make: impl FnOnce() -> Result<Made, E> + Send + 'static,
    ) -> Result<Arc<Made>, NotDone<E>> {
        self.tiles.get((tile, form), &self.drawers, move || make().map(Arc::new)).await
    }

    /// Something changed here that this form shows: no tile of it that shows the place is given out any more. Tiles of
    /// other forms stay.
    pub fn empty_at(&self, spot: Spot, form: F) {
        self.tiles.take_out((0..=DEEPEST).map(|z| (spot.tile(z), form)));
    }

    /// Everything may have changed.
    pub fn empty(&self) {
        self.tiles.empty();
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    const CASTLE: (f64, f64) = (37.4878, 139.9297);

    fn castle(z: u8) -> Tile {
        Spot::at(CASTLE.0, CASTLE.1).tile(z)
    }

    fn cache() -> Cache<char> {
        Cache::new(1_000_000, Arc::new(Drawers::new(2, 100)))
    }

    async fn get(cache: &Cache<char>, tile: Tile, form: char, version: u64) -> u64 {
        let made = cache.get(tile, form, move || Ok::<_, Infallible>(Made::new(vec![7; 10], version))).await;
        made.unwrap().version
    }

    #[tokio::test]
    async fn a_change_empties_its_place_at_every_zoom_in_its_form_and_no_other() {
        let cache = cache();
        let elsewhere = Spot::at(37.2, 139.3).tile(10);
        for z in 0..=DEEPEST {
            assert_eq!(get(&cache, castle(z), 'o', 1).await, 1);
            assert_eq!(get(&cache, castle(z), 'p', 1).await, 1, "another form is another tile");
        }
        get(&cache, elsewhere, 'o', 1).await;
        cache.empty_at(Spot::at(CASTLE.0, CASTLE.1), 'o');
        for z in 0..=DEEPEST {
            assert_eq!(get(&cache, castle(z), 'o', 2).await, 2, "{z}");
            assert_eq!(get(&cache, castle(z), 'p', 2).await, 1, "{z}");
        }
        assert_eq!(get(&cache, elsewhere, 'o', 2).await, 1);
        cache.empty();
        assert_eq!(get(&cache, elsewhere, 'o', 2).await, 2);
    }

    #[test]
    fn a_tile_is_packed_where_it_gains() {
        use std::io::Read;
        let made = Made::new(b"sokuho ".repeat(1_000), 1);
        let gzip = made.gzip.clone().unwrap();
        assert!(gzip.len() < 200 && made.bytes() == 7_000 + gzip.len());
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(&gzip[..]).read_to_end(&mut plain).unwrap();
        assert_eq!(plain, made.plain);
        assert!(Made::new(vec![7; 100], 1).gzip.is_none());
        assert!(Made::picture(vec![7; 1_000]).gzip.is_none());
    }
}
