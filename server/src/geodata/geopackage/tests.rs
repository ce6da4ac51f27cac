//! GeoPackages are made by hand here, honest ones and hostile ones.

use std::path::PathBuf;

use geo_types::polygon;

use super::super::{Limits, Source};
use super::*;

/// The tables that every GeoPackage has, cut to what is read, and one table of features in JGD2011.
const HONEST: &str = "
    CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT, srs_id INTEGER PRIMARY KEY, organization TEXT,
        organization_coordsys_id INTEGER, definition TEXT);
    CREATE TABLE gpkg_contents (table_name TEXT PRIMARY KEY, data_type TEXT, srs_id INTEGER);
    CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, srs_id INTEGER);
    INSERT INTO gpkg_spatial_ref_sys VALUES ('JGD2011', 6668, 'EPSG', 6668, 'GEOGCS[\"JGD2011\"]');
    CREATE TABLE zones (fid INTEGER PRIMARY KEY, geom BLOB, A31a_205 INTEGER, name TEXT);
    INSERT INTO gpkg_contents VALUES ('zones', 'features', 6668);
    INSERT INTO gpkg_geometry_columns VALUES ('zones', 'geom', 6668);";

/// A file made by these statements, and a folder that it goes with.
async fn made(statements: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.gpkg");
    let options = SqliteConnectOptions::new().filename(&file).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(&mut connection).await.unwrap();
    sqlx::Connection::close(connection).await.unwrap();
    (folder, file)
}

/// The shape of a triangle as it stands in such a file, in SQL.
fn triangle() -> String {
    let mut bytes = b"GP\0\x03".to_vec();
    bytes.extend(6668_i32.to_le_bytes());
    [140.0_f64, 140.1, 37.0, 37.1].iter().for_each(|side| bytes.extend(side.to_le_bytes()));
    bytes.extend([1, 3, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0]);
    for number in [140.0_f64, 37.0, 140.1, 37.0, 140.1, 37.1, 140.0, 37.0] {
        bytes.extend(number.to_le_bytes());
    }
    format!("x'{}'", hex::encode(bytes))
}

fn read(file: &Path) -> Result<Vec<Feature>, GeodataError> {
    let mut source = Source::open(file, Limits { bytes: 1 << 30, entries: 1, scratch: None })?;
    let mut features = Vec::new();
    for layer in source.layers().to_vec() {
        source.read(&layer, |feature| {
            features.push(feature);
            Ok::<_, GeodataError>(())
        })?;
    }
    Ok(features)
}

#[tokio::test]
async fn features_are_read_with_their_fields_and_a_bad_shape_is_told_alone() {
    let good = triangle();
    let (_folder, file) = made(&format!(
        "{HONEST}
        INSERT INTO zones (geom, A31a_205, name) VALUES ({good}, 3, ' 阿賀川 '), (NULL, 4, NULL),
            (substr({good}, 1, 60), 5, x'00'), (x'4750', 6, 2.0), (zeroblob(70000000), 7, zeroblob(70000000)),
            ({good}, 8, CAST(x'93798dbb' AS TEXT)), ({good}, 9, CAST(x'ff' AS TEXT));"
    ))
    .await;
    let features = read(&file).unwrap();
    let shape = Geometry::Polygon(polygon![(x: 140.0, y: 37.0), (x: 140.1, y: 37.0), (x: 140.1, y: 37.1)]);
    assert_eq!(features.len(), 7);
    assert_eq!(features[0].shape, Ok(shape));
    assert_eq!(features[1].shape, Err(FlawedShape::None));
    for (at, reason) in [(2, "cut short"), (3, "does not begin"), (4, "more than 64 MiB")] {
        assert!(matches!(&features[at].shape, Err(FlawedShape::Malformed(told)) if told.contains(reason)), "{at}");
    }
    let name = |at: usize| features[at].fields.text("name").map(|text| text.map(std::borrow::Cow::into_owned));
    let classes: Vec<_> = features.iter().map(|f| f.fields.text("A31a_205").unwrap().unwrap().into_owned()).collect();
    assert_eq!(classes, ["3", "4", "5", "6", "7", "8", "9"]);
    assert_eq!(name(0), Ok(Some("阿賀川".to_owned())));
    assert_eq!((name(1), name(2), name(4)), (Ok(None), Ok(None), Ok(None)), "nothing, and what is no text");
    assert_eq!(name(3), Ok(Some("2".to_owned())));
    assert_eq!(name(5), Ok(Some("土砂".to_owned())), "Shift_JIS where UTF-8 should be");
    assert!(name(6).is_err());
    assert!(features[0].fields.has("name") && !features[0].fields.has("geom"));
}

