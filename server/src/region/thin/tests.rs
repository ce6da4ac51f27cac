use std::collections::BTreeMap;

use geo::Area;

use super::*;
use crate::geodata::rings;
use crate::region::Region;
use crate::region::synthetic::{official_aizu, ring, solid, square};

fn shapes(thinned: &[Vec<ThinPolygon>]) -> Vec<MultiPolygon<f64>> {
    let line = |ring: &Vec<[f64; 2]>| geo_types::LineString::from(ring.clone());
    let polygon = |rings: &ThinPolygon| geo_types::Polygon::new(line(&rings[0]), rings[1..].iter().map(line).collect());
    thinned.iter().map(|polygons| MultiPolygon(polygons.iter().map(polygon).collect())).collect()
}

/// How often each side is used, whichever way it runs.
fn sides(shapes: &[MultiPolygon<f64>]) -> BTreeMap<[(u64, u64); 2], usize> {
    let mut sides = BTreeMap::new();
    for line in shapes.iter().flat_map(rings::all).flat_map(|ring| ring.lines()) {
        let key = |c: geo_types::Coord<f64>| (c.x.to_bits(), c.y.to_bits());
        let (a, b) = (key(line.start), key(line.end));
        *sides.entry(if a < b { [a, b] } else { [b, a] }).or_default() += 1;
    }
    sides
}

#[test]
fn a_wiggly_common_border_is_thinned_alike_on_both_sides() {
    // 30,000 corners between two towns, more than an answer holds.
    let wiggle = |n: usize| 140.5 + 0.01 * (n as f64 * 0.01).sin() + 0.000_3 * (n as f64).sin();
    let border: Vec<(f64, f64)> = (0..=30_000).map(|n| (wiggle(n), 37.0 + n as f64 / 30_000.0)).collect();
    let west: Vec<_> = [(140.0, 38.0), (140.0, 37.0)].into_iter().chain(border.iter().copied()).collect();
    let east: Vec<_> = [(141.0, 37.0), (141.0, 38.0)].into_iter().chain(border.iter().rev().copied()).collect();
    let boundaries: Boundaries =
        [("99001", west), ("99002", east)].into_iter().map(|(c, r)| (c.parse().unwrap(), solid(ring(&r)))).collect();
    let thinned = shapes(&thin(&boundaries));
    let corners: usize = thinned.iter().flat_map(rings::all).map(|ring| ring.0.len()).sum();
    assert!((100..=MOST_CORNERS).contains(&corners), "{corners}");
    // Six outer sides stand alone; all of the common border is used twice.
    assert_eq!(sides(&thinned).values().filter(|uses| **uses == 1).count(), 6);
    let area: f64 = thinned.iter().map(Area::unsigned_area).sum();
    assert!((area - 1.0).abs() < 1e-9, "nothing gapes: {area}");
}

#[test]
fn holes_enclaves_and_islands_stay_and_outer_rings_run_anticlockwise() {
    let outer = MultiPolygon(vec![geo_types::Polygon::new(square(140.0, 37.0, 1.0), vec![square(140.4, 37.4, 0.2)])]);
    let enclave = solid(ring(&[(140.4, 37.4), (140.4, 37.6), (140.6, 37.6), (140.6, 37.4)]));
    let island = solid(square(141.5, 37.0, 0.000_05));
    let boundaries: Boundaries =
        [("99001", outer), ("99002", enclave), ("99003", island)].map(|(c, s)| (c.parse().unwrap(), s)).into();
    let thinned = thin(&boundaries);
    assert_eq!(thinned[0][0].len(), 2, "the hole is there");
    assert_eq!(thinned[2][0][0].len(), 5, "the island is there");
    let thinned = shapes(&thinned);
    assert_eq!(sides(&thinned).values().filter(|uses| **uses == 2).count(), 4, "hole and enclave share four sides");
    for shape in &thinned {
        assert!(shape.signed_area() > 0.0);
    }
}

#[test]
fn the_sketch_comes_through_unchanged() {
    let region = Region::built_in().unwrap();
    for (shape, thinned) in region.boundaries().values().zip(shapes(&thin(region.boundaries()))) {
        assert!((shape.unsigned_area() - thinned.unsigned_area()).abs() < 1e-9);
    }
}

#[test]
fn thinning_the_official_boundaries_opens_no_gap() {
    let Some(region) = official_aizu() else { return };
    let thinned = shapes(&thin(region.boundaries()));
    let before: Vec<_> = region.boundaries().values().cloned().collect();
    let shared = |shapes: &[MultiPolygon<f64>]| {
        let sides = sides(shapes);
        let twice = sides.values().filter(|uses| **uses == 2).count();
        (twice as f64 / sides.len() as f64, sides.len())
    };
    let (was, now) = (shared(&before), shared(&thinned));
    println!("sides used twice: {was:?} before, {now:?} after");
    assert!(now.0 > was.0 - 0.1, "borders that were common stay so: {was:?}, {now:?}");
    for (before, after) in before.iter().zip(&thinned) {
        assert!((after.unsigned_area() / before.unsigned_area() - 1.0).abs() < 0.005);
    }
}
