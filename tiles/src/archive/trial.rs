//! A trial of an archive before it is put in force: some of its tiles are read as they would be given out.

use super::{Archive, ArchiveError};
use crate::{Bounds, Tile, TileRange};

/// Columns and rows of a zoom that are asked for at most, evenly spread over the box.
const SIDE: u32 = 32;

/// Tiles of a zoom that are read.
const OF_A_ZOOM: usize = 4;

/// Bytes of all tiles, unpacked, after which enough is read (64 MiB).
const BYTES: usize = 64 << 20;

impl Archive {
    /// Reads some tiles of each zoom within a box, and gives how many. An empty tile is none.
    ///
    /// # Errors
    /// [`ArchiveError`]: one of them cannot be given out, or there is none.
    pub async fn try_tiles(&self, bounds: &Bounds) -> Result<usize, ArchiveError> {
        let (least, most) = self.about().zooms;
        let (mut found, mut asked, mut bytes) = (0, 0, 0);
        for z in least..=most {
            let mut of_zoom = 0;
            for tile in spread(TileRange::covering(bounds, z)) {
                asked += 1;
                let Some(made) = self.tile(tile).await? else { continue };
                if made.plain.is_empty() {
                    continue;
                }
                of_zoom += 1;
                bytes += made.plain.len();
                if of_zoom == OF_A_ZOOM || bytes > BYTES {
                    break;
                }
            }
            found += of_zoom;
            if bytes > BYTES {
                break;
            }
        }
        if found == 0 { Err(ArchiveError::NoTiles { asked }) } else { Ok(found) }
    }
}

/// Tiles of a range: all of them, or some columns and rows.
fn spread(range: TileRange) -> impl Iterator<Item = Tile> {
    let some = |first: u32, last: u32| {
        let there = last - first + 1;
        let taken = there.min(SIDE);
        // At the deepest zoom the product does not fit in 32 bits.
        (0..taken).map(move |n| first + (u64::from(n) * u64::from(there) / u64::from(taken)) as u32)
    };
    some(range.north, range.south)
        .flat_map(move |y| some(range.west, range.east).map(move |x| Tile { z: range.z, x, y }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_range_is_asked_for_whole_and_a_large_one_here_and_there() {
        let range = |east, south| TileRange { z: 20, west: 5, east, north: 7, south };
        let all: Vec<(u32, u32)> = spread(range(6, 8)).map(|tile| (tile.x, tile.y)).collect();
        assert_eq!(all, [(5, 7), (6, 7), (5, 8), (6, 8)]);
        let some: Vec<Tile> = spread(range(1_000_000, 1_000_000)).collect();
        assert_eq!(some.len(), (SIDE * SIDE) as usize);
        assert!(some.iter().all(|tile| range(1_000_000, 1_000_000).contains(*tile)));
        assert!(some.last().is_some_and(|tile| tile.x > 900_000 && tile.y > 900_000));
    }
}
