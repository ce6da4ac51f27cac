//! Where something is: degrees WGS 84, and the evidence for it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::word::word;

/// A place on the globe, degrees WGS 84; always finite, in range, and off the null island.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(try_from = "RawPosition", into = "RawPosition")]
pub struct Position {
    lat: f64,
    lon: f64,
}

#[derive(Serialize, Deserialize)]
struct RawPosition {
    lat: f64,
    lon: f64,
}

/// Why two numbers are not a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAPosition {
    /// NaN or infinite.
    #[error("latitude and longitude must be finite numbers")]
    NotFinite,
    /// Latitude and longitude look exchanged: read the other way round they lie in Japan.
    #[error("latitude and longitude look exchanged")]
    Swapped,
    /// Beyond ±90 or ±180 degrees.
    #[error("latitude must lie within ±90 and longitude within ±180 degrees")]
    OutOfRange,
    /// Within 0.01° of 0,0: what broken devices write when they know nothing.
    #[error("0,0 is what devices write when they do not know where they are")]
    NullIsland,
}

impl Position {
    /// Checks and makes a position from degrees.
    ///
    /// # Errors
    /// [`NotAPosition`] tells which rule is broken.
    pub fn new(lat: f64, lon: f64) -> Result<Self, NotAPosition> {
        // Japan with its outer islands: latitude 20–46, longitude 122–154.
        let in_japan = |lat: f64, lon: f64| (20.0..=46.0).contains(&lat) && (122.0..=154.0).contains(&lon);
        if !lat.is_finite() || !lon.is_finite() {
            Err(NotAPosition::NotFinite)
        } else if in_japan(lon, lat) {
            Err(NotAPosition::Swapped)
        } else if lat.abs() > 90.0 || lon.abs() > 180.0 {
            Err(NotAPosition::OutOfRange)
        } else if lat.abs() < 0.01 && lon.abs() < 0.01 {
            Err(NotAPosition::NullIsland)
        } else {
            Ok(Self { lat, lon })
        }
    }

    /// Degrees north.
    pub fn lat(self) -> f64 {
        self.lat
    }

    /// Degrees east.
    pub fn lon(self) -> f64 {
        self.lon
    }

    /// As the public sees it: rounded to 0.0001° (about 10 m).
    #[must_use]
    pub fn coarse(self) -> Self {
        let coarse = |degrees: f64| (degrees * COARSE_PER_DEGREE).round() / COARSE_PER_DEGREE;
        Self { lat: coarse(self.lat), lon: coarse(self.lon) }
    }

    /// Great-circle distance in metres on a sphere of 6,371,008.8 m (IUGG mean radius).
    pub fn distance_m(self, other: Self) -> f64 {
        const MEAN_EARTH_RADIUS_M: f64 = 6_371_008.8;
        let (lat1, lat2) = (self.lat.to_radians(), other.lat.to_radians());
        let half_lat = ((lat2 - lat1) / 2.0).sin();
        let half_lon = ((other.lon - self.lon).to_radians() / 2.0).sin();
        let chord = half_lat.mul_add(half_lat, lat1.cos() * lat2.cos() * half_lon * half_lon);
        2.0 * MEAN_EARTH_RADIUS_M * chord.sqrt().min(1.0).asin()
    }
}

/// Steps of a coarse position in a degree.
const COARSE_PER_DEGREE: f64 = 10_000.0;

/// Half a step of the coarse grid, degrees, and what rounding adds.
const HALF_COARSE_STEP: f64 = 0.5 / COARSE_PER_DEGREE + 1e-9;

impl TryFrom<RawPosition> for Position {
    type Error = NotAPosition;
    fn try_from(raw: RawPosition) -> Result<Self, NotAPosition> {
        Self::new(raw.lat, raw.lon)
    }
}

impl From<Position> for RawPosition {
    fn from(position: Position) -> Self {
        Self { lat: position.lat, lon: position.lon }
    }
}

/// An axis-aligned box in degrees WGS 84, edges included. It does not cross the antimeridian.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Bounds {
    /// Western edge, degrees east.
    pub west: f64,
    /// Southern edge, degrees north.
    pub south: f64,
    /// Eastern edge, degrees east.
    pub east: f64,
    /// Northern edge, degrees north.
    pub north: f64,
}

impl Bounds {
    /// Whether the position lies within or on the edge.
    pub fn contains(&self, position: Position) -> bool {
        (self.west..=self.east).contains(&position.lon()) && (self.south..=self.north).contains(&position.lat())
    }

    /// The smallest box that holds this one and another.
    #[must_use]
    pub fn with(&self, other: &Self) -> Self {
        Self {
            west: self.west.min(other.west),
            south: self.south.min(other.south),
            east: self.east.max(other.east),
            north: self.north.max(other.north),
        }
    }

