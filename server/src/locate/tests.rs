use std::collections::BTreeMap;

use geo::{CoordinatePosition, coordinate_position::CoordPos};
use geo_types::{Coord, LineString, MultiPolygon, Polygon};
use proptest::prelude::*;

use super::Locator;
use crate::domain::office::OfficeCode;
use crate::domain::place::Place;
use crate::domain::position::Position;
use crate::region::synthetic::{official_aizu, ring, shared_data, solid, square};
use crate::region::{Boundaries, Region};

fn code(text: &str) -> OfficeCode {
    text.parse().unwrap()
}

fn boundaries(shapes: &[(&str, MultiPolygon<f64>)]) -> Boundaries {
    shapes.iter().map(|(c, shape)| (code(c), shape.clone())).collect()
}

fn with_holes(outer: LineString<f64>, holes: Vec<LineString<f64>>) -> MultiPolygon<f64> {
    MultiPolygon(vec![Polygon::new(outer, holes)])
}

/// Short form of an answer: `99001`, `99001|99002` on a border, `-99001` outside.
fn at(locator: &Locator, lon: f64, lat: f64) -> String {
    match locator.locate(Position::new(lat, lon).unwrap()) {
        Place::Inside { municipality } => municipality.to_string(),
        Place::OnBorder { municipality, others } => {
            let others: String = others.iter().map(|other| format!("|{other}")).collect();
            format!("{municipality}{others}|")
        }
        Place::Outside { nearest, distance_m } => {
            assert!(distance_m.is_finite() && distance_m >= 0.0);
            format!("-{nearest}")
        }
    }
}

#[test]
fn a_hole_is_outside_and_its_rim_is_border() {
    let town = with_holes(square(140.0, 37.0, 1.0), vec![square(140.25, 37.25, 0.5)]);
    let locator = Locator::over(&boundaries(&[("99001", town)]));
    assert_eq!(at(&locator, 140.1, 37.1), "99001");
    assert_eq!(at(&locator, 140.5, 37.5), "-99001");
    assert_eq!(at(&locator, 140.25, 37.5), "99001|");
    assert_eq!(at(&locator, 140.25, 37.25), "99001|", "a corner of the hole");
    assert_eq!(at(&locator, 140.1, 37.25), "99001", "level with the hole's lower side");
}

#[test]
fn an_enclave_belongs_to_its_own_town_and_an_island_in_a_lake_to_the_lakes() {
    let lake_town = MultiPolygon(vec![
        Polygon::new(square(140.0, 37.0, 1.0), vec![square(140.25, 37.25, 0.5)]),
        Polygon::new(square(140.4375, 37.4375, 0.125), vec![]),
    ]);
    let outer = with_holes(square(140.0, 37.0, 1.0), vec![square(140.25, 37.25, 0.5)]);
    let enclave = solid(square(140.25, 37.25, 0.5));
    let lake = Locator::over(&boundaries(&[("99001", lake_town)]));
    assert_eq!(at(&lake, 140.5, 37.5), "99001", "on the island");
    assert_eq!(at(&lake, 140.3, 37.3), "-99001", "on the lake");
    let locator = Locator::over(&boundaries(&[("99002", outer), ("99001", enclave)]));
    assert_eq!(at(&locator, 140.5, 37.5), "99001");
    assert_eq!(at(&locator, 140.25, 37.5), "99001|99002|");
    assert_eq!(at(&locator, 140.1, 37.5), "99002");
}

#[test]
fn where_three_towns_meet_the_lowest_code_answers_and_the_others_are_named() {
    let locator = Locator::over(&boundaries(&[
        ("99003", solid(ring(&[(140.0, 37.0), (141.0, 37.0), (140.5, 37.5)]))),
        ("99001", solid(ring(&[(141.0, 37.0), (140.5, 38.0), (140.5, 37.5)]))),
        ("99002", solid(ring(&[(140.5, 38.0), (140.0, 37.0), (140.5, 37.5)]))),
    ]));
    assert_eq!(at(&locator, 140.5, 37.5), "99001|99002|99003|");
    assert_eq!(at(&locator, 140.5, 37.75), "99001|99002|");
    assert_eq!(at(&locator, 140.5, 37.4999), "99003");
}

