use std::io::Write as _;

use geo_types::Geometry;
use serde_json::{Value, json};

use super::super::edition::Edition;
use super::super::{InForce, folder};
use super::*;

mod told;

use crate::domain::position::Position;
use crate::geodata::GeodataError;
use crate::region::synthetic::shared_data;

fn square(west: f64, south: f64, side: f64) -> Value {
    let (east, north) = (west + side, south + side);
    json!([[west, south], [east, south], [east, north], [west, north], [west, south]])
}

fn feature(properties: Value, rings: Value) -> Value {
    json!({"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": rings}})
}

fn collection(features: &[Value]) -> String {
    json!({"type": "FeatureCollection", "features": features}).to_string()
}

/// A data folder and files to import into it.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn read(&self, files: &[PathBuf], mapping: Mapping) -> Result<Finished, HazardError> {
        let number = std::cell::Cell::new(0);
        let mut id = || {
            number.set(number.get() + 1);
            Uuid::from_u128(number.get())
        };
        read(files, &self.data(), (mapping, Origin::default()), Timestamp::UNIX_EPOCH, &mut id, &mut |_| {})
    }

    /// Imports and puts in force.
    fn import(&self, files: &[PathBuf]) -> Result<Counts, HazardError> {
        let finished = self.read(files, Mapping::default())?;
        for (about, file) in finished.editions() {
            folder::put_in_force(&self.data(), file, &about.layer)?;
        }
        Ok(finished.counts.clone())
    }

    fn in_force(&self) -> InForce {
        InForce::load(&self.data(), "elsewhere").unwrap()
    }

    /// Layer and class of all zones at a place.
    fn at(&self, lat: f64, lon: f64) -> Vec<String> {
        let zones = self.in_force().at(Position::new(lat, lon).unwrap());
        zones.iter().map(|tag| format!("{} {}", tag.layer, tag.class)).collect()
    }

    fn files_left(&self) -> Vec<String> {
        let entries = std::fs::read_dir(folder::path(&self.data())).into_iter().flatten();
        let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| name != "import.lock");
        names.sort();
        names
    }
}

/// Fields and codes as the ministry documents them (data/hazard/layers.json names the pages).
#[test]
fn the_fields_of_all_years_name_layer_and_class() {
    let desk = Desk::new();
    let cases = [
        (json!({"A31_205": 3}), "flood-max 3"),
        (json!({"A31a_205": "4"}), "flood-max 4"),
        (json!({"A31b_201": 1}), "flood-max 1"),
        (json!({"A31_105": 2}), "flood-planned 2"),
        (json!({"A31a_105": 2}), "flood-planned 2"),
        (json!({"A31b_101": 2.0}), "flood-planned 2"),
        (json!({"A31a_305": 7}), "flood-duration 7"),
        (json!({"A31b_301": 1}), "flood-duration 1"),
        (json!({"A31_001": 14}), "flood-2012 14"),
        (json!({"A31_001": 24}), "flood-2012 24"),
        (json!({"A33_001": 2, "A33_002": 2}), "landslide debris-special"),
        (json!({"A33_001": "1", "A33_002": "3"}), "landslide steep-warning"),
        (json!({"A33_001": "地すべり", "A33_002": "土砂災害警戒区域(指定済)"}), "landslide slide-warning"),
        (json!({"A26_001": 1, "A26_002": "07"}), "landslide-places 1"),
        (json!({"A26_001": "10"}), "landslide-places 10"),
        (json!({"A26_001": 11}), "avalanche danger"),
        (json!({"A40_003": "2m以上 ～ 5m未満"}), "tsunami 2-5"),
        (json!({"A51_005": "0.3m未満"}), "inland-flood 0-0.3"),
        (json!({"A51_005": "0.3m以上0.5m未満"}), "inland-flood 0.3-0.5"),
        (json!({"A51_005": "0.5m以上1m未満"}), "inland-flood 0.5-1"),
        (json!({"A51_005": "1m以上3m未満"}), "inland-flood 1-3"),
        (json!({"A51_005": "3m以上5m未満"}), "inland-flood 3"),
        (json!({"A51_005": "10m以上20m未満"}), "inland-flood 5"),
        (json!({"A51_005": "20m以上"}), "inland-flood 6"),
        (json!({"A49_003": "0.3m未満"}), "storm-surge 0-0.3"),
        (json!({"A49_003": "1m以上3m未満"}), "storm-surge 1-3"),
        (json!({"A48_007": 6}), "danger-area 6"),
        (json!({"layer": "avalanche", "class": "danger"}), "avalanche danger"),
    ];
    for (properties, expected) in cases {
        let file =
            desk.file("a.geojson", collection(&[feature(properties.clone(), json!([square(140.0, 37.0, 0.1)]))]));
        let _ = std::fs::remove_dir_all(desk.data());
        let counts = desk.import(&[file]).unwrap_or_else(|error| panic!("{properties}: {error}"));
        assert!(counts.unknown.is_empty(), "{properties}");
        assert_eq!(desk.at(37.05, 140.05), [expected], "{properties}");
    }
    for (name, expected) in
        [("A31a-22_41_07.geojson", "flood-collapse flow"), ("家屋倒壊_河岸侵食.geojson", "flood-collapse erosion")]
    {
        let file = desk.file(name, collection(&[feature(json!({"A31a_405": 1}), json!([square(140.0, 37.0, 0.1)]))]));
        let _ = std::fs::remove_dir_all(desk.data());
        desk.import(&[file]).unwrap();
        assert_eq!(desk.at(37.05, 140.05), [expected]);
    }
}

