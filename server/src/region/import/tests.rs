use std::io::{Cursor, Write as _};

use serde_json::json;
use shapefile::dbase::{FieldName, FieldValue, Record, TableWriterBuilder};

use super::*;
use crate::region::synthetic::{official_aizu, ring, shared_data, solid, two_towns};

fn coordinates(ring: &[(f64, f64)]) -> serde_json::Value {
    let mut ring: Vec<_> = ring.iter().map(|(x, y)| json!([x, y])).collect();
    ring.push(ring[0].clone());
    json!([ring])
}

const WEST: [(f64, f64); 4] = [(140.0, 37.0), (140.5, 37.0), (140.5, 38.0), (140.0, 38.0)];
const EAST: [(f64, f64); 4] = [(140.5, 37.0), (141.0, 37.0), (141.0, 38.0), (140.5, 38.0)];
const ISLAND: [(f64, f64); 4] = [(141.2, 37.0), (141.3, 37.0), (141.3, 37.1), (141.2, 37.1)];

fn feature(code: serde_json::Value, name: &str, ring: &[(f64, f64)]) -> serde_json::Value {
    json!({"type": "Feature", "properties": {"N03_004": name, "N03_007": code},
        "geometry": {"type": "Polygon", "coordinates": coordinates(ring)}})
}

fn collection(features: Vec<serde_json::Value>) -> serde_json::Value {
    json!({"type": "FeatureCollection", "features": features})
}

fn good() -> serde_json::Value {
    collection(vec![
        feature(json!("99001"), "西村", &WEST),
        feature(json!(99002), "東町", &EAST),
        feature(json!("99002"), "東町", &ISLAND),
        feature(json!("99999"), "よそ", &[(139.0, 37.0), (139.5, 37.0), (139.5, 38.0)]),
        feature(json!(null), "所属未定地", &[(141.5, 37.0), (141.6, 37.0), (141.6, 37.1)]),
    ])
}

/// Imports bytes as a file of this name into an empty data folder.
fn import_bytes(name: &str, bytes: &[u8]) -> Result<(ImportReport, Region), ImportError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    std::fs::write(&file, bytes).unwrap();
    let data = folder.path().join("data");
    let report = import(&file, &two_towns(), &data);
    if report.is_err() {
        assert!(!data.exists(), "a refusal writes nothing");
    }
    report.map(|report| (report, two_towns().with_imported(&data).unwrap()))
}

fn refusal(content: &serde_json::Value) -> ImportError {
    import_bytes("N03.geojson", content.to_string().as_bytes()).unwrap_err()
}

#[test]
fn geojson_is_imported_with_parts_merged_and_other_municipalities_ignored() {
    let (report, region) = import_bytes("N03-20240101_99.geojson", good().to_string().as_bytes()).unwrap();
    assert_eq!((report.municipalities, report.features, report.ignored), (2, 3, 2));
    assert_eq!(report.edition, "N03 2024-01-01");
    assert_eq!(report.repaired, vec![]);
    assert_eq!(region.boundaries()[&"99002".parse().unwrap()].0.len(), 2, "mainland and island");
    assert!(!region.is_sketch());
}

#[test]
fn a_second_import_that_fails_leaves_the_first_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("N03.json");
    std::fs::write(&file, good().to_string()).unwrap();
    let first = import(&file, &two_towns(), folder.path()).unwrap();
    let before = std::fs::read(&first.written).unwrap();
    std::fs::write(&file, "{").unwrap();
    assert!(import(&file, &two_towns(), folder.path()).is_err());
    assert_eq!(std::fs::read(&first.written).unwrap(), before);
    let left: Vec<_> = std::fs::read_dir(first.written.parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 1, "no temporary file is left");
}

