//! The square over all zones and the cells it is quartered into.

use geo_types::Coord;

use super::grow::Part;

/// How often the square can be quartered: at a prefecture's size down to 2 cm.
pub(super) const LEVELS: u32 = 24;

/// Finest cells along a side of the square.
const ACROSS: u32 = 1 << LEVELS;

/// The least width of the square, degrees. At 180° neighbouring numbers are 2⁻⁴⁵° apart; so the finest cell is
/// 2¹⁵ of them wide, and rounding stays far below [`TOLERANCE`].
const LEAST_WIDTH: f64 = 1.0 / 64.0;

/// By how much a cell's sides may miss it, in finest cells: more than rounding moves anything, so that a side that
/// touches a cell is never missed.
const TOLERANCE: f64 = 1.0 / 256.0;

/// Where the square lies.
#[derive(Clone, Copy, Default)]
pub(super) struct Grid {
    low: Coord<f64>,
    high: Coord<f64>,
    /// Finest cells a degree, east and north alike, and degrees of one.
    a_degree: f64,
    degrees: f64,
}

/// A square of the quartering, named by its south-west corner in finest cells.
#[derive(Clone, Copy)]
pub(super) struct Cell {
    pub(super) level: u32,
    pub(super) x: u32,
    pub(super) y: u32,
}

impl Grid {
    /// Over all parts, if there are any.
    pub(super) fn around(parts: &[Part]) -> Option<Self> {
        let (mut low, mut high) = (parts.first()?.low, parts.first()?.high);
        for part in parts {
            low = Coord { x: low.x.min(part.low.x), y: low.y.min(part.low.y) };
            high = Coord { x: high.x.max(part.high.x), y: high.y.max(part.high.y) };
        }
        let width = (high.x - low.x).max(high.y - low.y).max(LEAST_WIDTH);
        Some(Self { low, high, a_degree: f64::from(ACROSS) / width, degrees: width / f64::from(ACROSS) })
    }

    /// A place in finest cells. Rounds, but keeps the order.
    pub(super) fn scaled(&self, c: Coord<f64>) -> Coord<f64> {
        Coord { x: (c.x - self.low.x) * self.a_degree, y: (c.y - self.low.y) * self.a_degree }
    }

    /// The finest cell of a point; none if no zone can reach it.
    pub(super) fn finest(&self, p: Coord<f64>) -> Option<(u32, u32)> {
        let within = p.x >= self.low.x && p.x <= self.high.x && p.y >= self.low.y && p.y <= self.high.y;
        let scaled = self.scaled(p);
        within.then(|| ((scaled.x as u32).min(ACROSS - 1), (scaled.y as u32).min(ACROSS - 1)))
    }

    /// South-west corner of a cell, degrees.
    pub(super) fn corner(&self, cell: Cell) -> Coord<f64> {
        Coord { x: self.low.x + f64::from(cell.x) * self.degrees, y: self.low.y + f64::from(cell.y) * self.degrees }
    }
}

impl Cell {
    pub(super) const WHOLE: Self = Self { level: 0, x: 0, y: 0 };

    /// The cell of a level that a finest cell lies in.
    pub(super) fn around((x, y): (u32, u32), level: u32) -> Self {
        let kept = u32::MAX << (LEVELS - level);
        Self { level, x: x & kept, y: y & kept }
    }

    /// Its width in finest cells.
    pub(super) fn width(self) -> u32 {
        1 << (LEVELS - self.level)
    }

    /// South-west, south-east, north-west, north-east.
    pub(super) fn quarters(self) -> [Self; 4] {
        let half = self.width() / 2;
        [(0, 0), (half, 0), (0, half), (half, half)].map(|(east, north)| Self {
            level: self.level + 1,
            x: self.x + east,
            y: self.y + north,
        })
    }

    /// Which of its quarters a box in finest cells may touch, as bits.
    pub(super) fn quarters_touched_by_box(self, low: Coord<f64>, high: Coord<f64>) -> u8 {
        let half = f64::from(self.width() / 2);
        let (x, y) = (f64::from(self.x), f64::from(self.y));
        let halves = |from: f64, low: f64, high: f64| {
            let first = high >= from - TOLERANCE && low <= from + half + TOLERANCE;
            let second = high >= from + half - TOLERANCE && low <= from + half + half + TOLERANCE;
            (first, second)
        };
        let (west, east) = halves(x, low.x, high.x);
        let (south, north) = halves(y, low.y, high.y);
        u8::from(south && west)
            | u8::from(south && east) << 1
            | u8::from(north && west) << 2
            | u8::from(north && east) << 3
    }

    /// Which of its quarters a side in finest cells may touch, as bits: all that it touches, and none that it
    /// misses by more than twice the tolerance.
    pub(super) fn quarters_touched(self, a: Coord<f64>, b: Coord<f64>) -> u8 {
        let low = Coord { x: a.x.min(b.x), y: a.y.min(b.y) };
        let high = Coord { x: a.x.max(b.x), y: a.y.max(b.y) };
        let mut touched = self.quarters_touched_by_box(low, high);
        if touched.count_ones() > 1 {
            // Two convex shapes do not touch if a line along the side parts them.
            let (dx, dy) = (b.x - a.x, b.y - a.y);
            let to_middle = f64::from(self.width()) / 4.0;
            let reach = (to_middle + TOLERANCE) * (dx.abs() + dy.abs());
            for (bit, quarter) in self.quarters().into_iter().enumerate() {
                let (x, y) = (f64::from(quarter.x) + to_middle, f64::from(quarter.y) + to_middle);
                if ((x - a.x) * dy - (y - a.y) * dx).abs() > reach {
                    touched &= !(1 << bit);
                }
            }
        }
        touched
    }
}
