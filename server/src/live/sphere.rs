//! Points on the globe, indexed as points of a unit sphere in space: straight distances there are in the
//! same order as great-circle distances, so that the nearest are exact at every latitude and across the
//! antimeridian, with no projection to choose.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use rstar::{AABB, PointDistance, RStarInsertionStrategy, RTree, RTreeNode, RTreeObject, RTreeParams};

use crate::domain::clock::Hlc;
use crate::domain::position::{Bounds, Position};

/// Wider than any rounding of a coordinate of the unit sphere; 6 micrometres on the ground.
const SLACK: f64 = 1e-12;

/// A thing at a place.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Spot<Id> {
    /// What.
    pub(super) id: Id,
    /// When it was filed, so that the newest of many can be told without looking them up.
    pub(super) filed: Hlc,
    /// Where.
    pub(super) position: Position,
    point: [f64; 3],
}

impl<Id> Spot<Id> {
    pub(super) fn new(id: Id, filed: Hlc, position: Position) -> Self {
        Self { id, filed, position, point: on_sphere(position) }
    }
}

impl<Id> RTreeObject for Spot<Id> {
    type Envelope = AABB<[f64; 3]>;

    fn envelope(&self) -> Self::Envelope {
        AABB::from_point(self.point)
    }
}

impl<Id> PointDistance for Spot<Id> {
    fn distance_2(&self, point: &[f64; 3]) -> f64 {
        self.point.iter().zip(point).map(|(a, b)| (a - b) * (a - b)).sum()
    }
}

/// Unit vector of a position: x towards 0°N 0°E, y towards 0°N 90°E, z towards the north pole.
fn on_sphere(position: Position) -> [f64; 3] {
    let (lat, lon) = (position.lat().to_radians(), position.lon().to_radians());
    [lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()]
}

/// Nodes of up to 8 children: measured with reports of one storm, an insertion takes a quarter less than
/// with rstar's 6 and two reinsertions, and queries take no longer.
struct Nodes;

impl RTreeParams for Nodes {
    const MIN_SIZE: usize = 4;
    const MAX_SIZE: usize = 8;
    const REINSERTION_COUNT: usize = 1;
    type DefaultInsertionStrategy = RStarInsertionStrategy;
}

/// An index of spots.
#[derive(Debug)]
pub(super) struct Sphere<Id: Copy + PartialEq> {
    tree: RTree<Spot<Id>, Nodes>,
}

impl<Id: Copy + PartialEq> Default for Sphere<Id> {
    fn default() -> Self {
        Self { tree: RTree::new_with_params() }
    }
}

impl<Id: Copy + Ord> Sphere<Id> {
    /// Makes the whole at once: quicker than one by one, and closely packed.
    pub(super) fn of(spots: Vec<Spot<Id>>) -> Self {
        Self { tree: RTree::bulk_load_with_params(spots) }
    }

    pub(super) fn insert(&mut self, spot: Spot<Id>) {
        self.tree.insert(spot);
    }

    /// Takes the spot out; tells whether it was there.
    pub(super) fn remove(&mut self, spot: &Spot<Id>) -> bool {
        self.tree.remove(spot).is_some()
    }

    /// All spots within the bounds, in no order.
    pub(super) fn within(&self, bounds: &Bounds) -> impl Iterator<Item = &Spot<Id>> {
        self.tree.locate_in_envelope_intersecting(envelope(bounds)).filter(|spot| bounds.contains(spot.position))
    }

    /// At most `limit` spots, the nearest first, with metres along the great circle
    /// ([`Position::distance_m`]); of equally near ones the lowest id first.
    pub(super) fn nearest(&self, position: Position, limit: usize) -> Vec<(Spot<Id>, f64)> {
        let mut found: Vec<(Spot<Id>, f64)> = Vec::new();
        for spot in self.near(&on_sphere(position), limit) {
            found.push((*spot, position.distance_m(spot.position)));
        }
        found.sort_by(|(a, a_metres), (b, b_metres)| a_metres.total_cmp(b_metres).then(a.id.cmp(&b.id)));
        found.truncate(limit);
        found
    }

    /// The `limit` spots nearest to a point, and those that are as near as the last of them but for rounding, in no
    /// order. Goes down the tree to what is nearest, and then only where something nearer than the last can be:
    /// rstar's own way keeps everything it meets in order, which took twice as long.
    fn near(&self, point: &[f64; 3], limit: usize) -> impl Iterator<Item = &Spot<Id>> {
        let mut found: Vec<(f64, &Spot<Id>)> = Vec::new();
        // Squares of straight distances: the `limit` least, and how far is near enough.
        let mut least = BinaryHeap::with_capacity(limit + 1);
        let mut reach = if limit == 0 { f64::NEG_INFINITY } else { f64::INFINITY };
        let mut open = vec![(0.0, self.tree.root())];
        while let Some((square, node)) = open.pop() {
            if square > reach {
                continue;
            }
            let begin = open.len();
            for child in node.children() {
                match child {
                    RTreeNode::Parent(parent) => open.push((parent.envelope().distance_2(point), parent)),
                    RTreeNode::Leaf(spot) => {
                        let square = spot.distance_2(point);
                        if square > reach {
                            continue;
                        }
                        found.push((square, spot));
                        least.push(Square(square));
                        if least.len() > limit {
                            least.pop();
                        }
                        if let Some(Square(last)) = least.peek().filter(|_| least.len() == limit) {
                            reach = (last.sqrt() + SLACK).powi(2);
                        }
                    }
                }
            }
            // The nearest is looked into next.
            open[begin..].sort_unstable_by(|(a, _), (b, _)| b.total_cmp(a));
        }
        found.into_iter().filter(move |(square, _)| *square <= reach).map(|(_, spot)| spot)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.tree.size()
    }
}

