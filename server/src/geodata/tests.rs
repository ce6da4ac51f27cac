use std::io::Write as _;

use geo_types::Geometry;
use serde_json::{Value, json};

use super::*;

fn limits() -> Limits {
    Limits { bytes: 64 << 20, entries: 256, scratch: None }
}

/// What a GeoJSON file of these bytes gives.
fn features_of(bytes: &[u8]) -> Result<Vec<Feature>, GeodataError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.geojson");
    std::fs::write(&file, bytes).unwrap();
    let mut source = Source::open(&file, limits())?;
    let mut features = Vec::new();
    source.read("a.geojson", |feature| -> Result<(), GeodataError> {
        features.push(feature);
        Ok(())
    })?;
    Ok(features)
}

fn features(features: Value) -> Vec<Feature> {
    features_of(json!({"type": "FeatureCollection", "features": features}).to_string().as_bytes()).unwrap()
}

fn feature(kind: &str, coordinates: Value) -> Value {
    json!({"type": "Feature", "properties": {}, "geometry": {"type": kind, "coordinates": coordinates}})
}

#[test]
fn points_lines_and_polygons_are_read_whatever_the_order_of_the_members() {
    let square = json!([[140.0, 37.0], [140.1, 37.0, 12.5], [140.1, 37.1], [140.0, 37.0]]);
    let read = features(json!([
        feature("Point", json!([140, 37])),
        feature("LineString", json!([[140.0, 37.0], [140.1, 37.0]])),
        feature("MultiLineString", json!([[[140.0, 37.0], [140.1, 37.0]]])),
        feature("Polygon", json!([square])),
        feature("MultiPolygon", json!([[square], [square, square]])),
    ]));
    let kinds = read.iter().map(|feature| match feature.shape.as_ref().unwrap() {
        Geometry::Point(point) => point.x() as usize,
        Geometry::LineString(line) => line.0.len(),
        Geometry::MultiLineString(lines) => lines.0.len(),
        Geometry::Polygon(polygon) => polygon.exterior().0.len(),
        Geometry::MultiPolygon(polygons) => polygons.0[1].interiors().len(),
        other => panic!("{other:?}"),
    });
    assert_eq!(kinds.collect::<Vec<_>>(), [140, 2, 1, 4, 1]);
    assert_eq!(read[4].index, 4);

    let late = br#"{"bbox": [1, 2, [3]], "features": [{"geometry": {"coordinates": [140, 37], "type": "Point"}}],
        "crs": {"type": "name", "properties": {"name": "EPSG:6668"}}, "type": "FeatureCollection"}"#;
    assert_eq!(features_of(late).unwrap().len(), 1);
    let marked = [b"\xef\xbb\xbf".as_slice(), late].concat();
    assert_eq!(features_of(&marked).unwrap().len(), 1);
}

#[test]
fn what_is_no_shape_is_told_feature_by_feature_and_the_others_are_read() {
    let read = features(json!([
        {"type": "Feature", "properties": {}, "geometry": null},
        feature("Polygon", json!([[[140.0, 37.0], [140.1, 37.0], [140.1, 37.1]]])),
        feature("Polygon", json!([140.0, 37.0])),
        feature("Polygon", json!([])),
        feature("Point", json!([140.0, 37.0])),
        json!({"type": "Feature", "properties": {}, "geometry": {"type": "GeometryCollection", "geometries": []}}),
    ]));
    assert_eq!(read[0].shape, Err(FlawedShape::None));
    assert!(matches!(&read[5].shape, Err(FlawedShape::Malformed(told)) if told.contains("GeometryCollection")));
    assert!(
        matches!(&read[1].shape, Err(FlawedShape::OpenRing(Geometry::Polygon(closed))) if closed.exterior().is_closed())
    );
    assert!(matches!(&read[2].shape, Err(FlawedShape::Malformed(_))));
    assert!(matches!(&read[3].shape, Ok(Geometry::Polygon(none)) if none.exterior().0.is_empty()));
    assert!(read[4].shape.is_ok());
}

#[test]
fn fields_are_text_without_blanks_and_whole_numbers_have_no_fraction() {
    let read = features(json!([{"type": "Feature", "geometry": null,
        "properties": {"a": " 土石流 ", "b": 2, "c": 2.0, "d": "2.50", "e": "", "f": null, "g": "3.000"}}]));
    let text = |field| read[0].fields.text(field).unwrap().map(std::borrow::Cow::into_owned);
    let texts = ["a", "b", "c", "d", "e", "f", "g", "h"].map(text);
    let expected =
        ["土石流", "2", "2", "2.50", "", "", "3", ""].map(|text| (!text.is_empty()).then(|| text.to_owned()));
    assert_eq!(texts, expected);
    assert!(read[0].fields.has("f") && !read[0].fields.has("h"));
}

