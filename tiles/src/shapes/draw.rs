//! Drawing a tile of shapes.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashSet};

use super::clip::Frame;
use super::{Figure, Kind, LARGEST, Layer};
use crate::mvt::{EXTENT, LayerWriter, Place, Ring, TileWriter, double_area};
use crate::points::Spot;
use crate::properties::Properties;
use crate::{MAX_ZOOM, Tile};

/// Units beyond the tile that are drawn too, so that the outline of an area does not show at a tile's edge.
const MARGIN: i32 = 64;

/// Units of a pixel where a tile is drawn 512 pixels wide.
const PIXEL: i32 = 8;

/// A tile that is too large is drawn with the detail of this many outer zooms, one after the other; then a pixel is
/// a quarter of the tile, and not much is left.
const LESS: u8 = 7;

/// Draws a tile of these layers; a layer that has nothing in the tile is left out. The zoom is one up to
/// [`super::DEEPEST`]. At most [`LARGEST`] bytes, unless even with the least detail there are more.
pub fn draw<L: Borrow<Layer>>(layers: &[L], tile: Tile) -> Vec<u8> {
    let mut drawn = draw_with(layers, tile, 0);
    for less in 1..=LESS {
        if drawn.len() <= LARGEST {
            break;
        }
        drawn = draw_with(layers, tile, less);
    }
    drawn
}

fn draw_with<L: Borrow<Layer>>(layers: &[L], tile: Tile, less: u8) -> Vec<u8> {
    let mut written = TileWriter::default();
    for layer in layers.iter().map(Borrow::borrow) {
        let mut sheet = Sheet::of(layer, tile, less);
        for number in layer.within(sheet.low, sheet.high) {
            sheet.draw(&layer.figures[number as usize]);
        }
        written.layer(layer.name(), |out| sheet.write(out));
    }
    written.end()
}

/// What is drawn of shapes that have their properties in common.
#[derive(Default)]
struct Drawn {
    rings: Vec<Ring>,
    lines: Vec<Vec<Place>>,
    points: Vec<Place>,
}

/// One layer of one tile.
struct Sheet<'a> {
    layer: &'a Layer,
    tile: Tile,
    /// The zoom whose detail is drawn.
    detail: u8,
    /// Units of what counts as a pixel.
    pixel: i32,
    /// The box that is drawn, in units of the deepest zoom.
    low: [i64; 2],
    high: [i64; 2],
    /// Pixels that are drawn, with whose they are.
    pixels: HashSet<(u32, i32, i32)>,
    /// What is drawn, by kind and properties.
    drawn: BTreeMap<(Kind, u32), Drawn>,
    spare: Vec<Place>,
}

const FRAME: Frame = Frame { low: -MARGIN, high: EXTENT as i32 + MARGIN };

impl<'a> Sheet<'a> {
    fn of(layer: &'a Layer, tile: Tile, less: u8) -> Self {
        let side = 1_i64 << (MAX_ZOOM - tile.z);
        let margin = (side * i64::from(MARGIN)) >> EXTENT.ilog2();
        let low = [i64::from(tile.x) * side - margin, i64::from(tile.y) * side - margin];
        let high = low.map(|low| low + side + 2 * margin);
        Self {
            layer,
            tile,
            detail: tile.z.saturating_sub(less),
            pixel: PIXEL << less,
            low,
            high,
            pixels: HashSet::new(),
            drawn: BTreeMap::new(),
            spare: Vec::new(),
        }
    }

    fn draw(&mut self, figure: &Figure) {
        if figure.from_zoom > self.tile.z {
            return;
        }
        let (low, high) = (figure.low.within(self.tile), figure.high.within(self.tile));
        let is_tiny = high.x - low.x < self.pixel && high.y - low.y < self.pixel;
        match figure.kind {
            Kind::Point => self.draw_point(figure, low),
            Kind::Line if is_tiny => {}
            Kind::Line => self.draw_line(figure),
            Kind::Area if is_tiny => self.draw_pixel(figure, low),
            Kind::Area => self.draw_area(figure),
        }
    }

    /// The corners of a path that are drawn, without repeats.
    fn corners(&self, (corners, zooms): (&[Spot], &[u8])) -> Vec<Place> {
        let drawn = corners.iter().zip(zooms).filter(|(_, zoom)| **zoom <= self.detail);
        let mut drawn: Vec<Place> = drawn.map(|(corner, _)| corner.within(self.tile)).collect();
        drawn.dedup();
        drawn
    }

    fn of_its_kind(&mut self, figure: &Figure) -> &mut Drawn {
        self.drawn.entry((figure.kind, figure.of)).or_default()
    }

    fn put_ring(&mut self, figure: &Figure, corners: Vec<Place>, is_hole: bool) {
        self.of_its_kind(figure).rings.push(Ring { corners, is_hole });
    }

    /// A point belongs to one tile alone.
    fn draw_point(&mut self, figure: &Figure, at: Place) {
        let inside = 0..EXTENT as i32;
        if inside.contains(&at.x) && inside.contains(&at.y) {
            self.of_its_kind(figure).points.push(at);
        }
    }

    fn draw_line(&mut self, figure: &Figure) {
        let layer = self.layer;
        for path in layer.paths(figure) {
            let parts = FRAME.cut_line(&self.corners(path));
            if !parts.is_empty() {
                self.of_its_kind(figure).lines.extend(parts);
            }
        }
    }

    /// An area too small to be drawn takes the pixel in which it begins, if no other of its kind has.
    fn draw_pixel(&mut self, figure: &Figure, at: Place) {
        let (x, y) = (at.x.div_euclid(self.pixel), at.y.div_euclid(self.pixel));
        let (west, north) = (x * self.pixel, y * self.pixel);
        let (east, south) = (west + self.pixel, north + self.pixel);
        let shows = east > 0 && south > 0 && west < EXTENT as i32 && north < EXTENT as i32;
        if shows && self.pixels.insert((figure.of, x, y)) {
            let corner = |x, y| Place { x, y };
            let square = vec![corner(west, north), corner(east, north), corner(east, south), corner(west, south)];
            self.put_ring(figure, square, false);
        }
    }

    fn draw_area(&mut self, figure: &Figure) {
        let layer = self.layer;
        for (n, path) in layer.paths(figure).enumerate() {
            let mut ring = self.corners(path);
            FRAME.cut_ring(&mut ring, &mut self.spare);
            let is_outer = n == 0;
            let area = double_area(&ring).abs();
            // A hole of less than a pixel is filled.
            let least = if is_outer { 1 } else { 2 * i64::from(self.pixel) * i64::from(self.pixel) };
            if ring.len() >= 3 && area >= least {
                self.put_ring(figure, ring, !is_outer);
            } else if is_outer {
                // Narrow as a line, or seen from a side that has no room: one pixel says that it is there.
                if let Some(first) = ring.first().copied() {
                    self.draw_pixel(figure, first);
                }
                return;
            }
        }
    }

    fn write(self, out: &mut LayerWriter) {
        for ((kind, of), drawn) in &self.drawn {
            let describe = |out: &mut Properties<'_>| {
                for (key, value) in &self.layer.properties[*of as usize] {
                    out.value(key, value);
                }
            };
            match kind {
                Kind::Area => out.areas(&drawn.rings, describe),
                Kind::Line => out.lines(&drawn.lines, describe),
                Kind::Point => out.points(&drawn.points, describe),
            }
        }
    }
}
