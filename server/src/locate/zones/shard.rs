//! The cells of one part of the square, packed into numbers.

use geo_types::Coord;

use super::ZonesError;
use super::grid::{Cell, Grid, LEVELS};
use super::grow::{Clips, SHARD_LEVEL};
use super::side;

/// Everything that is known of one part of the square.
#[derive(Default, PartialEq)]
pub(super) struct Shard {
    root: u32,
    /// Inner nodes: four at a time, in the order of [`Cell::quarters`].
    nodes: Vec<u32>,
    /// Cells with sides. Each: its level, how many items, the cover; then for each item the zone's number, how many
    /// runs with [`WITHIN`], and for each run its first corner and how many sides.
    leaves: Vec<u32>,
    /// Zones that hold a cell whole. Each: the cover of a larger cell, or [`NO_COVER`], how many numbers, the
    /// numbers.
    covers: Vec<u32>,
}

/// What a node is. Packed, the two highest bits say which.
pub(super) enum Node {
    /// Where its quarters are.
    Inner(u32),
    /// Where its sides are.
    Leaf(u32),
    /// No sides; where its cover is.
    Plain(u32),
}

/// Covers nothing.
pub(super) const NO_COVER: u32 = MOST;
/// The south-west corner is within.
const WITHIN: u32 = 1 << 31;
/// Places in the arrays are below this.
const MOST: u32 = (1 << 30) - 1;

impl Node {
    fn packed(self) -> u32 {
        match self {
            Self::Inner(at) => at,
            Self::Leaf(at) => at | 1 << 30,
            Self::Plain(cover) => cover | 1 << 31,
        }
    }

    fn unpacked(packed: u32) -> Self {
        let at = packed & MOST;
        match packed >> 30 {
            0 => Self::Inner(at),
            1 => Self::Leaf(at),
            _ => Self::Plain(at),
        }
    }
}

fn next(array: &[u32]) -> Result<u32, ZonesError> {
    u32::try_from(array.len()).ok().filter(|at| *at < MOST).ok_or(ZonesError::TooMany)
}

fn counted(count: usize) -> Result<u32, ZonesError> {
    u32::try_from(count).ok().filter(|count| *count < WITHIN).ok_or(ZonesError::TooMany)
}

impl Shard {
    /// Sets the outermost node; nothing comes after that.
    pub(super) fn finish(&mut self, root: Node) {
        self.root = root.packed();
        self.nodes.shrink_to_fit();
        self.leaves.shrink_to_fit();
        self.covers.shrink_to_fit();
    }

    /// Room for four quarters.
    pub(super) fn add_inner(&mut self) -> Result<u32, ZonesError> {
        let at = next(&self.nodes)?;
        self.nodes.extend([0; 4]);
        Ok(at)
    }

    /// Fills in a quarter.
    pub(super) fn set_quarter(&mut self, inner: u32, quarter: usize, node: Node) {
        self.nodes[inner as usize + quarter] = node.packed();
    }

    /// Zones that hold a cell whole, beside those that hold the larger cell.
    pub(super) fn add_cover(&mut self, larger: u32, numbers: &[u32]) -> Result<u32, ZonesError> {
        if numbers.is_empty() {
            return Ok(larger);
        }
        let at = next(&self.covers)?;
        self.covers.extend([larger, counted(numbers.len())?]);
        self.covers.extend(numbers);
        Ok(at)
    }

    /// A cell with sides.
    pub(super) fn add_leaf(
        &mut self,
        cell: Cell,
        clips: &Clips,
        cover: u32,
        number: impl Fn(u32) -> u32,
    ) -> Result<Node, ZonesError> {
        let at = next(&self.leaves)?;
        self.leaves.extend([cell.level, counted(clips.clips.len())?, cover]);
        for clip in &clips.clips {
            let runs = clips.runs_of(clip);
            let within = if clip.within { WITHIN } else { 0 };
            self.leaves.extend([number(clip.part), counted(runs.len())? | within]);
            self.leaves.extend(runs.iter().flat_map(|run| [run.first, run.sides]));
        }
        Ok(Node::Leaf(at))
    }

    /// Adds the numbers of the zones that the point lies in, in no order. `place` is its finest cell.
    pub(super) fn at(
        &self,
        grid: &Grid,
        corners: &[Coord<f64>],
        place: (u32, u32),
        point: Coord<f64>,
        found: &mut Vec<u32>,
    ) {
        let (mut node, mut shift) = (self.root, LEVELS - SHARD_LEVEL);
        let cover = loop {
            match Node::unpacked(node) {
                Node::Inner(at) => {
                    shift -= 1;
                    let quarter = (place.1 >> shift & 1) << 1 | place.0 >> shift & 1;
                    node = self.nodes[(at + quarter) as usize];
                }
                Node::Leaf(at) => break self.at_sides(grid, corners, at as usize, place, point, found),
                Node::Plain(cover) => break cover,
            }
        };
        let mut cover = cover;
        while cover != NO_COVER {
            let [larger, count, numbers @ ..] = &self.covers[cover as usize..] else { return };
            found.extend(&numbers[..*count as usize]);
            cover = *larger;
        }
    }

    /// Tests the sides of a cell; answers its cover.
    fn at_sides(
        &self,
        grid: &Grid,
        corners: &[Coord<f64>],
        leaf: usize,
        place: (u32, u32),
        point: Coord<f64>,
        found: &mut Vec<u32>,
    ) -> u32 {
        let [level, items, cover, rest @ ..] = &self.leaves[leaf..] else { return NO_COVER };
        let corner = grid.corner(Cell::around(place, *level));
        let mut rest = rest;
        for _ in 0..*items {
            let [number, runs, behind @ ..] = rest else { break };
            let within = runs & WITHIN != 0;
            let (runs, behind) = behind.split_at((runs & !WITHIN) as usize * 2);
            rest = behind;
            if is_within(corners, runs, within, corner, point) {
                found.push(*number);
            }
        }
        *cover
    }

    /// What it holds in memory beside itself, bytes.
    pub(super) fn bytes(&self) -> usize {
        (self.nodes.capacity() + self.leaves.capacity() + self.covers.capacity()) * size_of::<u32>()
    }
}

/// Whether the point is within or on a side, of a polygon with these runs of sides in a cell whose corner is within
/// it or not.
fn is_within(corners: &[Coord<f64>], runs: &[u32], within: bool, corner: Coord<f64>, point: Coord<f64>) -> bool {
    let mut within = within;
    for run in runs.chunks_exact(2) {
        let (first, sides) = (run[0] as usize, run[1] as usize);
        let mut ends = corners[first..=first + sides].iter();
        let Some(mut a) = ends.next() else { continue };
        for b in ends {
            if side::holds(*a, *b, point) {
                return true;
            }
            within ^= side::crossed_going_north(*a, *b, corner.x, corner.y, point.y);
            within ^= side::crossed_going_east(*a, *b, point.y, corner.x, point.x);
            a = b;
        }
    }
    within
}
