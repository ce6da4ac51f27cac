//! The public's questions, answered by the positions that the public sees: to 0.0001°.

use crate::domain::incident::Symbol;
use crate::domain::position::{Bounds, Position};
use crate::live::world::World;

/// Metres between a position and its coarse one at most: half a step north and half a step east.
const COARSE_WITHIN_M: f64 = 8.0;

/// Incidents beyond the limit that a question for coarse positions looks at first.
const MORE: usize = 64;

/// What the public is told lies within the bounds is what it sees there: asking with narrow bounds, again
/// and again, tells nothing of the exact position.
pub(super) fn within(world: &World, bounds: &Bounds, limit: usize) -> Vec<(Symbol, Position)> {
    let bounds = bounds.coarse();
    // Only what lies on the very edge between two steps is dropped here.
    let found = world
        .symbols_in(&bounds.around_coarse(), limit + MORE)
        .into_iter()
        .map(|(symbol, exact)| (symbol, exact.coarse()));
    found.filter(|(_, position)| bounds.contains(*position)).take(limit).collect()
}

/// The nearest to the public: by coarse distances, and among those that look alike by id. `nearest`: so many by their
/// exact ones.
pub(super) fn near(
    nearest: impl Fn(Position, usize) -> Vec<(Symbol, Position)>,
    position: Position,
    limit: usize,
) -> Vec<(Symbol, Position)> {
    let from = position.coarse();
    let mut asked = limit + MORE;
    loop {
        let found = nearest(from, asked);
        let all = found.len() < asked;
        let reached_m = found.last().map_or(0.0, |(_, exact)| exact.distance_m(from));
        let coarse = |(symbol, exact): (Symbol, Position)| (exact.coarse().distance_m(from), symbol, exact.coarse());
        let mut sorted: Vec<_> = found.into_iter().map(coarse).collect();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
        // What has not been found lies, coarsely, no nearer than this.
        let beyond_m = reached_m - COARSE_WITHIN_M;
        if all || sorted.get(limit - 1).is_some_and(|(metres, ..)| *metres < beyond_m) {
            return sorted.into_iter().take(limit).map(|(_, symbol, position)| (symbol, position)).collect();
        }
        asked *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::IncidentId;
    use crate::log::samples::{filed_at, incident_of};

    fn world(positions: &[(f64, f64)]) -> World {
        let mut world = World::default();
        for ((lat, lon), n) in positions.iter().zip(1..) {
            world.apply(n, &filed_at(n, Position::new(*lat, *lon).unwrap()));
        }
        world
    }

    fn ids(found: &[(Symbol, Position)]) -> Vec<IncidentId> {
        assert!(found.iter().all(|(_, position)| *position == position.coarse()));
        found.iter().map(|(symbol, _)| symbol.id).collect()
    }

    #[test]
    fn narrow_bounds_tell_the_public_no_more_than_the_coarse_position() {
        // Three places that the public sees as one, and one that it sees a step further north.
        let world =
            world(&[(37.487_76, 139.929_71), (37.4878, 139.9297), (37.487_84, 139.929_66), (37.48786, 139.9297)]);
        let alike = [incident_of(3), incident_of(2), incident_of(1)];
        let narrow = |south: f64, north: f64| Bounds { west: 139.929_69, south, east: 139.929_71, north };
        for (south, north) in [(37.487_79, 37.4878), (37.4878, 37.4878), (37.487_71, 37.487_72), (37.487_74, 37.487_80)]
        {
            let found = within(&world, &narrow(south, north), 10);
            assert_eq!(ids(&found), alike, "{south} {north}");
            assert_eq!(ids(&within(&world, &narrow(south, north), 2)), alike[..2]);
        }
        assert_eq!(ids(&within(&world, &narrow(37.48785, 37.48789), 10)).len(), 4);
        assert!(within(&world, &narrow(37.4882, 37.4883), 10).is_empty());
    }

    #[test]
    fn the_nearest_to_the_public_are_in_an_order_that_tells_only_coarse_positions() {
        let positions = [(37.487_76, 139.929_71), (37.4878, 139.9297), (37.487_84, 139.929_66), (37.4880, 139.9297)];
        let there = world(&positions);
        let mut moved = positions;
        moved[..3].rotate_left(1);
        let moved = world(&moved);
        for from in [(37.487_761, 139.929_709), (37.487_839, 139.929_661), (37.5, 139.93), (37.487_84, 139.9298)] {
            let from = Position::new(from.0, from.1).unwrap();
            for limit in 1..=5 {
                let nearest = ids(&near(|from, limit| there.symbols_near(from, limit), from, limit));
                assert_eq!(nearest, ids(&near(|from, limit| moved.symbols_near(from, limit), from, limit)));
                assert_eq!(nearest.len(), limit.min(4));
            }
        }
        let from = Position::new(37.4880, 139.9297).unwrap();
        assert_eq!(ids(&near(|from, limit| there.symbols_near(from, limit), from, 1)), [incident_of(4)]);
    }

    #[test]
    fn more_that_look_alike_than_are_asked_for_first_are_still_ordered_by_id() {
        let crowd: Vec<(f64, f64)> = (0..500).map(|n| (37.487_76 + f64::from(n % 80) * 1e-6, 139.9297)).collect();
        let world = world(&crowd);
        let mut all: Vec<IncidentId> = (1..=500).map(incident_of).collect();
        all.sort_unstable();
        let from = Position::new(37.487_76, 139.9297).unwrap();
        assert_eq!(ids(&near(|from, limit| world.symbols_near(from, limit), from, 3)), all[..3]);
    }
}
