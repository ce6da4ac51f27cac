//! Mends flaws of polygons: spikes, loops, parts that overlap or share a side, holes outside their rings.

use geo::bool_ops::FillRule;
use geo::{Area, BooleanOps, unary_union};
use geo_types::{MultiPolygon, Polygon};

use super::rings::{self, RingFlaw};

/// The two ways to read a flawed shape may differ by at most this share of its ground; beyond, nobody can tell which
/// ground is meant.
const MOST_DOUBT: f64 = 0.1;

/// Places where rings may cross for a shape to be mended: more is no flaw, and what it costs grows with its square.
const MOST_CROSSINGS: usize = 1_000;

/// The shape with sound rings, on all ground that its polygons cover, however often. Where a ring goes around the same
/// ground twice, that ground is in, though by even-odd (as PostGIS's `ST_MakeValid` has it) it would be out: what is
/// mended here are zones of danger. `None` if these two ways to read it differ by more than a tenth, if its rings cross
/// in more than a thousand places, or there is nothing to mend it from.
pub fn mend(shape: &MultiPolygon<f64>) -> Option<MultiPolygon<f64>> {
    if rings::check(shape).is_err_and(|flaw| matches!(flaw, RingFlaw::Empty | RingFlaw::NotFinite)) {
        return None;
    }
    if rings::crossings(shape, MOST_CROSSINGS) == MOST_CROSSINGS {
        return None;
    }
    // A hole that is a hole of nothing takes nothing away.
    let shape = rings::without_stray_holes(shape);
    let joined =
        |read: fn(&Polygon<f64>) -> MultiPolygon<f64>| unary_union(&shape.iter().map(read).collect::<Vec<_>>());
    let (by_parity, enclosed) = (joined(by_parity), joined(enclosed));
    let doubt = enclosed.xor(&by_parity).unsigned_area();
    let ground = enclosed.unsigned_area();
    (ground > 0.0 && doubt <= MOST_DOUBT * ground && rings::check(&enclosed).is_ok()).then_some(enclosed)
}

/// The ground in an odd number of a polygon's rings.
fn by_parity(polygon: &Polygon<f64>) -> MultiPolygon<f64> {
    polygon.union(&MultiPolygon::<f64>(vec![]))
}

/// The ground that a polygon's outer ring goes around, but for what is in one of its holes.
fn enclosed(polygon: &Polygon<f64>) -> MultiPolygon<f64> {
    let bare = |ring| Polygon::new(ring, vec![]);
    let outer = bare(polygon.exterior().clone()).union_with_fill_rule(&MultiPolygon::<f64>(vec![]), FillRule::NonZero);
    let holes = MultiPolygon(polygon.interiors().iter().cloned().map(bare).collect());
    if holes.0.is_empty() { outer } else { outer.difference(&holes) }
}

#[cfg(test)]
mod tests {
    use geo_types::{LineString, polygon};

    use super::*;

    fn square(west: f64, south: f64, side: f64) -> Polygon<f64> {
        let (east, north) = (west + side, south + side);
        polygon![(x: west, y: south), (x: east, y: south), (x: east, y: north), (x: west, y: north)]
    }

    fn area_of(parts: Vec<Polygon<f64>>) -> Option<f64> {
        let mended = mend(&MultiPolygon(parts))?;
        rings::check(&mended).unwrap();
        Some(mended.unsigned_area())
    }

    fn ring(corners: &[(f64, f64)]) -> Polygon<f64> {
        Polygon::new(LineString::from(corners.to_vec()), vec![])
    }

    #[track_caller]
    fn is_about(area: Option<f64>, expected: f64) {
        assert!(area.is_some_and(|area| (area / expected - 1.0).abs() < 1e-4), "{area:?}, not {expected}");
    }

    #[test]
    fn parts_that_overlap_are_joined_however_much_they_do_and_lose_no_ground() {
        for shared in [0.05, 0.1, 0.5, 1.0] {
            is_about(area_of(vec![square(140.0, 37.0, 1.0), square(141.0 - shared, 37.0, 1.0)]), 2.0 - shared);
        }
        // The hole of one lies half under the other.
        let mut holed = square(140.0, 37.0, 1.0);
        holed.interiors_push(square(140.4, 37.4, 0.2).exterior().clone());
        is_about(area_of(vec![holed, square(140.5, 37.0, 1.0)]), 1.5 - 0.02);
    }

    #[test]
    fn a_bow_tie_keeps_both_its_wings_however_large_each_is() {
        is_about(area_of(vec![ring(&[(140.0, 37.0), (141.0, 38.0), (141.0, 37.0), (140.0, 38.0)])]), 0.5);
        let uneven = ring(&[(140.0, 37.0), (140.0, 37.2), (141.0, 37.0), (141.0, 38.0)]);
        // By its signs one wing would be taken away from the other: 0.4.
        is_about(area_of(vec![uneven]), 13.0 / 30.0);
    }

    #[test]
    fn ground_that_a_ring_goes_around_twice_is_in_and_where_that_is_most_of_it_the_shape_is_refused() {
        // A loop of a twentieth's width at the end, gone around twice.
        let looped = |side: f64| {
            ring(&[
                (140.0, 37.0),
                (141.0, 37.0),
                (141.0, 38.0),
                (141.0 - side, 38.0),
                (141.0 - side, 38.0 - side),
                (141.0, 38.0 - side),
                (141.0, 38.0),
                (140.0, 38.0),
            ])
        };
        is_about(area_of(vec![looped(0.2)]), 1.0);
        assert_eq!(area_of(vec![looped(0.6)]), None);
        let there_and_back = ring(&[(140.0, 37.0), (141.0, 37.0), (141.0, 38.0), (141.0, 37.0)]);
        assert_eq!(area_of(vec![there_and_back]), None);
    }

    #[test]
    fn a_hole_that_lies_half_outside_does_not_become_ground() {
        let mut holed = square(140.0, 37.0, 1.0);
        holed.interiors_push(square(140.9, 37.4, 0.2).exterior().clone());
        is_about(area_of(vec![holed]), 1.0 - 0.02);
        let mut torn = square(140.0, 37.0, 1.0);
        torn.interiors_push(square(140.4, 37.2, 0.8).exterior().clone());
        assert_eq!(area_of(vec![torn]), None);
    }
}