#[test]
fn of_zones_upon_each_other_the_deepest_counts_and_what_tells_of_other_things_stays() {
    let desk = Desk::new();
    let zone = |properties, side| feature(properties, json!([square(140.0, 37.0, side)]));
    let features = [
        zone(json!({"A31_205": 4}), 0.1),
        zone(json!({"A31_205": 2}), 0.2),
        zone(json!({"A33_001": 2, "A33_002": 1}), 0.2),
        zone(json!({"A33_001": 2, "A33_002": 2}), 0.1),
        zone(json!({"A33_001": 1, "A33_002": 1}), 0.2),
    ];
    desk.import(&[desk.file("A31-20_07.geojson", collection(&features))]).unwrap();
    assert_eq!(desk.at(37.05, 140.05), ["flood-max 4", "landslide debris-special", "landslide steep-warning"]);
    assert_eq!(desk.at(37.15, 140.15), ["flood-max 2", "landslide debris-warning", "landslide steep-warning"]);
    assert_eq!(desk.at(37.2, 140.2).len(), 3, "the corner belongs to the zone");
    assert!(desk.at(37.21, 140.2).is_empty());
    let in_force = desk.in_force();
    let about = in_force.layers()[0].about();
    assert_eq!((about.edition.as_str(), about.source.as_str(), about.zones), ("A31 2020", "A31-20_07.geojson", 2));
    assert_eq!(about.source_sha256.len(), 64);
    assert_eq!(about.attribution, "国土数値情報（洪水浸水想定区域データ）（国土交通省）を加工して作成");
}

/// 国土数値情報 A26: places with danger of landslides and those with danger of avalanches in one file, as areas, lines and
/// points.
#[test]
fn a_file_of_two_layers_gives_each_its_own_and_what_is_no_area_is_refused_alone() {
    let desk = Desk::new();
    let zone = |code: Value, west: f64| feature(json!({"A26_001": code}), json!([square(west, 37.0, 0.1)]));
    let course = json!({"type": "Feature", "properties": {"A26_001": 3},
        "geometry": {"type": "LineString", "coordinates": [[140.0, 37.0], [140.1, 37.1]]}});
    let features =
        [zone(json!(5), 140.0), zone(json!(11), 140.0), zone(json!(12), 140.2), zone(json!(null), 140.4), course];
    let counts = desk.import(&[desk.file("A26-10_07.geojson", collection(&features))]).unwrap();
    assert_eq!(desk.at(37.05, 140.05), ["avalanche danger", "landslide-places 5"]);
    assert_eq!(counts.unknown["landslide-places"]["12"], 1);
    let reasons: Vec<&str> = counts.refusals.iter().map(|refusal| refusal.reason.as_str()).collect();
    assert_eq!(reasons, ["it does not say of which class it is", "a zone is a polygon; this is none"]);
    let in_force = desk.in_force();
    let about = in_force.layers()[0].about();
    assert_eq!((about.layer.as_str(), about.edition.as_str()), ("avalanche", "A26 2010"));
    assert_eq!(about.attribution, "国土数値情報（土砂災害危険箇所データ）（国土交通省）を加工して作成");
}

