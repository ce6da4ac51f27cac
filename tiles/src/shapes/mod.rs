//! Vector tiles of areas, lines and points that stay as they are for long: hazard zones, boundaries, a base map.
//!
//! One rule for all layers. Every corner knows from which zoom on it is drawn (`simplify`): less is drawn of what is
//! far away, and neighbours that share a border lose the same corners of it. Shapes are cut to the tile and a margin
//! (`clip`). What is smaller than a pixel is drawn as a pixel, once for each kind, so that a small zone stays to be
//! seen. A tile that comes out too large is drawn again with less detail.

mod clip;
mod draw;
mod simplify;

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use geo_types::{Coord, Geometry, LineString};
use rstar::{AABB, RTree, RTreeObject};

pub use self::draw::draw;
use crate::points::Spot;
use crate::properties::Value;
use crate::{Bounds, MAX_ZOOM, Tile};

/// The deepest zoom that is worth drawing: a unit of such a tile is some 12 cm in Japan. Maps enlarge it beyond.
pub const DEEPEST: u8 = 16;

/// Bytes of a tile at most.
pub const LARGEST: usize = 200_000;

/// With more corners than this, those where several borders meet are not looked for: the table would be large.
const LOOKED_THROUGH: usize = 1_000_000;

/// What a part of a shape is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Kind {
    Area,
    Line,
    Point,
}

/// One polygon, one line or one point.
#[derive(Debug)]
struct Figure {
    kind: Kind,
    /// Index of its properties.
    of: u32,
    from_zoom: u8,
    /// Its paths: an outer ring and its holes, or one line, or one point.
    paths: Range<u32>,
    low: Spot,
    high: Spot,
}

/// A figure's box, in the index.
#[derive(Debug)]
struct Boxed {
    figure: u32,
    low: [i64; 2],
    high: [i64; 2],
}

impl RTreeObject for Boxed {
    type Envelope = AABB<[i64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        AABB::from_corners(self.low, self.high)
    }
}

/// A layer of shapes, ready to be drawn.
#[derive(Debug)]
pub struct Layer {
    name: String,
    properties: Vec<Vec<(String, Value)>>,
    figures: Vec<Figure>,
    /// Where each path ends among the corners; it begins where the one before ends.
    ends: Vec<usize>,
    corners: Vec<Spot>,
    /// From which zoom on each corner is drawn.
    from_zoom: Vec<u8>,
    index: RTree<Boxed>,
}

/// A layer that is being put together.
#[derive(Debug)]
pub struct LayerBuilder {
    name: String,
    numbers: HashMap<Vec<(String, Value)>, u32>,
    figures: Vec<Figure>,
    ends: Vec<usize>,
    corners: Vec<Spot>,
}