#[test]
fn what_is_wrong_with_a_whole_file_is_told_by_name() {
    let refusal = |text: &str| features_of(text.as_bytes()).unwrap_err();
    let point = |x: f64, y: f64| json!({"features": [feature("Point", json!([x, y]))]}).to_string();
    assert!(matches!(refusal(&point(37.0, 140.0)), GeodataError::SwappedAxes { feature: 0 }));
    assert!(matches!(refusal(&point(5_000.0, 140.0)), GeodataError::NotDegrees { feature: 0, .. }));
    let plane = r#"{"features": [], "crs": {"properties": {"name": "urn:ogc:def:crs:EPSG::6677"}}}"#;
    assert!(matches!(refusal(plane), GeodataError::WrongCrs(name) if name.ends_with("6677")));
    for malformed in ["", "{", "[]", r#"{"features": [{]}"#, r#"{"features": []} and more"#] {
        assert!(matches!(refusal(malformed), GeodataError::Malformed { .. }), "{malformed}");
    }
    for (other, expected) in [("{}", None), (r#"{"type": "Topology", "objects": {}}"#, Some("Topology"))] {
        let refused = refusal(other);
        assert!(matches!(&refused, GeodataError::NoFeatures { says, .. } if says.as_deref() == expected), "{refused}");
    }
}

#[test]
fn a_zipped_shapefile_is_unpacked_into_the_scratch_folder_and_nothing_stays_there() {
    let folder = tempfile::tempdir().unwrap();
    let scratch = folder.path().join("scratch");
    std::fs::create_dir(&scratch).unwrap();
    let (mut shp, mut shx) = (std::io::Cursor::new(vec![]), std::io::Cursor::new(vec![]));
    shapefile::ShapeWriter::with_shx(&mut shp, &mut shx)
        .write_shapes(&vec![shapefile::Point::new(140.0, 37.0), shapefile::Point::new(140.1, 37.1)])
        .unwrap();
    // Two records of one field, a text of one byte.
    let mut dbf = vec![3, 0, 0, 0, 2, 0, 0, 0, 65, 0, 2, 0];
    dbf.resize(32, 0);
    dbf.extend(b"KIND\0\0\0\0\0\0\0C\0\0\0\0\x01");
    dbf.resize(64, 0);
    dbf.extend(b"\x0d 1 2");
    let file = folder.path().join("a.zip");
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&file).unwrap());
    for (name, bytes) in [("a/p.shp", shp.get_ref()), ("a/p.shx", shx.get_ref()), ("a/p.dbf", &dbf)] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
    let mut source = Source::open(&file, Limits { scratch: Some(scratch.clone()), ..limits() }).unwrap();
    let mut kinds = Vec::new();
    let each = |feature: Feature| {
        kinds.push(feature.fields.text("KIND").unwrap().unwrap().into_owned());
        let unpacked = std::fs::read_dir(&scratch).unwrap().count();
        assert_eq!(unpacked, 3);
        Ok::<_, GeodataError>(())
    };
    source.read("a/p.shp", each).unwrap();
    assert_eq!(kinds, ["1", "2"]);
    assert_eq!(std::fs::read_dir(&scratch).unwrap().count(), 0);
}

#[test]
fn a_pipe_is_refused_and_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("a.geojson");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let Err(refused) = Source::open(&pipe, limits()) else { panic!("it was opened") };
    assert!(refused.told_of(&pipe).ends_with("it is no regular file"), "{}", refused.told_of(&pipe));
}

