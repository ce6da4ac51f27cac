//! How a zone is written: a class, and polygons of rings of corners in whole ten-millionths of a degree (11 mm), each as
//! the difference from the one before, in numbers of as many bytes as they need (LEB128, signed ones zigzag). Some four
//! bytes a corner.

use std::io::{Error, ErrorKind, Read, Result, Write};

use geo_types::{Coord, LineString, MultiPolygon, Polygon};

/// Ten-millionths of a degree.
const SCALE: f64 = 1e7;

/// Corners, rings or polygons that one zone has at most; a file that says more is damaged.
const MOST: u64 = 1 << 26;

/// The position that is kept for a position.
pub(super) fn rounded(c: Coord<f64>) -> Coord<f64> {
    let round = |degrees: f64| (degrees * SCALE).round() / SCALE;
    Coord { x: round(c.x), y: round(c.y) }
}

/// Writes a zone.
pub(super) fn write(out: &mut impl Write, class: u16, shape: &MultiPolygon<f64>) -> Result<()> {
    unsigned(out, u64::from(class))?;
    unsigned(out, shape.0.len() as u64)?;
    let mut last = (0_i64, 0_i64);
    for polygon in shape {
        unsigned(out, 1 + polygon.interiors().len() as u64)?;
        for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
            unsigned(out, ring.0.len() as u64)?;
            for c in &ring.0 {
                let whole = ((c.x * SCALE).round() as i64, (c.y * SCALE).round() as i64);
                signed(out, whole.0 - last.0)?;
                signed(out, whole.1 - last.1)?;
                last = whole;
            }
        }
    }
    Ok(())
}

/// Reads a zone.
pub(super) fn read(source: &mut impl Read) -> Result<(u16, MultiPolygon<f64>)> {
    let class = u16::try_from(read_unsigned(source)?).map_err(|_| damaged())?;
    let mut last = (0_i64, 0_i64);
    let mut polygons = Vec::new();
    for _ in 0..count(source)? {
        let mut rings = Vec::new();
        for _ in 0..count(source)? {
            let corners = count(source)?;
            let mut ring = Vec::with_capacity(usize::try_from(corners.min(1 << 16)).unwrap_or_default());
            for _ in 0..corners {
                last.0 = last.0.wrapping_add(read_signed(source)?);
                last.1 = last.1.wrapping_add(read_signed(source)?);
                ring.push(Coord { x: last.0 as f64 / SCALE, y: last.1 as f64 / SCALE });
            }
            rings.push(LineString(ring));
        }
        let mut rings = rings.into_iter();
        let outer = rings.next().ok_or_else(damaged)?;
        polygons.push(Polygon::new(outer, rings.collect()));
    }
    Ok((class, MultiPolygon(polygons)))
}

fn count(source: &mut impl Read) -> Result<u64> {
    Some(read_unsigned(source)?).filter(|count| *count <= MOST).ok_or_else(damaged)
}

fn damaged() -> Error {
    Error::new(ErrorKind::InvalidData, "the zones are damaged")
}

fn signed(out: &mut impl Write, number: i64) -> Result<()> {
    unsigned(out, ((number << 1) ^ (number >> 63)).cast_unsigned())
}

fn unsigned(out: &mut impl Write, mut number: u64) -> Result<()> {
    let mut bytes = [0; 10];
    let mut length = 0;
    loop {
        bytes[length] = (number & 0x7F) as u8;
        number >>= 7;
        if number == 0 {
            return out.write_all(&bytes[..=length]);
        }
        bytes[length] |= 0x80;
        length += 1;
    }
}

fn read_signed(source: &mut impl Read) -> Result<i64> {
    let number = read_unsigned(source)?;
    Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
}

fn read_unsigned(source: &mut impl Read) -> Result<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let mut byte = [0];
        source.read_exact(&mut byte)?;
        number |= u64::from(byte[0] & 0x7F) << shift;
        if byte[0] & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(damaged())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_ring() -> impl Strategy<Value = LineString<f64>> {
        prop::collection::vec((-180.0..180.0, -90.0..90.0), 3..20).prop_map(|corners| {
            let mut ring: Vec<_> = corners.into_iter().map(|(x, y)| rounded(Coord { x, y })).collect();
            ring.push(ring[0]);
            LineString(ring)
        })
    }

    proptest! {
        #[test]
        fn a_zone_is_read_as_it_was_written(class: u16, rings in prop::collection::vec(prop::collection::vec(any_ring(), 1..4), 0..4)) {
            let polygon = |mut rings: Vec<LineString<f64>>| Polygon::new(rings.remove(0), rings);
            let shape = MultiPolygon(rings.into_iter().map(polygon).collect());
            let mut bytes = Vec::new();
            write(&mut bytes, class, &shape).unwrap();
            let mut rest = bytes.as_slice();
            prop_assert_eq!(read(&mut rest).unwrap(), (class, shape));
            prop_assert!(rest.is_empty());
            if let Some(cut) = bytes.len().checked_sub(1) {
                prop_assert!(read(&mut &bytes[..cut]).is_err());
            }
        }
    }

    #[test]
    fn damaged_counts_ask_for_no_memory() {
        let mut bytes = Vec::new();
        for number in [0, 1, 1, u64::MAX] {
            unsigned(&mut bytes, number).unwrap();
        }
        assert!(read(&mut bytes.as_slice()).is_err());
    }
}