#[test]
fn each_thing_wrong_with_geojson_has_a_name() {
    let error = refusal(&collection(vec![feature(json!("99001"), "西村", &WEST)]));
    assert!(matches!(&error, ImportError::MissingMunicipality(m) if m == &["99002 東町"]), "{error}");

    let mut projected = good();
    projected["crs"] = json!({"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::6677"}});
    assert!(matches!(refusal(&projected), ImportError::File(GeodataError::WrongCrs(name)) if name.ends_with("6677")));

    let swapped: Vec<_> = WEST.iter().map(|(x, y)| (*y, *x)).collect();
    let error = refusal(&collection(vec![feature(json!("99001"), "西村", &swapped)]));
    assert!(matches!(error, ImportError::File(GeodataError::SwappedAxes { feature: 0 })), "{error}");

    let metres: Vec<_> = WEST.iter().map(|(x, y)| (x * 1000.0, y * 1000.0)).collect();
    let error = refusal(&collection(vec![feature(json!("99001"), "西村", &metres)]));
    assert!(matches!(error, ImportError::File(GeodataError::NotDegrees { .. })), "{error}");

    let mut garbled = good();
    garbled["features"][0]["properties"]["N03_004"] = json!("隘ｿ譚�");
    assert!(matches!(refusal(&garbled), ImportError::WrongName { .. }));

    let mut nameless = good();
    for feature in nameless["features"].as_array_mut().unwrap() {
        feature["properties"] = json!({"cityname": "西村"});
    }
    assert!(matches!(refusal(&nameless), ImportError::NoCodes));

    // More than a tenth of its ground is gone around twice.
    let star = [(140.5, 38.0), (140.2, 37.1), (141.0, 37.65), (140.0, 37.65), (140.8, 37.1)];
    let error =
        refusal(&collection(vec![feature(json!("99001"), "西村", &star), feature(json!("99002"), "東町", &EAST)]));
    assert!(matches!(&error, ImportError::Unsound { code, .. } if code.as_str() == "99001"), "{error}");

    let shifted: Vec<_> = WEST.iter().map(|(x, y)| (x - 1.0, *y)).collect();
    let error =
        refusal(&collection(vec![feature(json!("99001"), "西村", &shifted), feature(json!("99002"), "東町", &EAST)]));
    assert!(matches!(error, ImportError::Unfit(Flaw::LabelOutside(_))), "{error}");

    let sjis = encoding_rs::SHIFT_JIS.encode(&good().to_string()).0.into_owned();
    assert!(matches!(import_bytes("a.geojson", &sjis), Err(ImportError::File(GeodataError::Malformed { .. }))));
    assert!(matches!(import_bytes("a.gml", b"<gml/>"), Err(ImportError::File(GeodataError::UnknownKind(_)))));
    assert!(matches!(import_bytes("a.geojson", b""), Err(ImportError::File(GeodataError::Malformed { .. }))));
}

#[test]
fn geojson_that_names_geographic_coordinates_is_taken() {
    for crs in
        ["urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:EPSG::6668", "EPSG:4326", "urn:ogc:def:crs:EPSG::4612"]
    {
        let mut content = good();
        content["crs"] = json!({"type": "name", "properties": {"name": crs}});
        let bytes = [b"\xef\xbb\xbf", content.to_string().as_bytes()].concat();
        import_bytes("N03.geojson", &bytes).unwrap_or_else(|error| panic!("{crs}: {error}"));
    }
}

#[test]
fn a_spike_is_mended_and_reported_and_parts_that_share_a_side_become_one() {
    let spike =
        [(140.0, 37.0), (140.5, 37.0), (140.5, 38.0), (140.3, 38.0), (140.3, 38.1), (140.3, 38.0), (140.0, 38.0)];
    let lower = [(140.5, 37.0), (141.0, 37.0), (141.0, 37.6), (140.5, 37.6)];
    let upper = [(140.5, 37.6), (141.0, 37.6), (141.0, 38.0), (140.5, 38.0)];
    let content = collection(vec![
        feature(json!("99001"), "西村", &spike),
        feature(json!("99002"), "東町", &lower),
        feature(json!("99002"), "東町", &upper),
    ]);
    let (report, region) = import_bytes("N03.geojson", content.to_string().as_bytes()).unwrap();
    assert_eq!(report.repaired.len(), 2, "{:?}", report.repaired);
    assert_eq!(region.boundaries()[&"99002".parse().unwrap()].0.len(), 1);
}

