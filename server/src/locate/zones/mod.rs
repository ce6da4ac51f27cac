//! Which zones a point lies in, of hundreds of thousands: a covering by cells that is exact at the edges.
//!
//! A square over all zones is quartered until a cell holds a handful of sides. A cell knows by number the zones
//! that hold it whole; they answer without a test. For the others it knows their sides that touch it, and whether
//! its south-west corner is within: the way from there to the point, north and then east, tells by the sides that
//! it crosses whether the point is within. Every decision is made by exact predicates ([`side`]), so that cells
//! may be cut with a tolerance and the answers have none.

mod grid;
mod grow;
mod shard;
mod side;

use geo_types::{Coord, MultiPolygon};

use grid::Grid;
use grow::{Clip, Clips, Field, Part, Run};
use shard::Shard;

/// Zones in memory, asked by position. It knows numbers only: what a zone is, its caller knows.
///
/// A zone is one multipolygon. The corners and edges of a zone belong to it, those of its holes too, as with
/// PostGIS's `ST_Intersects`. Within a polygon the even-odd rule over all its rings decides, which for a valid
/// polygon is what the standard says (OGC 06-103r4, 6.1.11), and a firm answer for any other.
pub struct ZoneIndex {
    grid: Grid,
    corners: Vec<Coord<f64>>,
    /// By rows from south to north, from west to east within one. None if there are no zones.
    shards: Vec<Shard>,
    zones: usize,
}

/// Why zones cannot be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ZonesError {
    /// A coordinate is not a finite number of degrees within the world.
    #[error("zone {number} has a corner that is no place on earth")]
    NoPlace {
        /// The zone's number.
        number: u32,
    },
    /// More corners than an index holds.
    #[error("there are more than {MOST_CORNERS} corners")]
    TooMany,
}

/// Corners that one index holds: 16 GiB of them.
pub const MOST_CORNERS: usize = 1 << 30;

/// Sides that a cell holds without being quartered. More make the index smaller and slower; measured in
/// `docs/bench.md`.
const SIDES_A_CELL: usize = 12;

impl ZoneIndex {
    /// Takes in zones, numbered by the caller: a number may come more than once and is answered once. Their order
    /// does not matter.
    ///
    /// Uses all cores; some 0.1 µs of CPU a corner.
    ///
    /// # Errors
    /// [`ZonesError`], with nothing built.
    pub fn build(zones: impl IntoIterator<Item = (u32, MultiPolygon<f64>)>) -> Result<Self, ZonesError> {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self::build_with(zones, SIDES_A_CELL, threads)
    }

    fn build_with(
        zones: impl IntoIterator<Item = (u32, MultiPolygon<f64>)>,
        sides_a_cell: usize,
        threads: usize,
    ) -> Result<Self, ZonesError> {
        let (mut corners, mut parts, mut all) = (Vec::new(), Vec::new(), Clips::default());
        let mut count = 0;
        for (number, zone) in zones {
            count += 1;
            for polygon in zone {
                let first_run = all.runs.len();
                let (exterior, interiors) = polygon.into_inner();
                for ring in std::iter::once(exterior).chain(interiors).filter(|ring| ring.0.len() > 1) {
                    if !ring.0.iter().all(|c| c.x.abs() <= 180.0 && c.y.abs() <= 90.0) {
                        return Err(ZonesError::NoPlace { number });
                    }
                    if corners.len() + ring.0.len() > MOST_CORNERS {
                        return Err(ZonesError::TooMany);
                    }
                    all.runs.push(Run::over(corners.len(), ring.0.len() - 1));
                    corners.extend(ring.0);
                }
                let runs = &all.runs[first_run..];
                if let Some(part) = Part::around(number, runs, &corners) {
                    all.clips.push(Clip::whole(parts.len(), first_run..all.runs.len()));
                    parts.push(part);
                }
            }
        }
        corners.shrink_to_fit();
        let Some(grid) = Grid::around(&parts) else {
            return Ok(Self { grid: Grid::default(), corners, shards: Vec::new(), zones: count });
        };
        let field = Field { grid, corners: &corners, parts: &parts, sides_a_cell };
        let shards = field.grow(all, threads)?;
        Ok(Self { grid, corners, shards, zones: count })
    }

    /// The numbers of the zones that the position lies in or on, rising, each once, in place of what `found` held.
    /// Degrees of WGS 84 (or of JGD2011, which within a centimetre is the same); a position that is no place is in
    /// no zone.
    pub fn at(&self, lon: f64, lat: f64, found: &mut Vec<u32>) {
        found.clear();
        let point = Coord { x: lon, y: lat };
        if let Some(place) = self.grid.finest(point)
            && let Some(shard) = self.shards.get(grow::shard_of(place))
        {
            shard.at(&self.grid, &self.corners, place, point, found);
            found.sort_unstable();
            found.dedup();
        }
    }

    /// How many zones were taken in.
    pub fn len(&self) -> usize {
        self.zones
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.zones == 0
    }

    /// Corners of all zones, the first of each ring twice.
    pub fn corners(&self) -> usize {
        self.corners.len()
    }

    /// What it holds in memory, bytes.
    pub fn bytes(&self) -> usize {
        let shards: usize = self.shards.iter().map(Shard::bytes).sum();
        self.corners.capacity() * size_of::<Coord<f64>>() + self.shards.capacity() * size_of::<Shard>() + shards
    }
}

#[cfg(test)]
mod tests;
