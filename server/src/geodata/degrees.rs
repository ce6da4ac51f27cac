//! Whether coordinates are degrees, east first.

use geo::CoordsIter;
use geo_types::Geometry;

use super::GeodataError;

/// Refuses coordinates that are no degrees, or have the latitude first.
pub(super) fn check(feature: usize, shape: &Geometry<f64>) -> Result<(), GeodataError> {
    for c in shape.coords_iter() {
        // Japan with its outer islands: latitude 20–46, longitude 122–154.
        if (20.0..=46.0).contains(&c.x) && (122.0..=154.0).contains(&c.y) {
            return Err(GeodataError::SwappedAxes { feature });
        }
        if c.x.abs() > 180.0 || c.y.abs() > 90.0 {
            return Err(GeodataError::NotDegrees { feature, x: c.x, y: c.y });
        }
    }
    Ok(())
}
