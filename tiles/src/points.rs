//! Vector tiles of many things with a place: one by one where they are few, gathered in clusters where they are
//! many.
//!
//! A cluster says how many there are of each kind. What is counted as a kind is up to the caller, who gives each
//! thing a set of marks. A thing that stands alone in its cell keeps its id: cells add ids up by exclusive or, so
//! that the id of the last one left is what remains.

use std::collections::BTreeMap;

use crate::mvt::{EXTENT_BITS, Place, TileWriter};
use crate::properties::Properties;
use crate::{MAX_ZOOM, Tile};

/// The deepest zoom of a vector tile: its units are still whole units of the globe.
pub const DEEPEST: u8 = MAX_ZOOM - EXTENT_BITS;

/// Zoom of the cells of a [`Grid`].
const GRID_ZOOM: u8 = 16;

/// log2 of the clusters across a tile: 32, each 16 pixels wide where a tile is drawn 512 wide.
const CLUSTER_BITS: u8 = 5;

/// Tiles of this zoom and deeper show things one by one, if they are not too many.
pub const ONE_BY_ONE: u8 = 12;

/// A place on the globe: column and row of its tile at the deepest zoom.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Spot {
    /// From the antimeridian eastwards.
    pub x: u32,
    /// From the north southwards.
    pub y: u32,
}

impl Spot {
    /// The place of a position, degrees WGS 84.
    pub fn at(lat: f64, lon: f64) -> Self {
        let Tile { x, y, .. } = Tile::at(lat, lon, MAX_ZOOM);
        Self { x, y }
    }

    /// The tile in which it lies.
    pub fn tile(self, z: u8) -> Tile {
        Tile { z: MAX_ZOOM, x: self.x, y: self.y }.ancestor(z)
    }

    /// Where it lies in a tile of a zoom up to [`DEEPEST`], in units of the tile from its north-west corner.
    pub(crate) fn within(self, tile: Tile) -> Place {
        let bits = DEEPEST.saturating_sub(tile.z);
        let unit = |place: u32, number: u32| {
            let from = i64::from(number) << (MAX_ZOOM - tile.z);
            i32::try_from((i64::from(place) - from) >> bits).unwrap_or(i32::MAX)
        };
        Place { x: unit(self.x, tile.x), y: unit(self.y, tile.y) }
    }
}

/// A thing with a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Thing {
    /// Where.
    pub spot: Spot,
    /// Which.
    pub id: u128,
    /// A time of it, in whatever unit the caller counts.
    pub time: u64,
    /// Its marks: bit n for mark n.
    pub marks: u32,
}

/// How many things stand together, how many have each of `M` marks, and, if it is one alone, which it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tally<const M: usize> {
    count: u32,
    marks: [u32; M],
    ids: u128,
    times: u64,
    x: u64,
    y: u64,
}

impl<const M: usize> Default for Tally<M> {
    fn default() -> Self {
        Self { count: 0, marks: [0; M], ids: 0, times: 0, x: 0, y: 0 }
    }
}

impl<const M: usize> Tally<M> {
    /// How many they are.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// How many have each mark.
    pub fn marks(&self) -> &[u32; M] {
        &self.marks
    }

    /// The one thing, if it is one alone.
    pub fn single(&self) -> Option<Thing> {
        let marks = (0..M).filter(|mark| self.marks[*mark] > 0).fold(0, |marks, mark| marks | 1 << mark);
        (self.count == 1).then(|| Thing { spot: self.middle(), id: self.ids, time: self.times, marks })
    }

    /// The middle of the places.
    pub fn middle(&self) -> Spot {
        let mean = |sum: u64| u32::try_from(sum / u64::from(self.count.max(1))).unwrap_or(u32::MAX);
        Spot { x: mean(self.x), y: mean(self.y) }
    }

    fn add(&mut self, thing: &Thing) {
        self.count += 1;
        for (mark, count) in self.marks.iter_mut().enumerate() {
            *count += thing.marks >> mark & 1;
        }
        self.ids ^= thing.id;
        self.times = self.times.wrapping_add(thing.time);
        self.x += u64::from(thing.spot.x);
        self.y += u64::from(thing.spot.y);
    }

    fn remove(&mut self, thing: &Thing) {
        self.count = self.count.saturating_sub(1);
        for (mark, count) in self.marks.iter_mut().enumerate() {
            *count = count.saturating_sub(thing.marks >> mark & 1);
        }
        self.ids ^= thing.id;
        self.times = self.times.wrapping_sub(thing.time);
        self.x = self.x.wrapping_sub(u64::from(thing.spot.x));
        self.y = self.y.wrapping_sub(u64::from(thing.spot.y));
    }

    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.marks.iter_mut().zip(other.marks).for_each(|(count, more)| *count += more);
        self.ids ^= other.ids;
        self.times = self.times.wrapping_add(other.times);
        self.x += other.x;
        self.y += other.y;
    }
}