#[test]
fn unknown_codes_are_kept_and_shown_as_unknown_and_depths_in_words_are_kept_whatever_the_legend_says() {
    let desk = Desk::new();
    let features = [
        feature(json!({"A31_205": 9}), json!([square(140.0, 37.0, 0.1)])),
        feature(json!({"A40_003": "7m以上9m未満"}), json!([square(140.0, 37.0, 0.1)])),
        feature(json!({"A40_003": "深い"}), json!([square(140.5, 37.0, 0.1)])),
    ];
    let counts = desk.import(&[desk.file("a.geojson", collection(&features))]).unwrap();
    assert_eq!(counts.unknown["flood-max"]["9"], 1);
    let zones = desk.in_force().at(Position::new(37.05, 140.05).unwrap());
    assert_eq!((zones[0].class.as_str(), zones[0].depth), ("9", None));
    assert!(zones[0].name.contains("区分不明"), "{}", zones[0].name);
    assert_eq!(zones[1].depth.unwrap().max_m(), Some(9.0));
    assert_eq!(desk.at(37.05, 140.55), ["tsunami 深い"]);
}

#[test]
fn bad_features_are_refused_one_by_one_with_the_reason_and_the_others_are_in_force() {
    let desk = Desk::new();
    let of = |rings: Value| feature(json!({"A31_205": 1}), rings);
    // Most of its ground is gone around twice.
    let star = json!([[[140.5, 38.0], [140.2, 37.1], [141.0, 37.65], [140.0, 37.65], [140.8, 37.1], [140.5, 38.0]]]);
    let bow_tie = json!([[[140.0, 37.0], [140.5, 38.0], [140.5, 37.0], [140.0, 38.0], [140.0, 37.0]]]);
    let spike = json!([[
        [140.0, 37.0],
        [140.5, 37.0],
        [140.5, 38.0],
        [140.3, 38.0],
        [140.3, 38.1],
        [140.3, 38.0],
        [140.0, 38.0],
        [140.0, 37.0]
    ]]);
    let open = json!([[[140.0, 37.0], [140.5, 37.0], [140.5, 38.0], [140.0, 38.0]]]);
    let features = [
        of(star),
        of(json!([])),
        of(json!([square(140.0, 37.0, 1e-9)])),
        json!({"type": "Feature", "properties": {"A31_205": 1}, "geometry": null}),
        json!({"type": "Feature", "properties": {"A31_205": 1}, "geometry": {"type": "LineString", "coordinates": [[140.0, 37.0], [140.1, 37.1]]}}),
        feature(json!({"A31_205": null}), json!([square(140.0, 37.0, 0.1)])),
        feature(json!({"something": "else"}), json!([square(140.0, 37.0, 0.1)])),
        of(spike),
        of(open),
        of(bow_tie),
        of(json!([square(140.0, 37.0, 0.1)])),
    ];
    let counts = desk.import(&[desk.file("a.geojson", collection(&features))]).unwrap();
    assert_eq!((counts.features, counts.ignored, counts.refused, counts.mended), (11, 1, 6, 3));
    let reasons: Vec<(usize, &str)> = counts.refusals.iter().map(|r| (r.feature, r.reason.as_str())).collect();
    let expected = ["rings cross", "empty", "smaller", "no geometry", "polygon", "which class"];
    for ((at, reason), (number, word)) in reasons.iter().zip(expected.iter().enumerate()) {
        assert!(*at == number && reason.contains(word), "{at}: {reason}");
    }
    assert_eq!(desk.in_force().len(), 4);
}