const PRJ: &str = r#"GEOGCS["GCS_JGD_2011",DATUM["D_JGD_2011",SPHEROID["GRS_1980",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]"#;

/// The parts of a Shapefile made from two towns and an island: shp, shx, dbf.
fn shapefile_parts(encode: fn(&str) -> Vec<u8>) -> [Vec<u8>; 3] {
    let (mut shp, mut shx, mut dbf) = (Cursor::new(vec![]), Cursor::new(vec![]), Cursor::new(vec![]));
    {
        let shapes = shapefile::ShapeWriter::with_shx(&mut shp, &mut shx);
        let name = |name: &str| FieldName::try_from(name).unwrap();
        let table = TableWriterBuilder::new()
            .add_character_field(name("N03_004"), 20)
            .add_character_field(name("N03_007"), 5)
            .build_with_dest(&mut dbf);
        let mut writer = shapefile::Writer::new(shapes, table);
        // Five bytes stand for each name, and are replaced below: the writer knows no Shift_JIS.
        for (code, stand_in, corners) in
            [("99001", "11111111", &WEST), ("99002", "22222222", &EAST), ("99002", "22222222", &ISLAND)]
        {
            let mut record = Record::default();
            record.insert("N03_004".to_owned(), FieldValue::Character(Some(stand_in.to_owned())));
            record.insert("N03_007".to_owned(), FieldValue::Character(Some(code.to_owned())));
            let polygon = shapefile::Polygon::from(solid(ring(corners)));
            writer.write_shape_and_record(&polygon, &record).unwrap();
        }
    }
    let mut dbf = dbf.into_inner();
    for (stand_in, name) in [(b"11111111", "西村"), (b"22222222", "東町")] {
        let mut name = encode(name);
        name.resize(8, b' ');
        while let Some(at) = dbf.windows(8).position(|window| window == stand_in) {
            dbf[at..at + 8].copy_from_slice(&name);
        }
    }
    [shp.into_inner(), shx.into_inner(), dbf]
}

