//! Import of shelters: what becomes of lists as they are published, and of broken ones.

use std::path::PathBuf;

use tempfile::TempDir;

use super::import::{ImportError, ImportReport, import};
use super::*;
use crate::domain::position::Position;
use crate::domain::shelter::{Danger, Dangers, ShelterKind};
use crate::region::synthetic::{official_aizu, region, ring, shared_data, solid, town, two_towns};

const GSI_SITES: &str = "NO,共通ID,都道府県名及び市町村名,施設・場所名,住所,洪水,\"崖崩れ、土石流及び地滑り\",高潮,地震,津波,\
    大規模な火事,内水氾濫,火山現象,指定避難所との住所同一,緯度,経度,備考\n";
const GSI_SHELTERS: &str = "NO,共通ID,都道府県名及び市町村名,施設・場所名,住所,指定緊急避難場所との住所同一,\
    その他市町村長が必要と認める事項,受入対象者,緯度,経度,備考\n";

/// Lists in a folder, and the folder that they are imported into.
struct Place {
    folder: TempDir,
    region: Region,
}

impl Place {
    fn new(region: Region) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), region }
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let file = self.folder.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        file
    }

    fn import(&self, files: &[PathBuf]) -> Result<ImportReport, ImportError> {
        import(files, &self.region, self.folder.path(), None, true)
    }

    fn in_force(&self) -> Shelters {
        Shelters::in_force(self.folder.path(), &self.region, &Locator::new(&self.region)).unwrap()
    }
}

fn names(list: &Shelters) -> Vec<&str> {
    list.all().iter().map(|shelter| shelter.name.as_str()).collect()
}

#[test]
fn the_demonstration_has_three_invented_shelters_in_each_municipality_and_says_so() {
    let place = Place::new(Region::built_in().unwrap());
    let list = place.in_force();
    assert!(list.is_demonstration() && list.edition().contains("架空・訓練用"));
    let locator = Locator::new(&place.region);
    for municipality in place.region.municipalities() {
        let theirs: Vec<_> = list.of_office(&municipality.code).collect();
        assert_eq!(theirs.len(), 3, "{}", municipality.name);
        for shelter in theirs {
            assert!(shelter.name.starts_with("架空・") && shelter.english.is_some(), "{}", shelter.name);
            assert_eq!(locator.locate(shelter.position).municipality(), Some(&municipality.code), "{}", shelter.name);
        }
    }
    assert!(Place::new(two_towns()).in_force().all().is_empty(), "another region has none of them");
}

#[test]
fn both_lists_of_gsi_become_one_and_the_same_place_is_one_shelter() {
    let place = Place::new(two_towns());
    let sites = place.write(
        "sites.csv",
        format!(
            "{GSI_SITES}1,E9900100001201,福島県西村,校庭,福島県西村1,1,,,1,,,1,,1,37.5,140.2,\n\
             2,E9900100001202,福島県西村,第二校庭,福島県西村1,,1,,1,,,,,,37.501,140.2,\n\
             3,E9900200002201,福島県東町,公園,福島県東町2,,,,1,,,,,,37.5,140.7,\n"
        ),
    );
    let shelters = place.write(
        "shelters.csv",
        format!(
            "{GSI_SHELTERS}1,E9900100001111,福島県西村,体育館,福島県西村1,1,,要配慮者,37.5001,140.2001,\n\
             2,E9900200009121,福島県東町,公民館,福島県東町9,,,,37.6,140.7,\n"
        ),
    );
    let report = place.import(&[sites.clone(), shelters.clone()]).unwrap();
    assert_eq!((report.shelters, report.emergency_sites, report.both, report.joined), (4, 3, 1, 1));
    let list = place.in_force();
    assert_eq!(names(&list), ["校庭（体育館）", "第二校庭", "公園", "公民館"]);
    let joined = &list.all()[0];
    assert_eq!(&*joined.kinds, [ShelterKind::EmergencySite, ShelterKind::Shelter]);
    assert_eq!(joined.fit, Some(Dangers::from(vec![Danger::Flood, Danger::Earthquake, Danger::InlandFlood])));
    assert_eq!(joined.accepts.as_deref(), Some("要配慮者"));
    assert_eq!((list.all()[3].fit, list.is_demonstration()), (None, false));
    assert!(list.attribution().contains("国土地理院"));

    // Whichever of the two an edition has, in whatever order, the ids are the same.
    for files in [vec![shelters.clone(), sites.clone()], vec![sites], vec![shelters]] {
        place.import(&files).unwrap();
        for shelter in place.in_force().all() {
            let same = list.get(shelter.id).unwrap_or_else(|| panic!("{} has another id", shelter.name));
            assert!(same.name.contains(shelter.name.as_str()) || shelter.name.contains(same.name.as_str()));
        }
    }
}

