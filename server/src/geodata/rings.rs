//! Whether rings are sound: long enough, finite, not crossing themselves or each other, and holes within what they are
//! holes of.
//!
//! geo's own validation compares every segment with every other, which takes minutes for a prefecture; this
//! one looks only at segments whose boxes meet (rstar), and asks what even-odd locating needs: rings may touch
//! in points, as real boundaries do, but must not cross or run along each other.

use geo::Kernel;
use geo::kernels::{Orientation, RobustKernel};
use geo_types::{Coord, LineString, MultiPolygon, Polygon};
use rstar::{AABB, RTree, RTreeObject};

/// What is wrong with a shape's rings.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum RingFlaw {
    /// No ring at all.
    #[error("it has no ring")]
    Empty,
    /// Fewer than three different corners, or not closed.
    #[error("a ring has fewer than three corners, or is not closed, near {lat:.5}, {lon:.5}")]
    TooShort {
        /// Degrees north.
        lat: f64,
        /// Degrees east.
        lon: f64,
    },
    /// NaN or infinite.
    #[error("a coordinate is not a finite number")]
    NotFinite,
    /// Two sides cross.
    #[error("its rings cross near {lat:.5}, {lon:.5}")]
    Crossing {
        /// Degrees north.
        lat: f64,
        /// Degrees east.
        lon: f64,
    },
    /// Two sides run along each other.
    #[error("its rings run along each other near {lat:.5}, {lon:.5}")]
    Overlap {
        /// Degrees north.
        lat: f64,
        /// Degrees east.
        lon: f64,
    },
    /// A hole lies in no ring, or in another hole: by even-odd it would be ground.
    #[error("a hole lies outside its ring near {lat:.5}, {lon:.5}")]
    StrayHole {
        /// Degrees north.
        lat: f64,
        /// Degrees east.
        lon: f64,
    },
}

#[derive(Clone, Copy)]
struct Side {
    a: Coord<f64>,
    b: Coord<f64>,
    at: usize,
    /// The ring's number, as [`all`] gives them.
    ring: usize,
}

impl RTreeObject for Side {
    type Envelope = AABB<[f64; 2]>;
    fn envelope(&self) -> Self::Envelope {
        AABB::from_corners([self.a.x, self.a.y], [self.b.x, self.b.y])
    }
}

/// All rings of a multipolygon, outer and inner.
pub fn all(shape: &MultiPolygon<f64>) -> impl Iterator<Item = &LineString<f64>> {
    shape.iter().flat_map(|polygon| std::iter::once(polygon.exterior()).chain(polygon.interiors()))
}

/// The first flaw that is found, if there is one.
///
/// # Errors
/// [`RingFlaw`].
pub fn check(shape: &MultiPolygon<f64>) -> Result<(), RingFlaw> {
    let mut rings = 0;
    for ring in all(shape) {
        rings += 1;
        if ring.0.iter().any(|c| !c.x.is_finite() || !c.y.is_finite()) {
            return Err(RingFlaw::NotFinite);
        }
        if ring.lines().filter(|line| line.start != line.end).count() < 3 || !ring.is_closed() {
            let near = ring.0.first().copied().unwrap_or_default();
            return Err(RingFlaw::TooShort { lat: near.y, lon: near.x });
        }
    }
    if rings == 0 {
        return Err(RingFlaw::Empty);
    }
    flaws(shape, Err)?;
    match stray_holes(shape).first().and_then(|(polygon, hole)| shape.0[*polygon].interiors()[*hole].0.first()) {
        Some(near) => Err(RingFlaw::StrayHole { lat: near.y, lon: near.x }),
        None => Ok(()),
    }
}

/// The shape without holes that lie in no ring, or in another hole.
pub fn without_stray_holes(shape: &MultiPolygon<f64>) -> MultiPolygon<f64> {
    let stray = stray_holes(shape);
    let kept = shape.iter().enumerate().map(|(polygon, whole)| {
        let holes = whole.interiors().iter().enumerate();
        let holes = holes.filter(|(hole, _)| stray.binary_search(&(polygon, *hole)).is_err());
        Polygon::new(whole.exterior().clone(), holes.map(|(_, ring)| ring.clone()).collect())
    });
    MultiPolygon(kept.collect())
}

