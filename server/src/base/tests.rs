use std::fs;
use std::os::unix::fs::MetadataExt as _;

use super::*;

fn lake() -> Feature {
    Feature {
        layer: Layer::Water,
        name: Some("沼沢湖".to_owned()),
        english: None,
        reference: None,
        kind: None,
        rank: 2,
        sketch: false,
        geometry: geo_types::Rect::new((139.56, 37.44), (139.59, 37.46)).to_polygon().into(),
    }
}

fn origin() -> Origin {
    Origin { edition: "W09-05".to_owned(), source: "国土交通省".to_owned(), ..Origin::default() }
}

#[test]
fn the_built_in_region_carries_a_sketch_of_every_layer_that_says_so() {
    let data = tempfile::tempdir().unwrap();
    let base = Base::in_force(None, "aizu", data.path()).unwrap();
    assert!(base.is_sketch());
    assert!(base.origin.attribution.contains("略図"));
    for layer in Layer::ALL {
        assert!(base.features().iter().any(|feature| feature.layer == layer), "{layer:?}");
    }
    let named = |name: &str| base.features().iter().any(|feature| feature.name.as_deref() == Some(name));
    for name in ["猪苗代湖", "阿賀川", "只見川", "日橋川", "磐越西線", "只見線", "会津鉄道会津線", "磐越自動車道"]
    {
        assert!(named(name), "{name}");
    }
    let roads: Vec<&str> = base.features().iter().filter_map(|feature| feature.reference.as_deref()).collect();
    for road in ["49", "118", "121", "252", "400", "401", "E49"] {
        assert!(roads.contains(&road), "{road}");
    }
}

#[test]
fn the_sketch_is_as_coarse_as_it_says() {
    use geo::CoordsIter as _;
    let base = bundle::load(None).unwrap();
    let coarse = |v: f64| ((v / 0.005).round() * 0.005 - v).abs() < 1e-9;
    assert!(
        base.features().iter().flat_map(|feature| feature.geometry.coords_iter()).all(|c| coarse(c.x) && coarse(c.y))
    );
}

fn file(name: &str, schema: schema::Schema) -> SourceFile {
    SourceFile { name: name.to_owned(), sha256: "0".repeat(64), schemas: [schema].into() }
}

/// Keeps these lakes; gives the file of them.
fn keep(data: &Path, lakes: &[Feature]) -> std::io::Result<PathBuf> {
    let themes = BTreeMap::from([(Theme::Water, (vec![file("W09-05.geojson", schema::Schema::W09)], lakes.to_vec()))]);
    let folder = kept::store_themes(data, "aizu", &themes, BTreeMap::new())?;
    let Some(kept::InForce::Themes(sheets)) = kept::in_force(data, "aizu").unwrap() else { panic!("no themes") };
    Ok(folder.join(&sheets[&Theme::Water].file.name))
}

fn lakes(data: &Path) -> usize {
    let base = Base::in_force(None, "aizu", data).unwrap();
    base.features().iter().filter(|feature| feature.layer == Layer::Water).count()
}

#[test]
fn what_is_imported_takes_the_sketchs_place_theme_by_theme_and_an_archive_everythings() {
    let data = tempfile::tempdir().unwrap();
    let sketch = Base::in_force(None, "aizu", data.path()).unwrap();
    let first = keep(data.path(), &[lake()]).unwrap();
    let base = Base::in_force(None, "aizu", data.path()).unwrap();
    let [drawn] = base.features().iter().filter(|feature| feature.layer == Layer::Water).collect::<Vec<_>>()[..] else {
        panic!("one lake")
    };
    assert_eq!(*drawn, lake());
    let others = |base: &Base| {
        base.features().iter().filter(|feature| feature.layer != Layer::Water).cloned().collect::<Vec<_>>()
    };
    assert_eq!(others(&base), others(&sketch), "all else is as it was");
    assert!(others(&base).iter().all(|feature| feature.sketch) && base.is_sketch());
    assert!(matches!(base.content, Content::Features(_)));
    assert_eq!(base.origin.edition, "W09-05 / 略図 2026-11");
    let said = base.origin.attribution;
    assert!(said.starts_with("国土数値情報（湖沼データ）（国土交通省）を加工して作成 / 背景: 略図"), "{said}");
    assert!(said.contains("川") && said.contains("鉄道") && !said.contains("湖・"), "{said}");

    let archive = data.path().join("roads.pmtiles");
    fs::write(&archive, b"PMTiles").unwrap();
    let second = kept::store_archive(data.path(), "aizu", &archive, &origin()).unwrap();
    let base = Base::in_force(None, "aizu", data.path()).unwrap();
    assert_eq!((base.content.clone(), base.origin.clone()), (Content::Archive(second), origin()));
    assert!(!base.is_sketch());
    assert!(!first.exists(), "what is no longer in force takes no room");
    let elsewhere = Base::in_force(None, "elsewhere", data.path()).unwrap();
    assert!(matches!(elsewhere.content, Content::Sketch(_)), "another region has its own");
}

#[test]
fn the_old_base_map_stays_in_force_when_the_new_one_cannot_be_read() {
    let data = tempfile::tempdir().unwrap();
    keep(data.path(), &[lake()]).unwrap();
    let absent = data.path().join("absent.pmtiles");
    kept::store_archive(data.path(), "aizu", &absent, &origin()).unwrap_err();
    assert_eq!(lakes(data.path()), 1);
}