const OWN: &str = "名称,緯度,経度,ID\n";

/// The lines of the rows of a CSV, as they are told.
fn lines_of(text: &str) -> Vec<u64> {
    let mut lines = Vec::new();
    super::sheet::csv("list.csv", text.as_bytes(), &mut |row| lines.push(row.map_or_else(|(at, _)| at, |row| row.at)))
        .unwrap();
    lines
}

#[test]
fn lines_are_those_that_an_editor_shows_whatever_ends_them_and_however_many_are_blank() {
    let list = "避難所一覧\n\n\n名称,緯度,経度\n甲,37.5,139.9\n\n\"乙\n別館\",37.5,139.9\n丙,37.5,139.9";
    for text in [list.to_owned(), list.replace('\n', "\r\n"), format!("\u{feff}{list}\n")] {
        assert_eq!(lines_of(&text), [5, 7, 9], "{text:?}");
    }
    let many: String = (0..2_000).map(|n| format!("避難所{n},37.5,139.9\r\n\r\n")).collect();
    let lines = lines_of(&format!("\r\n名称,緯度,経度\r\n{many}"));
    assert!(lines.into_iter().eq((0..2_000).map(|n| 3 + 2 * n)));
}

#[test]
fn a_row_that_cannot_be_taken_is_told_with_its_line_and_reason_and_the_others_are_taken() {
    let place = Place::new(two_towns());
    let rows = [
        ("良い,37.5,140.2,1", None),
        (",37.5,140.2,2", Some("it has no name")),
        ("東経だけ,,140.2,3", Some("it has no latitude")),
        ("度分秒,37度30分,140.2,4", Some("\"37度30分\" is no latitude in degrees")),
        ("逆,140.2,37.5,5", Some("latitude and longitude look exchanged")),
        ("零,0,0,6", Some("0,0 is what devices write when they do not know where they are")),
        ("同じ,37.6,140.2,1", Some("line 2 has the same place")),
        ("向き\u{202e}逆,37.5,140.2,8", Some("the name has control characters")),
    ];
    let long = format!("{},37.5,140.2,9", "長".repeat(201));
    let mut text = OWN.to_owned();
    rows.iter().for_each(|(row, _)| text.extend([row, "\n"]));
    let file = place.write("list.csv", format!("{text}{long}\n\n遠い,35.0,135.0,10\n"));
    let report = place.import(&[file]).unwrap();
    let (_, counts) = &report.files[0];
    assert_eq!((counts.rows, counts.taken, counts.outside, counts.refused), (10, 1, 1, 8));
    let told: Vec<(u64, &str)> = counts.refusals.iter().map(|r| (r.at, r.reason.as_str())).collect();
    let mut expected: Vec<(u64, &str)> =
        (2..).zip(rows).filter_map(|(line, (_, reason))| Some((line, reason?))).collect();
    expected.push((10, "the name has more than 200 characters"));
    assert_eq!(told, expected);
}

/// A list of one shelter as GeoJSON.
fn point(coordinates: [f64; 2], crs: &str) -> Vec<u8> {
    let geometry = serde_json::json!({"type": "Point", "coordinates": coordinates});
    let feature = serde_json::json!({"type": "Feature", "properties": {"名称": "公民館"}, "geometry": geometry});
    let crs = serde_json::json!({"type": "name", "properties": {"name": crs}});
    serde_json::json!({"type": "FeatureCollection", "crs": crs, "features": [feature]}).to_string().into_bytes()
}

