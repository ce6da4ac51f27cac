//! The zones that the bench asks about, by rule: the same number gives the same polygon anywhere.
//!
//! - Where: 60 % around one of 80 towns (the sum of two even dice, within 0.15° and 0.1°), the others anywhere in a
//!   box of the size of Fukushima prefecture. They overlap as they fall.
//! - How many corners: 20 to 5,000, holes included, Pareto with an exponent of 0.8: half have fewer than 47, the
//!   mean is some 163, one in a hundred has more than 2,300.
//! - *Slopes* (60 %): stars around a place, a corner some 6 m from the next, rough at the scale of their size; a
//!   fourth of those with 60 corners or more have a hole that takes a third of them. Coordinates are multiples of
//!   2⁻²⁴°, so that the middle of a side is a number too and lies exactly on it.
//! - *Rivers* (25 %): two banks that wind along a course from west to east or from south to north, a corner every
//!   7 m. Coordinates have seven decimals.
//! - *Depth ranks* (15 %): stairs of a raster of 5 m, three of them lie on each other and share their rims.

use std::f64::consts::TAU;

use geo_types::{Coord, LineString, MultiPolygon, Polygon};

/// South-west and north-east corner of the box, degrees.
pub const BOX: [Coord<f64>; 2] = [Coord { x: 139.16, y: 36.79 }, Coord { x: 141.05, y: 37.98 }];

/// Metres of a degree of latitude, near enough for shapes, and of one of longitude.
const METRES: (f64, f64) = (88_500.0, 111_000.0);

const CORNERS: (f64, f64) = (20.0, 5_000.0);
const EXPONENT: f64 = 0.8;
const TOWNS: u64 = 80;
/// A raster's width, degrees: a sixteenth of a second, some 2 m, twice east and thrice north.
const RASTER: f64 = 0.062_5 / 3600.0;

/// A linear congruential generator (Knuth, MMIX), its high bits.
pub struct Dice(u64);

impl Dice {
    /// Dice of their own for each seed.
    pub fn new(seed: u64) -> Self {
        let mut dice = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5353_4F4B_5548_4F21);
        dice.even();
        dice.even();
        dice
    }

    /// From 0 to 1, without 1.
    pub fn even(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A whole number below the end.
    pub fn below(&mut self, end: u64) -> u64 {
        (self.even() * end as f64) as u64
    }

    /// Anywhere in the box.
    pub fn place(&mut self) -> Coord<f64> {
        let [low, high] = BOX;
        Coord { x: low.x + (high.x - low.x) * self.even(), y: low.y + (high.y - low.y) * self.even() }
    }
}

/// Whether the middle of each side of this zone is a number.
pub fn is_dyadic(number: u32) -> bool {
    number % 20 < 12
}

/// The zone of a number.
pub fn zone(number: u32) -> MultiPolygon<f64> {
    let mut dice = Dice::new(u64::from(number) + 1_000);
    let corners = corners(&mut dice);
    let polygon = match number % 20 {
        0..12 => slope(&mut dice, corners),
        12..17 => river(&mut dice, corners),
        rank => depth_rank(number - rank, rank - 17),
    };
    MultiPolygon(vec![polygon])
}

/// The inverse of the distribution function.
fn corners(dice: &mut Dice) -> usize {
    let (least, most) = (CORNERS.0.powf(-EXPONENT), CORNERS.1.powf(-EXPONENT));
    (least - dice.even() * (least - most)).powf(-1.0 / EXPONENT).round() as usize
}

fn middle(dice: &mut Dice) -> Coord<f64> {
    if dice.below(10) >= 6 {
        return dice.place();
    }
    let town = Dice::new(dice.below(TOWNS)).place();
    let mut about = |reach: f64| reach * (dice.even() + dice.even() - 1.0);
    Coord { x: town.x + about(0.15), y: town.y + about(0.1) }
}

fn slope(dice: &mut Dice, corners: usize) -> Polygon<f64> {
    let middle = middle(dice);
    let hole = if corners >= 60 && dice.below(4) == 0 { corners / 3 } else { 0 };
    let outer = corners - hole;
    let reach = outer as f64 * 6.0 / TAU;
    let rim = star(dice, middle, reach, outer);
    // The rim comes no nearer to the middle than two fifths of its reach.
    let holes = if hole > 0 { vec![star(dice, middle, reach * 0.25, hole)] } else { vec![] };
    Polygon::new(rim, holes)
}

