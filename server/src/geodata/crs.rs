//! Which coordinates a file says that it has. JGD2011, JGD2000 and WGS 84 differ by less than boundaries are
//! accurate (JGD2000 by up to metres after 2011, in Aizu about one); the old Tokyo datum by 400 m.

use super::GeodataError;

/// EPSG codes of geographic coordinates that we take: WGS 84, JGD2011 (2D, 3D), JGD2000 (2D).
const EPSG: [&str; 4] = ["4326", "6668", "6667", "4612"];

/// Checks the `crs` member of old GeoJSON (2008): `urn:ogc:def:crs:EPSG::6668`, `EPSG:4326`, `…CRS84`.
pub(super) fn check_geojson(name: &str) -> Result<(), GeodataError> {
    let last = name.rsplit(':').next().unwrap_or_default();
    let good =
        last.eq_ignore_ascii_case("CRS84") || (name.to_ascii_uppercase().contains("EPSG") && EPSG.contains(&last));
    if good { Ok(()) } else { Err(GeodataError::WrongCrs(name.to_owned())) }
}

/// Checks what a GeoPackage says of a table's coordinates: its name for them, the authority that numbers them (EPSG), the
/// number, and WKT.
pub(super) fn check_geopackage(name: &str, authority: &str, number: i64, wkt: &str) -> Result<(), GeodataError> {
    let numbered = authority.eq_ignore_ascii_case("EPSG") && EPSG.contains(&number.to_string().as_str());
    if numbered || check_prj(wkt).is_ok() { Ok(()) } else { Err(GeodataError::WrongCrs(name.to_owned())) }
}

/// Checks a `.prj`: WKT 1 or 2, geographic, of one of our datums, by name.
pub(super) fn check_prj(wkt: &str) -> Result<(), GeodataError> {
    let wkt = wkt.trim_start_matches('\u{feff}').trim();
    let name = wkt.split('"').nth(1).unwrap_or("a system without a name");
    let geographic = ["GEOGCS[", "GEOGCRS[", "GEODCRS[", "GEOGRAPHICCRS["].iter().any(|w| wkt.starts_with(w));
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
    let known = ["JGD2011", "JGD2000", "WGS1984", "WGS84", "JAPANGEODETICDATUM2011", "JAPANGEODETICDATUM2000"];
    if geographic && known.iter().any(|datum| plain.contains(datum)) {
        Ok(())
    } else {
        Err(GeodataError::WrongCrs(name.to_owned()))
    }
}
