//! Writing vector tiles: Mapbox Vector Tile 2.1 (<https://github.com/mapbox/vector-tile-spec>), which is a Protocol
//! Buffers message of layers. Everything is written straight into its bytes, in the order in which it comes.
//!
//! Our own, because drawing tiles of live data is what the server is for: a general writer took two thirds of the time
//! of a tile, most of it to find out that no other feature has the same id. The tests read the tiles with one made
//! elsewhere (`fast-mvt`).

use std::collections::HashMap;

use geo_types::Coord;

use crate::properties::Properties;

/// A place in a tile: units from its north-west corner.
pub type Place = Coord<i32>;

/// Units across a tile.
pub const EXTENT: u32 = 1 << EXTENT_BITS;

/// log2 of [`EXTENT`].
pub(crate) const EXTENT_BITS: u8 = 12;

/// Version of the specification.
const VERSION: u64 = 2;

// Numbers of the fields in the specification's `vector_tile.proto`.
const TILE_LAYER: u64 = 3;
const LAYER_NAME: u64 = 1;
const LAYER_FEATURE: u64 = 2;
const LAYER_KEY: u64 = 3;
const LAYER_VALUE: u64 = 4;
const LAYER_EXTENT: u64 = 5;
const LAYER_VERSION: u64 = 15;
const FEATURE_TAGS: u64 = 2;
const FEATURE_KIND: u64 = 3;
const FEATURE_GEOMETRY: u64 = 4;
const VALUE_TEXT: u64 = 1;
const VALUE_NUMBER: u64 = 5;
const VALUE_SIGNED: u64 = 6;
const VALUE_FLAG: u64 = 7;

// Commands of a geometry.
const MOVE_TO: u64 = 1;
const LINE_TO: u64 = 2;
const CLOSE_PATH: u64 = 7;

/// A tile that is being written, layer by layer.
#[derive(Default)]
pub struct TileWriter {
    bytes: Vec<u8>,
}

impl TileWriter {
    /// Writes a layer, which must have another name than the others; one without features is left out.
    pub fn layer(&mut self, name: &str, write: impl FnOnce(&mut LayerWriter)) {
        let mut layer = LayerWriter::default();
        write(&mut layer);
        if layer.features.is_empty() {
            return;
        }
        let mut head = Vec::with_capacity(name.len() + 16);
        put_field(&mut head, LAYER_NAME, name.as_bytes());
        put_number_field(&mut head, LAYER_VERSION, VERSION);
        put_number_field(&mut head, LAYER_EXTENT, EXTENT.into());
        let parts = [&head, &layer.features, &layer.keys, &layer.values];
        put_tag(&mut self.bytes, TILE_LAYER, Wire::Bytes);
        put(&mut self.bytes, parts.iter().map(|part| part.len() as u64).sum());
        self.bytes.reserve_exact(parts.iter().map(|part| part.len()).sum());
        parts.iter().for_each(|part| self.bytes.extend_from_slice(part));
    }

    /// The bytes of the tile; none if it has no layer.
    pub fn end(self) -> Vec<u8> {
        self.bytes
    }
}

/// A layer that is being written, feature by feature.
#[derive(Default)]
pub struct LayerWriter {
    /// Fields of the message, by kind.
    features: Vec<u8>,
    keys: Vec<u8>,
    values: Vec<u8>,
    /// The keys by number, and the one that is expected next: most features have the same in the same order.
    key_numbers: Vec<String>,
    next_key: usize,
    /// Numbers of the values that may come again, by their bytes.
    value_numbers: HashMap<Vec<u8>, u64>,
    values_so_far: u64,
    // Of the feature that is being written; kept from one to the next for their room.
    tags: Vec<u8>,
    geometry: Vec<u8>,
    value: Vec<u8>,
}

/// What a feature is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Shape {
    Points = 1,
    Lines = 2,
    Areas = 3,
}