/// Tallies of cells of zoom 16 (some 500 m in Japan), kept in step with what stands where: tiles of outer zooms are
/// made from these, however many things there are. Costs one small entry for each cell in which anything stands.
#[derive(Clone, Debug)]
pub struct Grid<const M: usize> {
    /// By the cell's number on the Z-curve: the cells of a tile of an outer zoom lie together.
    cells: BTreeMap<u32, Tally<M>>,
}

impl<const M: usize> Default for Grid<M> {
    fn default() -> Self {
        Self { cells: BTreeMap::new() }
    }
}

impl<const M: usize> Grid<M> {
    /// Counts a thing in.
    pub fn add(&mut self, thing: &Thing) {
        self.cells.entry(cell_of(thing.spot)).or_default().add(thing);
    }

    /// Takes a thing out that was counted in just like this.
    pub fn remove(&mut self, thing: &Thing) {
        let cell = cell_of(thing.spot);
        if let Some(tally) = self.cells.get_mut(&cell) {
            tally.remove(thing);
            if tally.count == 0 {
                self.cells.remove(&cell);
            }
        }
    }

    /// Whether nothing is counted in.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The tallies of the cells in a tile of an outer zoom, with the place of each cell's corner.
    fn within(&self, tile: Tile) -> impl Iterator<Item = (Spot, &Tally<M>)> {
        let bits = 2 * u32::from(GRID_ZOOM.saturating_sub(tile.z));
        let first = u64::from(interleave(tile.x, tile.y)) << bits;
        let cells = u32::try_from(first).ok().map(|first| {
            let last = u32::try_from(u64::from(first) + (1_u64 << bits) - 1).unwrap_or(u32::MAX);
            self.cells.range(first..=last)
        });
        cells.into_iter().flatten().map(|(cell, tally)| {
            let (x, y) = (gather(*cell), gather(*cell >> 1));
            (Spot { x: x << (MAX_ZOOM - GRID_ZOOM), y: y << (MAX_ZOOM - GRID_ZOOM) }, tally)
        })
    }
}

fn cell_of(spot: Spot) -> u32 {
    let cell = spot.tile(GRID_ZOOM);
    interleave(cell.x, cell.y)
}

/// The number on the Z-curve of a column and a row below 65,536 (Morton, 1966).
fn interleave(x: u32, y: u32) -> u32 {
    spread(x) | spread(y) << 1
}

fn spread(number: u32) -> u32 {
    let mut n = number & 0xffff;
    n = (n | n << 8) & 0x00ff_00ff;
    n = (n | n << 4) & 0x0f0f_0f0f;
    n = (n | n << 2) & 0x3333_3333;
    (n | n << 1) & 0x5555_5555
}

fn gather(number: u32) -> u32 {
    let mut n = number & 0x5555_5555;
    n = (n | n >> 1) & 0x3333_3333;
    n = (n | n >> 2) & 0x0f0f_0f0f;
    n = (n | n >> 4) & 0x00ff_00ff;
    (n | n >> 8) & 0x0000_ffff
}

/// The clusters of one tile: 32 by 32 cells, so at most 1,024 features however much there is.
#[derive(Clone, Debug)]
pub struct Clusters<const M: usize> {
    tile: Tile,
    cells: Vec<Tally<M>>,
}

impl<const M: usize> Clusters<M> {
    /// None yet.
    pub fn of(tile: Tile) -> Self {
        Self { tile, cells: Vec::new() }
    }

    /// Adds what a grid counts in the tile, whose zoom must be an outer one, below [`ONE_BY_ONE`].
    pub fn add_grid(&mut self, grid: &Grid<M>) {
        for (corner, tally) in grid.within(self.tile) {
            if let Some(cell) = self.cell(corner) {
                cell.merge(tally);
            }
        }
    }

    /// Adds a thing, if it stands in the tile.
    pub fn add(&mut self, thing: &Thing) {
        if thing.spot.tile(self.tile.z) == self.tile
            && let Some(cell) = self.cell(thing.spot)
        {
            cell.add(thing);
        }
    }

    /// What stands in the cells, one tally for each that has anything.
    pub fn tallies(&self) -> impl Iterator<Item = &Tally<M>> {
        self.cells.iter().filter(|tally| tally.count > 0)
    }

    fn cell(&mut self, spot: Spot) -> Option<&mut Tally<M>> {
        if self.cells.is_empty() {
            self.cells.resize(1 << (2 * CLUSTER_BITS), Tally::default());
        }
        let cell = spot.tile(self.tile.z + CLUSTER_BITS);
        let mask = (1 << CLUSTER_BITS) - 1;
        self.cells.get_mut(((cell.y & mask) << CLUSTER_BITS | cell.x & mask) as usize)
    }
}

/// Writes a layer with a point at each of these places; `describe` writes down the properties.
pub fn write<T>(
    out: &mut TileWriter,
    name: &str,
    tile: Tile,
    points: impl Iterator<Item = (Spot, T)>,
    mut describe: impl FnMut(T, &mut Properties<'_>),
) {
    out.layer(name, |layer| {
        for (spot, thing) in points {
            layer.points(&[spot.within(tile)], |out| describe(thing, out));
        }
    });
}

#[cfg(test)]
#[path = "points_tests.rs"]
mod tests;
