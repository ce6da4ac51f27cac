use std::collections::{BTreeMap, BTreeSet};

use geo::{Area, Validation};

use super::synthetic::{ring, solid, square, town, two_towns};
use super::verify::{self, Flaw};
use super::*;
use crate::geodata::rings;

fn verified(region: &Region) -> Result<(), Flaw> {
    verify::verify(&region.about, &region.offices, &region.boundaries)
}

fn code(text: &str) -> OfficeCode {
    text.parse().unwrap()
}

#[test]
fn the_built_in_region_is_official_aizu_thirteen_municipalities_and_six_branch_offices() {
    let region = Region::built_in().unwrap();
    assert_eq!(region.code(), "aizu");
    assert_eq!(region.municipalities().count(), 13);
    assert_eq!(region.offices().len(), 19);
    assert!(region.is_sketch());
    assert_eq!(region.edition(), "略図 2026-11");
    assert_eq!(region.office(&code("07421")).unwrap().name, "会津坂下町");
    assert!(region.offices().iter().all(|office| !office.kana.is_empty() && !office.english.is_empty()));
}

/// Facts of `offices.json` that only the sketch and its test need.
#[derive(serde::Deserialize)]
struct Facts {
    code: OfficeCode,
    area_km2: Option<f64>,
    extent: Option<Bounds>,
}

fn facts() -> BTreeMap<OfficeCode, (f64, Bounds)> {
    let all: Vec<Facts> = serde_json::from_str(include_str!("../../../data/region/aizu/offices.json")).unwrap();
    all.into_iter().filter_map(|f| Some((f.code, (f.area_km2?, f.extent?)))).collect()
}

/// Square kilometres of a shape that is small against the earth.
fn km2(shape: &MultiPolygon<f64>) -> f64 {
    use geo::MapCoords;
    const KM_PER_DEGREE: f64 = 6371.0088 * std::f64::consts::PI / 180.0;
    // Cylindrical equal-area projection (Lambert, 1772).
    let flat = shape.map_coords(|c| geo_types::Coord {
        x: c.x * KM_PER_DEGREE,
        y: c.y.to_radians().sin().to_degrees() * KM_PER_DEGREE,
    });
    flat.unsigned_area()
}

#[test]
fn the_sketch_has_the_areas_and_extents_of_the_facts() {
    let region = Region::built_in().unwrap();
    let mut total = 0.0;
    for (code, (area, extent)) in facts() {
        let shape = &region.boundaries()[&code];
        let drawn = km2(shape);
        total += drawn;
        assert!((drawn / area - 1.0).abs() < 0.03, "{code}: {drawn:.1} km² drawn, {area} in fact");
        let box_ = verify::envelope(shape).unwrap();
        for (drawn, fact) in
            [(box_.west, extent.west), (box_.south, extent.south), (box_.east, extent.east), (box_.north, extent.north)]
        {
            assert!((drawn - fact).abs() < 0.0101, "{code}: edge at {drawn} drawn, {fact} in fact");
        }
    }
    assert!((total / 3078.78 - 1.0).abs() < 0.005, "{total:.1} km²");
}

#[test]
fn in_the_sketch_exactly_the_neighbours_share_a_border() {
    let region = Region::built_in().unwrap();
    let sides = |shape: &MultiPolygon<f64>| -> BTreeSet<[(u64, u64); 2]> {
        let key = |c: geo_types::Coord<f64>| (c.x.to_bits(), c.y.to_bits());
        let lines = rings::all(shape).flat_map(|ring| ring.lines());
        lines
            .map(|l| if key(l.start) < key(l.end) { [key(l.start), key(l.end)] } else { [key(l.end), key(l.start)] })
            .collect()
    };
    for a in region.municipalities() {
        let mine = sides(&region.boundaries()[&a.code]);
        for b in region.municipalities().filter(|b| b.code != a.code) {
            let shared = mine.intersection(&sides(&region.boundaries()[&b.code])).count();
            assert_eq!(shared > 0, a.neighbours.contains(&b.code), "{} and {} share {shared} sides", a.name, b.name);
        }
    }
}

#[test]
fn the_sketch_is_valid_and_has_neither_gaps_nor_overlaps() {
    let region = Region::built_in().unwrap();
    for (code, shape) in region.boundaries() {
        shape.check_validation().unwrap_or_else(|error| panic!("{code}: {error}"));
    }
    let whole = geo::unary_union(region.boundaries().values());
    assert_eq!(whole.0.len(), 1, "one piece");
    assert_eq!(whole.0[0].interiors().len(), 0, "no gaps");
    let sum: f64 = region.boundaries().values().map(Area::unsigned_area).sum();
    assert!((whole.unsigned_area() - sum).abs() < 1e-6, "no overlaps");
}