impl LayerWriter {
    /// Writes a feature of one or more points; `describe` writes down its properties. Without points nothing is written.
    pub fn points(&mut self, points: &[Place], describe: impl FnOnce(&mut Properties<'_>)) {
        let mut pen = Pen::on(&mut self.geometry);
        pen.command(MOVE_TO, points);
        self.feature(Shape::Points, describe);
    }

    /// Writes a feature of lines, each of two or more corners.
    pub fn lines(&mut self, lines: &[Vec<Place>], describe: impl FnOnce(&mut Properties<'_>)) {
        let mut pen = Pen::on(&mut self.geometry);
        for line in lines.iter().filter(|line| line.len() > 1) {
            pen.line(line);
        }
        self.feature(Shape::Lines, describe);
    }

    /// Writes a feature of areas. Rings are open and have three corners or more; a ring that surrounds an area goes
    /// before the holes in it. Which way round they come does not matter.
    pub fn areas(&mut self, rings: &[Ring], describe: impl FnOnce(&mut Properties<'_>)) {
        let mut pen = Pen::on(&mut self.geometry);
        for ring in rings.iter().filter(|ring| ring.corners.len() > 2) {
            pen.ring(ring);
        }
        self.feature(Shape::Areas, describe);
    }

    fn feature(&mut self, shape: Shape, describe: impl FnOnce(&mut Properties<'_>)) {
        if self.geometry.is_empty() {
            return;
        }
        self.tags.clear();
        self.next_key = 0;
        describe(&mut Properties::of(self));
        let (tags, geometry) = (self.tags.len() as u64, self.geometry.len() as u64);
        let length = 2 + field_length(tags) + field_length(geometry);
        put_tag(&mut self.features, LAYER_FEATURE, Wire::Bytes);
        put(&mut self.features, length);
        put_field(&mut self.features, FEATURE_TAGS, &self.tags);
        put_number_field(&mut self.features, FEATURE_KIND, shape as u64);
        put_field(&mut self.features, FEATURE_GEOMETRY, &self.geometry);
    }

    /// A property of the present feature whose value others may have too.
    pub(crate) fn shared(&mut self, key: &str, value: Raw<'_>) {
        value.write(&mut self.value);
        let number = match self.value_numbers.get(&self.value) {
            Some(number) => *number,
            None => {
                let number = self.new_value();
                self.value_numbers.insert(self.value.clone(), number);
                number
            }
        };
        self.tag(key, number);
    }

    /// A property of the present feature whose value hardly any other has: it is not looked for.
    pub(crate) fn own(&mut self, key: &str, value: Raw<'_>) {
        value.write(&mut self.value);
        let number = self.new_value();
        self.tag(key, number);
    }

    fn new_value(&mut self) -> u64 {
        put_field(&mut self.values, LAYER_VALUE, &self.value);
        self.values_so_far += 1;
        self.values_so_far - 1
    }

    fn tag(&mut self, key: &str, value: u64) {
        let is_next = self.key_numbers.get(self.next_key).is_some_and(|next| next == key);
        let known = if is_next { Some(self.next_key) } else { self.key_numbers.iter().position(|known| known == key) };
        let number = known.unwrap_or_else(|| {
            put_field(&mut self.keys, LAYER_KEY, key.as_bytes());
            self.key_numbers.push(key.to_owned());
            self.key_numbers.len() - 1
        });
        self.next_key = number + 1;
        put(&mut self.tags, number as u64);
        put(&mut self.tags, value);
    }
}

/// A ring of an area.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ring {
    /// Its corners, the first not repeated.
    pub corners: Vec<Place>,
    /// Whether it is a hole in the area before it.
    pub is_hole: bool,
}

/// Twice the area within an open ring; positive where the corners go round clockwise on the screen (y grows downwards).
pub(crate) fn double_area(ring: &[Place]) -> i64 {
    let mut from = ring.last().copied().unwrap_or_default();
    let mut area = 0;
    for &to in ring {
        area += i64::from(from.x) * i64::from(to.y) - i64::from(to.x) * i64::from(from.y);
        from = to;
    }
    area
}

/// Writes the commands of a geometry, each place as its way from the one before.
struct Pen<'a> {
    out: &'a mut Vec<u8>,
    at: Place,
}

impl<'a> Pen<'a> {
    fn on(out: &'a mut Vec<u8>) -> Self {
        out.clear();
        Self { out, at: Place::default() }
    }

    fn command(&mut self, command: u64, places: &[Place]) {
        if !places.is_empty() {
            put(self.out, (places.len() as u64) << 3 | command);
            places.iter().for_each(|place| self.to(*place));
        }
    }

    fn line(&mut self, corners: &[Place]) {
        let (first, others) = corners.split_at(1);
        self.command(MOVE_TO, first);
        self.command(LINE_TO, others);
    }

    /// Outer rings go round clockwise on the screen, holes the other way.
    fn ring(&mut self, ring: &Ring) {
        if (double_area(&ring.corners) < 0) == ring.is_hole {
            self.line(&ring.corners);
        } else {
            self.line(&ring.corners.iter().rev().copied().collect::<Vec<_>>());
        }
        put(self.out, 1 << 3 | CLOSE_PATH);
    }

    fn to(&mut self, place: Place) {
        put(self.out, zigzag(i64::from(place.x) - i64::from(self.at.x)));
        put(self.out, zigzag(i64::from(place.y) - i64::from(self.at.y)));
        self.at = place;
    }
}

/// A value of a property.
#[derive(Clone, Copy)]
pub(crate) enum Raw<'a> {
    Text(&'a str),
    Number(u64),
    Signed(i64),
    Flag(bool),
}

impl Raw<'_> {
    fn write(self, out: &mut Vec<u8>) {
        out.clear();
        match self {
            Self::Text(text) => put_field(out, VALUE_TEXT, text.as_bytes()),
            Self::Number(number) => put_number_field(out, VALUE_NUMBER, number),
            Self::Signed(number) => put_number_field(out, VALUE_SIGNED, zigzag(number)),
            Self::Flag(flag) => put_number_field(out, VALUE_FLAG, flag.into()),
        }
    }
}

/// How the bytes of a field are to be read (Protocol Buffers, "Encoding").
#[derive(Clone, Copy)]
enum Wire {
    Number = 0,
    Bytes = 2,
}

fn put_tag(out: &mut Vec<u8>, field: u64, wire: Wire) {
    put(out, field << 3 | wire as u64);
}

fn put_field(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    put_tag(out, field, Wire::Bytes);
    put(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn put_number_field(out: &mut Vec<u8>, field: u64, number: u64) {
    put_tag(out, field, Wire::Number);
    put(out, number);
}

/// Bytes of a field of so many bytes whose tag takes one.
fn field_length(bytes: u64) -> u64 {
    1 + number_length(bytes) + bytes
}

fn number_length(number: u64) -> u64 {
    u64::from((u64::BITS - (number | 1).leading_zeros()).div_ceil(7))
}

/// A number in groups of seven bits, the least first.
fn put(out: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Small numbers of either sign as small numbers.
fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63).cast_unsigned()
}

#[cfg(test)]
#[path = "mvt_tests.rs"]
mod tests;
