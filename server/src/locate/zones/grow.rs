//! Quartering: hands sides down from cell to cell until each cell holds a handful.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use geo_types::Coord;

use super::ZonesError;
use super::grid::{Cell, Grid, LEVELS};
use super::shard::{NO_COVER, Node, Shard};
use super::side;

/// Cells of this level are built and kept each for itself: 1,024 of them, so that all cores have work even where
/// zones lie close together.
pub(super) const SHARD_LEVEL: u32 = 5;

/// One polygon of a zone.
pub(super) struct Part {
    number: u32,
    /// South-west and north-east corner of its box, degrees.
    pub(super) low: Coord<f64>,
    pub(super) high: Coord<f64>,
}

/// Sides that follow each other: from corner `first` on.
#[derive(Clone, Copy)]
pub(super) struct Run {
    pub(super) first: u32,
    pub(super) sides: u32,
}

/// What of a part touches a cell.
pub(super) struct Clip {
    pub(super) part: u32,
    /// The cell's south-west corner is within the part.
    pub(super) within: bool,
    runs: Range<u32>,
}

/// What touches a cell.
#[derive(Default)]
pub(super) struct Clips {
    pub(super) clips: Vec<Clip>,
    pub(super) runs: Vec<Run>,
    /// Numbers of the zones that hold the cell whole and did not hold the larger one.
    covering: Vec<u32>,
    /// Sides no longer than the cell is wide, and the others.
    short: usize,
    long: usize,
}

/// What an index is made of.
pub(super) struct Field<'a> {
    pub(super) grid: Grid,
    pub(super) corners: &'a [Coord<f64>],
    pub(super) parts: &'a [Part],
    pub(super) sides_a_cell: usize,
}

/// The place of a finest cell's shard.
pub(super) fn shard_of((x, y): (u32, u32)) -> usize {
    const SHIFT: u32 = LEVELS - SHARD_LEVEL;
    ((y >> SHIFT << SHARD_LEVEL) | x >> SHIFT) as usize
}

impl Run {
    /// Both are bounded by [`super::MOST_CORNERS`].
    pub(super) fn over(first: usize, sides: usize) -> Self {
        Self { first: first as u32, sides: sides as u32 }
    }
}

impl Part {
    /// The part that these runs are the rings of; none without any.
    pub(super) fn around(number: u32, runs: &[Run], corners: &[Coord<f64>]) -> Option<Self> {
        let first = corners.get(runs.first()?.first as usize..)?;
        let (mut low, mut high) = (*first.first()?, *first.first()?);
        for corner in first {
            low = Coord { x: low.x.min(corner.x), y: low.y.min(corner.y) };
            high = Coord { x: high.x.max(corner.x), y: high.y.max(corner.y) };
        }
        Some(Self { number, low, high })
    }

    /// Whether it lies elsewhere, in the sense of [`side`]: the point stands for one west and north of it.
    fn is_away_from(&self, p: Coord<f64>) -> bool {
        p.x <= self.low.x || p.x > self.high.x || p.y < self.low.y || p.y >= self.high.y
    }
}

impl Clip {
    /// A whole part, seen from where no part is.
    pub(super) fn whole(part: usize, runs: Range<usize>) -> Self {
        Self { part: part as u32, within: false, runs: runs.start as u32..runs.end as u32 }
    }
}

impl Clips {
    pub(super) fn runs_of(&self, clip: &Clip) -> &[Run] {
        &self.runs[clip.runs.start as usize..clip.runs.end as usize]
    }

    fn clear(&mut self) {
        self.clips.clear();
        self.runs.clear();
        self.covering.clear();
        (self.short, self.long) = (0, 0);
    }

    /// Adds a side behind the runs from `begin` on.
    fn add_side(&mut self, begin: usize, side: u32) {
        match self.runs[begin..].last_mut() {
            Some(last) if last.first + last.sides == side => last.sides += 1,
            _ => self.runs.push(Run { first: side, sides: 1 }),
        }
    }

    fn add_clip(&mut self, part: u32, within: bool, begin: usize) {
        self.clips.push(Clip { part, within, runs: begin as u32..self.runs.len() as u32 });
    }
}

