//! Which shapes are taken as zones, and as what.

use geo_types::{Coord, Geometry, LineString, MultiPolygon, Polygon};

use super::super::codec;
use crate::geodata::{FlawedShape, mend, rings};

/// The feature's polygons as they are kept, and what had to be mended, if anything; or why they cannot be.
pub(super) fn sound(shape: Result<Geometry<f64>, FlawedShape>) -> Result<(MultiPolygon<f64>, Option<String>), String> {
    let (geometry, open) = match shape {
        Ok(geometry) => (geometry, None),
        Err(FlawedShape::OpenRing(closed)) => (closed, Some("a ring was not closed".to_owned())),
        Err(flaw) => return Err(flaw.to_string()),
    };
    let polygons = match geometry {
        Geometry::Polygon(polygon) => vec![polygon],
        Geometry::MultiPolygon(polygons) => polygons.0,
        _ => return Err("a zone is a polygon; this is none".to_owned()),
    };
    if polygons.is_empty() || polygons.iter().all(|polygon| polygon.exterior().0.is_empty()) {
        return Err("its polygon is empty".to_owned());
    }
    let shape = rounded(MultiPolygon(polygons));
    if shape.0.is_empty() {
        return Err("it is smaller than the hundredth of a metre to which positions are kept".to_owned());
    }
    match rings::check(&shape) {
        Ok(()) => Ok((shape, open)),
        Err(flaw) => {
            let sound = mend::mend(&shape).map(rounded).filter(|shape| !shape.0.is_empty());
            sound
                .map(|shape| (shape, Some(flaw.to_string())))
                .ok_or_else(|| format!("{flaw}, and which ground is meant cannot be told"))
        }
    }
}

/// The shape with the positions that are kept, without corners that fall together and without what has no area then.
fn rounded(shape: MultiPolygon<f64>) -> MultiPolygon<f64> {
    let ring = |ring: LineString<f64>| {
        let mut corners: Vec<Coord<f64>> = ring.0.into_iter().map(codec::rounded).collect();
        corners.dedup();
        (corners.len() > 3).then_some(LineString(corners))
    };
    let polygon = |polygon: Polygon<f64>| {
        let (outer, inner) = polygon.into_inner();
        Some(Polygon::new(ring(outer)?, inner.into_iter().filter_map(ring).collect()))
    };
    MultiPolygon(shape.0.into_iter().filter_map(polygon).collect())
}
