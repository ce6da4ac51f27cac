//! What the operator is told of an import, and what is refused for it.

use super::*;

fn zone_at(properties: Value, west: f64) -> Value {
    feature(properties, json!([square(west, 37.0, 0.1)]))
}

#[test]
fn where_every_feature_is_refused_the_reasons_are_told() {
    let desk = Desk::new();
    let line = json!({"type": "Feature", "properties": {"A31_205": 1},
        "geometry": {"type": "LineString", "coordinates": [[140.0, 37.0], [140.1, 37.1]]}});
    let file = desk.file("line.geojson", collection(&[line]));
    let told = desk.import(&[file]).unwrap_err().to_string();
    assert!(told.contains("1 were looked at, 1 refused"), "{told}");
    assert!(told.ends_with("refused: line.geojson, feature 1: a zone is a polygon; this is none"), "{told}");

    let file = desk.file("own.geojson", collection(&[zone_at(json!({"rank": 1}), 140.0)]));
    let mapping = Mapping { layer: Some("tsunami".to_owned()), class_field: Some("rnak".to_owned()), class: None };
    let told = desk.read(&[file], mapping).unwrap_err().to_string();
    assert!(told.ends_with("own.geojson, feature 1: it does not say of which class it is: no \"rnak\""), "{told}");
}

#[test]
fn a_layer_names_only_the_files_that_gave_it_zones() {
    let desk = Desk::new();
    let files = [
        desk.file("A33-24_22.geojson", collection(&[zone_at(json!({"A33_001": 1, "A33_002": 1}), 140.0)])),
        desk.file("A31a-22_07.geojson", collection(&[zone_at(json!({"A31a_205": 1}), 140.0)])),
        desk.file("A31a-24_07.geojson", collection(&[zone_at(json!({"A31a_205": 2}), 140.5)])),
        desk.file("N03-24.geojson", collection(&[zone_at(json!({"N03_007": 1}), 140.0)])),
    ];
    let finished = desk.read(&files, Mapping::default()).unwrap();
    let said: Vec<_> = finished.editions().map(|(about, _)| (about.edition.as_str(), about.source.as_str())).collect();
    assert_eq!(said, [("A31a 2022 (+1)", "A31a-22_07.geojson, A31a-24_07.geojson"), ("A33 2024", "A33-24_22.geojson")]);
    let sums: Vec<usize> = finished.editions().map(|(about, _)| about.source_sha256.len()).collect();
    assert_eq!(sums, [64 + 2 + 64, 64]);
    assert_eq!(finished.counts.notes, ["N03-24.geojson gave no zones"]);
}

#[test]
fn what_others_made_does_not_bear_the_ministrys_name_and_nothing_is_without_one() {
    let desk = Desk::new();
    let own = desk.file("tsunami_numazu.geojson", collection(&[zone_at(json!({"rank": "2-5"}), 140.0)]));
    let official = desk.file("A31a-22_07.geojson", collection(&[zone_at(json!({"A31a_205": 1}), 140.0)]));
    let said = |file: &PathBuf, mapping: Mapping, source: Option<&str>| {
        let origin = Origin { source: source.map(str::to_owned), ..Origin::default() };
        let said = (mapping, origin);
        let id = &mut || Uuid::from_u128(1);
        let files = std::slice::from_ref(file);
        let finished = read(files, &desk.data(), said, Timestamp::UNIX_EPOCH, id, &mut |_| {}).unwrap();
        let (about, _) = finished.editions().next().unwrap();
        (about.attribution.clone(), about.licence.clone())
    };
    let by = |layer: &str| Mapping { layer: Some(layer.to_owned()), class_field: Some("rank".to_owned()), class: None };
    let bare = |text: &str| (text.to_owned(), String::new());
    assert_eq!(said(&own, by("tsunami"), None), bare("tsunami_numazu.geojson"));
    assert_eq!(said(&own, by("tsunami"), Some("PLATEAU")), bare("PLATEAU"));
    assert_eq!(said(&own, by("avalanche"), Some("福島県")), bare("福島県"));
    let (attribution, licence) = said(&official, Mapping::default(), None);
    assert!(attribution.contains("国土数値情報") && licence.contains("国土数値情報"), "{attribution} {licence}");
    assert_eq!(said(&official, Mapping::default(), Some("静岡県")), bare("静岡県"));
}

