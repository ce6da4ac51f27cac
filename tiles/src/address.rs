//! A tile's address, as somebody wrote it.

use crate::{MAX_ZOOM, Tile};

/// Why an address names no tile.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoTile {
    /// Zoom, column and row are not whole numbers.
    #[error("zoom, column and row of a tile are whole numbers")]
    NotANumber,
    /// The zoom is deeper than there is.
    #[error("zoom {z} is outside of {least} to {most}")]
    Zoom {
        /// The zoom that was asked for.
        z: u32,
        /// The outermost zoom that there is.
        least: u8,
        /// The deepest zoom that there is.
        most: u8,
    },
    /// The zoom has fewer columns or rows.
    #[error("zoom {z} has columns and rows 0 to {last}")]
    Number {
        /// The zoom.
        z: u8,
        /// Its last column and row.
        last: u32,
    },
}

impl Tile {
    /// The tile of this address, if its zoom lies within the range, ends included.
    ///
    /// # Errors
    /// [`NoTile`] tells what is out of range.
    pub fn new(z: u32, x: u32, y: u32, zooms: (u8, u8)) -> Result<Self, NoTile> {
        let (least, most) = (zooms.0, zooms.1.min(MAX_ZOOM));
        let beyond = || NoTile::Zoom { z, least, most };
        let z = u8::try_from(z).ok().filter(|z| (least..=most).contains(z)).ok_or_else(beyond)?;
        let last = (1_u32 << z) - 1;
        if x > last || y > last { Err(NoTile::Number { z, last }) } else { Ok(Self { z, x, y }) }
    }

    /// The same of an address in text: decimal digits alone.
    ///
    /// # Errors
    /// [`NoTile`] tells what is wrong.
    pub fn parse(z: &str, x: &str, y: &str, zooms: (u8, u8)) -> Result<Self, NoTile> {
        // `parse` would take a plus sign: the same tile must not have two addresses.
        let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let canonical = |text: &str| plain(text) && (text == "0" || !text.starts_with('0'));
        if ![z, x, y].into_iter().all(canonical) {
            return Err(NoTile::NotANumber);
        }
        // More digits than fit are out of range like every other great number.
        let number = |text: &str| text.parse().unwrap_or(u32::MAX);
        Self::new(number(z), number(x), number(y), zooms)
    }

    /// The row counted from the south, as the Tile Map Service and MBTiles do.
    pub fn row_from_south(self) -> u32 {
        (1_u32 << self.z.min(MAX_ZOOM)) - 1 - self.y
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: (u8, u8) = (0, MAX_ZOOM);

    #[test]
    fn an_address_in_range_is_a_tile() {
        assert_eq!(Tile::parse("10", "910", "396", ALL), Ok(Tile { z: 10, x: 910, y: 396 }));
        assert_eq!(Tile::parse("0", "0", "0", ALL), Ok(Tile { z: 0, x: 0, y: 0 }));
        assert_eq!(Tile { z: 10, x: 910, y: 396 }.row_from_south(), 627);
    }

    #[test]
    fn an_address_out_of_range_is_refused_by_name() {
        let zoom = |z| NoTile::Zoom { z, least: 5, most: 14 };
        for (z, x, y, expected) in [
            ("4", "0", "0", zoom(4)),
            ("15", "0", "0", zoom(15)),
            ("4294967297", "0", "0", zoom(u32::MAX)),
            ("5", "32", "0", NoTile::Number { z: 5, last: 31 }),
            ("5", "0", "32", NoTile::Number { z: 5, last: 31 }),
            ("5", "0", "99999999999999999999", NoTile::Number { z: 5, last: 31 }),
            ("5", "-1", "0", NoTile::NotANumber),
            ("5", "+1", "0", NoTile::NotANumber),
            ("5", "01", "0", NoTile::NotANumber),
            ("5", "1.0", "0", NoTile::NotANumber),
            ("5", "1", "", NoTile::NotANumber),
            ("５", "1", "1", NoTile::NotANumber),
        ] {
            assert_eq!(Tile::parse(z, x, y, (5, 14)), Err(expected), "{z}/{x}/{y}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_a_tile_in_range_or_refused(z in ".*", x in ".*", y in "\\PC{0,9}") {
            if let Ok(tile) = Tile::parse(&z, &x, &y, ALL) {
                prop_assert_eq!((tile.z.to_string(), tile.x.to_string(), tile.y.to_string()), (z, x, y));
            }
        }
    }
}