#[tokio::test]
async fn coordinates_are_told_by_the_files_own_word_for_them() {
    let of = |system: &str| {
        format!("{HONEST} UPDATE gpkg_spatial_ref_sys SET {system}; INSERT INTO zones (geom) VALUES ({});", triangle())
    };
    for good in ["organization_coordsys_id = 4326", "organization = 'NONE', definition = 'GEOGCRS[\"JGD2011\"]'"] {
        let (_folder, file) = made(&of(good)).await;
        assert_eq!(read(&file).unwrap().len(), 1, "{good}");
    }
    let plane = "srs_name = 'JGD2011 / Japan Plane Rectangular CS IX', organization_coordsys_id = 6677, \
                 definition = 'PROJCS[\"JGD2011 / Japan Plane Rectangular CS IX\"]'";
    let (_folder, file) = made(&of(plane)).await;
    assert!(matches!(read(&file), Err(GeodataError::WrongCrs(name)) if name.ends_with("CS IX")));
}

#[tokio::test]
async fn a_file_that_would_have_us_run_something_is_refused_or_read_as_what_it_is() {
    const ENDLESS: &str = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x";
    let view = format!("{HONEST} DROP TABLE zones; CREATE VIEW zones AS {ENDLESS} AS fid, x'' AS geom FROM n;");
    let contents = format!(
        "{HONEST} DROP TABLE gpkg_contents; CREATE VIEW gpkg_contents AS {ENDLESS} AS n, 'elsewhere' AS table_name, \
         'features' AS data_type FROM n;"
    );
    let gone = format!("{HONEST} DROP TABLE zones;");
    let unnamed = format!("{HONEST} DELETE FROM gpkg_contents;");
    let column = format!("{HONEST} UPDATE gpkg_geometry_columns SET column_name = 'shape';");
    let wide: Vec<String> = (0..300).map(|n| format!("c{n}")).collect();
    let wide = format!("{HONEST} DROP TABLE zones; CREATE TABLE zones (geom, {});", wide.join(", "));
    for (statements, reason) in [
        (view.as_str(), "no table of features"),
        (&contents, "interrupted"),
        (&gone, "no table of features"),
        (&unnamed, "no table of features"),
        (&column, "no such column"),
        (&wide, "more than 256 columns"),
        ("CREATE TABLE t (x);", "no such table"),
    ] {
        let (_folder, file) = made(statements).await;
        let refused = read(&file).unwrap_err();
        assert!(matches!(&refused, GeodataError::Malformed { .. }), "{refused:?}");
        assert!(refused.to_string().contains(reason), "{reason}: {refused}");
    }
    // A name is a name, and what a trigger would do is not done.
    let name = r#"zones"; DROP TABLE gpkg_contents; --"#;
    let (_folder, file) = made(&format!(
        "{HONEST} INSERT INTO zones (geom, A31a_205) VALUES ({}, 3);
        CREATE TRIGGER t AFTER UPDATE ON zones BEGIN DELETE FROM zones; END;
        ALTER TABLE zones RENAME TO \"{}\"; UPDATE gpkg_contents SET table_name = '{name}';
        UPDATE gpkg_geometry_columns SET table_name = '{name}';",
        triangle(),
        name.replace('"', "\"\"")
    ))
    .await;
    let before = std::fs::read(&file).unwrap();
    assert_eq!(read(&file).unwrap().len(), 1);
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[tokio::test]
async fn a_file_that_is_cut_short_or_not_closed_or_none_at_all_is_refused() {
    let rows: Vec<String> = (0..500).map(|n| format!("({}, {n})", triangle())).collect();
    let (folder, file) =
        made(&format!("{HONEST} INSERT INTO zones (geom, A31a_205) VALUES {};", rows.join(", "))).await;
    let bytes = std::fs::read(&file).unwrap();
    assert_eq!(read(&file).unwrap().len(), 500);
    for (at, byte) in [(bytes.len() / 2, None), (100, None), (4096, None), (100, Some(0xff))] {
        let mut damaged = bytes.clone();
        match byte {
            None => damaged.truncate(at),
            Some(byte) => damaged[at] = byte,
        }
        std::fs::write(&file, damaged).unwrap();
        assert!(matches!(read(&file), Err(GeodataError::Malformed { .. })), "{at}");
    }
    std::fs::write(&file, b"{\"type\": \"FeatureCollection\"}").unwrap();
    assert!(matches!(read(&file), Err(GeodataError::Malformed { .. })));
    std::fs::write(&file, &bytes).unwrap();
    std::fs::write(folder.path().join("a.gpkg-wal"), "changes").unwrap();
    let refused = read(&file).unwrap_err();
    assert!(refused.to_string().contains("its last changes lie beside it"), "{refused}");
}
