//! A sheet of boundaries: a GeoJSON FeatureCollection (RFC 7946) whose features carry `code` and `name`, and
//! which says as foreign members whether it is a `sketch`, its `edition`, and what to write on the map.

use geo_types::MultiPolygon;
use geojson::{FeatureCollection, GeometryValue};
use serde_json::Value;

use super::Boundaries;

/// Boundaries with what must be known about them.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// Each municipality's ground.
    pub boundaries: Boundaries,
    /// Whether it is a sketch.
    pub sketch: bool,
    /// Which edition, for people.
    pub edition: String,
    /// What to write on the map, where the sheet says so itself.
    pub attribution: Option<String>,
}

/// Reads a sheet. Does not look whether rings are sound; [`super::verify`] does.
///
/// # Errors
/// What is wrong, in English.
pub fn read(bytes: &[u8]) -> Result<Sheet, String> {
    let collection: FeatureCollection = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let member = |name: &str| collection.foreign_members.as_ref().and_then(|members| members.get(name));
    let text = |name: &str| member(name).and_then(Value::as_str).map(str::to_owned);
    let sketch = member("sketch").and_then(Value::as_bool).ok_or("it does not say whether it is a sketch")?;
    let edition = text("edition").ok_or("it does not name its edition")?;
    let attribution = text("attribution");
    let mut boundaries = Boundaries::new();
    for (at, feature) in collection.features.iter().enumerate() {
        let code =
            feature.property("code").and_then(Value::as_str).ok_or_else(|| format!("feature {at} has no code"))?;
        let code = code.parse().map_err(|error| format!("feature {at}, code {code:?}: {error}"))?;
        let geometry = feature.geometry.as_ref().ok_or_else(|| format!("feature {at} has no geometry"))?;
        let shape = polygons(&geometry.value).map_err(|error| format!("feature {at}: {error}"))?;
        if boundaries.insert(code, shape).is_some() {
            return Err(format!("feature {at} repeats a code"));
        }
    }
    Ok(Sheet { boundaries, sketch, edition, attribution })
}

/// The polygons of a Polygon or MultiPolygon; rings that stand open are refused (geo would close them in silence).
///
/// # Errors
/// What is wrong, in English.
pub fn polygons(geometry: &GeometryValue) -> Result<MultiPolygon<f64>, String> {
    let closed = |rings: &Vec<Vec<geojson::Position>>| {
        rings.iter().all(|ring| ring.len() >= 4 && ring.first() == ring.last() && ring.iter().all(|p| p.len() >= 2))
    };
    let sound = match geometry {
        GeometryValue::Polygon { coordinates } => closed(coordinates),
        GeometryValue::MultiPolygon { coordinates } => coordinates.iter().all(closed),
        other => return Err(format!("a boundary is a Polygon or a MultiPolygon, not a {}", other.type_name())),
    };
    if !sound {
        return Err("a ring is not closed, or has fewer than four positions".to_owned());
    }
    let geometry: geo_types::Geometry<f64> = geometry.try_into().map_err(|error: geojson::Error| error.to_string())?;
    match geometry {
        geo_types::Geometry::Polygon(polygon) => Ok(MultiPolygon(vec![polygon])),
        geo_types::Geometry::MultiPolygon(polygons) => Ok(polygons),
        _ => Err("a boundary is a Polygon or a MultiPolygon".to_owned()),
    }
}