#[test]
fn each_flaw_of_a_region_has_a_name() {
    assert_eq!(verified(&two_towns()), Ok(()));
    type Spoil = fn(&mut Region);
    let (west, east) = (code("99001"), code("99002"));
    let cases: Vec<(Spoil, Flaw)> = vec![
        (|r| r.offices[1].code = r.offices[0].code.clone(), Flaw::CodeTwice(west.clone())),
        (|r| drop(r.boundaries.remove(&code("99002"))), Flaw::NoBoundary(east.clone())),
        (
            |r| drop(r.boundaries.insert(code("99003"), solid(square(141.1, 37.1, 0.1)))),
            Flaw::StrayBoundary(code("99003")),
        ),
        (|r| r.offices.clear(), Flaw::NoMunicipality),
        (|r| r.offices[0].neighbours.push(code("99009")), Flaw::UnknownNeighbour(west.clone(), code("99009"))),
        (|r| r.offices[0].neighbours.push(code("99001")), Flaw::UnknownNeighbour(west.clone(), west.clone())),
        (|r| r.offices[1].neighbours.clear(), Flaw::OneSidedNeighbour(west.clone(), east.clone())),
        (|r| r.offices[0].label = Position::new(37.5, 140.75).unwrap(), Flaw::LabelOutside(west.clone())),
        (
            |r| drop(r.boundaries.insert(code("99001"), solid(square(140.0, 37.0, 1.0)))),
            Flaw::LabelTaken(east.clone(), west.clone()),
        ),
        (|r| r.about.bounds.west = 140.1, Flaw::OutOfBounds(west.clone())),
        (|r| r.about.bounds.south = f64::NAN, Flaw::BadBounds),
        (|r| r.about.centre = Position::new(35.0, 140.5).unwrap(), Flaw::BadBounds),
        (|r| r.about.code = "../x".to_owned(), Flaw::BadCode("../x".to_owned())),
        (|r| r.about.default_zoom = -1.0, Flaw::BadZoom(-1.0)),
        (|r| r.about.time_zone = "Asia Tokyo".to_owned(), Flaw::BadTimeZone("Asia Tokyo".to_owned())),
    ];
    for (spoil, flaw) in cases {
        let mut region = two_towns();
        spoil(&mut region);
        assert_eq!(verified(&region), Err(flaw));
    }
}

#[test]
fn rings_that_cross_or_run_along_each_other_are_flawed_and_touching_ones_are_not() {
    use rings::{RingFlaw, check};
    let bow_tie = solid(ring(&[(0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0)]));
    assert!(matches!(check(&bow_tie), Err(RingFlaw::Crossing { .. })));
    let spike = solid(ring(&[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (1.0, 2.0), (1.0, 1.0), (0.0, 1.0)]));
    assert!(matches!(check(&spike), Err(RingFlaw::Overlap { .. })));
    let twice = MultiPolygon(vec![solid(square(0.0, 0.0, 1.0)).0.remove(0), solid(square(0.0, 0.0, 1.0)).0.remove(0)]);
    assert!(matches!(check(&twice), Err(RingFlaw::Overlap { .. })));
    let flat = solid(ring(&[(0.0, 0.0), (1.0, 0.0)]));
    assert!(matches!(check(&flat), Err(RingFlaw::TooShort { .. })));
    let nan = solid(ring(&[(0.0, 0.0), (f64::NAN, 0.0), (1.0, 1.0)]));
    assert_eq!(check(&nan), Err(RingFlaw::NotFinite));
    assert_eq!(check(&MultiPolygon(vec![])), Err(RingFlaw::Empty));
    let corner_to_corner =
        MultiPolygon(vec![solid(square(0.0, 0.0, 1.0)).0.remove(0), solid(square(1.0, 1.0, 1.0)).0.remove(0)]);
    assert_eq!(check(&corner_to_corner), Ok(()));
}

#[test]
fn a_hole_outside_its_ring_is_flawed_and_dropped_and_a_lake_with_an_island_is_not() {
    use geo_types::Polygon;
    use rings::{RingFlaw, check, without_stray_holes};
    let ground = || square(0.0, 0.0, 10.0);
    // A lake, an island in it that touches its shore, and a pond on the island.
    let island = ring(&[(2.0, 5.0), (4.0, 4.0), (6.0, 5.0), (4.0, 6.0)]);
    let island = Polygon::new(island, vec![square(3.6, 4.8, 0.4)]);
    let sound = MultiPolygon(vec![Polygon::new(ground(), vec![square(2.0, 2.0, 6.0)]), island]);
    assert_eq!(check(&sound), Ok(()));
    assert_eq!(without_stray_holes(&sound), sound);
    // A lake whose corners all lie on the shore.
    let touching = ring(&[(0.0, 5.0), (5.0, 10.0), (10.0, 5.0), (5.0, 0.0)]);
    assert_eq!(check(&MultiPolygon(vec![Polygon::new(ground(), vec![touching])])), Ok(()));
    for stray in [square(20.0, 0.0, 1.0), square(-5.0, 4.0, 1.0), square(4.0, 4.0, 0.5)] {
        let flawed = MultiPolygon(vec![Polygon::new(ground(), vec![square(3.0, 3.0, 3.0), stray.clone()])]);
        let told = check(&flawed);
        assert!(matches!(told, Err(RingFlaw::StrayHole { .. })), "{stray:?}: {told:?}");
        let mended = crate::geodata::mend::mend(&flawed).unwrap();
        assert_eq!(check(&mended), Ok(()));
        assert!((mended.unsigned_area() - 91.0).abs() < 1e-9, "{mended:?}");
    }
}

