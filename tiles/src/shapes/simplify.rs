//! From which zoom on a corner is drawn.
//!
//! Corners are taken out one after the other, always the one that makes the smallest triangle with its neighbours
//! (Visvalingam and Whyatt, 1993), and each remembers that triangle. Which corner goes next depends on what stands
//! around it alone, not on where a ring begins or which way it turns; and corners where borders meet stay. So two
//! neighbours lose the same corners of the border between them and do not gape.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use crate::points::{DEEPEST, Spot};

/// A corner that no zoom draws: it lies on the line between its neighbours.
const NEVER: u8 = u8::MAX;

/// Triangles of less than half of this, in units of a tile squared, are not drawn: 4 by 4 units are half a pixel
/// where a tile is drawn 512 pixels wide.
const LEAST: u32 = 16;

/// Corners where more or fewer than two sides meet, counting a side that two rings share once.
pub(super) fn junctions<'a>(rings: impl Iterator<Item = &'a [Spot]>) -> HashSet<Spot> {
    /// The first two neighbours, and whether there are others.
    #[derive(Default)]
    struct Around {
        two: [Option<Spot>; 2],
        more: bool,
    }
    let mut around: HashMap<Spot, Around> = HashMap::new();
    for ring in rings {
        for (at, corner) in ring.iter().enumerate() {
            let seen = around.entry(*corner).or_default();
            for neighbour in [ring[(at + 1) % ring.len()], ring[(at + ring.len() - 1) % ring.len()]] {
                if seen.two.contains(&Some(neighbour)) {
                    continue;
                }
                match seen.two.iter_mut().find(|place| place.is_none()) {
                    Some(place) => *place = Some(neighbour),
                    None => seen.more = true,
                }
            }
        }
    }
    around.into_iter().filter(|(_, around)| around.more || around.two[1].is_none()).map(|(corner, _)| corner).collect()
}

/// A corner in the line of those that may go: the size of its triangle, its place (so that equals go in the same
/// order in every ring), and which it is.
type Next = Reverse<(u64, u32, u32, usize)>;

/// Writes down for each corner of a path from which zoom on it is drawn. The ends of a line stay, three corners of a
/// ring, and all junctions.
pub(super) fn from_zoom(path: &[Spot], closed: bool, junctions: &HashSet<Spot>, zooms: &mut [u8]) {
    let count = path.len();
    zooms.fill(0);
    if count < 3 {
        return;
    }
    let mut before: Vec<usize> = (0..count).map(|at| (at + count - 1) % count).collect();
    let mut after: Vec<usize> = (0..count).map(|at| (at + 1) % count).collect();
    let stays = |at: usize| !closed && (at == 0 || at == count - 1) || junctions.contains(&path[at]);
    let size = |before: &[usize], after: &[usize], at: usize| triangle(path[before[at]], path[at], path[after[at]]);
    let next = |size: u64, at: usize| -> Next { Reverse((size, path[at].x, path[at].y, at)) };
    let mut sizes: Vec<u64> = (0..count).map(|at| size(&before, &after, at)).collect();
    let mut line: BinaryHeap<Next> = (0..count).filter(|at| !stays(*at)).map(|at| next(sizes[at], at)).collect();
    let mut gone = vec![false; count];
    let mut left = count;
    let mut largest = 0;
    while let Some(Reverse((of, _, _, at))) = line.pop() {
        if gone[at] || of != sizes[at] {
            continue;
        }
        if closed && left <= 3 {
            break;
        }
        // What goes later is drawn at least as early.
        largest = of.max(largest);
        zooms[at] = zoom_of(largest);
        gone[at] = true;
        left -= 1;
        let (a, b) = (before[at], after[at]);
        after[a] = b;
        before[b] = a;
        for at in [a, b] {
            sizes[at] = size(&before, &after, at);
            if !stays(at) {
                line.push(next(sizes[at], at));
            }
        }
    }
}

/// Twice the area of the triangle, in units of the deepest zoom squared.
fn triangle(a: Spot, b: Spot, c: Spot) -> u64 {
    let from_b = |spot: Spot| (i64::from(spot.x) - i64::from(b.x), i64::from(spot.y) - i64::from(b.y));
    let ((ax, ay), (cx, cy)) = (from_b(a), from_b(c));
    (ax * cy - cx * ay).unsigned_abs()
}

/// The outermost zoom at which twice this area is at least [`LEAST`] units of a tile.
fn zoom_of(area: u64) -> u8 {
    // A unit at zoom z is 2^(DEEPEST - z) units of the deepest zoom.
    let Some(log) = area.checked_ilog2() else { return NEVER };
    let inwards = (i64::from(log) - i64::from(LEAST.ilog2())).div_euclid(2);
    u8::try_from((i64::from(DEEPEST) - inwards).max(0)).unwrap_or(NEVER)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zooms(path: &[(u32, u32)], closed: bool) -> Vec<u8> {
        let path: Vec<Spot> = path.iter().map(|(x, y)| Spot { x: *x, y: *y }).collect();
        let mut zooms = vec![9; path.len()];
        from_zoom(&path, closed, &HashSet::new(), &mut zooms);
        zooms
    }

    #[test]
    fn the_zoom_of_a_triangle_is_the_first_at_which_it_shows() {
        assert_eq!(zoom_of(0), NEVER);
        assert_eq!((zoom_of(15), zoom_of(16), zoom_of(63), zoom_of(64)), (DEEPEST + 1, DEEPEST, DEEPEST, DEEPEST - 1));
        assert_eq!(zoom_of(u64::MAX), 0);
    }

    #[test]
    fn a_corner_on_a_straight_line_is_never_drawn_and_the_ends_always_are() {
        assert_eq!(zooms(&[(0, 0), (500, 500), (1_000, 1_000)], false), [0, NEVER, 0]);
    }

    #[test]
    fn a_small_bend_shows_deeper_than_a_large_one() {
        let zooms = zooms(&[(0, 0), (1_000, 10), (2_000, 0), (400_000, 300_000), (800_000, 0)], false);
        assert!(zooms[1] > zooms[3] && zooms[3] > 0, "{zooms:?}");
    }

    #[test]
    fn three_corners_of_a_ring_stay_however_small_it_is() {
        let zooms = zooms(&[(0, 0), (2, 0), (2, 2), (0, 2)], true);
        assert_eq!(zooms.iter().filter(|zoom| **zoom == 0).count(), 3, "{zooms:?}");
    }

    #[test]
    fn a_corner_where_borders_meet_is_a_junction() {
        let spot = |x, y| Spot { x, y };
        // Two squares side by side: the ends of the side between them.
        let west = [spot(0, 0), spot(1, 0), spot(1, 1), spot(0, 1)];
        let east = [spot(1, 0), spot(2, 0), spot(2, 1), spot(1, 1)];
        let found = junctions([&west[..], &east[..]].into_iter());
        assert_eq!(found, HashSet::from([spot(1, 0), spot(1, 1)]));
    }
}