#[test]
fn a_base_map_that_cannot_be_put_in_force_leaves_nothing_behind_and_a_good_one_nothing_else() {
    let data = tempfile::tempdir().unwrap();
    keep(data.path(), &[lake()]).unwrap();
    let folder = kept::folder(data.path(), "aizu");
    let files = || {
        let names = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect::<std::collections::BTreeSet<_>>()
    };
    let before = files();
    assert_eq!(before.len(), 2);
    // The word of what is in force cannot be written.
    let hindrance = folder.join("in_force.json.new");
    fs::create_dir(&hindrance).unwrap();
    keep(data.path(), &[lake(), lake()]).unwrap_err();
    fs::remove_dir(&hindrance).unwrap();
    assert_eq!(files(), before);
    assert_eq!(lakes(data.path()), 1);
    for left in ["new", "unpacked-1-0.part", "0123456789abcdef.pmtiles"] {
        fs::write(folder.join(left), "of an import that was killed").unwrap();
    }
    keep(data.path(), &[lake(), lake()]).unwrap();
    assert_eq!(files().len(), 2);
    assert_eq!(lakes(data.path()), 2);
}

#[test]
fn an_imported_file_that_was_changed_is_named_and_not_served() {
    let data = tempfile::tempdir().unwrap();
    let file = keep(data.path(), &[lake()]).unwrap();
    fs::write(&file, r#"{"type":"FeatureCollection","features":[]}"#).unwrap();
    let refused = Base::in_force(None, "aizu", data.path()).unwrap_err();
    assert!(matches!(&refused, BaseError::Checksum { file: named, .. } if named.contains("geojson")), "{refused}");
}

#[test]
fn an_archive_is_read_to_its_end_once_and_again_if_it_was_touched() {
    let data = tempfile::tempdir().unwrap();
    let archive = data.path().join("roads.pmtiles");
    fs::write(&archive, b"PMTiles and much more").unwrap();
    let file = kept::store_archive(data.path(), "aizu", &archive, &origin()).unwrap();
    let load = || Base::in_force(None, "aizu", data.path());
    assert_eq!(load().unwrap().content, Content::Archive(file.clone()));

    fs::write(&file, b"PMTiles and more than").unwrap();
    let refused = load().unwrap_err();
    assert!(matches!(&refused, BaseError::Checksum { .. }), "{refused}");
    // Who says that this file was looked through is believed: so nobody reads it.
    let note = kept::folder(data.path(), "aizu").join("looked_through.json");
    let mut said: serde_json::Value = serde_json::from_slice(&fs::read(&note).unwrap()).unwrap();
    let about = fs::metadata(&file).unwrap();
    said["changed"] = serde_json::json!([about.ctime(), about.ctime_nsec()]);
    fs::write(&note, said.to_string()).unwrap();
    assert_eq!(load().unwrap().content, Content::Archive(file.clone()));
    fs::write(&note, "{").unwrap();
    load().unwrap_err();
}

#[test]
fn a_file_in_force_outside_its_folder_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let folder = kept::folder(data.path(), "aizu");
    fs::create_dir_all(&folder).unwrap();
    let said =
        r#"{"themes":{"water":{"sources":[],"features":1,"corners":1,"file":{"name":"../keys/key","sha256":""}}}}"#;
    fs::write(folder.join("in_force.json"), said).unwrap();
    let refused = Base::in_force(None, "aizu", data.path()).unwrap_err();
    assert!(matches!(refused, BaseError::Malformed { .. }), "{refused}");
}

#[test]
fn a_bundle_of_somebodys_own_may_have_a_base_map_or_none() {
    let region = tempfile::tempdir().unwrap();
    assert_eq!(bundle::load(Some(region.path())).unwrap(), Base::nothing());
    fs::create_dir(region.path().join("base")).unwrap();
    let refused = bundle::load(Some(region.path())).unwrap_err();
    assert!(matches!(refused, BaseError::Unreadable { .. }), "{refused}");
}

#[test]
fn a_feature_that_is_not_what_it_says_is_refused() {
    let read = |properties: &str, geometry: &str| {
        let text = format!(
            r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{properties},"geometry":{geometry}}}]}}"#
        );
        feature::read(text.as_bytes())
    };
    let point = r#"{"type":"Point","coordinates":[139.9,37.5]}"#;
    assert_eq!(read(r#"{"layer":"station","rank":1}"#, point).unwrap().len(), 1);
    for (properties, geometry, reason) in [
        (r#"{"layer":"road","rank":1}"#, point, "not one of the layer road"),
        (r#"{"layer":"castle","rank":1}"#, point, "castle"),
        (r#"{"layer":"station","rank":0}"#, point, "rank 0"),
        (r#"{"layer":"station","rank":1}"#, r#"{"type":"Point","coordinates":[139900,37500]}"#, "not degrees"),
        (r#"{"layer":"station","rank":1}"#, "null", "no geometry"),
    ] {
        let refused = read(properties, geometry).unwrap_err();
        assert!(refused.contains(reason), "{refused}");
    }
}
