//! Small regions drawn in tests.

use geo_types::{Coord, LineString, MultiPolygon, Polygon};

use super::{About, Boundaries, Region};
use crate::domain::office::{Office, OfficeKind};
use crate::domain::position::{Bounds, Position};

/// A closed ring of `(lon, lat)`.
pub fn ring(points: &[(f64, f64)]) -> LineString<f64> {
    let mut ring: Vec<Coord<f64>> = points.iter().map(|&(x, y)| Coord { x, y }).collect();
    ring.push(ring[0]);
    LineString(ring)
}

/// A square with its lower left corner at `(lon, lat)`.
pub fn square(lon: f64, lat: f64, side: f64) -> LineString<f64> {
    ring(&[(lon, lat), (lon + side, lat), (lon + side, lat + side), (lon, lat + side)])
}

/// A polygon without holes.
pub fn solid(outer: LineString<f64>) -> MultiPolygon<f64> {
    MultiPolygon(vec![Polygon::new(outer, vec![])])
}

/// A municipality labelled at `(lon, lat)`.
pub fn town(code: &str, name: &str, label: (f64, f64)) -> Office {
    Office {
        code: code.parse().unwrap(),
        kind: OfficeKind::Municipality,
        name: name.to_owned(),
        kana: String::new(),
        english: name.to_owned(),
        label: Position::new(label.1, label.0).unwrap(),
        neighbours: vec![],
    }
}

/// A region around 140 E, 37 N, not verified.
pub fn region(offices: Vec<Office>, boundaries: Boundaries) -> Region {
    let about = About {
        code: "test".to_owned(),
        name: "試".to_owned(),
        kana: "し".to_owned(),
        english: "Test".to_owned(),
        prefecture: "99".to_owned(),
        time_zone: "Asia/Tokyo".to_owned(),
        centre: Position::new(37.5, 140.5).unwrap(),
        bounds: Bounds { west: 139.0, south: 36.0, east: 142.0, north: 39.0 },
        default_zoom: 9.0,
        attribution: "test".to_owned(),
    };
    Region { about, offices, boundaries, sketch: true, edition: "test".to_owned(), attribution: "test".to_owned() }
}

/// Two towns side by side, 西村 (99001) and 東町 (99002), half a degree wide, east of 140 E and north of 37 N.
pub fn two_towns() -> Region {
    let mut offices = vec![town("99001", "西村", (140.25, 37.5)), town("99002", "東町", (140.75, 37.5))];
    offices[0].neighbours.push("99002".parse().unwrap());
    offices[1].neighbours.push("99001".parse().unwrap());
    let west = ring(&[(140.0, 37.0), (140.5, 37.0), (140.5, 38.0), (140.0, 38.0)]);
    let east = ring(&[(140.5, 37.0), (141.0, 37.0), (141.0, 38.0), (140.5, 38.0)]);
    let boundaries =
        [("99001", west), ("99002", east)].into_iter().map(|(c, r)| (c.parse().unwrap(), solid(r))).collect();
    region(offices, boundaries)
}

/// Where real data lies that is not part of the project; says so and gives nothing when it is absent.
pub fn shared_data() -> Option<std::path::PathBuf> {
    let beside = || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let folder = std::env::var_os("SOKUHO_SHARED_DATA").map_or_else(beside, Into::into);
    if folder.is_dir() {
        return Some(folder);
    }
    crate::skipped::skipped("shared data is absent");
    None
}

/// The built-in region with the full official boundaries, imported once for all tests of a run.
pub fn official_aizu() -> Option<Region> {
    static OFFICIAL: std::sync::OnceLock<Region> = std::sync::OnceLock::new();
    let shared = shared_data()?;
    let official = OFFICIAL.get_or_init(|| {
        let data = tempfile::tempdir().unwrap();
        let region = Region::built_in().unwrap();
        super::import::import(&shared.join("region/aizu13_N03_full.geojson"), &region, data.path()).unwrap();
        region.with_imported(data.path()).unwrap()
    });
    Some(official.clone())
}