impl LayerBuilder {
    /// An empty layer of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), numbers: HashMap::new(), figures: vec![], ends: vec![], corners: vec![] }
    }

    /// Adds a shape, degrees WGS 84 (x: longitude), drawn from this zoom on. Shapes with the same properties become
    /// one feature of a tile.
    ///
    /// Tells whether all of it was taken: what is empty, has a coordinate that is no number, or goes on without end
    /// of figures or corners (four thousand million) is left out.
    pub fn add(&mut self, shape: &Geometry<f64>, properties: &[(&str, Value)], from_zoom: u8) -> bool {
        let of = self.expect(properties);
        self.add_geometry(shape, of, from_zoom)
    }

    /// Announces that shapes with these properties will be added. In a tile they lie above those that were announced
    /// or added before. Gives their number.
    pub fn expect(&mut self, properties: &[(&str, Value)]) -> u32 {
        let mut properties: Vec<_> = properties.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        properties.sort_by(|a, b| a.0.cmp(&b.0));
        let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        *self.numbers.entry(properties).or_insert(next)
    }

    fn add_geometry(&mut self, shape: &Geometry<f64>, of: u32, from_zoom: u8) -> bool {
        let all = |parts: &mut dyn Iterator<Item = bool>| parts.filter(|taken| !taken).count() == 0;
        match shape {
            Geometry::Polygon(polygon) => {
                let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
                self.figure(Kind::Area, &rings.collect::<Vec<_>>(), of, from_zoom)
            }
            Geometry::MultiPolygon(polygons) => {
                all(&mut polygons.iter().map(|polygon| self.add_geometry(&polygon.clone().into(), of, from_zoom)))
            }
            Geometry::LineString(line) => self.figure(Kind::Line, &[line], of, from_zoom),
            Geometry::MultiLineString(lines) => {
                all(&mut lines.iter().map(|line| self.figure(Kind::Line, &[line], of, from_zoom)))
            }
            Geometry::Point(point) => self.figure(Kind::Point, &[&LineString(vec![point.0])], of, from_zoom),
            Geometry::MultiPoint(points) => all(&mut points
                .iter()
                .map(|point| self.figure(Kind::Point, &[&LineString(vec![point.0])], of, from_zoom))),
            Geometry::GeometryCollection(parts) => {
                all(&mut parts.iter().map(|part| self.add_geometry(part, of, from_zoom)))
            }
            Geometry::Line(_) | Geometry::Rect(_) | Geometry::Triangle(_) => false,
        }
    }

    fn figure(&mut self, kind: Kind, paths: &[&LineString<f64>], of: u32, from_zoom: u8) -> bool {
        let finite = |corner: &Coord<f64>| corner.x.is_finite() && corner.y.is_finite();
        let (first_path, first_corner) = (self.ends.len(), self.corners.len());
        let least = match kind {
            Kind::Area => 3,
            Kind::Line => 2,
            Kind::Point => 1,
        };
        let mut whole = true;
        for (n, path) in paths.iter().enumerate() {
            let from = self.corners.len();
            whole &= path.0.iter().all(finite);
            self.corners.extend(path.0.iter().filter(|c| finite(c)).map(|c| Spot::at(c.y, c.x)));
            let mut kept = dedup_from(&mut self.corners, from);
            if kind == Kind::Area && kept > 1 && self.corners[from] == self.corners[from + kept - 1] {
                self.corners.pop();
                kept -= 1;
            }
            if kept < least {
                self.corners.truncate(from);
                whole = false;
                if n == 0 {
                    break;
                }
            } else {
                self.ends.push(self.corners.len());
            }
        }
        let number = |n: usize| u32::try_from(n).ok();
        let paths = number(first_path).zip(number(self.ends.len())).filter(|(first, last)| first < last);
        let Some((first, last)) = paths.filter(|_| self.figures.len() < u32::MAX as usize) else {
            self.ends.truncate(first_path);
            self.corners.truncate(first_corner);
            return false;
        };
        let corners = &self.corners[first_corner..];
        let ends = |of: fn(&Spot) -> u32| {
            corners.iter().map(of).fold((u32::MAX, 0), |(low, high), at| (low.min(at), high.max(at)))
        };
        let ((west, east), (north, south)) = (ends(|spot| spot.x), ends(|spot| spot.y));
        let (low, high) = (Spot { x: west, y: north }, Spot { x: east, y: south });
        self.figures.push(Figure { kind, of, from_zoom, paths: first..last, low, high });
        whole
    }

    /// Makes the layer ready: looks from which zoom on each corner is drawn, and builds the index.
    pub fn build(self) -> Layer {
        let Self { name, numbers, figures, ends, corners } = self;
        let mut properties: Vec<(u32, Vec<(String, Value)>)> = numbers.into_iter().map(|(of, n)| (n, of)).collect();
        properties.sort_by_key(|(number, _)| *number);
        let mut from_zoom = vec![0; corners.len()];
        let areas = figures.iter().filter(|figure| figure.kind == Kind::Area);
        let rings = areas.clone().flat_map(|figure| figure.paths.clone()).map(|path| path_of(&ends, path));
        let junctions = if corners.len() <= LOOKED_THROUGH {
            simplify::junctions(rings.map(|path| &corners[path]))
        } else {
            Default::default()
        };
        for figure in figures.iter().filter(|figure| figure.kind != Kind::Point) {
            let closed = figure.kind == Kind::Area;
            for path in figure.paths.clone() {
                let path = path_of(&ends, path);
                simplify::from_zoom(&corners[path.clone()], closed, &junctions, &mut from_zoom[path]);
            }
        }
        let boxes = figures.iter().zip(0..).map(|(figure, number)| Boxed {
            figure: number,
            low: [figure.low.x.into(), figure.low.y.into()],
            high: [figure.high.x.into(), figure.high.y.into()],
        });
        let index = RTree::bulk_load(boxes.collect());
        let properties = properties.into_iter().map(|(_, properties)| properties).collect();
        Layer { name, properties, figures, ends, corners, from_zoom, index }
    }
}