    /// The box with as much again on each side: what screens show that show all of it. Ends where the world does.
    #[must_use]
    pub fn with_surroundings(&self) -> Self {
        let (across, down) = (self.east - self.west, self.north - self.south);
        Self {
            west: (self.west - across).max(-180.0),
            south: (self.south - down).max(-90.0),
            east: (self.east + across).min(180.0),
            north: (self.north + down).min(90.0),
        }
    }

    /// The smallest box on the grid of coarse positions ([`Position::coarse`]) that holds this one.
    #[must_use]
    pub fn coarse(&self) -> Self {
        // What floating point makes of an edge that lies on the grid must not move it a step out.
        let down = |degrees: f64| (degrees * COARSE_PER_DEGREE + 1e-6).floor() / COARSE_PER_DEGREE;
        let up = |degrees: f64| (degrees * COARSE_PER_DEGREE - 1e-6).ceil() / COARSE_PER_DEGREE;
        Self { west: down(self.west), south: down(self.south), east: up(self.east), north: up(self.north) }
    }

    /// A box that holds every position whose coarse one ([`Position::coarse`]) lies within this one.
    #[must_use]
    pub fn around_coarse(&self) -> Self {
        Self {
            west: self.west - HALF_COARSE_STEP,
            south: self.south - HALF_COARSE_STEP,
            east: self.east + HALF_COARSE_STEP,
            north: self.north + HALF_COARSE_STEP,
        }
    }

    /// Whether all four are finite, in range and in order.
    pub fn is_valid(&self) -> bool {
        let in_range = |v: f64, limit: f64| v.is_finite() && v.abs() <= limit;
        in_range(self.west, 180.0)
            && in_range(self.east, 180.0)
            && in_range(self.south, 90.0)
            && in_range(self.north, 90.0)
            && self.west <= self.east
            && self.south <= self.north
    }
}

/// Who says that the thing is there.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", remote = "Self")]
pub enum EvidenceSource {
    /// The phone's own position, captured at the shutter.
    Device,
    /// The photo's EXIF or the video's metadata.
    Media,
    /// A pin set on the map.
    Pin,
    /// Typed latitude and longitude.
    Typed,
}

word!(EvidenceSource);

/// One witness for the place of a report.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Evidence {
    /// Who says so.
    pub source: EvidenceSource,
    /// Where.
    pub position: Position,
    /// Radius of uncertainty in metres, where the source states one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy_m: Option<f64>,
    /// Direction of view, degrees clockwise from true north, 0 ≤ d < 360.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heading_deg: Option<f64>,
    /// When the source took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_no_position_by_name() {
        assert_eq!(Position::new(f64::NAN, 139.0), Err(NotAPosition::NotFinite));
        assert_eq!(Position::new(f64::INFINITY, 139.0), Err(NotAPosition::NotFinite));
        assert_eq!(Position::new(139.9, 37.5), Err(NotAPosition::Swapped));
        assert_eq!(Position::new(91.0, 10.0), Err(NotAPosition::OutOfRange));
        assert_eq!(Position::new(10.0, -181.0), Err(NotAPosition::OutOfRange));
        assert_eq!(Position::new(0.0, 0.0), Err(NotAPosition::NullIsland));
        assert!(Position::new(37.494, 139.929).is_ok());
    }

    #[test]
    fn coarse_positions_and_boxes_lie_on_one_grid() {
        let exact = Position::new(37.487_849, 139.929_751).unwrap();
        assert_eq!(exact.coarse(), Position::new(37.4878, 139.9298).unwrap());
        assert_eq!(exact.coarse().coarse(), exact.coarse());
        assert!(exact.distance_m(exact.coarse()) < 8.0);
        let around = Bounds { west: 139.929_71, south: 37.487_81, east: 139.929_75, north: 37.487_85 }.coarse();
        assert_eq!(around, Bounds { west: 139.9297, south: 37.4878, east: 139.9298, north: 37.4879 });
        assert_eq!(around.coarse(), around);
        let point = Position::new(37.487_849, 139.929_751).unwrap();
        let seen = Bounds { west: 139.9298, south: 37.4878, east: 139.9298, north: 37.4878 };
        assert!(!seen.contains(point) && seen.contains(point.coarse()) && seen.around_coarse().contains(point));
    }

    #[test]
    fn a_degree_of_latitude_is_about_111_kilometres() {
        let south = Position::new(37.0, 139.0).unwrap();
        let north = Position::new(38.0, 139.0).unwrap();
        assert!((south.distance_m(north) - 111_195.0).abs() < 5.0);
    }
}
