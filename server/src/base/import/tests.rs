use std::fs;

use super::*;
use crate::base::{Base, Content, Feature, Layer};

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

fn order(files: &[PathBuf]) -> Order<'_> {
    Order { files, region: "aizu", bounds: AIZU, said: Said::default(), anyway: false }
}

fn in_force(folder: &Path) -> Base {
    Base::in_force(None, "aizu", folder).unwrap()
}

/// Imports these files; gives what is drawn then and is not of the sketch.
async fn take(folder: &Path, files: &[PathBuf]) -> Result<(ImportReport, Vec<Feature>), ImportError> {
    let report = import(&order(files), folder).await?;
    let base = in_force(folder);
    Ok((report, base.features().iter().filter(|feature| !feature.sketch).cloned().collect()))
}

const LINE: &str = r#"{"type":"LineString","coordinates":[[139.9,37.5],[139.92,37.52]]}"#;
/// A section in use, and one that was; fields as in N06-23's HighwaySection.
const EXPRESSWAY: &str =
    r#"{"N06_001":1991,"N06_002":1997,"N06_003":9999,"N06_004":"EA03_1","N06_007":"磐越自動車道","N06_008":"1"}"#;
const FORMER_EXPRESSWAY: &str =
    r#"{"N06_001":1991,"N06_002":1991,"N06_003":1996,"N06_004":"EA03_1","N06_007":"磐越自動車道（旧）","N06_008":"1"}"#;
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
                (EXPRESSWAY, LINE),
                (FORMER_EXPRESSWAY, LINE),
                (r#"{"N06_012":1991,"N06_013":1991,"N06_014":9999,"N06_015":"EB03_1","N06_018":"会津若松"}"#, POINT),
                (r#"{"N06_012":1991,"N06_013":1991,"N06_014":1997,"N06_015":"EB03_1","N06_018":"会津（旧）"}"#, POINT),
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
            (Layer::Water, Some("猪苗代湖"), None, 1),
            (Layer::Waterway, Some("阿賀川"), None, 1),
            (Layer::Waterway, None, None, 4),
            (Layer::Railway, Some("磐越西線"), None, 1),
            (Layer::Road, Some("磐越自動車道"), None, 1),
            (Layer::Road, Some("国道４９号"), Some("49"), 2),
            (Layer::Road, None, None, 5),
            (Layer::Station, Some("会津若松"), None, 2),
            (Layer::Place, Some("会津若松"), None, 3),
        ]
    );
    assert_eq!((report.ignored, report.ended, report.refused), (1, 2, 0));
    let origin = in_force(data.path()).origin;
    assert_eq!(origin.edition, "W09-05, W05-07, N02-22, N06-23, N01-07L, N13-24 / 略図 2026-11");
    let ministry = "国土数値情報（河川データ、湖沼データ、道路データ、鉄道データ、高速道路時系列データ）（国土交通省）";
    let said = format!("{ministry}を加工して作成 / 背景: 略図（Sokuho 独自作成）〔地名・庁舎・山〕");
    assert_eq!(origin.attribution, said);
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
    let plane = data.path().join("plane.geojson");
    let crs = r#"{"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::6677"}},"#;
    fs::write(&plane, fs::read_to_string(&good).unwrap().replacen('{', crs, 1)).unwrap();
    // A hole that takes no room.
    let huge = data.path().join("huge.geojson");
    fs::File::create(&huge).unwrap().set_len(MAX_BYTES + 1).unwrap();
    for (files, reason) in [
        (vec![good.clone(), unknown], "towns.geojson is none of"),
        (vec![elsewhere], "nothing in the files"),
        (vec![good.clone(), good.clone()], "W05.geojson and W05.geojson are the same file"),
        (vec![swapped], "exchanged"),
        (vec![cut], "cut short"),
        (vec![plane], "EPSG::6677"),
        (vec![huge], "huge.geojson is larger than 2048 MiB"),
        (vec![data.path().join("absent.geojson")], "cannot read"),
    ] {
        let refused = take(data.path(), &files).await.unwrap_err();
        assert!(refused.to_string().contains(reason), "{refused}");
        let base = in_force(data.path());
        let rivers: Vec<_> = base.features().iter().filter(|feature| feature.layer == Layer::Waterway).collect();
        assert_eq!(rivers.len(), 1, "{reason}");
        assert_eq!(rivers[0].name.as_deref(), Some("只見川"));
    }
}

