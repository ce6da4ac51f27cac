//! Well-known binary (OGC 06-103r4, 8.2; ISO 13249-3 for heights and measures), as databases keep shapes.

use geo_types::{Coord, Geometry, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon};

/// Reads a shape, heights and measures left out, and tells whether all rings were closed and long enough; they are
/// closed. `None` for what is none, is cut short or longer, and for collections and curves.
pub fn read(bytes: &[u8]) -> Option<(Geometry<f64>, bool)> {
    let mut reader = Reader { bytes, closed: true };
    let geometry = reader.geometry(true)?;
    reader.bytes.is_empty().then_some((geometry, reader.closed))
}

struct Reader<'a> {
    bytes: &'a [u8],
    closed: bool,
}

/// What stands before each shape.
#[derive(Clone, Copy)]
struct Head {
    little: bool,
    kind: u32,
    /// Numbers of a position, 2 to 4.
    numbers: usize,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.bytes.split_first_chunk::<N>()?;
        self.bytes = rest;
        Some(*taken)
    }

    fn number(&mut self, little: bool) -> Option<u32> {
        let bytes = self.take::<4>()?;
        Some(if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    fn head(&mut self) -> Option<Head> {
        let little = match self.take::<1>()? {
            [0] => false,
            [1] => true,
            _ => return None,
        };
        let kind = self.number(little)?;
        let (more, kind) = (kind / 1_000, kind % 1_000);
        let numbers = match more {
            0 => 2,
            1 | 2 => 3,
            3 => 4,
            _ => return None,
        };
        Some(Head { little, kind, numbers })
    }

    /// How many things follow that have at least so many bytes each.
    fn count(&mut self, head: Head, bytes_each: usize) -> Option<usize> {
        let count = usize::try_from(self.number(head.little)?).ok()?;
        (count <= self.bytes.len() / bytes_each).then_some(count)
    }

    fn position(&mut self, head: Head) -> Option<Coord<f64>> {
        let mut numbers = [0.0; 4];
        for number in &mut numbers[..head.numbers] {
            let bytes = self.take::<8>()?;
            *number = if head.little { f64::from_le_bytes(bytes) } else { f64::from_be_bytes(bytes) };
        }
        let [x, y, ..] = numbers;
        Some(Coord { x, y })
    }

    fn line(&mut self, head: Head) -> Option<LineString<f64>> {
        let count = self.count(head, 8 * head.numbers)?;
        (0..count).map(|_| self.position(head)).collect::<Option<Vec<_>>>().map(LineString)
    }

    fn polygon(&mut self, head: Head) -> Option<Polygon<f64>> {
        let count = self.count(head, 4)?;
        let rings = (0..count).map(|_| self.line(head)).collect::<Option<Vec<_>>>()?;
        self.closed &= rings.iter().all(|ring| ring.0.len() > 3 && ring.is_closed());
        let mut rings = rings.into_iter();
        Some(Polygon::new(rings.next().unwrap_or(LineString(Vec::new())), rings.collect()))
    }

    /// A shape; if it may, one of several parts.
    fn geometry(&mut self, of_parts: bool) -> Option<Geometry<f64>> {
        let head = self.head()?;
        match head.kind {
            1 => self.position(head).map(Point).map(Geometry::Point),
            2 => self.line(head).map(Geometry::LineString),
            3 => self.polygon(head).map(Geometry::Polygon),
            4..=6 if of_parts => {
                // Order of bytes, kind, and a number at least.
                let count = self.count(head, 9)?;
                let parts = (0..count).map(|_| self.geometry(false)).collect::<Option<Vec<_>>>()?;
                of_one_kind(head.kind, parts)
            }
            _ => None,
        }
    }
}

fn of_one_kind(kind: u32, parts: Vec<Geometry<f64>>) -> Option<Geometry<f64>> {
    fn all<T>(parts: Vec<Geometry<f64>>, of: impl Fn(Geometry<f64>) -> Option<T>) -> Option<Vec<T>> {
        parts.into_iter().map(of).collect()
    }
    match kind {
        4 => {
            let point = |part| if let Geometry::Point(point) = part { Some(point) } else { None };
            all(parts, point).map(MultiPoint).map(Geometry::MultiPoint)
        }
        5 => {
            let line = |part| if let Geometry::LineString(line) = part { Some(line) } else { None };
            all(parts, line).map(MultiLineString).map(Geometry::MultiLineString)
        }
        _ => {
            let polygon = |part| if let Geometry::Polygon(polygon) = part { Some(polygon) } else { None };
            all(parts, polygon).map(MultiPolygon).map(Geometry::MultiPolygon)
        }
    }
}

#[cfg(test)]
mod tests {
    use geo_types::polygon;

    use super::*;

    /// A square as a polygon of three numbers a position, big-endian.
    fn square(kind: u32, corners: &[(f64, f64)]) -> Vec<u8> {
        let mut bytes = [&[0][..], &kind.to_be_bytes(), &1_u32.to_be_bytes()].concat();
        bytes.extend((corners.len() as u32).to_be_bytes());
        for (x, y) in corners {
            [*x, *y, 7.0].iter().for_each(|number| bytes.extend(number.to_be_bytes()));
        }
        bytes
    }

    #[test]
    fn a_shape_with_heights_is_read_in_either_order_of_bytes_and_nothing_that_is_cut_or_lies() {
        let corners = [(140.0, 37.0), (140.1, 37.0), (140.1, 37.1), (140.0, 37.0)];
        let bytes = square(1_003, &corners);
        let expected = polygon![(x: 140.0, y: 37.0), (x: 140.1, y: 37.0), (x: 140.1, y: 37.1)];
        assert_eq!(read(&bytes), Some((Geometry::Polygon(expected.clone()), true)));
        let several = [&[1, 6, 0, 0, 0, 1, 0, 0, 0][..], &bytes].concat();
        assert_eq!(read(&several), Some((Geometry::MultiPolygon(MultiPolygon(vec![expected])), true)));
        assert!(read(&square(1_003, &corners[..3])).is_some_and(|(_, closed)| !closed));
        for cut in 0..several.len() {
            assert_eq!(read(&several[..cut]), None, "{cut}");
        }
        assert_eq!(read(&[&bytes[..], &[0]].concat()), None, "more than the shape");
        // Two to the 32nd of anything, and parts within parts.
        for lie in [2_u32, 3, 4, 5, 6, 7] {
            assert_eq!(read(&[&[1][..], &lie.to_le_bytes(), &[0xff; 4], &[0; 64]].concat()), None, "{lie}");
        }
        let nested = [&[1, 6, 0, 0, 0, 1, 0, 0, 0][..], &several].concat();
        assert_eq!(read(&nested), None);
    }
}