fn utf8(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

fn cp932(text: &str) -> Vec<u8> {
    encoding_rs::SHIFT_JIS.encode(text).0.into_owned()
}

fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(vec![]));
    for (name, bytes) in entries {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn a_shapefile_is_imported_whatever_its_encoding_zipped_or_not() {
    for (encode, cpg) in
        [(utf8 as fn(&str) -> Vec<u8>, None), (cp932, None), (cp932, Some("932")), (utf8, Some("UTF-8"))]
    {
        let [shp, shx, dbf] = shapefile_parts(encode);
        let mut entries: Vec<(&str, &[u8])> = vec![
            ("N03-20240101_99_GML/N03-20240101_99.shp", &shp),
            ("N03-20240101_99_GML/N03-20240101_99.SHX", &shx),
            ("N03-20240101_99_GML/N03-20240101_99.dbf", &dbf),
            ("N03-20240101_99_GML/N03-20240101_99.prj", PRJ.as_bytes()),
            ("N03-20240101_99_GML/N03-20240101_99_prefecture.shp", b"not this one"),
            ("KS-META-N03-20240101_99.xml", b"<meta/>"),
        ];
        entries.extend(cpg.map(|cpg| ("N03-20240101_99_GML/N03-20240101_99.cpg", cpg.as_bytes())));
        let (report, region) = import_bytes("N03-20240101_99_GML.zip", &zipped(&entries)).unwrap();
        assert_eq!((report.municipalities, report.features), (2, 3));
        assert!(!report.without_crs);
        assert_eq!(region.edition(), "N03 2024-01-01");

        let folder = tempfile::tempdir().unwrap();
        for (extension, bytes) in [("shp", &shp), ("shx", &shx), ("DBF", &dbf)] {
            std::fs::write(folder.path().join("N03").with_extension(extension), bytes).unwrap();
        }
        let report = import(&folder.path().join("N03.shp"), &two_towns(), folder.path()).unwrap();
        assert_eq!(report.features, 3);
        assert!(report.without_crs, "that it does not say which coordinates it has is told");
    }
}

#[test]
fn each_thing_wrong_with_a_shapefile_has_a_name() {
    let [shp, shx, dbf] = shapefile_parts(cp932);
    let given = |entries: &[(&str, &[u8])]| import_bytes("a.zip", &zipped(entries)).unwrap_err();
    let all: [(&str, &[u8]); 3] = [("a.shp", &shp), ("a.shx", &shx), ("a.dbf", &dbf)];

    assert!(matches!(given(&[all[0], all[1]]), ImportError::File(GeodataError::MissingPart(part)) if part == ".dbf"));
    assert!(matches!(given(&[all[0], all[2]]), ImportError::File(GeodataError::MissingPart(part)) if part == ".shx"));

    let projected = r#"PROJCS["JGD_2011_Japan_Zone_9",GEOGCS["GCS_JGD_2011"]]"#;
    let tokyo = r#"GEOGCS["GCS_Tokyo",DATUM["D_Tokyo"]]"#;
    for prj in [projected, tokyo, "", "nonsense"] {
        let error = given(&[all[0], all[1], all[2], ("a.prj", prj.as_bytes())]);
        assert!(matches!(error, ImportError::File(GeodataError::WrongCrs(_))), "{prj}: {error}");
    }

    let [_, _, broken] = shapefile_parts(|_| vec![0x93, 0xff, 0x8c, 0xff]);
    let error = given(&[all[0], all[1], ("a.dbf", &broken)]);
    assert!(matches!(error, ImportError::UnknownEncoding { feature: 0 }), "{error}");

    let [_, _, doubly] =
        shapefile_parts(|name| encoding_rs::SHIFT_JIS.decode(name.as_bytes()).0.bytes().take(6).collect());
    let error = given(&[all[0], all[1], ("a.dbf", &doubly)]);
    assert!(matches!(error, ImportError::WrongName { .. }), "{error}");

    for cut in [0, 50, 99, 150, shp.len() - 9] {
        let error = given(&[("a.shp", &shp[..cut]), all[1], all[2]]);
        assert!(matches!(error, ImportError::File(GeodataError::Malformed { .. })), "shp cut at {cut}: {error}");
    }
    for cut in [0, 9, 40, 100, dbf.len() - 30] {
        let error = given(&[all[0], all[1], ("a.dbf", &dbf[..cut])]);
        assert!(matches!(error, ImportError::File(GeodataError::Malformed { .. })), "dbf cut at {cut}: {error}");
    }
}

#[test]
fn a_damaged_or_hostile_zip_is_refused_by_name() {
    let whole = zipped(&[("N03.geojson", good().to_string().as_bytes())]);
    import_bytes("N03.zip", &whole).unwrap();
    import_bytes("N03.bin", &whole).unwrap();
    for cut in [3, 30, whole.len() / 2, whole.len() - 5] {
        let error = import_bytes("N03.zip", &whole[..cut]).unwrap_err();
        assert!(matches!(error, ImportError::File(GeodataError::DamagedArchive(_))), "cut at {cut}: {error}");
    }
    let mut flipped = whole.clone();
    flipped[60] ^= 0xff;
    assert!(matches!(import_bytes("N03.zip", &flipped), Err(ImportError::File(GeodataError::DamagedArchive(_)))));

    let many: Vec<(String, &[u8])> = (0..=MAX_ENTRIES).map(|n| (format!("{n}.txt"), b"".as_slice())).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
    assert!(matches!(
        import_bytes("a.zip", &zipped(&many)),
        Err(ImportError::File(GeodataError::TooManyEntries { found: 257, .. }))
    ));

    assert!(matches!(
        import_bytes("a.zip", &zipped(&[("a.txt", b"")])),
        Err(ImportError::File(GeodataError::UnknownKind(_)))
    ));
}

#[test]
fn a_zip_that_unpacks_to_too_much_is_refused_before_it_fills_the_memory() {
    let folder = tempfile::tempdir().unwrap();
    let told = |zip: &[u8], bytes: u64| {
        let file = folder.path().join("a.zip");
        std::fs::write(&file, zip).unwrap();
        let mut opened = Source::open(&file, Limits { bytes, entries: MAX_ENTRIES, scratch: None }).unwrap();
        let layer = opened.layers()[0].clone();
        opened.read(&layer, |_| Ok::<_, GeodataError>(())).err()
    };
    let too_much = |zip: &[u8], most| matches!(told(zip, most), Some(GeodataError::UnpacksTooLarge(_)));
    let blanks = zipped(&[("N03.geojson", &vec![b' '; 1 << 20])]);
    assert!(blanks.len() < 10_000);
    assert!(too_much(&blanks, (1 << 20) - 1), "more than is allowed");
    assert!(!too_much(&blanks, 1 << 20));

    // One that says in both its headers that it unpacks to ten bytes.
    let mut liar = blanks;
    for (mark, size_at) in [(b"PK\x03\x04", 22), (b"PK\x01\x02", 24)] {
        let header = liar.windows(4).position(|four| four == mark).unwrap();
        liar[header + size_at..header + size_at + 4].copy_from_slice(&10_u32.to_le_bytes());
    }
    let told = told(&liar, 1 << 19);
    assert!(matches!(told, Some(GeodataError::UnpacksTooLarge(_) | GeodataError::DamagedArchive(_))), "{told:?}");

    let parts = vec![b' '; 1 << 18];
    let shapefile = zipped(&[("a.shp", &parts), ("a.shx", &parts), ("a.dbf", &parts)]);
    assert!(too_much(&shapefile, (3 << 18) - 1), "all files count together");
    assert!(!too_much(&shapefile, 3 << 18));

    let mut bomb = zipped(&[("N03.geojson", &vec![b' '; 17 << 20])]);
    assert!(!too_much(&bomb, 1 << 30), "a table of blanks may shrink to so little");
    let entry = bomb.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    bomb[entry + 24..entry + 28].copy_from_slice(&(257_u32 << 20).to_le_bytes());
    assert!(too_much(&bomb, 1 << 30), "no map of this size does");
}

#[test]
fn every_edition_at_hand_can_be_imported() {
    let Some(shared) = shared_data() else { return };
    for (file, edition, ignored) in [
        ("aizu13_N03_full.geojson", "N03 (aizu13_N03_full.geojson)", 0),
        ("aizu13_N03_5dec.geojson", "N03 (aizu13_N03_5dec.geojson)", 0),
        ("smartnews-N03-21_07_210101.geojson", "N03 2021-01-01", 46),
        ("N03-20240101_07.json", "N03 2024-01-01", 0),
    ] {
        let data = tempfile::tempdir().unwrap();
        let region = Region::built_in().unwrap();
        let report = import(&shared.join("region").join(file), &region, data.path()).unwrap();
        println!("{file}: {report:?}");
        assert_eq!(report.municipalities, 13, "{file}");
        assert_eq!(report.edition, edition);
        assert!(ignored == 0 || report.ignored == ignored, "{file}: {} ignored", report.ignored);
        assert!(!region.with_imported(data.path()).unwrap().is_sketch());
    }
}

#[test]
fn a_file_of_other_areas_is_refused() {
    let Some(shared) = shared_data() else { return };
    let file = shared.join("region/jma_area_aizu_070030_z10.geojson");
    let data = tempfile::tempdir().unwrap();
    let error = import(&file, &Region::built_in().unwrap(), data.path()).unwrap_err();
    assert!(matches!(error, ImportError::NoCodes), "{error}");
}

#[test]
fn the_full_official_file_keeps_every_corner() {
    let Some(region) = official_aizu() else { return };
    let corners: usize = region.boundaries().values().flat_map(rings::all).map(|ring| ring.0.len()).sum();
    assert_eq!(corners, 62_274);
}
