//! Cutting to a box, in units of a tile.

use crate::mvt::Place;

/// A square box around a tile, in its units, edges included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// The least column and row.
    pub(super) low: i32,
    /// The greatest.
    pub(super) high: i32,
}

/// A side of the frame.
#[derive(Clone, Copy)]
enum Side {
    West,
    East,
    North,
    South,
}

const SIDES: [Side; 4] = [Side::West, Side::East, Side::North, Side::South];

impl Frame {
    fn holds(&self, at: Place) -> bool {
        SIDES.iter().all(|side| self.is_inside(*side, at))
    }

    fn is_inside(&self, side: Side, at: Place) -> bool {
        match side {
            Side::West => at.x >= self.low,
            Side::East => at.x <= self.high,
            Side::North => at.y >= self.low,
            Side::South => at.y <= self.high,
        }
    }

    /// Where the line through two corners on either side of it meets a side.
    fn crossing(&self, side: Side, from: Place, to: Place) -> Place {
        match side {
            Side::West => Place { x: self.low, y: between((from.x, from.y), (to.x, to.y), self.low) },
            Side::East => Place { x: self.high, y: between((from.x, from.y), (to.x, to.y), self.high) },
            Side::North => Place { x: between((from.y, from.x), (to.y, to.x), self.low), y: self.low },
            Side::South => Place { x: between((from.y, from.x), (to.y, to.x), self.high), y: self.high },
        }
    }

    /// The part of an open ring that lies in the frame (Sutherland and Hodgman, 1974). Parts that come apart stay
    /// joined along the frame's sides, which lie outside of the tile.
    pub(super) fn cut_ring(&self, ring: &mut Vec<Place>, spare: &mut Vec<Place>) {
        for side in SIDES {
            if ring.iter().all(|at| self.is_inside(side, *at)) {
                continue;
            }
            spare.clear();
            let mut from = ring.last().copied().unwrap_or_default();
            for &to in ring.iter() {
                match (self.is_inside(side, from), self.is_inside(side, to)) {
                    (true, true) => spare.push(to),
                    (true, false) => spare.push(self.crossing(side, from, to)),
                    (false, true) => spare.extend([self.crossing(side, from, to), to]),
                    (false, false) => {}
                }
                from = to;
            }
            std::mem::swap(ring, spare);
        }
        ring.dedup();
        while ring.len() > 1 && ring.first() == ring.last() {
            ring.pop();
        }
    }

    /// The parts of a line that lie in the frame, each of two corners or more.
    pub(super) fn cut_line(&self, line: &[Place]) -> Vec<Vec<Place>> {
        let mut parts: Vec<Vec<Place>> = Vec::new();
        let mut goes_on = false;
        for pair in line.windows(2) {
            let Some((from, to)) = self.cut_segment(pair[0], pair[1]) else {
                goes_on = false;
                continue;
            };
            match parts.last_mut().filter(|_| goes_on) {
                Some(part) => part.push(to),
                None => parts.push(vec![from, to]),
            }
            goes_on = to == pair[1];
        }
        parts.iter_mut().for_each(Vec::dedup);
        parts.retain(|part| part.len() > 1);
        parts
    }

    fn cut_segment(&self, mut from: Place, mut to: Place) -> Option<(Place, Place)> {
        for side in SIDES {
            match (self.is_inside(side, from), self.is_inside(side, to)) {
                (true, true) => {}
                (true, false) => to = self.crossing(side, from, to),
                (false, true) => from = self.crossing(side, from, to),
                (false, false) => return None,
            }
        }
        (self.holds(from) && self.holds(to)).then_some((from, to))
    }
}

/// The second coordinate at which the line between two places reaches a value of the first, which lies between
/// theirs; rounded down, the same from whichever end.
fn between(from: (i32, i32), to: (i32, i32), at: i32) -> i32 {
    let (from, to) = if from <= to { (from, to) } else { (to, from) };
    let [from_a, from_b, to_a, to_b, at] = [from.0, from.1, to.0, to.1, at].map(i64::from);
    let along = (to_b - from_b) * (at - from_a);
    i32::try_from(from_b + along.div_euclid((to_a - from_a).max(1))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mvt::double_area;

    const FRAME: Frame = Frame { low: -64, high: 4_160 };

    fn coord() -> impl Strategy<Value = Place> {
        let number = || prop_oneof![-200..4_400_i32, -2_000_000..2_000_000_i32];
        (number(), number()).prop_map(|(x, y)| Place { x, y })
    }

    proptest! {
        #[test]
        fn nothing_reaches_out_of_the_frame(corners in prop::collection::vec(coord(), 3..40)) {
            let mut ring = corners.clone();
            FRAME.cut_ring(&mut ring, &mut Vec::new());
            prop_assert!(ring.iter().all(|at| FRAME.holds(*at)), "{:?}", ring);
            let cut = FRAME.cut_line(&corners);
            prop_assert!(cut.iter().flatten().all(|at| FRAME.holds(*at)), "{:?}", cut);
            prop_assert!(cut.iter().all(|part| part.len() > 1));
        }

        #[test]
        fn what_lies_in_the_frame_stays_as_it_is(corners in prop::collection::vec((0..4_096_i32, 0..4_096_i32), 3..40)) {
            let mut corners: Vec<Place> = corners.into_iter().map(|(x, y)| Place { x, y }).collect();
            corners.dedup();
            if corners.len() > 1 {
                prop_assert_eq!(FRAME.cut_line(&corners), vec![corners.clone()]);
            }
            let mut ring = corners.clone();
            while ring.len() > 1 && ring.first() == ring.last() {
                ring.pop();
            }
            let whole = ring.clone();
            FRAME.cut_ring(&mut ring, &mut Vec::new());
            prop_assert_eq!(ring, whole);
        }

        /// A rectangle's part in the frame is a rectangle that can be told by hand.
        #[test]
        fn the_area_that_is_left_of_a_rectangle_is_its_part_in_the_frame(a in coord(), b in coord()) {
            let (west, east, north, south) = (a.x.min(b.x), a.x.max(b.x), a.y.min(b.y), a.y.max(b.y));
            let corner = |x, y| Place { x, y };
            let mut ring = vec![corner(west, north), corner(east, north), corner(east, south), corner(west, south)];
            FRAME.cut_ring(&mut ring, &mut Vec::new());
            let inside = |low: i32, high: i32| i64::from((high.min(FRAME.high) - low.max(FRAME.low)).max(0));
            prop_assert_eq!(double_area(&ring), 2 * inside(west, east) * inside(north, south));
        }
    }
}