#[test]
fn a_file_that_is_no_list_is_refused_whole_and_the_old_list_stays_in_force() {
    let place = Place::new(two_towns());
    let good = place.write("good.csv", format!("{OWN}公民館,37.5,140.2,1\n"));
    place.import(std::slice::from_ref(&good)).unwrap();
    let before = place.in_force();
    for (name, bytes, told) in [
        ("empty.csv", Vec::new(), "empty.csv has no columns for a name, a latitude and a longitude"),
        ("other.csv", b"a,b,c\n1,2,3\n".to_vec(), "has no columns"),
        ("book.csv", b"PK\x03\x04xl/workbook".to_vec(), "a zip or a spreadsheet, not a CSV"),
        ("utf16.csv", "\u{feff}名称,緯度".encode_utf16().flat_map(u16::to_le_bytes).collect(), "it is UTF-16: save it"),
        ("noise.csv", vec![0x81, 0xff, 0xfe, 0x2c, 0x81, 0xff], "line 1 is neither UTF-8 nor Shift_JIS"),
        ("cut.geojson", br#"{"type":"FeatureCollection","features":[{"#.to_vec(), "is damaged or not understood"),
        ("list.json", b"[1,2]".to_vec(), "a GeoJSON FeatureCollection"),
        ("plane.geojson", point([140.2, 37.5], "urn:ogc:def:crs:EPSG::6677"), "degrees of JGD2011"),
        ("swapped.geojson", point([37.5, 140.2], "EPSG:6668"), "latitude and longitude look exchanged"),
        ("metres.geojson", point([5e3, 4e3], "EPSG:6668"), "look projected"),
        (
            "huge.geojson",
            format!(r#"{{"features":[{{"a":[0{}"#, ",0".repeat(5 << 20)).into_bytes(),
            "commas and brackets",
        ),
        ("none.json", br#"{"type":"nothing"}"#.to_vec(), "has no columns"),
        (
            "away.csv",
            format!("{OWN}遠い,35.0,135.0,1\n悪い,x,135.0,2\n").into_bytes(),
            "of 2 rows 1 lie outside it and 1 were refused; line 3: \"x\" is no latitude",
        ),
    ] {
        let bad = place.write(name, bytes);
        // Beside a good file too: all or nothing. Only that no row of one of them is ours harms nothing.
        let files = if name == "away.csv" { vec![bad] } else { vec![good.clone(), bad] };
        let refused = place.import(&files).unwrap_err().to_string();
        assert!(refused.contains(told), "{name}: {refused}");
        assert_eq!(place.in_force().sha256(), before.sha256(), "{name}");
    }
    assert!(matches!(place.import(&[]), Err(ImportError::FileCount)));
    assert!(matches!(place.import(&[place.folder.path().join("absent.csv")]), Err(ImportError::Unreadable { .. })));
}

#[test]
fn a_list_that_a_town_does_not_publish_is_named_and_the_others_are_taken() {
    let place = Place::new(two_towns());
    let unavailable =
        r#"{"type":"unavailable","code":"075469","name":"福島県双葉町","message":"公開されていません。"}"#;
    let none = place.write("075469.json", unavailable);
    let list = place.write("list.csv", format!("{OWN}公民館,37.5,140.2,1\n"));
    let report = place.import(&[none.clone(), list]).unwrap();
    let told = (report.files[0].0.name.as_str(), report.files[0].0.form, report.files[0].1.rows);
    assert_eq!(told, ("075469.json", "not published (unavailable)", 0));
    assert_eq!((report.shelters, place.in_force().edition()), (1, "list.csv"));
    assert!(matches!(place.import(&[none]), Err(ImportError::Nothing(_))));
}

#[test]
fn a_list_of_fewer_than_half_as_many_shelters_is_refused_unless_it_is_meant() {
    let place = Place::new(two_towns());
    let list = |name: &str, count: u64| {
        let rows = (1..=count).map(|id| format!("公民館{id},37.5,140.2,{id}\n")).collect::<String>();
        place.write(name, format!("{OWN}{rows},37.5,140.2,99\n"))
    };
    let import = |file: PathBuf, anyway| import(&[file], &place.region, place.folder.path(), None, anyway);
    assert_eq!(import(list("first.csv", 5), false).unwrap().before, None, "the demonstration is not in the way");
    let refused = import(list("second.csv", 2), false).unwrap_err().to_string();
    let told = "the new list has 2 shelters, and the one in force, first.csv, has 5; nothing was changed, and --anyway \
                takes the files in all the same; line 4: it has no name";
    assert_eq!(refused, told);
    assert_eq!(place.in_force().all().len(), 5);
    let report = import(list("third.csv", 3), false).unwrap();
    assert_eq!(report.before, Some(("first.csv".to_owned(), 5)));
    import(list("fourth.csv", 1), true).unwrap();
    assert_eq!(place.in_force().all().len(), 1);
}

#[test]
fn a_list_in_shift_jis_or_with_a_byte_order_mark_is_the_same_list() {
    let place = Place::new(two_towns());
    // 表 and ソ end with the byte of a backslash in Shift_JIS, 髙 is one of CP932's own, ～ differs between the two.
    let text = format!("表題,令和8年\n{OWN}\"表ソ髙\",37.5,140.2,１\n");
    let (shift_jis, _, unmappable) = encoding_rs::SHIFT_JIS.encode(&text);
    assert!(!unmappable);
    let mut lists = Vec::new();
    for (bytes, form) in [
        (text.clone().into_bytes(), "UTF-8"),
        (format!("\u{feff}{text}").into_bytes(), "UTF-8"),
        (shift_jis.into_owned(), "Shift_JIS"),
    ] {
        let report = place.import(&[place.write("list.csv", bytes)]).unwrap();
        assert_eq!(report.files[0].0.form, form);
        let list = place.in_force();
        assert_eq!(names(&list), ["表ソ髙"]);
        lists.push(list.all().to_vec());
    }
    assert!(lists.iter().all(|list| *list == lists[0]), "the same ids too");
}

#[test]
fn a_cell_in_another_encoding_than_its_file_is_refused_alone() {
    let place = Place::new(two_towns());
    let (shift_jis, ..) = encoding_rs::SHIFT_JIS.encode("文字化け");
    let mut bytes = format!("{OWN}公民館,37.5,140.2,1\n").into_bytes();
    bytes.extend_from_slice(&shift_jis);
    bytes.extend_from_slice(b",37.5,140.2,2\n");
    let report = place.import(&[place.write("list.csv", bytes)]).unwrap();
    let (_, counts) = &report.files[0];
    assert_eq!((counts.taken, counts.refusals[0].at), (1, 3));
    assert_eq!(counts.refusals[0].reason, "its text is not UTF-8");
}

#[test]
fn where_the_list_and_the_ground_disagree_the_ground_counts_and_it_is_told() {
    let mut region = two_towns();
    let text = "市区町村コード,名称,緯度,経度\n99001,集会所,37.5,140.7\n99002,川の中,37.5,141.003\n";
    // Boundaries that are a sketch cannot tell; then the list counts.
    let sketch = Place::new(region.clone());
    let report = sketch.import(&[sketch.write("list.csv", text)]).unwrap();
    assert!(report.trusted_list);
    assert_eq!(sketch.in_force().all()[0].municipality.as_str(), "99001");

    region = official(region);
    let place = Place::new(region);
    let report = place.import(&[place.write("list.csv", text)]).unwrap();
    let (_, counts) = &report.files[0];
    assert_eq!(counts.warnings[0].reason, "the list says 99001, it stands on the ground of 99002");
    assert_eq!((counts.odd, report.trusted_list), (1, false));
    let list = place.in_force();
    assert!(
        list.all().iter().all(|shelter| shelter.municipality.as_str() == "99002"),
        "near the border the list may say"
    );
    let again = sketch.in_force();
    assert!(again.get(list.all()[0].id).is_some(), "the id hangs on neither");
}

/// The same region with boundaries that are no sketch.
fn official(region: Region) -> Region {
    let folder = tempfile::tempdir().unwrap();
    let features: Vec<String> = [("99001", "西村", 140.0), ("99002", "東町", 140.5)]
        .iter()
        .map(|(code, name, west)| {
            let east = west + 0.5;
            format!(
                r#"{{"type":"Feature","properties":{{"N03_007":"{code}","N03_004":"{name}"}},"geometry":{{"type":"Polygon","coordinates":[[[{west},37.0],[{east},37.0],[{east},38.0],[{west},38.0],[{west},37.0]]]}}}}"#
            )
        })
        .collect();
    let file = folder.path().join("N03.geojson");
    std::fs::write(&file, format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","))).unwrap();
    crate::region::import::import(&file, &region, folder.path()).unwrap();
    region.with_imported(folder.path()).unwrap()
}

#[test]
fn a_kept_list_that_was_tampered_with_keeps_the_node_from_starting() {
    let place = Place::new(two_towns());
    let report = place.import(&[place.write("list.csv", format!("{OWN}公民館,37.5,140.2,1\n"))]).unwrap();
    let kept = std::fs::read_to_string(&report.written).unwrap();
    std::fs::write(&report.written, kept.replace("公民館", "公園")).unwrap();
    let refused = Shelters::in_force(place.folder.path(), &place.region, &Locator::new(&place.region)).unwrap_err();
    assert!(refused.to_string().contains("import it again or move the file away"), "{refused}");
}

// --- real files

#[test]
fn every_point_of_gsis_lists_lies_in_the_municipality_that_the_list_names() {
    let (Some(region), Some(shared)) = (official_aizu(), shared_data()) else { return };
    let towns: Vec<String> = region.municipalities().map(|town| town.code.to_string()).collect();
    let mut files = Vec::new();
    for list in ["emergency", "evacuation"] {
        let folder = std::fs::read_dir(shared.join("shelters/gsi-fukushima").join(list)).unwrap();
        let all = folder.map(|file| file.unwrap().path());
        // Six digits with the check digit; two towns publish nothing, which is a file of another kind.
        files.extend(all.filter(|file| {
            let name = file.file_stem().unwrap().to_string_lossy();
            towns.contains(&name[..5].to_owned()) && std::fs::read_to_string(file).unwrap().contains("\"features\"")
        }));
    }
    let place = Place::new(region);
    let report = place.import(&files).unwrap();
    let sum = |of: fn(&import::Counts) -> usize| report.files.iter().map(|(_, counts)| of(counts)).sum::<usize>();
    assert_eq!((sum(|c| c.rows), sum(|c| c.refused), sum(|c| c.outside)), (559 + 393, 0, 0));
    let warnings: Vec<_> = report.files.iter().flat_map(|(_, counts)| &counts.warnings).collect();
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!((report.by_municipality.len(), report.emergency_sites), (13, 559));
    assert_eq!(report.shelters + report.joined, 559 + 393);
    assert!(report.joined > 100 && report.both >= report.joined, "{report:?}");
    let list = place.in_force();
    assert_eq!(list.all().len(), report.shelters);
    let fit = list.all().iter().filter(|s| s.fit.is_some_and(|fit| fit.contains(Danger::Landslide))).count();
    assert!(fit > 100, "{fit}");
}

#[test]
fn lists_of_towns_are_read_whatever_they_call_their_head_counts() {
    let Some(shared) = shared_data() else { return };
    let nanao = ring(&[(136.6, 36.9), (137.2, 36.9), (137.2, 37.3), (136.6, 37.3)]);
    let ishinomaki = ring(&[(140.9, 38.2), (141.8, 38.2), (141.8, 38.8), (140.9, 38.8)]);
    let offices = vec![town("17202", "七尾市", (136.9, 37.1)), town("04202", "石巻市", (141.3, 38.4))];
    let grounds = [("17202", nanao), ("04202", ishinomaki)].into_iter().map(|(c, r)| (c.parse().unwrap(), solid(r)));
    let place = Place::new(region(offices, grounds.collect()));
    let mut known: HashMap<String, ShelterId> = HashMap::new();
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(shared.join("shelters/nanao")).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    for file in &files {
        let report = place.import(std::slice::from_ref(file)).unwrap();
        let (sheet, counts) = &report.files[0];
        assert_eq!((counts.refused, counts.outside, counts.taken), (0, 0, counts.rows), "{}", sheet.name);
        let list = place.in_force();
        assert!(list.all().iter().all(|shelter| shelter.kinds.contains(&ShelterKind::Shelter)), "{}", sheet.name);
        for shelter in list.all() {
            let id = *known.entry(shelter.name.clone()).or_insert(shelter.id);
            assert_eq!(id, shelter.id, "{} has another id in {}", shelter.name, sheet.name);
        }
    }
    assert!(known.len() > 20, "{}", known.len());
    let list = place.in_force();
    assert_eq!(list.all()[0].capacity, Some(1_700), "屋内1,700人／屋外2,250人");

    let report = place.import(&[shared.join("shelters/lgdis-ishinomaki/shelter.csv")]).unwrap();
    let (_, counts) = &report.files[0];
    assert!(counts.taken > 10 && counts.taken + counts.refused + counts.outside == counts.rows, "{counts:?}");
    assert_eq!(counts.refusals.iter().find(|refusal| refusal.at == 4).unwrap().reason, "it has no latitude");
    let school = place.in_force();
    let school = school.all().iter().find(|shelter| shelter.name == "石巻小学校").unwrap().clone();
    assert_eq!(school.position, Position::new(38.428954, 141.305277).unwrap());
}