#[test]
fn a_border_with_a_corner_of_one_side_only_is_border_on_both_sides() {
    // The eastern town has a corner in the middle of the western town's side, the western one has none there.
    let west = solid(square(140.0, 37.0, 1.0));
    let east = solid(ring(&[(141.0, 37.0), (142.0, 37.0), (142.0, 38.0), (141.0, 38.0), (141.0, 37.3)]));
    let locator = Locator::over(&boundaries(&[("99001", west), ("99002", east)]));
    for lat in [37.0, 37.2, 37.3, 37.7, 38.0] {
        assert_eq!(at(&locator, 141.0, lat), "99001|99002|", "{lat}");
    }
}

#[test]
fn on_the_border_means_exactly_on_it() {
    // A side whose midpoint is representable, and the next numbers to either side of it.
    let locator = Locator::over(&boundaries(&[
        ("99001", solid(ring(&[(140.0, 37.0), (141.0, 38.0), (140.0, 38.0)]))),
        ("99002", solid(ring(&[(140.0, 37.0), (141.0, 37.0), (141.0, 38.0)]))),
    ]));
    assert_eq!(at(&locator, 140.5, 37.5), "99001|99002|");
    assert_eq!(at(&locator, 140.5_f64.next_down(), 37.5), "99001");
    assert_eq!(at(&locator, 140.5_f64.next_up(), 37.5), "99002");
    assert_eq!(at(&locator, 140.5, 37.5_f64.next_up()), "99001");
}

#[test]
fn outside_the_nearest_border_is_named_with_its_distance() {
    let region = crate::region::synthetic::two_towns();
    let locator = Locator::new(&region);
    let place = locator.locate(Position::new(37.5, 141.1).unwrap());
    let Place::Outside { nearest, distance_m } = place else { panic!("{place:?}") };
    assert_eq!(nearest, code("99002"));
    let true_m = Position::new(37.5, 141.1).unwrap().distance_m(Position::new(37.5, 141.0).unwrap());
    assert!((distance_m - true_m).abs() < 0.5, "{distance_m}");
    // Straight below the common corner both are equally far: the lowest code answers.
    assert_eq!(at(&locator, 140.5, 36.9), "-99001");
    for (lat, lon) in [(-37.0, -140.0), (90.0, 0.0), (-90.0, 180.0), (37.5, -180.0)] {
        assert!(matches!(locator.locate(Position::new(lat, lon).unwrap()), Place::Outside { .. }));
    }
}

#[test]
fn labels_of_the_built_in_region_lie_in_their_own_municipality() {
    let region = Region::built_in().unwrap();
    let locator = Locator::new(&region);
    for town in region.municipalities() {
        assert_eq!(locator.locate(town.label), Place::Inside { municipality: town.code.clone() }, "{}", town.name);
    }
    for branch in region.offices().iter().filter(|o| o.kind == crate::domain::office::OfficeKind::Prefecture) {
        let seat = if branch.name.starts_with("喜多方") { "07208" } else { "07202" };
        assert_eq!(locator.locate(branch.label).municipality(), Some(&code(seat)), "{}", branch.name);
    }
}

/// What geo says, municipality by municipality.
fn by_brute_force(boundaries: &Boundaries, point: Coord<f64>) -> BTreeMap<OfficeCode, bool> {
    let standing = boundaries.iter().map(|(code, shape)| (code.clone(), shape.coordinate_position(&point)));
    standing.filter(|(_, p)| *p != CoordPos::Outside).map(|(c, p)| (c, p == CoordPos::OnBoundary)).collect()
}

