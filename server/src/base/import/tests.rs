use std::fs;

use super::*;
use crate::base::Content;

const AIZU: Bounds = Bounds { west: 139.35, south: 37.2, east: 140.3, north: 37.87 };

/// A file of GeoJSON features, each `properties` and `geometry`.
fn file(folder: &Path, name: &str, features: &[(&str, &str)]) -> PathBuf {
    let features: Vec<String> = features
        .iter()
        .map(|(properties, geometry)| {
            format!(r#"{{"type":"Feature","properties":{properties},"geometry":{geometry}}}"#)
        })
        .collect();
    let text = format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","));
    let file = folder.join(name);
    fs::write(&file, text).unwrap();
    file
}

async fn take(folder: &Path, files: &[PathBuf]) -> Result<(ImportReport, Vec<Feature>), ImportError> {
    let report = import(files, "aizu", AIZU, folder, &Said::default()).await?;
    let base = Base::in_force(None, "aizu", folder).unwrap();
    assert!(!base.is_sketch());
    assert_eq!(base.origin, report.origin);
    Ok((report, base.features().to_vec()))
}

const LINE: &str = r#"{"type":"LineString","coordinates":[[139.9,37.5],[139.92,37.52]]}"#;
const FAR: &str = r#"{"type":"LineString","coordinates":[[135.0,34.5],[135.1,34.6]]}"#;
const LAKE: &str = r#"{"type":"Polygon","coordinates":[[[140.0,37.4],[140.15,37.4],[140.15,37.5],[140.0,37.4]]]}"#;
const POINT: &str = r#"{"type":"Point","coordinates":[139.93,37.535]}"#;

