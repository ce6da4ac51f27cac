//! Mends small flaws of polygons: spikes, tiny loops, parts that share a side, holes outside their rings.

use geo::{Area, BooleanOps, unary_union};
use geo_types::MultiPolygon;

use super::rings::{self, RingFlaw};

/// A repair may change an area by at most this share; more is not a repair.
const MOST_REPAIR: f64 = 0.01;

/// Places where rings may cross for a shape to be mended: more is no flaw, and what it costs grows with its square.
const MOST_CROSSINGS: usize = 1_000;

/// The shape with sound rings; `None` if that would change its area by more than a hundredth, if its rings cross in
/// more than a thousand places, or there is nothing to mend it from.
pub fn mend(shape: &MultiPolygon<f64>) -> Option<MultiPolygon<f64>> {
    if rings::check(shape).is_err_and(|flaw| matches!(flaw, RingFlaw::Empty | RingFlaw::NotFinite)) {
        return None;
    }
    if rings::crossings(shape, MOST_CROSSINGS) == MOST_CROSSINGS {
        return None;
    }
    // A hole that is a hole of nothing takes nothing away.
    let shape = rings::without_stray_holes(shape);
    let before = shape.unsigned_area();
    let each: Vec<MultiPolygon<f64>> =
        shape.iter().map(|polygon| polygon.union(&MultiPolygon::<f64>(vec![]))).collect();
    let mended = unary_union(&each);
    let moved = (mended.unsigned_area() - before).abs();
    (rings::check(&mended).is_ok() && before > 0.0 && moved <= MOST_REPAIR * before).then_some(mended)
}