#[tokio::test]
async fn expressways_that_exist_no_more_are_told_by_that_and_not_by_where_they_lie() {
    let data = tempfile::tempdir().unwrap();
    let files = [file(data.path(), "N06-23.geojson", &[(FORMER_EXPRESSWAY, LINE), (EXPRESSWAY, FAR)])];
    let refused = take(data.path(), &files).await.unwrap_err();
    assert!(matches!(refused, ImportError::AllEnded(1)), "{refused}");
    assert!(refused.to_string().contains("end years"), "{refused}");
}

#[tokio::test]
async fn each_theme_is_replaced_by_itself_and_all_others_stay_as_they_were() {
    let data = tempfile::tempdir().unwrap();
    let of = |base: &Base, theme: Theme| {
        base.features().iter().filter(|feature| Theme::of(feature) == theme).cloned().collect::<Vec<_>>()
    };
    let sketch = in_force(data.path());
    let station = (r#"{"N02_003":"磐越西線","N02_005":"会津若松"}"#, LINE);
    let stations = file(data.path(), "N02-22_Station.geojson", &[station]);
    take(data.path(), std::slice::from_ref(&stations)).await.unwrap();
    let expressways = file(data.path(), "N06-23.geojson", &[(EXPRESSWAY, LINE)]);
    take(data.path(), &[expressways]).await.unwrap();
    let base = in_force(data.path());
    assert!(base.is_sketch());
    for theme in Theme::ALL {
        let (drawn, before) = (of(&base, theme), of(&sketch, theme));
        let is_imported = matches!(theme, Theme::Station | Theme::Expressway);
        assert!(!drawn.is_empty() && drawn.iter().all(|feature| feature.sketch != is_imported), "{theme}");
        assert_eq!(drawn == before, !is_imported, "{theme}");
    }
    assert_eq!(base.origin.edition, "N06-23, N02-22_Station / 略図 2026-11");
    assert!(base.origin.attribution.contains("高速道路時系列データ") && base.origin.attribution.contains("略図"));

    // The next edition of one of them: the other stays in force.
    let renamed = file(data.path(), "N02-23.geojson", &[(r#"{"N02_003":"磐越西線","N02_005":"若松"}"#, LINE)]);
    let (report, imported) = take(data.path(), &[renamed]).await.unwrap();
    assert_eq!(report.replacing[0].to_string(), "station: 1 features; before, in N02-22_Station, 1");
    let names: Vec<_> = imported.iter().filter_map(|feature| feature.name.as_deref()).collect();
    assert_eq!(names, ["磐越自動車道", "若松"]);
}

#[tokio::test]
async fn a_file_with_fewer_than_half_of_what_was_imported_of_a_theme_is_refused_unless_it_is_meant() {
    let data = tempfile::tempdir().unwrap();
    let river = (r#"{"W05_003":"1","W05_004":"只見川"}"#, LINE);
    let lake = (r#"{"W09_001":"猪苗代湖"}"#, LAKE);
    let five = file(data.path(), "W05-07.geojson", &[river; 5]);
    let lakes = file(data.path(), "W09-05.geojson", &[lake]);
    take(data.path(), &[five, lakes.clone()]).await.unwrap();
    let two = file(data.path(), "W05-08.geojson", &[river; 2]);
    let refused = take(data.path(), &[two.clone(), lakes.clone()]).await.unwrap_err().to_string();
    assert!(refused.ends_with("\nwaterway: 2 features; before, in W05-07, 5"), "{refused}");
    let rivers = || in_force(data.path()).features().iter().filter(|f| f.layer == Layer::Waterway).count();
    assert_eq!(rivers(), 5, "the map before stays in force");

    import(&Order { anyway: true, ..order(&[two, lakes]) }, data.path()).await.unwrap();
    assert_eq!(rivers(), 2);
    let one = file(data.path(), "W05-09.geojson", &[river]);
    take(data.path(), &[one]).await.unwrap();
    assert_eq!(rivers(), 1, "half of them is enough");
}

#[tokio::test]
async fn features_take_the_place_of_an_archive_only_if_it_is_meant() {
    let data = tempfile::tempdir().unwrap();
    let archive = data.path().join("tohoku.pmtiles");
    fs::write(&archive, pmtiles(TILE)).unwrap();
    let said = Said { attribution: Some("somebody".to_owned()), ..Said::default() };
    import(&Order { said, ..order(std::slice::from_ref(&archive)) }, data.path()).await.unwrap();
    let lakes = [file(data.path(), "W09-05.geojson", &[(r#"{"W09_001":"猪苗代湖"}"#, LAKE)])];
    let refused = take(data.path(), &lakes).await.unwrap_err();
    assert!(matches!(&refused, ImportError::InsteadOfArchive(name) if name == "tohoku.pmtiles"), "{refused}");
    assert!(matches!(in_force(data.path()).content, Content::Archive(_)));
    let report = import(&Order { anyway: true, ..order(&lakes) }, data.path()).await.unwrap();
    assert_eq!(report.instead_of.as_deref(), Some("tohoku.pmtiles"));
    assert!(matches!(in_force(data.path()).content, Content::Features(_)));
}

#[tokio::test]
async fn what_was_imported_before_and_cannot_be_read_is_no_reason_against_new_files_and_is_told() {
    let data = tempfile::tempdir().unwrap();
    let lakes = [file(data.path(), "W09-05.geojson", &[(r#"{"W09_001":"猪苗代湖"}"#, LAKE)])];
    take(data.path(), &lakes).await.unwrap();
    fs::write(kept::folder(data.path(), "aizu").join(kept::IN_FORCE), "{").unwrap();
    let (report, imported) = take(data.path(), &lakes).await.unwrap();
    assert!(report.lost.is_some_and(|reason| reason.contains("in_force.json is not understood")));
    assert_eq!(imported.len(), 1);
}

#[tokio::test]
async fn two_imports_at_once_do_not_write_over_each_other() {
    let data = tempfile::tempdir().unwrap();
    let lakes = [file(data.path(), "W09-05.geojson", &[(r#"{"W09_001":"猪苗代湖"}"#, LAKE)])];
    let folder = kept::folder(data.path(), "aizu");
    fs::create_dir_all(&folder).unwrap();
    let other = alone_in(&folder).unwrap();
    let refused = take(data.path(), &lakes).await.unwrap_err();
    assert!(matches!(refused, ImportError::Busy(_)), "{refused}");
    drop(other);
    take(data.path(), &lakes).await.unwrap();
}

/// A river as a Shapefile: shape, index and table, in which its name is these bytes.
fn shapefile_parts(river: &[u8]) -> [Vec<u8>; 3] {
    let (mut shp, mut shx) = (std::io::Cursor::new(vec![]), std::io::Cursor::new(vec![]));
    let line = shapefile::Polyline::new(vec![shapefile::Point::new(139.9, 37.5), shapefile::Point::new(139.92, 37.52)]);
    shapefile::ShapeWriter::with_shx(&mut shp, &mut shx).write_shapes(&vec![line]).unwrap();
    let mut dbf = vec![3, 0, 0, 0, 1, 0, 0, 0, 65, 0, 21, 0];
    dbf.resize(32, 0);
    dbf.extend(b"W05_004\0\0\0\0C\0\0\0\0\x14");
    dbf.resize(64, 0);
    dbf.extend(b"\x0d ");
    dbf.extend(river);
    dbf.resize(65 + 21, b' ');
    [shp.into_inner(), shx.into_inner(), dbf]
}

#[tokio::test]
async fn a_shapefile_without_its_coordinates_is_told_of_and_one_that_lacks_a_part_or_is_no_text_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let lay = |name: &str, endings: &[&str], river: &[u8]| {
        let parts = shapefile_parts(river);
        for (ending, bytes) in ["shp", "shx", "dbf"].into_iter().zip(parts).filter(|(end, _)| endings.contains(end)) {
            fs::write(data.path().join(name).with_extension(ending), bytes).unwrap();
        }
        data.path().join(name).with_extension("shp")
    };
    let sjis = encoding_rs::SHIFT_JIS.encode("只見川").0.into_owned();
    let good = lay("W05-07", &["shp", "shx", "dbf"], &sjis);
    let (report, rivers) = take(data.path(), std::slice::from_ref(&good)).await.unwrap();
    assert_eq!(rivers[0].name.as_deref(), Some("只見川"));
    assert_eq!(report.without_crs, ["W05-07.shp"]);
    fs::write(good.with_extension("prj"), r#"GEOGCS["JGD2011"]"#).unwrap();
    assert!(take(data.path(), &[good]).await.unwrap().0.without_crs.is_empty());
    for (file, reason) in [
        (lay("tableless", &["shp", "shx"], &sjis), ".dbf is missing"),
        (lay("garbled", &["shp", "shx", "dbf"], &[0x93, 0xff, 0x8c, 0xff]), "neither UTF-8 nor Shift_JIS"),
    ] {
        let refused = take(data.path(), &[file]).await.unwrap_err().to_string();
        assert!(refused.contains(reason), "{refused}");
    }
}

/// A vector tile of one layer, whose bytes are `xxx`.
const TILE: &[u8] = b"\x1a\x03xxx";

/// An archive of version 3 with nothing packed, and this tile at zoom 0, if any.
fn pmtiles(tile: &[u8]) -> Vec<u8> {
    let length = u8::try_from(tile.len()).unwrap();
    // One entry: its number, how many tiles it stands for, its length and its place (counted from 1).
    let root: &[u8] = if tile.is_empty() { &[0] } else { &[1, 0, 1, length, 1] };
    let mut bytes = vec![0; 127];
    bytes[..8].copy_from_slice(b"PMTiles\x03");
    let after = 127 + root.len() as u64;
    let places = [(8, 127, root.len()), (24, after, 0), (40, after, 0), (56, after, tile.len())];
    for (place, offset, length) in places {
        bytes[place..place + 8].copy_from_slice(&offset.to_le_bytes());
        bytes[place + 8..place + 16].copy_from_slice(&(length as u64).to_le_bytes());
    }
    // Clustered, directories and tiles not packed, vector, zooms 0 to 14.
    bytes[96..102].copy_from_slice(&[1, 1, 1, 1, 0, 14]);
    [&bytes, root, tile].concat()
}

#[tokio::test]
async fn an_archive_of_tiles_is_taken_whole_with_what_its_maker_asks_for() {
    let data = tempfile::tempdir().unwrap();
    let archive = data.path().join("tohoku.pmtiles");
    fs::write(&archive, pmtiles(TILE)).unwrap();
    let said = Said { attribution: Some("国土地理院".to_owned()), licence: Some("PDL1.0".to_owned()) };
    let taken =
        async |files: &[PathBuf], said: &Said| import(&Order { said: said.clone(), ..order(files) }, data.path()).await;
    taken(std::slice::from_ref(&archive), &said).await.unwrap();
    let base = in_force(data.path());
    assert_eq!(base.origin.attribution, "国土地理院");
    assert!(matches!(&base.content, Content::Archive(file) if file.extension().is_some_and(|e| e == "pmtiles")));

    let unsaid = taken(std::slice::from_ref(&archive), &Said::default()).await.unwrap_err();
    assert!(matches!(unsaid, ImportError::NoAttribution));
    let lies = data.path().join("lies.mbtiles");
    fs::write(&lies, b"PMTiles\x03").unwrap();
    let refused = taken(std::slice::from_ref(&lies), &said).await.unwrap_err();
    assert!(matches!(refused, ImportError::DamagedArchive(name) if name == "lies.mbtiles"));
    let cut = data.path().join("cut.pmtiles");
    fs::write(&cut, &pmtiles(TILE)[..100]).unwrap();
    let refused = taken(std::slice::from_ref(&cut), &said).await.unwrap_err();
    assert!(matches!(&refused, ImportError::RefusedArchive { file, .. } if file == "cut.pmtiles"), "{refused}");
    for (tile, reason) in [(&b""[..], "shows anything"), (b"<html>", "no tile"), (b"\x89PNG\r\n\x1a\n", "image/png")] {
        let false_one = data.path().join("false.pmtiles");
        fs::write(&false_one, pmtiles(tile)).unwrap();
        let refused = taken(&[false_one], &said).await.unwrap_err();
        let ImportError::RefusedArchive { file, source } = &refused else { panic!("{refused}") };
        assert!(file == "false.pmtiles" && source.to_string().contains(reason), "{source}");
        assert_eq!(in_force(data.path()), base, "the archive before stays in force");
    }
    let two = taken(&[archive, lies], &said).await.unwrap_err();
    assert!(matches!(two, ImportError::ArchiveAmongOthers));
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
    assert!(report.replacing[0].theme == Theme::Station && report.replacing[0].features > 80, "{report:?}");
    let wakamatsu: Vec<_> = features.iter().filter(|f| f.name.as_deref() == Some("会津若松")).collect();
    assert_eq!(wakamatsu.len(), 1, "two lines meet there, and it is one station");
}