/// A simple ring: its angles rise.
fn star(dice: &mut Dice, middle: Coord<f64>, reach: f64, corners: usize) -> LineString<f64> {
    let waves = [(2.0, 0.15), (5.0, 0.1), (13.0, 0.04)].map(|(times, height)| (times, height, TAU * dice.even()));
    let snapped = |degrees: f64| (degrees * 16_777_216.0).round() / 16_777_216.0;
    let corner = |i: usize, dice: &mut Dice| {
        let angle = (i as f64 + 0.7 * dice.even()) / corners as f64 * TAU;
        let wave: f64 = waves.iter().map(|(times, height, from)| height * (times * angle + from).sin()).sum();
        let reach = reach * (0.7 + wave) + dice.even().min(0.1 * reach);
        Coord {
            x: snapped(middle.x + reach * angle.cos() / METRES.0),
            y: snapped(middle.y + reach * angle.sin() / METRES.1),
        }
    };
    LineString((0..corners).map(|i| corner(i, dice)).collect())
}

fn river(dice: &mut Dice, corners: usize) -> Polygon<f64> {
    let (middle, north) = (middle(dice), dice.below(2) == 1);
    let a_bank = corners / 2;
    let waves = [(0.7, 60.0), (2.3, 20.0), (11.0, 5.0)].map(|(times, part)| (times, part, TAU * dice.even()));
    let (length, width) = (a_bank as f64 * 5.0, 4.0 + 40.0 * dice.even());
    let place = |along: f64, across: f64| {
        let (x, y) = if north { (across, along) } else { (along, across) };
        let decimal = |degrees: f64| (degrees * 1e7).round() / 1e7;
        Coord { x: decimal(middle.x + x / METRES.0), y: decimal(middle.y + y / METRES.1) }
    };
    // Both banks have their corners at the same places of the course, so that they do not cross.
    let alongs: Vec<_> = (0..a_bank).map(|i| (i as f64 + 0.5 * dice.even()) * 5.0).collect();
    let mut bank = |side: f64| -> Vec<_> {
        let corner = |along: &f64| {
            let course: f64 = waves
                .iter()
                .map(|(times, part, from)| length / part * (times * along / length * TAU + from).sin())
                .sum();
            place(along - length / 2.0, course + side * width * (1.0 + 0.2 * dice.even()))
        };
        alongs.iter().map(corner).collect()
    };
    let mut ring = bank(-1.0);
    ring.extend(bank(1.0).into_iter().rev());
    Polygon::new(LineString(ring), vec![])
}

/// One of three bands of a raster, one above the other, made from what they have in common.
fn depth_rank(family: u32, rank: u32) -> Polygon<f64> {
    let mut dice = Dice::new(u64::from(family) + 7_000_000_000);
    let columns = (corners(&mut dice) / 4).max(5);
    let middle = middle(&mut dice);
    let (west, south) = ((middle.x / RASTER).floor(), (middle.y / RASTER).floor());
    let place =
        |column: usize, row: f64| Coord { x: (west + 3.0 * column as f64) * RASTER, y: (south + 2.0 * row) * RASTER };
    let mut rows = 0.0;
    // The tops of the columns of each stair, the lowest first.
    let mut stair = |dice: &mut Dice| -> Vec<f64> {
        let base = rows;
        rows += 4.0 + (columns as f64 / 3.0).ceil();
        let mut top = base + 1.0 + dice.below(3) as f64;
        let mut next = || {
            top = (top + dice.below(5) as f64 - 2.0).clamp(base + 1.0, base + 3.0 + (columns as f64 / 3.0).floor());
            top
        };
        (0..columns).map(|_| next()).collect()
    };
    let stairs: Vec<_> = (0..4).map(|_| stair(&mut dice)).collect();
    let along = |stair: &[f64]| -> Vec<_> {
        let tops = stair.iter().enumerate();
        tops.flat_map(|(column, row)| [place(column, *row), place(column + 1, *row)]).collect()
    };
    let mut ring = along(&stairs[rank as usize]);
    ring.extend(along(&stairs[rank as usize + 1]).into_iter().rev());
    ring.dedup();
    Polygon::new(LineString(ring), vec![])
}
