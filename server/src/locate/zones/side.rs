//! How a side stands to a point and to a way, decided exactly.
//!
//! Orientation is decided by Shewchuk's adaptive predicates (crate `robust`), so there is no tolerance.
//!
//! A way leads from cell corner to point, along a meridian or a parallel, and may well run through corners of a
//! polygon or along its sides. So that there is nothing between crossing and not crossing, each point of a way
//! stands for the point infinitesimally west of it, and by far less than that north of it. That one never lies on
//! a side; for a point that does not lie on a side itself, both are within or both are not.

use geo::Kernel;
use geo::kernels::{Orientation, RobustKernel};
use geo_types::Coord;

/// Whether the point lies on the side, its ends included.
pub(super) fn holds(a: Coord<f64>, b: Coord<f64>, p: Coord<f64>) -> bool {
    p.y >= a.y.min(b.y)
        && p.y <= a.y.max(b.y)
        && p.x >= a.x.min(b.x)
        && p.x <= a.x.max(b.x)
        && RobustKernel::orient2d(a, b, p) == Orientation::Collinear
}

/// Whether the way along the parallel `y` from `west` to `east` crosses the side.
pub(super) fn crossed_going_east(a: Coord<f64>, b: Coord<f64>, y: f64, west: f64, east: f64) -> bool {
    if (a.y <= y) == (b.y <= y) {
        return false;
    }
    let (low, high) = if a.y < b.y { (a, b) } else { (b, a) };
    is_east(low, high, Coord { x: west, y }) != is_east(low, high, Coord { x: east, y })
}

/// Whether the way along the meridian `x` from `south` to `north` crosses the side.
pub(super) fn crossed_going_north(a: Coord<f64>, b: Coord<f64>, x: f64, south: f64, north: f64) -> bool {
    if (a.x < x) == (b.x < x) {
        return false;
    }
    let (left, right) = if a.x < b.x { (a, b) } else { (b, a) };
    is_north(left, right, Coord { x, y: south }) != is_north(left, right, Coord { x, y: north })
}

/// Of a side from `low` to `high`, level with the point.
fn is_east(low: Coord<f64>, high: Coord<f64>, p: Coord<f64>) -> bool {
    if p.x > low.x.max(high.x) {
        return true;
    }
    if p.x <= low.x.min(high.x) {
        return false;
    }
    RobustKernel::orient2d(low, high, p) == Orientation::Clockwise
}

/// Of a side from `left` to `right`, on the point's meridian.
fn is_north(left: Coord<f64>, right: Coord<f64>, p: Coord<f64>) -> bool {
    if p.y > left.y.max(right.y) {
        return true;
    }
    if p.y < left.y.min(right.y) {
        return false;
    }
    match RobustKernel::orient2d(left, right, p) {
        Orientation::CounterClockwise => true,
        Orientation::Clockwise => false,
        // West of the point, a side that rises is below it.
        Orientation::Collinear => left.y <= right.y,
    }
}