fn agrees_with_brute_force(locator: &Locator, boundaries: &Boundaries, lon: f64, lat: f64) {
    let expected = by_brute_force(boundaries, Coord { x: lon, y: lat });
    let place = locator.locate(Position::new(lat, lon).unwrap());
    let codes: Vec<_> = expected.keys().cloned().collect();
    match &place {
        Place::Inside { municipality } => {
            assert_eq!((codes, expected.values().any(|on| *on)), (vec![municipality.clone()], false), "{lat}, {lon}");
        }
        Place::OnBorder { municipality, others } => {
            let all: Vec<_> = std::iter::once(municipality).chain(others).cloned().collect();
            assert_eq!((codes, expected.values().any(|on| *on)), (all, true), "{lat}, {lon}");
        }
        Place::Outside { .. } => assert_eq!(codes, vec![], "{lat}, {lon}"),
    }
}

static SKETCH: std::sync::LazyLock<(Region, Locator)> = std::sync::LazyLock::new(|| {
    let region = Region::built_in().unwrap();
    let locator = Locator::new(&region);
    (region, locator)
});

proptest! {
    #[test]
    fn the_sketch_gives_the_same_answers_as_brute_force(
        // On the half cells, where many points lie exactly on borders and corners.
        x in 0_u32..400, y in 0_u32..300, corner in any::<prop::sample::Index>(),
    ) {
        let (region, locator) = &*SKETCH;
        agrees_with_brute_force(locator, region.boundaries(), 139.3 + f64::from(x) * 0.0025, 37.15 + f64::from(y) * 0.0025);
        let corners: Vec<_> = region.boundaries().values().flat_map(crate::geodata::rings::all).flat_map(|r| r.0.clone()).collect();
        let c = corner.get(&corners);
        agrees_with_brute_force(locator, region.boundaries(), c.x, c.y);
    }

    #[test]
    fn random_stars_give_the_same_answers_as_brute_force_in_any_order(
        radii in prop::collection::vec(1_u32..40, 3..40),
        points in prop::collection::vec((-50_i32..50, -50_i32..50), 20),
    ) {
        // A star around 140 E, 37 N with corners on a grid, a smaller star in it, and the ground between the two.
        let star = |shrink: f64| {
            let corner = |(n, r): (usize, &u32)| {
                let angle = n as f64 / radii.len() as f64 * std::f64::consts::TAU;
                let r = (f64::from(*r) + 8.0) * shrink;
                (140.0 + (r * angle.cos()).round() / 64.0, 37.0 + (r * angle.sin()).round() / 64.0)
            };
            ring(&radii.iter().enumerate().map(corner).collect::<Vec<_>>())
        };
        let outer = with_holes(star(1.0), vec![star(0.5)]);
        let shapes = boundaries(&[("99002", outer), ("99001", solid(star(0.5)))]);
        prop_assume!(shapes.values().all(|shape| crate::geodata::rings::check(shape).is_ok()));
        let locator = Locator::over(&shapes);
        let turned = Locator::over(shapes.iter().rev());
        for (x, y) in points {
            let (lon, lat) = (140.0 + f64::from(x) / 64.0, 37.0 + f64::from(y) / 64.0);
            agrees_with_brute_force(&locator, &shapes, lon, lat);
            let position = Position::new(lat, lon).unwrap();
            prop_assert_eq!(locator.locate(position), turned.locate(position));
        }
    }

    #[test]
    fn the_nearest_border_is_the_one_that_measuring_every_side_finds(lon in 139.0_f64..140.7, lat in 36.8_f64..38.2) {
        let (region, locator) = &*SKETCH;
        let position = Position::new(lat, lon).unwrap();
        if let Place::Outside { distance_m, .. } = locator.locate(position) {
            let mut least = f64::MAX;
            for line in region.boundaries().values().flat_map(crate::geodata::rings::all).flat_map(|ring| ring.lines()) {
                for step in 0..=50 {
                    let t = f64::from(step) / 50.0;
                    let (x, y) = (line.start.x + t * line.dx(), line.start.y + t * line.dy());
                    least = least.min(Position::new(y, x).unwrap().distance_m(position));
                }
            }
            // The steps along a side are at most 700 m apart, and the projection errs by at most 2 %.
            prop_assert!(distance_m <= least * 1.02 + 1.0, "{distance_m} {least}");
            prop_assert!(distance_m >= least - 400.0, "{distance_m} {least}");
        }
    }
}