#[test]
fn control_characters_and_direction_marks_do_not_get_into_a_class_and_its_zone_stays() {
    let desk = Desk::new();
    let of = |class: &str, west: f64| feature(json!({ "A40_003": class }), json!([square(west, 37.0, 0.1)]));
    let features = [of("深\u{0}い", 140.0), of("\u{202e}い深", 140.5), of("\u{0}\u{202e}", 141.0)];
    let counts = desk.import(&[desk.file("a.geojson", collection(&features))]).unwrap();
    assert_eq!((counts.mended, counts.refused), (2, 1));
    let told = counts.to_string();
    for line in [
        r#"mended: a.geojson, feature 1: control"#,
        r#"class "深\0い""#,
        r#"class "\u{202e}い深""#,
        "refused: a.geojson, feature 3",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    assert_eq!([desk.at(37.05, 140.05), desk.at(37.05, 140.55)], [["tsunami 深い"], ["tsunami い深"]]);
    assert!(desk.at(37.05, 141.05).is_empty());
}

#[test]
fn a_file_that_is_refused_leaves_the_edition_before_in_force_and_nothing_behind() {
    let desk = Desk::new();
    let good = collection(&[feature(json!({"A31_205": 1}), json!([square(140.0, 37.0, 0.1)]))]);
    desk.import(&[desk.file("good.geojson", &good)]).unwrap();
    let before = std::fs::read(folder::file(&desk.data(), "flood-max")).unwrap();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(vec![]));
    zip.start_file("a.geojson", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(good.as_bytes()).unwrap();
    let zip = zip.finish().unwrap().into_inner();
    let mut bomb = zip::ZipWriter::new(std::io::Cursor::new(vec![]));
    bomb.start_file("a.geojson", zip::write::SimpleFileOptions::default()).unwrap();
    bomb.write_all(&vec![b' '; 1 << 20]).unwrap();
    let mut bomb = bomb.finish().unwrap().into_inner();
    // What the directory says of its size.
    let entry = bomb.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap();
    bomb[entry + 24..entry + 28].copy_from_slice(&(257_u32 << 20).to_le_bytes());
    let swapped = collection(&[feature(
        json!({"A31_205": 1}),
        json!([[[37.0, 140.0], [37.1, 140.0], [37.1, 140.1], [37.0, 140.0]]]),
    )]);
    let plane =
        good.replacen('{', r#"{"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::6677"}}, "#, 1);
    let sjis = encoding_rs::SHIFT_JIS.encode(&good.replace("A31_205\":1", "A31_205\":\"洪水\"")).0.into_owned();
    let late = format!("{} and more", good);
    type Is = fn(&GeodataError) -> bool;
    let cases: [(&str, &[u8], Is); 9] = [
        ("cut.geojson", &good.as_bytes()[..good.len() - 9], |e| matches!(e, GeodataError::Malformed { .. })),
        ("late.geojson", late.as_bytes(), |e| matches!(e, GeodataError::Malformed { .. })),
        ("sjis.geojson", &sjis, |e| matches!(e, GeodataError::Malformed { .. })),
        ("cut.zip", &zip[..zip.len() - 9], |e| matches!(e, GeodataError::DamagedArchive(_))),
        ("bomb.zip", &bomb, |e| matches!(e, GeodataError::UnpacksTooLarge(_))),
        ("swapped.geojson", swapped.as_bytes(), |e| matches!(e, GeodataError::SwappedAxes { feature: 0 })),
        ("plane.geojson", plane.as_bytes(), |e| matches!(e, GeodataError::WrongCrs(name) if name.ends_with("6677"))),
        ("a.gpkg", b"SQLite format 3", |e| matches!(e, GeodataError::Malformed { .. })),
        ("nothing.shp", b"", |e| matches!(e, GeodataError::MissingPart(_))),
    ];
    for (name, bytes, is_it) in cases {
        // Behind a good file: what was read of that does not come into force either.
        let files = [desk.file("good.geojson", &good), desk.file(name, bytes)];
        let error = desk.import(&files).unwrap_err();
        assert!(
            matches!(&error, HazardError::File { file, cause } if file.ends_with(name) && is_it(cause)),
            "{name}: {error:?}"
        );
        assert_eq!(desk.files_left(), ["flood-max.zones"], "{name}");
        assert_eq!(std::fs::read(folder::file(&desk.data(), "flood-max")).unwrap(), before);
    }
    let nothing = desk.file("n.geojson", collection(&[feature(json!({"a": 1}), json!([square(140.0, 37.0, 0.1)]))]));
    assert!(matches!(
        desk.import(std::slice::from_ref(&nothing)),
        Err(HazardError::NoZones(counts)) if (counts.features, counts.refused) == (1, 0)
    ));
    let mapping = Mapping { layer: Some("lava".to_owned()), ..Mapping::default() };
    assert!(matches!(desk.read(&[nothing], mapping), Err(HazardError::UnknownLayer(..))));
    let _held = lock(&folder::path(&desk.data())).unwrap();
    assert!(matches!(desk.import(&[desk.file("good.geojson", &good)]), Err(HazardError::Busy(_))));
}

/// Shape, index and table of one zone whose two fields are these texts in bytes.
fn shapefile_parts(kind: &[u8], state: &[u8]) -> [Vec<u8>; 3] {
    let (mut shp, mut shx) = (std::io::Cursor::new(vec![]), std::io::Cursor::new(vec![]));
    let corners = [(140.0, 37.0), (140.0, 37.1), (140.1, 37.1), (140.1, 37.0), (140.0, 37.0)];
    let ring = corners.map(|(x, y)| shapefile::Point::new(x, y)).to_vec();
    let zone = shapefile::Polygon::new(shapefile::PolygonRing::Outer(ring));
    shapefile::ShapeWriter::with_shx(&mut shp, &mut shx).write_shapes(&vec![zone]).unwrap();
    let mut dbf = vec![3, 0, 0, 0, 1, 0, 0, 0, 97, 0, 81, 0];
    dbf.resize(32, 0);
    for name in [b"A33_001", b"A33_002"] {
        let begin = dbf.len();
        dbf.extend(name);
        dbf.resize(begin + 11, 0);
        dbf.extend(b"C\0\0\0\0\x28");
        dbf.resize(begin + 32, 0);
    }
    dbf.extend(b"\x0d ");
    for field in [kind, state] {
        let begin = dbf.len();
        dbf.extend(field);
        dbf.resize(begin + 40, b' ');
    }
    [shp.into_inner(), shx.into_inner(), dbf]
}

#[test]
fn a_shapefile_without_its_coordinates_is_read_and_one_that_lacks_a_part_or_is_no_text_is_refused_by_name() {
    let desk = Desk::new();
    let (kind, state) = ("地すべり", "土砂災害警戒区域(指定済)");
    let sjis = |text: &str| encoding_rs::SHIFT_JIS.encode(text).0.into_owned();
    let [shp, shx, dbf] = shapefile_parts(&sjis(kind), &sjis(state));
    let file = desk.file("A33-24_07.shp", &shp);
    let error = desk.import(std::slice::from_ref(&file)).unwrap_err();
    assert!(error.to_string().ends_with("A33-24_07.shp: the Shapefile's .shx is missing"), "{error}");
    desk.file("A33-24_07.shx", &shx);
    let error = desk.import(std::slice::from_ref(&file)).unwrap_err();
    assert!(error.to_string().ends_with("A33-24_07.shp: the Shapefile's .dbf is missing"), "{error}");
    desk.file("A33-24_07.dbf", &dbf);
    desk.import(std::slice::from_ref(&file)).unwrap();
    assert_eq!(desk.at(37.05, 140.05), ["landslide slide-warning"]);
    let before = std::fs::read(folder::file(&desk.data(), "landslide")).unwrap();

    desk.file("A33-24_07.prj", r#"PROJCS["JGD_2011_Japan_Zone_9",GEOGCS["GCS_JGD_2011"]]"#);
    let error = desk.import(std::slice::from_ref(&file)).unwrap_err();
    assert!(error.to_string().contains("the coordinates are in JGD_2011_Japan_Zone_9"), "{error}");
    desk.file("A33-24_07.prj", r#"GEOGCS["Tokyo",DATUM["D_Tokyo"]]"#);
    let error = desk.import(std::slice::from_ref(&file)).unwrap_err();
    assert!(error.to_string().contains("the coordinates are in Tokyo"), "{error}");
    desk.file("A33-24_07.prj", r#"GEOGCS["GCS_JGD_2011",DATUM["D_JGD_2011"]]"#);
    // Neither UTF-8 nor Shift_JIS.
    desk.file("A33-24_07.dbf", &shapefile_parts(&[0xff, 0xfe, 0x80], b"1")[2]);
    let error = desk.import(std::slice::from_ref(&file)).unwrap_err();
    assert!(matches!(&error, HazardError::NotText { file, feature: 0 } if file == "A33-24_07.shp"), "{error:?}");
    desk.file("A33-24_07.dbf", &dbf[..dbf.len() - 30]);
    let error = desk.import(std::slice::from_ref(&file)).unwrap_err();
    assert!(error.to_string().contains("the table is cut short"), "{error}");
    assert_eq!(desk.files_left(), ["landslide.zones"]);
    assert_eq!(std::fs::read(folder::file(&desk.data(), "landslide")).unwrap(), before);
    // As it comes from the ministry, and where nothing declares the encoding UTF-8 too.
    desk.file("A33-24_07.dbf", &shapefile_parts(kind.as_bytes(), state.as_bytes())[2]);
    desk.import(&[file]).unwrap();
    assert_eq!(desk.at(37.05, 140.05), ["landslide slide-warning"]);
}

#[test]
fn what_a_killed_import_has_left_goes_with_the_next() {
    let desk = Desk::new();
    let good = collection(&[feature(json!({"A31_205": 1}), json!([square(140.0, 37.0, 0.1)]))]);
    desk.import(&[desk.file("good.geojson", &good)]).unwrap();
    for left in ["tsunami.new", "unpacked-1-0.part"] {
        std::fs::write(folder::path(&desk.data()).join(left), "half").unwrap();
    }
    desk.import(&[desk.file("good.geojson", &good)]).unwrap();
    assert_eq!(desk.files_left(), ["flood-max.zones"]);
}

#[test]
fn a_value_too_long_for_a_class_is_refused_and_not_put_into_the_legend() {
    let desk = Desk::new();
    let zone = |class: &str| feature(json!({"A31_205": class}), json!([square(140.0, 37.0, 0.1)]));
    let features = [zone(&"深".repeat(100)), zone(&"x".repeat(256)), zone("1")];
    let counts = desk.import(&[desk.file("a.geojson", collection(&features))]).unwrap();
    assert_eq!((counts.refused, counts.refusals[0].feature), (1, 0));
    assert!(counts.refusals[0].reason.contains("more than 256 bytes"), "{:?}", counts.refusals);
    assert_eq!(desk.in_force().len(), 2);
}

#[test]
fn a_damaged_edition_is_an_error_and_not_a_map_without_danger() {
    let desk = Desk::new();
    let good = collection(&[feature(json!({"A31_205": 1}), json!([square(140.0, 37.0, 0.1)]))]);
    desk.import(&[desk.file("good.geojson", &good)]).unwrap();
    let file = folder::file(&desk.data(), "flood-max");
    let bytes = std::fs::read(&file).unwrap();
    for at in [0, 9, bytes.len() / 2, bytes.len() - 1] {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        std::fs::write(&file, &damaged).unwrap();
        assert!(matches!(InForce::load(&desk.data(), "x"), Err(HazardError::Damaged { .. })), "{at}");
        std::fs::write(&file, &bytes[..at]).unwrap();
        assert!(matches!(InForce::load(&desk.data(), "x"), Err(HazardError::Damaged { .. })), "cut at {at}");
    }
}

#[test]
fn the_demonstration_is_in_force_where_nothing_is_imported_and_says_of_itself_that_it_is_invented() {
    let desk = Desk::new();
    let demo = InForce::load(&desk.data(), "aizu").unwrap();
    let layers: Vec<&str> = demo.layers().iter().map(|layer| layer.about().layer.as_str()).collect();
    assert_eq!(layers, ["flood-max", "flood-planned", "flood-collapse", "landslide", "avalanche"]);
    assert!(
        demo.layers().iter().all(|layer| layer.about().demonstration && layer.about().edition.contains("架空・訓練用"))
    );
    assert_eq!(demo.len(), 117, "none is refused");
    assert!(demo.layers().iter().all(|layer| layer.about().classes.iter().all(|legend| legend.known)));
    let river = demo.at(Position::new(37.5, 139.895).unwrap());
    assert!(river.iter().any(|tag| tag.layer == "flood-max" && tag.class == "4" && tag.demonstration), "{river:?}");
    let good = collection(&[feature(json!({"A31_205": 1}), json!([square(140.0, 37.0, 0.1)]))]);
    desk.import(&[desk.file("good.geojson", &good)]).unwrap();
    assert_eq!(InForce::load(&desk.data(), "aizu").unwrap().len(), 1, "what is real takes the place of it all");
    assert!(InForce::load(&Desk::new().data(), "elsewhere").unwrap().is_empty());
}

#[test]
fn real_files_are_imported_and_answer_as_their_polygons_say() {
    let Some(shared) = shared_data() else { return };
    let desk = Desk::new();
    let folder = shared.join("hazard");
    let files = [
        ("ksj-a31/A31-20-21_8303040032.geojson", 75, 0),
        ("plateau/A33-schema_numazu-523856.geojson", 234, 1),
        ("plateau/A31a-schema_kanogawa_l2_52385628.geojson", 12, 0),
    ];
    for (name, features, at_most_bad) in files {
        let counts = desk.import(&[folder.join(name)]).unwrap();
        assert_eq!(counts.features, features, "{name}");
        assert!(counts.refused + counts.mended <= features && counts.refused <= at_most_bad, "{name}: {counts:?}");
    }
    let mapping = Mapping { layer: Some("tsunami".to_owned()), class_field: Some("rank".to_owned()), class: None };
    let tsunami = desk.read(&[folder.join("plateau/A40-schema_tsunami_numazu_22_4.geojson")], mapping).unwrap();
    assert_eq!(tsunami.editions[0].0.zones, 231);
    assert_eq!(tsunami.counts.unknown["tsunami"].len(), 4, "ranks without a schema are kept as they are");
    drop(tsunami);
    // A point within each zone as published lies in a zone of the same layer.
    let text = std::fs::read_to_string(folder.join(files[1].0)).unwrap();
    let published: geojson::FeatureCollection = text.parse().unwrap();
    let in_force = desk.in_force();
    let inside = published.features.iter().filter(|feature| {
        let shape: Geometry<f64> = feature.geometry.as_ref().unwrap().try_into().unwrap();
        let point = geo::InteriorPoint::interior_point(&shape).unwrap();
        in_force.at(Position::new(point.y(), point.x()).unwrap()).iter().any(|tag| tag.layer == "landslide")
    });
    let inside = inside.count();
    assert!(inside >= 233, "one of them is invalid as published: {inside} of 234");
    assert!(Edition::open(&folder::file(&desk.data(), "landslide")).unwrap().zones().all(|zone| zone.is_ok()));
}
