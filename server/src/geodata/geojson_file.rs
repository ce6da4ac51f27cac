//! GeoJSON (RFC 7946, and the `crs` member of 2008), feature by feature. Coordinates are read straight into pairs of
//! numbers; the crate `geojson` would first make a vector of each position, at four times the memory.

use std::cell::Cell;
use std::fmt;
use std::io::Read;
use std::rc::Rc;

use geo_types::{Coord, Geometry, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon};
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::feature::{Feature, Fields, FlawedShape};
use super::{GeodataError, crs, degrees};

/// Bytes of one feature's text that are read at most (64 MiB, some two million positions); the largest known have a
/// tenth of that.
const FEATURE_BYTES: u64 = 64 << 20;

/// Commas and opening brackets in one feature's text at most: each number, list and property costs one of them and up
/// to some hundred bytes of memory, so that a feature is read within 400 MB whatever it is made of. A position has
/// three; the largest known features have some 600,000.
const FEATURE_MARKS: u64 = 4_000_000;

/// Reads a FeatureCollection in UTF-8, with or without a byte order mark.
pub(super) fn read<E: From<GeodataError>>(
    name: &str,
    source: impl Read,
    each: &mut dyn FnMut(Feature) -> Result<(), E>,
) -> Result<(), E> {
    let since = Rc::new(Cell::new(Text::default()));
    let metered = Metered { source: without_mark(source), since: Rc::clone(&since) };
    let (mut stopped, found) = (None, Cell::new(None));
    let mut take = |feature: Feature| {
        since.set(Text::default());
        each(feature).map_err(|error| stopped = Some(error))
    };
    let mut text = serde_json::Deserializer::from_reader(metered);
    let read = text.deserialize_map(Collection { name, take: &mut take, found: &found }).and_then(|()| text.end());
    let Err(error) = read else { return Ok(()) };
    let malformed = || GeodataError::Malformed { file: name.to_owned(), reason: error.to_string() };
    Err(stopped.unwrap_or_else(|| found.take().unwrap_or_else(malformed).into()))
}

/// What serde's error cannot carry.
type Found = Cell<Option<GeodataError>>;

/// Stops the reading for a reason of our own.
fn stop<E: serde::de::Error>(found: &Found, error: GeodataError) -> E {
    let stopped = E::custom(&error);
    found.set(Some(error));
    stopped
}

/// A FeatureCollection whose features are taken one by one.
struct Collection<'a> {
    name: &'a str,
    take: &'a mut dyn FnMut(Feature) -> Result<(), ()>,
    found: &'a Found,
}

impl<'de> Visitor<'de> for Collection<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a GeoJSON FeatureCollection")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut features, mut says) = (false, None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "features" => {
                    map.next_value_seed(Features { take: &mut *self.take, found: self.found })?;
                    features = true;
                }
                "crs" => {
                    let crs: Value = map.next_value()?;
                    if !crs.is_null() {
                        let named = crs.pointer("/properties/name").and_then(Value::as_str);
                        let check =
                            named.map_or_else(|| Err(GeodataError::WrongCrs(crs.to_string())), crs::check_geojson);
                        check.map_err(|error| stop(self.found, error))?;
                    }
                }
                "type" => says = map.next_value::<Value>()?.as_str().map(str::to_owned),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        if features {
            return Ok(());
        }
        Err(stop(self.found, GeodataError::NoFeatures { file: self.name.to_owned(), says }))
    }
}

struct Features<'a> {
    take: &'a mut dyn FnMut(Feature) -> Result<(), ()>,
    found: &'a Found,
}

impl<'de> DeserializeSeed<'de> for Features<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Features<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of features")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut index = 0;
        while let Some(written) = seq.next_element::<Written>()? {
            let shape = written.geometry.map_or(Err(FlawedShape::None), Shape::geometry);
            if let Ok(shape) | Err(FlawedShape::OpenRing(shape)) = &shape {
                degrees::check(index, shape).map_err(|error| stop(self.found, error))?;
            }
            let fields = Fields::of_json(written.properties.unwrap_or_default());
            (self.take)(Feature { index, fields, shape }).map_err(|()| A::Error::custom("stopped"))?;
            index += 1;
        }
        Ok(())
    }
}

/// A feature as it is written.
#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    properties: Option<Map<String, Value>>,
    #[serde(default)]
    geometry: Option<Shape>,
}

/// A geometry as it is written; the type may stand after the coordinates.
#[derive(Deserialize)]
struct Shape {
    r#type: String,
    #[serde(default)]
    coordinates: Option<Nest>,
}

/// Coordinates, as deep as they are.
enum Nest {
    Number(f64),
    Position(Coord<f64>),
    Line(Vec<Coord<f64>>),
    Lists(Vec<Nest>),
}

impl<'de> Deserialize<'de> for Nest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Nesting)
    }
}

struct Nesting;