impl Field<'_> {
    /// All shards in their order. The result does not depend on the number of threads.
    pub(super) fn grow(&self, all: Clips, threads: usize) -> Result<Vec<Shard>, ZonesError> {
        let mut jobs = Vec::new();
        self.scatter(Cell::WHOLE, all, &mut jobs);
        // The heaviest first, so that no thread ends long after the others.
        jobs.sort_by_key(|(_, clips)| std::cmp::Reverse(clips.short + clips.long));
        let next = AtomicUsize::new(0);
        let work = || {
            let mut grown = Vec::new();
            while let Some((cell, clips)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                grown.push((shard_of((cell.x, cell.y)), Growing::default().shard(self, *cell, clips)?));
            }
            Ok(grown)
        };
        let mut grown = std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let mut grown = work()?;
            for other in others {
                grown.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
            }
            Ok(grown)
        })?;
        grown.sort_by_key(|(at, _)| *at);
        Ok(grown.into_iter().map(|(_, shard)| shard).collect())
    }

    /// Quarters down to the shards' cells.
    fn scatter(&self, cell: Cell, clips: Clips, jobs: &mut Vec<(Cell, Clips)>) {
        if cell.level == SHARD_LEVEL {
            jobs.push((cell, clips));
            return;
        }
        let mut quarters = Default::default();
        self.quarter(cell, &clips, &mut quarters);
        let covering = clips.covering;
        drop((clips.clips, clips.runs));
        for (quarter, mut clips) in cell.quarters().into_iter().zip(quarters) {
            clips.covering.extend(&covering);
            self.scatter(quarter, clips, jobs);
        }
    }

    /// Hands what touches a cell down to its quarters.
    fn quarter(&self, cell: Cell, clips: &Clips, quarters: &mut [Clips; 4]) {
        let cells = cell.quarters();
        let points = cells.map(|cell| self.grid.corner(cell));
        let width = f64::from(cell.width() / 2);
        for clip in &clips.clips {
            let part = &self.parts[clip.part as usize];
            let (low, high) = (self.grid.scaled(part.low), self.grid.scaled(part.high));
            let touched = cell.quarters_touched_by_box(low, high);
            let fits = high.x - low.x <= width && high.y - low.y <= width;
            let only = touched.trailing_zeros() as usize;
            if touched.count_ones() == 1 && fits && part.is_away_from(points[only]) {
                let quarter = &mut quarters[only];
                let begin = quarter.runs.len();
                quarter.runs.extend(clips.runs_of(clip));
                quarter.short += clips.runs_of(clip).iter().map(|run| run.sides as usize).sum::<usize>();
                quarter.add_clip(clip.part, false, begin);
                continue;
            }
            self.quarter_sides(cell, clips, clip, points, quarters);
        }
    }

    fn quarter_sides(
        &self,
        cell: Cell,
        clips: &Clips,
        clip: &Clip,
        points: [Coord<f64>; 4],
        quarters: &mut [Clips; 4],
    ) {
        let [south_west, south_east, north_west, _] = points;
        let (middle_x, middle_y) = (south_east.x, north_west.y);
        let width = f64::from(cell.width() / 2);
        let begin = quarters.each_ref().map(|quarter| quarter.runs.len());
        // The ways from the cell's corner: east to the south-eastern quarter's; north to the north-western's, and
        // on from there east to the north-eastern's.
        let (mut to_east, mut to_north, mut on_to_east) = (false, false, false);
        for run in clips.runs_of(clip) {
            let ends = &self.corners[run.first as usize..=(run.first + run.sides) as usize];
            let mut scaled_a = self.grid.scaled(ends[0]);
            for (side, ends) in (run.first..).zip(ends.windows(2)) {
                let (a, b) = (ends[0], ends[1]);
                let scaled_b = self.grid.scaled(b);
                let touched = cell.quarters_touched(scaled_a, scaled_b);
                let long = (scaled_b.x - scaled_a.x).abs().max((scaled_b.y - scaled_a.y).abs()) > width;
                scaled_a = scaled_b;
                for (bit, quarter) in quarters.iter_mut().enumerate().filter(|(bit, _)| touched >> bit & 1 != 0) {
                    quarter.add_side(begin[bit], side);
                    *(if long { &mut quarter.long } else { &mut quarter.short }) += 1;
                }
                to_east ^= side::crossed_going_east(a, b, south_west.y, south_west.x, middle_x);
                to_north ^= side::crossed_going_north(a, b, south_west.x, south_west.y, middle_y);
                on_to_east ^= side::crossed_going_east(a, b, middle_y, south_west.x, middle_x);
            }
        }
        let crossed = [false, to_east, to_north, to_north ^ on_to_east];
        for ((quarter, begin), crossed) in quarters.iter_mut().zip(begin).zip(crossed) {
            let within = clip.within ^ crossed;
            if quarter.runs.len() > begin {
                quarter.add_clip(clip.part, within, begin);
            } else if within {
                quarter.covering.push(self.parts[clip.part as usize].number);
            }
        }
    }

    /// Whether it is worth quartering a cell. Sides that are long against it are handed down to most of its
    /// quarters; only if they are not too many does the index stay in proportion to its corners.
    fn is_full(&self, cell: Cell, clips: &Clips) -> bool {
        cell.level < LEVELS && clips.short + clips.long > self.sides_a_cell && clips.short > clips.long / 4
    }
}

/// A shard that grows.
#[derive(Default)]
struct Growing {
    shard: Shard,
    /// Lists that were used and can be used again.
    spare: Vec<[Clips; 4]>,
}

impl Growing {
    fn shard(mut self, field: &Field<'_>, cell: Cell, clips: &Clips) -> Result<Shard, ZonesError> {
        let root = self.cell(field, cell, clips, NO_COVER)?;
        self.shard.finish(root);
        Ok(self.shard)
    }

    fn cell(&mut self, field: &Field<'_>, cell: Cell, clips: &Clips, larger: u32) -> Result<Node, ZonesError> {
        let cover = self.shard.add_cover(larger, &clips.covering)?;
        if clips.clips.is_empty() {
            return Ok(Node::Plain(cover));
        }
        if !field.is_full(cell, clips) {
            return self.shard.add_leaf(cell, clips, cover, |part| field.parts[part as usize].number);
        }
        let mut quarters = self.spare.pop().unwrap_or_default();
        field.quarter(cell, clips, &mut quarters);
        let inner = self.shard.add_inner()?;
        for (at, (cell, clips)) in cell.quarters().into_iter().zip(&quarters).enumerate() {
            let node = self.cell(field, cell, clips, cover)?;
            self.shard.set_quarter(inner, at, node);
        }
        quarters.iter_mut().for_each(Clips::clear);
        self.spare.push(quarters);
        Ok(Node::Inner(inner))
    }
}
