//! Directories of a PMTiles archive: which tile lies where (PMTiles version 3, section 4).

use crate::Tile;
use crate::format::varint;

/// Entries of one directory at most. A root has some thousands, a leaf as many.
const ENTRIES: u64 = 500_000;

/// Zooms that have numbers: beyond, a number would not fit.
pub(super) const DEEPEST: u8 = 31;

/// An entry: a run of tiles with the same bytes, or, if the run is 0, another directory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Entry {
    pub(super) first: u64,
    pub(super) offset: u64,
    pub(super) length: u32,
    pub(super) run: u32,
}

/// Reads a directory; `None` if it is none.
pub(super) fn read(bytes: &[u8]) -> Option<Vec<Entry>> {
    let (count, mut rest) = varint(bytes)?;
    // Each entry has at least four bytes, so that a short file cannot ask for much memory.
    if count > ENTRIES || count.checked_mul(4)? > rest.len() as u64 {
        return None;
    }
    let mut next = || {
        let (number, after) = varint(rest)?;
        rest = after;
        Some(number)
    };
    let mut entries = Vec::with_capacity(usize::try_from(count).ok()?);
    let mut id = 0_u64;
    for n in 0..count {
        let delta = next()?;
        // Numbers rise, or one tile would lie in two places.
        if n > 0 && delta == 0 {
            return None;
        }
        id = id.checked_add(delta)?;
        entries.push(Entry { first: id, offset: 0, length: 0, run: 0 });
    }
    for entry in &mut entries {
        entry.run = u32::try_from(next()?).ok()?;
    }
    for entry in &mut entries {
        entry.length = u32::try_from(next()?).ok().filter(|length| *length > 0)?;
    }
    let mut follows = None;
    for entry in &mut entries {
        entry.offset = match (next()?, follows) {
            (0, None) => return None,
            (0, Some(follows)) => follows,
            (offset, _) => offset - 1,
        };
        follows = Some(entry.offset.checked_add(u64::from(entry.length))?);
    }
    Some(entries)
}

/// The entry that holds a number, or leads to it.
pub(super) fn find(entries: &[Entry], id: u64) -> Option<Entry> {
    let at = entries.partition_point(|entry| entry.first <= id);
    let entry = *entries.get(at.checked_sub(1)?)?;
    (entry.run == 0 || id - entry.first < u64::from(entry.run)).then_some(entry)
}

/// A tile's number: all tiles of outer zooms, and its place on the Hilbert curve of its own.
pub(super) fn number(tile: Tile) -> u64 {
    let before = ((1_u64 << (2 * tile.z)) - 1) / 3;
    let (mut x, mut y) = (u64::from(tile.x), u64::from(tile.y));
    let mut along = 0;
    for bit in (0..tile.z).rev() {
        let side = 1_u64 << bit;
        let (right, down) = (u64::from(x & side > 0), u64::from(y & side > 0));
        along += side * side * ((3 * right) ^ down);
        if down == 0 {
            if right == 1 {
                x = side.wrapping_sub(1).wrapping_sub(x) & (side - 1);
                y = side.wrapping_sub(1).wrapping_sub(y) & (side - 1);
            }
            (x, y) = (y, x);
        }
    }
    before + along
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_those_of_the_specification() {
        let number_of = |z, x, y| number(Tile { z, x, y });
        assert_eq!(number_of(0, 0, 0), 0);
        assert_eq!([number_of(1, 0, 0), number_of(1, 0, 1), number_of(1, 1, 1), number_of(1, 1, 0)], [1, 2, 3, 4]);
        assert_eq!(number_of(2, 0, 0), 5);
        assert_eq!(number_of(12, 3423, 1763), 19_078_479);
    }

    #[test]
    fn every_tile_of_a_zoom_has_a_number_of_its_own_and_neighbours_stand_side_by_side() {
        let tiles = (0..64).flat_map(|x| (0..64).map(move |y| (number(Tile { z: 6, x, y }), x, y)));
        let mut by_number: Vec<(u64, u32, u32)> = tiles.collect();
        by_number.sort_unstable();
        let numbers: BTreeSet<u64> = by_number.iter().map(|(number, ..)| *number).collect();
        assert_eq!((numbers.len(), numbers.first()), (4_096, Some(&1_365)));
        let steps = |pair: &[(u64, u32, u32)]| pair[0].1.abs_diff(pair[1].1) + pair[0].2.abs_diff(pair[1].2);
        assert!(by_number.windows(2).all(|pair| steps(pair) == 1));
    }

    proptest! {
        #[test]
        fn whatever_the_bytes_are_a_directory_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400), id in any::<u64>()) {
            if let Some(entries) = read(&bytes) {
                prop_assert!(entries.windows(2).all(|pair| pair[0].first < pair[1].first));
                let _ = find(&entries, id);
            }
        }
    }
}