fn bundle_copy() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["region.json", "offices.json", "boundaries.geojson", "SHA256SUMS"] {
        let bytes = bundle::Source::read(&bundle::BuiltIn, name).unwrap();
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

#[test]
fn a_region_in_a_folder_is_the_same_as_the_built_in_one() {
    let folder = bundle_copy();
    assert_eq!(Region::load(folder.path()).unwrap(), Region::built_in().unwrap());
}

#[test]
fn a_changed_or_missing_or_unlisted_file_of_a_bundle_is_refused_by_name() {
    let folder = bundle_copy();
    let offices = folder.path().join("offices.json");
    let text = std::fs::read_to_string(&offices).unwrap();
    std::fs::write(&offices, text.replace("会津若松市", "会津着松市")).unwrap();
    let error = Region::load(folder.path()).unwrap_err();
    assert!(matches!(&error, RegionError::Checksum { file, .. } if file == "offices.json"), "{error}");

    std::fs::write(folder.path().join("SHA256SUMS"), "").unwrap();
    let error = Region::load(folder.path()).unwrap_err();
    assert!(matches!(&error, RegionError::Checksum { expected, .. } if expected == "nothing"), "{error}");

    std::fs::remove_file(folder.path().join("SHA256SUMS")).unwrap();
    let error = Region::load(folder.path()).unwrap_err();
    assert!(matches!(&error, RegionError::Unreadable { file, .. } if file.ends_with("SHA256SUMS")), "{error}");
}

#[test]
fn a_sheet_with_an_open_ring_is_refused() {
    let sheet = |ring: &str| {
        format!(
            r#"{{"type":"FeatureCollection","sketch":true,"edition":"e","features":[{{"type":"Feature","properties":{{"code":"99001"}},"geometry":{{"type":"Polygon","coordinates":[{ring}]}}}}]}}"#
        )
    };
    assert!(boundary::read(sheet("[[140,37],[141,37],[141,38],[140,37]]").as_bytes()).is_ok());
    let error = boundary::read(sheet("[[140,37],[141,37],[141,38],[140,38]]").as_bytes()).unwrap_err();
    assert!(error.contains("not closed"), "{error}");
    assert!(boundary::read(b"{").is_err());
}

fn stored(data: &std::path::Path) -> PathBuf {
    let region = two_towns();
    let file = imported::path(data, region.code());
    let mut boundaries = region.boundaries.clone();
    let wider = ring(&[(139.5, 37.0), (140.5, 37.0), (140.5, 38.0), (139.5, 38.0)]);
    boundaries.insert(code("99001"), solid(wider));
    let origin =
        imported::Origin { edition: "N03 2024-01-01".into(), source: "x.zip".into(), source_sha256: "00".into() };
    imported::store(&file, &boundaries, &region.offices, &origin).unwrap();
    file
}

#[test]
fn imported_boundaries_take_the_place_of_the_sketch_and_widen_the_bounds() {
    let data = tempfile::tempdir().unwrap();
    let mut region = two_towns();
    assert!(region.clone().with_imported(data.path()).unwrap().is_sketch(), "nothing imported yet");
    stored(data.path());
    region.about.bounds.west = 140.0;
    let region = region.with_imported(data.path()).unwrap();
    assert!(!region.is_sketch());
    assert_eq!(region.edition(), "N03 2024-01-01");
    assert_eq!(region.attribution(), imported::ATTRIBUTION);
    assert!((region.bounds().west - 139.5).abs() < 1e-9);
}

#[test]
fn a_damaged_import_is_an_error_that_names_the_file() {
    let data = tempfile::tempdir().unwrap();
    let file = stored(data.path());
    let good = std::fs::read_to_string(&file).unwrap();
    for bad in [good.replace("139.5", "139.4"), good[..good.len() / 2].to_owned(), String::new()] {
        std::fs::write(&file, bad).unwrap();
        let error = two_towns().with_imported(data.path()).unwrap_err();
        assert!(matches!(&error, RegionError::DamagedImport { file: named, .. } if *named == file), "{error}");
    }
    std::fs::write(&file, &good).unwrap();
    let mut bigger = two_towns();
    bigger.offices.push(town("99003", "北町", (140.2, 38.2)));
    let error = bigger.with_imported(data.path()).unwrap_err();
    assert!(error.to_string().contains("99003"), "{error}");
}