#[tokio::test]
async fn railways_rivers_lakes_and_roads_of_the_ministry_become_one_base_map() {
    let data = tempfile::tempdir().unwrap();
    let files = [
        file(
            data.path(),
            "N02-22.geojson",
            &[
                (r#"{"N02_003":"磐越西線","N02_004":"東日本旅客鉄道"}"#, LINE),
                (r#"{"N02_003":"磐越西線","N02_005":"会津若松"}"#, LINE),
                (r#"{"N02_003":"只見線","N02_005":"会津若松"}"#, LINE),
                (r#"{"N02_003":"東海道線","N02_004":"西日本旅客鉄道"}"#, FAR),
            ],
        ),
        file(
            data.path(),
            "W05-07.geojson",
            &[(r#"{"W05_003":"1","W05_004":"阿賀川"}"#, LINE), (r#"{"W05_003":"4","W05_004":"名称不明"}"#, LINE)],
        ),
        file(data.path(), "W09-05.geojson", &[(r#"{"W09_001":"猪苗代湖","W09_003":93.5}"#, LAKE)]),
        file(data.path(), "N01-07L.geojson", &[(r#"{"N01_001":"2","N01_002":"国道４９号"}"#, LINE)]),
        file(
            data.path(),
            "N06-23.geojson",
            &[
                (r#"{"N06_004":9999,"N06_007":"磐越自動車道"}"#, LINE),
                (r#"{"N06_004":1992,"N06_007":"磐越自動車道（旧）"}"#, LINE),
                (r#"{"N06_014":9999,"N06_018":"会津若松"}"#, POINT),
            ],
        ),
        file(data.path(), "N13-24.geojson", &[(r#"{"N13_003":"3"}"#, LINE)]),
    ];
    let (report, features) = take(data.path(), &files).await.unwrap();
    let said: Vec<(Layer, Option<&str>, Option<&str>, u8)> =
        features.iter().map(|f| (f.layer, f.name.as_deref(), f.reference.as_deref(), f.rank)).collect();
    assert_eq!(
        said,
        [
            (Layer::Railway, Some("磐越西線"), None, 1),
            (Layer::Station, Some("会津若松"), None, 2),
            (Layer::Waterway, Some("阿賀川"), None, 1),
            (Layer::Waterway, None, None, 4),
            (Layer::Water, Some("猪苗代湖"), None, 1),
            (Layer::Road, Some("国道４９号"), Some("49"), 2),
            (Layer::Road, Some("磐越自動車道"), None, 1),
            (Layer::Place, Some("会津若松"), None, 3),
            (Layer::Road, None, None, 5),
        ]
    );
    assert_eq!((report.ignored, report.refused), (2, 0));
    assert_eq!(report.origin.edition, "N02-22, W05-07, W09-05, N01-07L, N06-23, N13-24");
    assert!(report.origin.attribution.contains("国土数値情報") && report.origin.attribution.contains("鉄道データ"));
    assert_eq!(report.sha256.len(), 6);
}

#[tokio::test]
async fn a_feature_without_a_usable_shape_is_named_and_the_others_are_taken() {
    let data = tempfile::tempdir().unwrap();
    let river = r#"{"W05_003":"1","W05_004":"只見川"}"#;
    let rivers = file(data.path(), "W05.geojson", &[(river, "null"), (river, LINE)]);
    let (report, features) = take(data.path(), &[rivers]).await.unwrap();
    assert_eq!((features.len(), report.refused), (1, 1));
    assert_eq!(report.listed, ["W05.geojson, feature 1: it has no geometry"]);
}

#[tokio::test]
async fn the_old_base_map_stays_when_the_new_files_are_no_good() {
    let data = tempfile::tempdir().unwrap();
    let river = r#"{"W05_003":"1","W05_004":"只見川"}"#;
    let good = file(data.path(), "W05.geojson", &[(river, LINE)]);
    take(data.path(), std::slice::from_ref(&good)).await.unwrap();
    let unknown = file(data.path(), "towns.geojson", &[(r#"{"N03_004":"会津若松市"}"#, LAKE)]);
    let elsewhere = file(data.path(), "osaka.geojson", &[(river, FAR)]);
    let swapped = file(
        data.path(),
        "swapped.geojson",
        &[(river, r#"{"type":"LineString","coordinates":[[37.5,139.9],[37.6,139.9]]}"#)],
    );
    let cut = data.path().join("cut.zip");
    fs::write(&cut, b"PK\x03\x04 and no more").unwrap();
    for (files, reason) in [
        (vec![good.clone(), unknown], "towns.geojson is none of"),
        (vec![elsewhere], "nothing in the files"),
        (vec![swapped], "exchanged"),
        (vec![cut], "cut short"),
        (vec![data.path().join("absent.geojson")], "cannot read"),
    ] {
        let refused = import(&files, "aizu", AIZU, data.path(), &Said::default()).await.unwrap_err();
        assert!(refused.to_string().contains(reason), "{refused}");
        let base = Base::in_force(None, "aizu", data.path()).unwrap();
        assert_eq!(base.features().len(), 1, "{reason}");
        assert_eq!(base.features()[0].name.as_deref(), Some("只見川"));
    }
}

#[tokio::test]
async fn what_the_map_no_longer_shows_is_named() {
    let data = tempfile::tempdir().unwrap();
    let sketch = Base::in_force(None, "aizu", data.path()).unwrap();
    let station = (r#"{"N02_003":"磐越西線","N02_005":"会津若松"}"#, LINE);
    let (report, features) = take(data.path(), &[file(data.path(), "N02.geojson", &[station])]).await.unwrap();
    assert_eq!(features.len(), 1, "nothing of the sketch is mixed in");
    assert_eq!(report.gone(&sketch), [Layer::Water, Layer::Waterway, Layer::Railway, Layer::Road, Layer::Place]);
    let before = Base::in_force(None, "aizu", data.path()).unwrap();
    let lake = (r#"{"W09_001":"猪苗代湖"}"#, LAKE);
    let files = [file(data.path(), "N02.geojson", &[station]), file(data.path(), "W09.geojson", &[lake])];
    let (report, _) = take(data.path(), &files).await.unwrap();
    assert_eq!(report.gone(&before), []);
}

/// The least that is an archive of version 3: its header, and a root directory of no entries, nothing packed.
fn pmtiles_without_tiles() -> Vec<u8> {
    let mut bytes = vec![0; 128];
    bytes[..8].copy_from_slice(b"PMTiles\x03");
    for (place, offset, length) in [(8, 127_u64, 1_u64), (24, 128, 0), (40, 128, 0), (56, 128, 0)] {
        bytes[place..place + 8].copy_from_slice(&offset.to_le_bytes());
        bytes[place + 8..place + 16].copy_from_slice(&length.to_le_bytes());
    }
    // Clustered, directories and tiles not packed, vector, zooms 0 to 14.
    bytes[96..102].copy_from_slice(&[1, 1, 1, 1, 0, 14]);
    bytes
}

#[tokio::test]
async fn an_archive_of_tiles_is_taken_whole_with_what_its_maker_asks_for() {
    let data = tempfile::tempdir().unwrap();
    let archive = data.path().join("tohoku.pmtiles");
    fs::write(&archive, pmtiles_without_tiles()).unwrap();
    let said = Said { attribution: Some("国土地理院".to_owned()), licence: Some("PDL1.0".to_owned()) };
    let report = import(std::slice::from_ref(&archive), "aizu", AIZU, data.path(), &said).await.unwrap();
    assert_eq!(report.origin.attribution, "国土地理院");
    let base = Base::in_force(None, "aizu", data.path()).unwrap();
    assert!(matches!(base.content, Content::Archive(file) if file.extension().is_some_and(|e| e == "pmtiles")));

    let unsaid = import(std::slice::from_ref(&archive), "aizu", AIZU, data.path(), &Said::default()).await.unwrap_err();
    assert!(matches!(unsaid, ImportError::NoAttribution));
    let lies = data.path().join("lies.mbtiles");
    fs::write(&lies, b"PMTiles\x03").unwrap();
    let refused = import(std::slice::from_ref(&lies), "aizu", AIZU, data.path(), &said).await.unwrap_err();
    assert!(matches!(refused, ImportError::DamagedArchive(name) if name == "lies.mbtiles"));
    let cut = data.path().join("cut.pmtiles");
    fs::write(&cut, &pmtiles_without_tiles()[..100]).unwrap();
    let refused = import(std::slice::from_ref(&cut), "aizu", AIZU, data.path(), &said).await.unwrap_err();
    assert!(matches!(&refused, ImportError::RefusedArchive { file, .. } if file == "cut.pmtiles"), "{refused}");
    let two = import(&[archive, lies], "aizu", AIZU, data.path(), &said).await.unwrap_err();
    assert!(matches!(two, ImportError::ArchiveAmongOthers));
}

#[test]
fn of_a_zip_with_the_same_features_in_several_forms_one_is_read() {
    let layers = [
        "N02-22_GML/Shift-JIS/N02-22_Station.shp",
        "N02-22_GML/UTF-8/N02-22_Station.shp",
        "N02-22_GML/UTF-8/N02-22_Station.geojson",
        "N02-22_GML/Shift-JIS/N02-22_RailroadSection.shp",
        "N02-22_GML/UTF-8/N02-22_RailroadSection.shp",
    ];
    assert_eq!(
        one_of_each(&layers.map(str::to_owned)),
        ["N02-22_GML/UTF-8/N02-22_RailroadSection.shp", "N02-22_GML/UTF-8/N02-22_Station.geojson"]
    );
}

#[tokio::test]
async fn the_real_stations_of_aizu_are_taken() {
    let real = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/basemap/N02-22_Station_aizu.geojson");
    let real = std::env::var_os("SOKUHO_SHARED_DATA")
        .map_or(real, |shared| Path::new(&shared).join("basemap/N02-22_Station_aizu.geojson"));
    if !real.exists() {
        println!("skipped: shared data is absent");
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let (report, features) = take(data.path(), &[real]).await.unwrap();
    assert!(report.features[&Layer::Station] > 80, "{report:?}");
    let wakamatsu: Vec<_> = features.iter().filter(|f| f.name.as_deref() == Some("会津若松")).collect();
    assert_eq!(wakamatsu.len(), 1, "two lines meet there, and it is one station");
}
