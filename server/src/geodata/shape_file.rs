//! Shapefiles: `.shp`, `.shx`, `.dbf`, and where they are there `.prj` and `.cpg`.

use std::cell::Cell;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::rc::Rc;
use std::sync::Arc;

use geo_types::{Geometry, MultiPolygon};
use shapefile::Shape;

use super::feature::{Feature, Fields, FlawedShape};
use super::table::Table;
use super::{GeodataError, crs, degrees};

/// What can be read and jumped about in.
pub(super) trait Seekable: Read + Seek {}

impl<T: Read + Seek> Seekable for T {}

/// A part of a Shapefile.
pub(super) type Part = Box<dyn Seekable>;

/// The files that make one Shapefile.
pub(super) struct Parts<'a> {
    pub(super) name: &'a str,
    pub(super) shp: Part,
    pub(super) shx: Option<Part>,
    pub(super) dbf: Option<Part>,
    pub(super) prj: Option<Part>,
    pub(super) cpg: Option<Part>,
}

/// Bytes of one shape that are read at most (64 MiB, four million corners).
const SHAPE_BYTES: u64 = 64 << 20;

/// Shapes of a file at most: the index is read whole, eight bytes for each.
const SHAPES: u64 = 16_000_000;

/// `.prj` and `.cpg` are a line of text; so many bytes of them are looked at.
const TEXT_BYTES: u64 = 64 << 10;

/// Reads all features.
pub(super) fn read<E: From<GeodataError>>(
    parts: Parts<'_>,
    each: &mut dyn FnMut(Feature) -> Result<(), E>,
) -> Result<(), E> {
    let Parts { name, shp, shx, dbf, prj, cpg } = parts;
    let shx = shx.ok_or_else(|| GeodataError::MissingPart(".shx".to_owned()))?;
    let dbf = dbf.ok_or_else(|| GeodataError::MissingPart(".dbf".to_owned()))?;
    let malformed = |reason: String| GeodataError::Malformed { file: name.to_owned(), reason };
    if let Some(prj) = prj {
        crs::check_prj(&text(prj).map_err(|error| malformed(format!(".prj: {error}")))?)?;
    }
    let declared = cpg.map(text).transpose().map_err(|error| malformed(format!(".cpg: {error}")))?;
    let declared: Option<Arc<str>> = declared.map(|label| label.trim().into());
    let mut table = Table::read(BufReader::new(dbf)).map_err(malformed)?;
    let since = Rc::new(Cell::new(0));
    let shp = Metered { source: BufReader::new(shp), since: Rc::clone(&since) };
    let shx = BufReader::new(shx).take(100 + 8 * SHAPES);
    let shapes = shapefile::ShapeReader::with_shx(shp, shx);
    let mut shapes = shapes.map_err(|error| malformed(error.to_string()))?;
    let mut read = 0;
    for (index, shape) in shapes.iter_shapes().enumerate() {
        since.set(0);
        let shape = shape.map_err(|error| malformed(format!("feature {}: {error}", index + 1)))?;
        let shape = geometry(shape);
        if let Ok(shape) = &shape {
            degrees::check(index, shape)?;
        }
        let Some(record) = table.next().map_err(malformed)? else {
            return Err(malformed(format!("it has more shapes than the {index} rows of its table")).into());
        };
        let fields = Fields::of_record(Arc::clone(&table.columns), record, declared.clone());
        each(Feature { index, fields, shape })?;
        read = index + 1;
    }
    match table.left() {
        0 => Ok(()),
        left => Err(malformed(format!("it has {read} shapes, but {left} more rows in its table")).into()),
    }
}

/// Counts what is read, and reads no more than [`SHAPE_BYTES`] for one shape, whatever it says of itself.
struct Metered<R> {
    source: R,
    since: Rc<Cell<u64>>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.since.set(self.since.get() + read as u64);
        if self.since.get() > SHAPE_BYTES {
            let told = format!("one shape has more than {} MiB", SHAPE_BYTES >> 20);
            return Err(std::io::Error::other(told));
        }
        Ok(read)
    }
}

impl<R: Seek> Seek for Metered<R> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.source.seek(to)
    }
}

fn text(part: Part) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    part.take(TEXT_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn geometry(shape: Shape) -> Result<Geometry<f64>, FlawedShape> {
    let polygons = |shape: Result<MultiPolygon<f64>, shapefile::Error>| shape.map(Geometry::MultiPolygon);
    let geometry = match shape {
        Shape::NullShape => return Err(FlawedShape::None),
        Shape::Polygon(polygon) => polygons(polygon.try_into()),
        Shape::PolygonM(polygon) => polygons(polygon.try_into()),
        Shape::PolygonZ(polygon) => polygons(polygon.try_into()),
        Shape::Multipatch(_) => return Err(FlawedShape::Malformed("it is a Multipatch".to_owned())),
        other => other.try_into(),
    };
    geometry.map_err(|error| FlawedShape::Malformed(error.to_string()))
}