#[test]
fn the_official_boundaries_give_the_same_answers_as_brute_force() {
    let Some(region) = official_aizu() else { return };
    let locator = Locator::new(&region);
    for n in 0..60_u32 {
        // Weyl sequence: spreads evenly without a random source.
        let (u, v) = ((f64::from(n) * 0.754_877_666).fract(), (f64::from(n) * 0.569_840_291).fract());
        agrees_with_brute_force(&locator, region.boundaries(), 139.36 + 0.93 * u, 37.21 + 0.65 * v);
    }
    let corners: Vec<_> =
        region.boundaries().values().flat_map(crate::geodata::rings::all).flat_map(|r| r.0.clone()).collect();
    for c in corners.iter().step_by(2_000) {
        agrees_with_brute_force(&locator, region.boundaries(), c.x, c.y);
    }
}

#[test]
fn every_designated_shelter_lies_in_its_own_municipality() {
    let (Some(shared), Some(region)) = (shared_data(), official_aizu()) else { return };
    let locator = Locator::new(&region);
    let (mut seen, mut astray) = (0, vec![]);
    for town in region.municipalities() {
        // 全国地方公共団体コード has a sixth, check digit: 11 minus the weighted sum of the five modulo 11, last digit.
        let digits = town.code.as_str().bytes().map(|b| u32::from(b - b'0'));
        let sum: u32 = digits.zip([6, 5, 4, 3, 2]).map(|(digit, weight)| digit * weight).sum();
        let file = format!("{}{}.json", town.code, (11 - sum % 11) % 10);
        for kind in ["emergency", "evacuation"] {
            let path = shared.join("shelters/gsi-fukushima").join(kind).join(&file);
            let collection: geojson::FeatureCollection =
                serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            for feature in &collection.features {
                let point = geo_types::Point::<f64>::try_from(feature.geometry.clone().unwrap()).unwrap();
                let place = locator.locate(Position::new(point.y(), point.x()).unwrap());
                seen += 1;
                if place.municipality() != Some(&town.code) {
                    astray.push(format!("{} {:?} {place:?}", town.name, feature.property("施設・場所名")));
                }
            }
        }
    }
    assert_eq!(seen, 559 + 393);
    assert!(astray.is_empty(), "{} astray:\n{}", astray.len(), astray.join("\n"));
}

/// `cargo test -p sokuho --release --lib locate::tests::prints -- --ignored --nocapture`
#[test]
#[ignore = "measures; run it in a release build"]
fn prints_how_long_an_answer_takes() {
    let Some(region) = official_aizu() else { return };
    let started = std::time::Instant::now();
    let locator = Locator::new(&region);
    println!("built in {:?}", started.elapsed());
    for (what, west, south, width, height) in
        [("over the region", 139.36, 37.21, 0.93, 0.65), ("2 degrees around", 138.4, 36.5, 3.0, 2.2)]
    {
        let point = |n: u32| {
            let (u, v) = ((f64::from(n) * 0.754_877_666).fract(), (f64::from(n) * 0.569_840_291).fract());
            Position::new(south + height * v, west + width * u).unwrap()
        };
        let started = std::time::Instant::now();
        let inside = (0..100_000).filter(|n| locator.locate(point(*n)).municipality().is_some()).count();
        println!("{what}: {:?} each, {inside} of 100000 inside", started.elapsed() / 100_000);
    }
}