impl<'de> Visitor<'de> for Nesting {
    type Value = Nest;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("coordinates")
    }

    fn visit_f64<E>(self, number: f64) -> Result<Nest, E> {
        Ok(Nest::Number(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Nest, E> {
        Ok(Nest::Number(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Nest, E> {
        Ok(Nest::Number(number as f64))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Nest, A::Error> {
        let mixed = || A::Error::custom("coordinates of different depths");
        match seq.next_element::<Nest>()? {
            None => Ok(Nest::Lists(Vec::new())),
            Some(Nest::Number(x)) => {
                let y: f64 = seq.next_element()?.ok_or_else(|| A::Error::custom("a position of one number"))?;
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Nest::Position(Coord { x, y }))
            }
            Some(Nest::Position(first)) => {
                let mut line = vec![first];
                while let Some(next) = seq.next_element::<Nest>()? {
                    let Nest::Position(position) = next else { return Err(mixed()) };
                    line.push(position);
                }
                Ok(Nest::Line(line))
            }
            Some(first) => {
                let mut lists = vec![first];
                while let Some(next) = seq.next_element::<Nest>()? {
                    if matches!(next, Nest::Number(_) | Nest::Position(_)) {
                        return Err(mixed());
                    }
                    lists.push(next);
                }
                Ok(Nest::Lists(lists))
            }
        }
    }
}

impl Shape {
    fn geometry(self) -> Result<Geometry<f64>, FlawedShape> {
        let Some(coordinates) = self.coordinates else {
            let collection = "it is a GeometryCollection, which is not read: make one feature of each of its parts";
            let is_one = self.r#type == "GeometryCollection";
            return Err(if is_one { FlawedShape::Malformed(collection.to_owned()) } else { FlawedShape::None });
        };
        let mut open = false;
        let geometry = match (self.r#type.as_str(), coordinates) {
            ("Point", Nest::Position(at)) => Some(Geometry::Point(Point(at))),
            ("MultiPoint", Nest::Line(line)) => {
                Some(Geometry::MultiPoint(line.into_iter().map(Point).collect::<MultiPoint<f64>>()))
            }
            ("LineString", Nest::Line(line)) => Some(Geometry::LineString(LineString(line))),
            ("MultiLineString", Nest::Lists(lists)) => {
                lines(lists).map(|lines| Geometry::MultiLineString(MultiLineString(lines)))
            }
            ("Polygon", Nest::Lists(lists)) => polygon(lists, &mut open).map(Geometry::Polygon),
            ("MultiPolygon", Nest::Lists(lists)) => {
                let each = lists.into_iter().map(|list| match list {
                    Nest::Lists(rings) => polygon(rings, &mut open),
                    _ => None,
                });
                each.collect::<Option<Vec<_>>>().map(|polygons| Geometry::MultiPolygon(MultiPolygon(polygons)))
            }
            (other, _) => return Err(FlawedShape::Malformed(format!("its coordinates are not those of a {other}"))),
        };
        match geometry {
            None => Err(FlawedShape::Malformed(format!("its coordinates are not those of a {}", self.r#type))),
            Some(geometry) if open => Err(FlawedShape::OpenRing(geometry)),
            Some(geometry) => Ok(geometry),
        }
    }
}

fn lines(lists: Vec<Nest>) -> Option<Vec<LineString<f64>>> {
    let line = |list| match list {
        Nest::Line(line) => Some(LineString(line)),
        Nest::Lists(none) if none.is_empty() => Some(LineString(Vec::new())),
        _ => None,
    };
    lists.into_iter().map(line).collect()
}

/// The polygon of these rings, all closed; `open` tells whether one was not.
fn polygon(rings: Vec<Nest>, open: &mut bool) -> Option<Polygon<f64>> {
    let mut rings = lines(rings)?;
    *open |= rings.iter().any(|ring| ring.0.len() < 4 || !ring.is_closed());
    if rings.is_empty() {
        return Some(Polygon::new(LineString(Vec::new()), Vec::new()));
    }
    let outer = rings.remove(0);
    Some(Polygon::new(outer, rings))
}

/// How much text of a feature was read.
#[derive(Clone, Copy, Default)]
struct Text {
    bytes: u64,
    marks: u64,
}

/// Counts what is read, and reads no more than [`FEATURE_BYTES`] and [`FEATURE_MARKS`] for one feature.
struct Metered<R> {
    source: R,
    since: Rc<Cell<Text>>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.source.read(buffer)?;
        let mut since = self.since.get();
        since.bytes += read as u64;
        since.marks += buffer[..read].iter().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count() as u64;
        self.since.set(since);
        if since.bytes > FEATURE_BYTES {
            let told = format!("one feature has more than {} MiB of text", FEATURE_BYTES >> 20);
            return Err(std::io::Error::other(told));
        }
        if since.marks > FEATURE_MARKS {
            let told = format!("one feature has more than {FEATURE_MARKS} commas and brackets");
            return Err(std::io::Error::other(told));
        }
        Ok(read)
    }
}

/// Buffered, and without a byte order mark.
fn without_mark(source: impl Read) -> impl Read {
    std::io::BufReader::with_capacity(1 << 16, WithoutMark { source, begun: false })
}

struct WithoutMark<R> {
    source: R,
    begun: bool,
}

impl<R: Read> Read for WithoutMark<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.begun || buffer.len() < 3 {
            return self.source.read(buffer);
        }
        self.begun = true;
        let mut filled = 0;
        while filled < 3 {
            match self.source.read(&mut buffer[filled..])? {
                0 => break,
                read => filled += read,
            }
        }
        if buffer[..filled].starts_with(b"\xef\xbb\xbf") {
            buffer.copy_within(3..filled, 0);
            filled -= 3;
            // Nothing but the mark must not look like the end of the file.
            if filled == 0 {
                return self.source.read(buffer);
            }
        }
        Ok(filled)
    }
}