#[test]
fn a_feature_that_would_take_the_memory_is_refused_whatever_it_is_made_of() {
    let many =
        |head: &str, unit: &str| format!("{head}{}", unit.repeat(4_100_000 / unit.matches([',', '[', '{']).count()));
    for text in [
        many(r#"{"features": [{"properties": {"a": [0"#, ",0"),
        many(r#"{"features": [{"geometry": {"type": "Polygon", "coordinates": [[]"#, ",[]"),
        many(r#"{"crs": [0"#, ",0"),
    ] {
        let refused = features_of(text.as_bytes()).unwrap_err();
        let told = matches!(&refused, GeodataError::Malformed { reason, .. } if reason.contains("commas and brackets"));
        assert!(told, "{refused}");
    }
}

#[test]
fn a_shape_that_says_of_itself_that_it_is_huge_is_refused_whether_it_is_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    // One polygon of one part whose corners are nought, as many as it says: a hole in the file is nought too.
    let polygon = |corners: i32, there: u64| {
        let words = 22 + 2 + 8 * i64::from(corners);
        let mut header = vec![0, 0, 0x27, 0x0a];
        header.resize(24, 0);
        header.extend(i32::try_from(50 + 4 + words).unwrap_or(i32::MAX).to_be_bytes());
        header.extend([0xe8, 3, 0, 0, 5, 0, 0, 0]);
        header.resize(100, 0);
        let mut shp = header.clone();
        shp.extend(1_i32.to_be_bytes());
        shp.extend(i32::try_from(words).unwrap_or(i32::MAX / 2).to_be_bytes());
        shp.extend([5, 0, 0, 0]);
        shp.resize(shp.len() + 32, 0);
        shp.extend([1, 0, 0, 0]);
        shp.extend(corners.to_le_bytes());
        shp.extend([0; 4]);
        std::fs::write(path("a.shp"), &shp).unwrap();
        std::fs::File::options()
            .write(true)
            .open(path("a.shp"))
            .unwrap()
            .set_len(shp.len() as u64 + 16 * there)
            .unwrap();
        let mut shx = header;
        shx[24..28].copy_from_slice(&54_i32.to_be_bytes());
        shx.extend([50_i32.to_be_bytes(), i32::try_from(words).unwrap_or(i32::MAX / 2).to_be_bytes()].concat());
        std::fs::write(path("a.shx"), shx).unwrap();
        let mut dbf = vec![3, 0, 0, 0, 1, 0, 0, 0, 65, 0, 2, 0];
        dbf.resize(32, 0);
        dbf.extend(b"KIND\0\0\0\0\0\0\0C\0\0\0\0\x01");
        dbf.resize(64, 0);
        dbf.extend(b"\x0d 1");
        std::fs::write(path("a.dbf"), dbf).unwrap();
        let limits = Limits { bytes: 4 << 30, ..limits() };
        Source::open(&path("a.shp"), limits).unwrap().read("a.shp", |_| Ok::<_, GeodataError>(()))
    };
    polygon(1_000, 1_000).unwrap();
    let refused = polygon(130_000_000, 130_000_000).unwrap_err();
    assert!(refused.to_string().contains("one shape has more than 64 MiB"), "{refused}");
    for (corners, there) in [(i32::MAX, 10), (1_000_000, 10), (-1, 10)] {
        let refused = polygon(corners, there).unwrap_err();
        assert!(matches!(refused, GeodataError::Malformed { .. }), "{corners}: {refused}");
    }
}

#[test]
fn a_part_of_a_zipped_shapefile_that_is_longer_than_it_says_is_refused_before_it_fills_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let (file, scratch) = (folder.path().join("a.zip"), folder.path().join("scratch"));
    std::fs::create_dir(&scratch).unwrap();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(vec![]));
    zip.start_file("a.shp", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(&[7; 1 << 20]).unwrap();
    let mut zip = zip.finish().unwrap().into_inner();
    // What the directory says of its size, and the entry's own header.
    for (magic, at) in [(b"PK\x01\x02", 24), (b"PK\x03\x04", 22)] {
        let entry = zip.windows(4).position(|bytes| bytes == magic).unwrap();
        zip[entry + at..entry + at + 4].copy_from_slice(&1_000_u32.to_le_bytes());
    }
    std::fs::write(&file, zip).unwrap();
    let mut source = Source::open(&file, Limits { scratch: Some(scratch.clone()), ..limits() }).unwrap();
    let refused = source.read("a.shp", |_| Ok::<_, GeodataError>(())).unwrap_err();
    assert!(matches!(&refused, GeodataError::DamagedArchive(_)), "{refused:?}");
    assert_eq!(std::fs::read_dir(&scratch).unwrap().count(), 0);
}

#[test]
fn a_shape_that_crosses_itself_everywhere_is_not_mended_at_any_cost() {
    use geo_types::{Coord, LineString, MultiPolygon, Polygon};
    // There and back through the same corners: each side lies upon many others.
    let corners = [(1.0, 1.0), (1.0, 2.0), (2.0, 1.0)];
    let ring: LineString<f64> = (0..6_001).map(|n| corners[n % 3]).map(|(x, y)| Coord { x, y }).collect();
    let shape = MultiPolygon(vec![Polygon::new(ring, vec![])]);
    assert_eq!(rings::crossings(&shape, 1_000), 1_000);
    assert_eq!(mend::mend(&shape), None);
}
