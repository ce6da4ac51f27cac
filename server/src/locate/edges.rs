//! The sides of one polygon, sorted into bands of latitude, so that a point meets a few dozen of them and not
//! ten thousand.

use geo::Kernel;
use geo::kernels::{Orientation, RobustKernel};
use geo_types::{Coord, Polygon};

/// How a point stands to a polygon.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Standing {
    /// Within, and not on a side.
    Inside,
    /// Exactly on a side or corner.
    OnSide,
    /// Elsewhere, a hole included.
    Outside,
}

/// A polygon's sides by bands of latitude. All rings together: the even-odd rule takes holes into account.
pub(super) struct Edges {
    south: f64,
    bands_per_degree: f64,
    bands: Vec<Vec<(Coord<f64>, Coord<f64>)>>,
}

/// About how many sides start in a band. Small enough to be quick, large enough to keep the bands few.
const SIDES_PER_BAND: usize = 8;
/// At most this many bands, whatever the polygon.
const MOST_BANDS: usize = 4096;

impl Edges {
    pub(super) fn new(polygon: &Polygon<f64>) -> Self {
        let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
        let sides: Vec<_> = rings.flat_map(|r| r.lines()).filter(|l| l.start != l.end).collect();
        let south = sides.iter().map(|l| l.start.y).fold(f64::INFINITY, f64::min);
        let north = sides.iter().map(|l| l.start.y).fold(f64::NEG_INFINITY, f64::max);
        let count = (sides.len() / SIDES_PER_BAND).clamp(1, MOST_BANDS);
        let height = north - south;
        let bands_per_degree = if height > 0.0 { count as f64 / height } else { 0.0 };
        let mut edges = Self { south, bands_per_degree, bands: vec![Vec::new(); count] };
        for side in sides {
            let (low, high) = (side.start.y.min(side.end.y), side.start.y.max(side.end.y));
            for band in edges.band(low)..=edges.band(high) {
                edges.bands[band].push((side.start, side.end));
            }
        }
        edges
    }

    /// Monotonic in the latitude, so that a side lies in every band that a point on it can fall into.
    fn band(&self, lat: f64) -> usize {
        // The cast saturates: below the first band is the first, above the last is the last.
        (((lat - self.south) * self.bands_per_degree) as usize).min(self.bands.len() - 1)
    }

    /// Even-odd rule along a ray to the east. Orientation is decided exactly (Shewchuk's adaptive predicates,
    /// crate `robust`), so there is no tolerance: on the side means on the side.
    pub(super) fn standing(&self, p: Coord<f64>) -> Standing {
        let mut inside = false;
        for &(a, b) in &self.bands[self.band(p.y)] {
            let (low, high) = if a.y <= b.y { (a, b) } else { (b, a) };
            if p.y < low.y || p.y > high.y {
                continue;
            }
            if p.x > a.x.max(b.x) {
                continue;
            }
            if p.x < a.x.min(b.x) {
                inside ^= low.y <= p.y && p.y < high.y;
                continue;
            }
            match RobustKernel::orient2d(low, high, p) {
                Orientation::Collinear => return Standing::OnSide,
                // Half open, so that a corner counts once.
                Orientation::CounterClockwise => inside ^= low.y <= p.y && p.y < high.y,
                Orientation::Clockwise => {}
            }
        }
        if inside { Standing::Inside } else { Standing::Outside }
    }
}