/// The holes that lie in an even number of the shape's other rings, by polygon and hole, in order.
fn stray_holes(shape: &MultiPolygon<f64>) -> Vec<(usize, usize)> {
    if shape.iter().all(|polygon| polygon.interiors().is_empty()) {
        return Vec::new();
    }
    let tree = RTree::bulk_load(sides(shape));
    let east = tree.root().envelope().upper()[0];
    let mut stray = Vec::new();
    let mut ring = 0;
    for (polygon, whole) in shape.iter().enumerate() {
        ring += 1;
        for (hole, corners) in whole.interiors().iter().enumerate() {
            let middles = corners.lines().map(|side| (side.start + side.end) / 2.0);
            let mut places = corners.0.iter().copied().chain(middles);
            // Where all of them lie on other rings, nothing can be told, and nothing is said.
            if places.find_map(|place| is_within(&tree, place, ring, east)) == Some(false) {
                stray.push((polygon, hole));
            }
            ring += 1;
        }
    }
    stray
}

/// Whether a place lies in an odd number of the rings other than this one: by the sides that a line to the east meets.
/// `None` if it lies on one of them.
fn is_within(tree: &RTree<Side>, place: Coord<f64>, ring: usize, east: f64) -> Option<bool> {
    let to_the_east = AABB::from_corners([place.x, place.y], [east, place.y]);
    let mut within = false;
    for side in tree.locate_in_envelope_intersecting(to_the_east).filter(|side| side.ring != ring) {
        let (low, high) = if side.a.y <= side.b.y { (side.a, side.b) } else { (side.b, side.a) };
        let turn = RobustKernel::orient2d(low, high, place);
        let beside = place.x >= low.x.min(high.x) && place.x <= low.x.max(high.x);
        if turn == Orientation::Collinear && beside {
            return None;
        }
        // A corner counts for the side above it alone.
        within ^= low.y <= place.y && place.y < high.y && turn == Orientation::CounterClockwise;
    }
    Some(within)
}

fn sides(shape: &MultiPolygon<f64>) -> Vec<Side> {
    let lines = all(shape).enumerate().flat_map(|(ring, corners)| corners.lines().map(move |line| (ring, line)));
    let lines = lines.filter(|(_, line)| line.start != line.end);
    lines.enumerate().map(|(at, (ring, line))| Side { a: line.start, b: line.end, at, ring }).collect()
}

/// In how many places sides cross or run along each other: at most `most`, where counting ends.
pub fn crossings(shape: &MultiPolygon<f64>, most: usize) -> usize {
    let mut found = 0;
    let count = |_| {
        found += 1;
        if found < most { Ok(()) } else { Err(()) }
    };
    // That it has ended early shows in the number.
    let _: Result<(), ()> = flaws(shape, count);
    found
}

/// Gives each pair of sides that cross or run along each other, until `each` says that it is enough.
fn flaws<E>(shape: &MultiPolygon<f64>, mut each: impl FnMut(RingFlaw) -> Result<(), E>) -> Result<(), E> {
    let sides = sides(shape);
    let tree = RTree::bulk_load(sides.clone());
    for side in &sides {
        for other in tree.locate_in_envelope_intersecting(side.envelope()) {
            if other.at > side.at
                && let Err(flaw) = meet(side, other)
            {
                each(flaw)?;
            }
        }
    }
    Ok(())
}

fn meet(s: &Side, t: &Side) -> Result<(), RingFlaw> {
    let turn = |p, q, r| RobustKernel::orient2d(p, q, r);
    let (a, b, c, d) = (turn(s.a, s.b, t.a), turn(s.a, s.b, t.b), turn(t.a, t.b, s.a), turn(t.a, t.b, s.b));
    let straight = Orientation::Collinear;
    if a == straight && b == straight {
        // On one line: the shared part must be a point at most.
        let along = |p: Coord<f64>| if s.a.x == s.b.x { p.y } else { p.x };
        let low = along(s.a).min(along(s.b)).max(along(t.a).min(along(t.b)));
        let high = along(s.a).max(along(s.b)).min(along(t.a).max(along(t.b)));
        if low < high {
            return Err(RingFlaw::Overlap { lat: s.a.y, lon: s.a.x });
        }
    } else if [a, b, c, d].iter().all(|turn| *turn != straight) && a != b && c != d {
        return Err(RingFlaw::Crossing { lat: s.a.y, lon: s.a.x });
    }
    Ok(())
}