#[test]
fn an_edition_by_which_the_region_loses_zones_is_told_with_the_numbers_of_both() {
    let desk = Desk::new();
    let region = crate::domain::position::Bounds { west: 139.0, south: 36.8, east: 141.0, north: 38.0 };
    let replacing = |name: &str, wests: &[f64]| {
        let zones: Vec<Value> = wests.iter().map(|west| zone_at(json!({"A31a_205": 1}), *west)).collect();
        let finished = desk.read(&[desk.file(name, collection(&zones))], Mapping::default()).unwrap();
        let (about, file) = finished.editions().next().unwrap();
        let before = folder::before(&desk.data(), &about.layer, region).unwrap();
        let replacing = Replacing::of(&Edition::open(file).unwrap(), before, region).unwrap();
        if !replacing.is_loss() {
            folder::put_in_force(&desk.data(), file, &about.layer).unwrap();
        }
        (replacing.is_loss(), replacing.to_string())
    };
    assert_eq!(
        replacing("A31a-21.geojson", &[0.0, 10.0]),
        (true, "flood-max: 0 of 2 zones lie in the region; nothing was imported before".to_owned())
    );
    assert!(!replacing("A31a-22.geojson", &[139.1, 139.3, 139.5, 145.0]).0);
    let before = "before, in A31a 2022, 3 of 4";
    assert_eq!(
        replacing("A31a-23.geojson", &[139.1, 145.0, 145.2, 145.4]),
        (true, format!("flood-max: 1 of 4 zones lie in the region; {before}"))
    );
    assert_eq!(
        replacing("A31a-24.geojson", &[139.1, 139.3]),
        (false, format!("flood-max: 2 of 2 zones lie in the region; {before}"))
    );
    assert!(!replacing("A31a-25.geojson", &[139.1]).0, "half of them");
}

#[test]
fn a_class_that_the_layer_has_not_is_refused_and_the_layers_classes_are_named() {
    let desk = Desk::new();
    let file = desk.file("snow.geojson", collection(&[zone_at(json!({}), 140.0)]));
    let of =
        |class: &str| Mapping { layer: Some("avalanche".to_owned()), class_field: None, class: Some(class.to_owned()) };
    let told = desk.read(std::slice::from_ref(&file), of("nope")).unwrap_err().to_string();
    assert!(told.starts_with("layer avalanche has no class \"nope\"; its classes are: "), "{told}");
    assert!(told.contains("danger"), "{told}");
    desk.read(&[file], of("danger")).unwrap();
}

#[test]
fn the_same_file_twice_is_refused() {
    let desk = Desk::new();
    let text = collection(&[zone_at(json!({"A31_205": 1}), 140.0)]);
    let empty = collection(&[]);
    let files = [desk.file("a.geojson", &text), desk.file("b.geojson", &text)];
    assert_eq!(desk.import(&files).unwrap_err().to_string(), "b.geojson and a.geojson are the same file");
    assert!(desk.files_left().is_empty());
    let files = [desk.file("a.geojson", &text), desk.file("c.geojson", &empty), desk.file("d.geojson", &empty)];
    assert_eq!(desk.import(&files).unwrap().notes.len(), 2, "files without zones are often alike");
}

#[test]
fn a_file_is_named_once_and_mended_features_and_the_want_of_a_prj_are_told() {
    let desk = Desk::new();
    let told = desk.import(&[desk.file("cut.geojson", "{")]).unwrap_err().to_string();
    assert_eq!(told.matches("cut.geojson").count(), 1, "{told}");
    let told = desk.import(&[desk.0.path().join("absent.geojson")]).unwrap_err().to_string();
    assert!(told.matches("absent.geojson").count() == 1 && told.contains("No such file"), "{told}");

    let open = json!([[[140.0, 37.0], [140.5, 37.0], [140.5, 38.0], [140.0, 38.0]]]);
    let features = [zone_at(json!({"A31_205": 1}), 140.0), feature(json!({"A31_205": 1}), open)];
    let told = desk.import(&[desk.file("open.geojson", collection(&features))]).unwrap().to_string();
    assert_eq!(told, "mended: open.geojson, feature 2: a ring was not closed\n");

    let [shp, shx, dbf] = shapefile_parts(b"1", b"1");
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(vec![]));
    for (name, bytes) in [("a/A33.shp", &shp), ("a/A33.shx", &shx), ("a/A33.dbf", &dbf)] {
        desk.file(&name[2..], bytes);
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    let files = [desk.file("A33.zip", zip.finish().unwrap().into_inner()), desk.0.path().join("A33.shp")];
    for file in &files {
        let counts = desk.import(std::slice::from_ref(file)).unwrap();
        assert_eq!(counts.notes.len(), 1, "{}", file.display());
        assert!(counts.notes[0].ends_with("A33.shp has no .prj, and is taken as degrees of JGD2011"), "{counts:?}");
    }
    desk.file("A33.prj", r#"GEOGCS["GCS_JGD_2011",DATUM["D_JGD_2011"]]"#);
    assert!(desk.import(&files[1..]).unwrap().notes.is_empty());
}

#[test]
fn a_hole_outside_its_zone_is_no_zone_and_it_is_told() {
    let desk = Desk::new();
    let holed = feature(json!({"A31_205": 1}), json!([square(140.0, 37.0, 0.1), square(140.5, 37.0, 0.1)]));
    let counts = desk.import(&[desk.file("holeout.geojson", collection(&[holed]))]).unwrap();
    assert_eq!((counts.mended, counts.refused), (1, 0));
    assert!(counts.mendings[0].reason.starts_with("a hole lies outside its ring near 37.0"), "{counts:?}");
    assert_eq!(desk.at(37.05, 140.05), ["flood-max 1"]);
    assert!(desk.at(37.05, 140.55).is_empty());
}