fn path_of(ends: &[usize], path: u32) -> Range<usize> {
    let path = path as usize;
    let from = if path == 0 { 0 } else { ends[path - 1] };
    from..ends[path]
}

/// Takes out what repeats the corner before it, from there to the end; tells how many are left of these.
fn dedup_from(corners: &mut Vec<Spot>, from: usize) -> usize {
    let mut kept = from;
    for at in from..corners.len() {
        if at == from || corners[at] != corners[kept - 1] {
            corners[kept] = corners[at];
            kept += 1;
        }
    }
    corners.truncate(kept);
    kept - from
}

impl Layer {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many polygons, lines and points it has.
    pub fn figures(&self) -> usize {
        self.figures.len()
    }

    /// How many corners it has.
    pub fn corners(&self) -> usize {
        self.corners.len()
    }

    /// The box that holds it; `None` for an empty layer.
    pub fn bounds(&self) -> Option<Bounds> {
        let low = self.figures.iter().map(|figure| figure.low).reduce(|a, b| Spot { x: a.x.min(b.x), y: a.y.min(b.y) });
        let high =
            self.figures.iter().map(|figure| figure.high).reduce(|a, b| Spot { x: a.x.max(b.x), y: a.y.max(b.y) });
        let (low, high) = low.zip(high)?;
        let bounds = |spot: Spot| Tile { z: MAX_ZOOM, x: spot.x, y: spot.y }.bounds();
        let (low, high) = (bounds(low), bounds(high));
        Some(Bounds { west: low.west, south: high.south, east: high.east, north: low.north })
    }

    /// The names of its properties, each with what kind of value it has, as TileJSON says it (`String`, `Number`,
    /// `Boolean`).
    pub fn fields(&self) -> BTreeMap<String, &'static str> {
        let kind = |value: &Value| match value {
            Value::Text(_) => "String",
            Value::Number(_) => "Number",
            Value::Flag(_) => "Boolean",
        };
        self.properties.iter().flatten().map(|(key, value)| (key.clone(), kind(value))).collect()
    }

    /// Gives all that its tiles are drawn from, piece by piece, to whoever makes a digest of it: what has other bytes
    /// here has other tiles.
    pub fn content(&self, mut take: impl FnMut(&[u8])) {
        let mut words = vec![self.name.as_str()];
        let values: Vec<String> = self.properties.iter().map(|said| format!("{said:?}")).collect();
        words.extend(values.iter().map(String::as_str));
        for word in words {
            take(&(word.len() as u64).to_le_bytes());
            take(word.as_bytes());
        }
        for figure in &self.figures {
            take(&[figure.kind as u8, figure.from_zoom]);
            take(&figure.of.to_le_bytes());
            take(&(figure.paths.len() as u64).to_le_bytes());
            for (path, _) in self.paths(figure) {
                take(&(path.len() as u64).to_le_bytes());
                let both = |corner: &Spot| u64::from(corner.x) << 32 | u64::from(corner.y);
                path.iter().for_each(|corner| take(&both(corner).to_le_bytes()));
            }
        }
    }

    /// Numbers of the figures that may show in this box, in order.
    fn within(&self, low: [i64; 2], high: [i64; 2]) -> Vec<u32> {
        let found = self.index.locate_in_envelope_intersecting(AABB::from_corners(low, high));
        let mut found: Vec<u32> = found.map(|boxed| boxed.figure).collect();
        found.sort_unstable();
        found
    }

    /// Each path of a figure: its corners, and from which zoom on each is drawn.
    fn paths(&self, figure: &Figure) -> impl Iterator<Item = (&[Spot], &[u8])> {
        figure.paths.clone().map(|path| {
            let path = path_of(&self.ends, path);
            (&self.corners[path.clone()], &self.from_zoom[path])
        })
    }
}

#[cfg(test)]
mod tests;
