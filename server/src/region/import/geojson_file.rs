//! N03 as GeoJSON.

use geojson::{FeatureCollection, JsonValue};

use super::{ImportError, RawFeature, RawFile, crs};
use crate::region::boundary;

/// Reads a FeatureCollection in UTF-8, with or without a byte order mark.
pub(super) fn read(name: &str, bytes: &[u8]) -> Result<RawFile, ImportError> {
    let malformed = |reason: String| ImportError::Malformed { file: name.to_owned(), reason };
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|_| malformed("GeoJSON must be UTF-8".to_owned()))?;
    let collection: FeatureCollection = serde_json::from_str(text).map_err(|error| malformed(error.to_string()))?;
    let crs = collection.foreign_members.as_ref().and_then(|members| members.get("crs")).filter(|crs| !crs.is_null());
    if let Some(crs) = crs {
        let named = crs.pointer("/properties/name").and_then(JsonValue::as_str);
        crs::check_geojson(named.ok_or_else(|| ImportError::WrongCrs(crs.to_string()))?)?;
    }
    let mut features = Vec::with_capacity(collection.features.len());
    for (at, feature) in collection.features.iter().enumerate() {
        let Some(geometry) = &feature.geometry else { continue };
        let shape = boundary::polygons(&geometry.value).map_err(|error| malformed(format!("feature {at}: {error}")))?;
        let code = feature.property("N03_007").and_then(code);
        let name = feature.property("N03_004").and_then(JsonValue::as_str).map(str::to_owned);
        features.push(RawFeature { code, name, shape });
    }
    Ok(RawFile { name: name.to_owned(), features })
}

/// Codes come as text and, after a spreadsheet had them, as numbers without the leading nought.
fn code(value: &JsonValue) -> Option<String> {
    match value {
        JsonValue::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        JsonValue::Number(number) => number.as_u64().map(|number| format!("{number:05}")),
        _ => None,
    }
}
