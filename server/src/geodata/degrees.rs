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
        // What is no number lies in no range.
        if !(-180.0..=180.0).contains(&c.x) || !(-90.0..=90.0).contains(&c.y) {
            return Err(GeodataError::NotDegrees { feature, x: c.x, y: c.y });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use geo_types::{LineString, line_string};

    use super::*;

    #[test]
    fn what_is_no_number_is_no_degree_wherever_it_stands() {
        let sound: LineString<f64> = line_string![(x: 139.9, y: 37.4), (x: 139.8, y: 37.5), (x: -180.0, y: 90.0)];
        assert!(check(1, &sound.clone().into()).is_ok());
        for (corner, x, y) in [(0, f64::NAN, 37.4), (2, 139.9, f64::NAN), (1, f64::INFINITY, 37.4), (1, 180.1, 0.0)] {
            let mut shape = sound.clone();
            shape.0[corner] = geo_types::Coord { x, y };
            let refused = check(1, &shape.into());
            assert!(matches!(refused, Err(GeodataError::NotDegrees { feature: 1, .. })), "{x} {y}");
        }
    }
}