/// A square of a distance.
#[derive(Clone, Copy, Debug)]
struct Square(f64);

impl PartialEq for Square {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Square {}

impl PartialOrd for Square {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Square {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// A box in space around everything within the bounds; it holds a little more.
fn envelope(bounds: &Bounds) -> AABB<[f64; 3]> {
    let ends = |a: f64, b: f64| [a.min(b), a.max(b)];
    let (south, north) = (bounds.south.to_radians(), bounds.north.to_radians());
    let (west, east) = (bounds.west.to_radians(), bounds.east.to_radians());
    let holds = |degrees: f64| bounds.west <= degrees && degrees <= bounds.east;
    // Within ±90° a cosine of latitude is never negative; its only peak is the equator.
    let [shortest, mut longest] = ends(south.cos(), north.cos());
    if bounds.south <= 0.0 && bounds.north >= 0.0 {
        longest = 1.0;
    }
    let [mut x_low, mut x_high] = ends(west.cos(), east.cos());
    let [mut y_low, mut y_high] = ends(west.sin(), east.sin());
    for (degrees, limit, value) in
        [(0.0, &mut x_high, 1.0), (90.0, &mut y_high, 1.0), (-90.0, &mut y_low, -1.0), (180.0, &mut x_low, -1.0)]
    {
        if holds(degrees) {
            *limit = value;
        }
    }
    let low = |direction: f64| direction * if direction < 0.0 { longest } else { shortest };
    let high = |direction: f64| direction * if direction < 0.0 { shortest } else { longest };
    AABB::from_corners(
        [low(x_low) - SLACK, low(y_low) - SLACK, south.sin() - SLACK],
        [high(x_high) + SLACK, high(y_high) + SLACK, north.sin() + SLACK],
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn anywhere() -> impl Strategy<Value = Position> {
        // Half of them close together in Aizu, half all over the globe, poles and antimeridian included.
        let aizu = (36.8..37.9_f64, 139.1..140.4_f64);
        let globe = (prop_oneof![-90.0..=90.0, Just(90.0), Just(-90.0)], prop_oneof![-180.0..=180.0, Just(180.0)]);
        prop_oneof![aizu.boxed(), globe.boxed()]
            .prop_filter_map("a position", |(lat, lon)| Position::new(lat, lon).ok())
    }

    fn spots(positions: &[Position]) -> Vec<Spot<usize>> {
        positions.iter().enumerate().map(|(id, position)| Spot::new(id, Hlc(0), *position)).collect()
    }

    fn sphere(positions: &[Position]) -> Sphere<usize> {
        let mut sphere = Sphere::default();
        spots(positions).into_iter().for_each(|spot| sphere.insert(spot));
        sphere
    }

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(37), ..ProptestConfig::default() })]

        #[test]
        fn the_nearest_are_those_of_brute_force(
            mut positions in prop::collection::vec(anywhere(), 0..80),
            from in anywhere(),
            limit in 0_usize..12,
        ) {
            // Some stand at the very same place.
            positions.extend_from_within(..positions.len() / 4);
            let mut expected: Vec<(usize, f64)> =
                positions.iter().enumerate().map(|(id, p)| (id, from.distance_m(*p))).collect();
            expected.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
            expected.truncate(limit);
            for sphere in [sphere(&positions), Sphere::of(spots(&positions))] {
                let nearest = sphere.nearest(from, limit);
                prop_assert_eq!(nearest.iter().map(|(spot, metres)| (spot.id, *metres)).collect::<Vec<_>>(), expected.clone());
            }
        }

        #[test]
        fn what_is_within_bounds_is_what_brute_force_finds(
            positions in prop::collection::vec(anywhere(), 0..80),
            one in anywhere(),
            other in anywhere(),
        ) {
            let bounds = Bounds {
                west: one.lon().min(other.lon()),
                south: one.lat().min(other.lat()),
                east: one.lon().max(other.lon()),
                north: one.lat().max(other.lat()),
            };
            let expected: Vec<usize> =
                positions.iter().enumerate().filter(|(_, p)| bounds.contains(**p)).map(|(id, _)| id).collect();
            for sphere in [sphere(&positions), Sphere::of(spots(&positions))] {
                let mut found: Vec<usize> = sphere.within(&bounds).map(|spot| spot.id).collect();
                found.sort_unstable();
                prop_assert_eq!(found, expected.clone());
            }
        }
    }

    #[test]
    fn a_spot_on_the_edge_of_the_bounds_is_within() {
        let corner = Position::new(37.1, 139.3).unwrap();
        let bounds = Bounds { west: 139.3, south: 37.1, east: 139.4, north: 37.2 };
        assert_eq!(sphere(&[corner]).within(&bounds).count(), 1);
        let point = Bounds { east: 139.3, north: 37.1, ..bounds };
        assert_eq!(sphere(&[corner]).within(&point).count(), 1);
    }

    #[test]
    fn the_antimeridian_is_no_barrier_for_the_nearest() {
        let (east, west) = (Position::new(10.0, 179.999).unwrap(), Position::new(10.0, -179.999).unwrap());
        let far = Position::new(10.0, 178.0).unwrap();
        let nearest = sphere(&[far, west]).nearest(east, 1);
        assert_eq!(nearest[0].0.id, 1);
        assert!((nearest[0].1 - 219.0).abs() < 1.0, "{nearest:?}");
    }
}
