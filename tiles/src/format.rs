//! What a tile is, told by its first bytes, and whether a picture is whole and no larger than a tile.

use std::io::{self, Read};

/// What a tile is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Mapbox Vector Tile.
    Mvt,
    /// PNG picture.
    Png,
    /// JPEG picture.
    Jpeg,
    /// WebP picture.
    Webp,
}

/// Pixels a side that a picture may have: four times what is usual, and twice what sharp screens are given.
pub const MAX_SIDE: u32 = 1_024;

/// Why a picture is not to be drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Flaw {
    /// It ends before its end, or is put together in another way than its format wants.
    #[error("is cut short or damaged")]
    CutShort,
    /// It says that it is larger than a tile: whoever draws it may run out of memory.
    #[error("has no pixels, or more than {MAX_SIDE} a side")]
    Size,
}

impl Format {
    /// Media type (IANA).
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Mvt => "application/vnd.mapbox-vector-tile",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
        }
    }

    /// Whether it is a picture.
    pub fn is_raster(self) -> bool {
        self != Self::Mvt
    }

    /// What these bytes are; `None` for anything else, such as a page that says that something went wrong. A vector
    /// tile is told by being nothing but layers, one after the other.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::Webp),
            _ => is_layers(bytes).then_some(Self::Mvt),
        }
    }
}

impl Format {
    /// What is wrong with a picture of this format, as far as its parts tell without drawing it. What stands behind its
    /// end does no harm. A vector tile has nothing to say here.
    pub fn flaw(self, bytes: &[u8]) -> Option<Flaw> {
        let size = match self {
            Self::Mvt => return None,
            Self::Png => png(bytes),
            Self::Jpeg => jpeg(bytes),
            Self::Webp => webp(bytes),
        };
        let side = 1..=MAX_SIDE;
        match size {
            None => Some(Flaw::CutShort),
            Some((width, height)) => (!side.contains(&width) || !side.contains(&height)).then_some(Flaw::Size),
        }
    }
}

/// So many bytes from a place on, if they are there.
fn at<const N: usize>(bytes: &[u8], place: usize) -> Option<[u8; N]> {
    bytes.get(place..)?.first_chunk().copied()
}

/// Width and height of a PNG whose chunks go on to its end (Portable Network Graphics, 5.3 and 11.2.2).
fn png(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut place = 8;
    let mut size = None;
    loop {
        let length = usize::try_from(u32::from_be_bytes(at(bytes, place)?)).ok()?;
        let kind: [u8; 4] = at(bytes, place + 4)?;
        // Length, kind and check sum beside the chunk itself.
        let next = place.checked_add(length)?.checked_add(12)?;
        if next > bytes.len() {
            return None;
        }
        match (&kind, size) {
            (b"IHDR", None) if length == 13 => {
                let side = |place| Some(u32::from_be_bytes(at(bytes, place)?));
                size = Some((side(place + 8)?, side(place + 12)?));
            }
            // Nothing comes before the header, and no other after it.
            (b"IHDR", _) | (_, None) => return None,
            (b"IEND", size) => return size,
            _ => {}
        }
        place = next;
    }
}

/// Width and height of a JPEG whose segments go on to its end (ITU-T T.81, annex B).
fn jpeg(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut place = 2;
    let mut size = None;
    loop {
        let [0xff, marker] = at(bytes, place)? else { return None };
        match marker {
            // Filling.
            0xff => {
                place += 1;
                continue;
            }
            0xd9 => return size,
            0x01 | 0xd0..=0xd7 => {
                place += 2;
                continue;
            }
            _ => {}
        }
        let length = usize::from(u16::from_be_bytes(at(bytes, place + 2)?));
        // A frame, among whose markers are three of tables.
        if (0xc0..=0xcf).contains(&marker) && ![0xc4, 0xc8, 0xcc].contains(&marker) {
            let side = |place| Some(u32::from(u16::from_be_bytes(at(bytes, place)?)));
            let said = (side(place + 7)?, side(place + 5)?);
            if size.is_some_and(|size| size != said) {
                return None;
            }
            size = Some(said);
        }
        place += 2 + length.max(2);
        if marker == 0xda {
            // The scan: to the next marker that is neither a restart nor a byte that looks like one.
            let is_marker = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7);
            place += bytes.get(place..)?.windows(2).position(is_marker)?;
        }
    }
}

/// Width and height of a WebP that is as long as it says (RFC 9649, 2.3 to 2.7; RFC 6386, 9.1).
fn webp(bytes: &[u8]) -> Option<(u32, u32)> {
    let length = |place| usize::try_from(u32::from_le_bytes(at(bytes, place)?)).ok();
    let end = length(4)?.checked_add(8)?;
    if end > bytes.len() || length(16)?.checked_add(20)? > end {
        return None;
    }
    match &at(bytes, 12)? {
        b"VP8 " => {
            let side = |place| Some(u32::from(u16::from_le_bytes(at(bytes, place)?) & 0x3fff));
            (at(bytes, 23)? == [0x9d, 0x01, 0x2a]).then_some((side(26)?, side(28)?))
        }
        b"VP8L" => {
            let sides = u32::from_le_bytes(at(bytes, 21)?);
            (at(bytes, 20)? == [0x2f]).then_some(((sides & 0x3fff) + 1, (sides >> 14 & 0x3fff) + 1))
        }
        b"VP8X" => {
            let side = |place| at(bytes, place).map(|[a, b, c]| u32::from_le_bytes([a, b, c, 0]) + 1);
            Some((side(24)?, side(27)?))
        }
        _ => None,
    }
}

/// Whether the bytes are fields of number 3 with a length (`Tile.layers`), to the end. Fields of other numbers, which
/// the format leaves to extensions, are nowhere in use.
fn is_layers(mut bytes: &[u8]) -> bool {
    while let Some((tag, rest)) = bytes.split_first() {
        let Some((length, rest)) = varint(rest) else { return false };
        let Ok(length) = usize::try_from(length) else { return false };
        if *tag != 0x1a || rest.len() < length {
            return false;
        }
        bytes = &rest[length..];
    }
    true
}

/// A number of the protocol buffers' variable length, and what follows.
pub(crate) fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0_u64;
    for (n, byte) in bytes.iter().enumerate().take(10) {
        let part = u64::from(byte & 0x7f);
        if n == 9 && part > 1 {
            return None;
        }
        number |= part << (7 * n);
        if byte & 0x80 == 0 {
            return Some((number, &bytes[n + 1..]));
        }
    }
    None
}

/// Whether the bytes say that they are gzip (RFC 1952).
pub(crate) fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// Unpacks gzip, to at most so many bytes.
///
/// # Errors
/// If the bytes are no whole gzip, or unpack to more (`FileTooLarge`).
pub(crate) fn unpack(bytes: &[u8], at_most: usize) -> io::Result<Vec<u8>> {
    let mut plain = Vec::with_capacity(bytes.len().saturating_mul(3).min(at_most));
    let one_more = u64::try_from(at_most).unwrap_or(u64::MAX).saturating_add(1);
    flate2::read::MultiGzDecoder::new(bytes).take(one_more).read_to_end(&mut plain)?;
    if plain.len() > at_most { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(plain) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_tile_is_told_by_its_first_bytes() {
        assert_eq!(Format::of(b"\x89PNG\r\n\x1a\n...."), Some(Format::Png));
        assert_eq!(Format::of(b"\xff\xd8\xff\xe0...."), Some(Format::Jpeg));
        assert_eq!(Format::of(b"RIFF\x00\x00\x00\x00WEBPVP8 "), Some(Format::Webp));
        assert_eq!(Format::of(&[0x1a, 2, 0x78, 2]), Some(Format::Mvt));
        assert_eq!(Format::of(b""), Some(Format::Mvt), "an empty vector tile has no bytes");
        for other in [&b"<html>busy</html>"[..], b"{}", b"GIF89a", b"\x1f\x8b\x08", b"%PDF", &[0x1a, 9, 1], &[0x1a]] {
            assert_eq!(Format::of(other), None, "{other:?}");
        }
    }

    fn png(width: u32, height: u32) -> Vec<u8> {
        let sides = [width.to_be_bytes(), height.to_be_bytes()].concat();
        let chunk = |kind: &[u8], data: &[u8]| [&(data.len() as u32).to_be_bytes(), kind, data, &[0; 4]].concat();
        let parts = [chunk(b"IHDR", &[&sides[..], &[8; 5]].concat()), chunk(b"IDAT", &[7; 90]), chunk(b"IEND", &[])];
        [b"\x89PNG\r\n\x1a\n".to_vec(), parts.concat()].concat()
    }

    fn jpeg(width: u16, height: u16) -> Vec<u8> {
        let frame = [&[8][..], &height.to_be_bytes(), &width.to_be_bytes(), &[1, 1, 0x11, 0]].concat();
        let segment =
            |marker: u8, data: &[u8]| [&[0xff, marker], &(data.len() as u16 + 2).to_be_bytes()[..], data].concat();
        // Words with an end in them, as a small picture within the picture has, and a scan with all that looks like one.
        let words = segment(0xe1, b"Exif \xff\xd8\xff\xd9");
        let scan = [&segment(0xda, &[0; 6]), &[1, 0xff, 0, 0xff, 0xd0, 2, 3][..]].concat();
        [&[0xff, 0xd8], &words[..], &segment(0xc2, &frame), &segment(0xc4, &[0; 20]), &scan, &scan, &[0xff, 0xd9]]
            .concat()
    }

    fn webp(kind: &[u8], data: &[u8]) -> Vec<u8> {
        let length = |length: usize| (length as u32).to_le_bytes();
        let chunk = [kind, &length(data.len()), data].concat();
        [b"RIFF", &length(chunk.len() + 4)[..], b"WEBP", &chunk].concat()
    }

    /// Pictures of all formats with these sides.
    fn pictures(width: u16, height: u16) -> Vec<(Format, Vec<u8>)> {
        let lossy = [&[0, 0, 0, 0x9d, 1, 0x2a][..], &width.to_le_bytes(), &height.to_le_bytes(), &[7; 20]].concat();
        let sides = u32::from(width - 1) | u32::from(height - 1) << 14;
        let lossless = [&[0x2f][..], &sides.to_le_bytes(), &[7; 21]].concat();
        let side = |side: u16| u32::from(side - 1).to_le_bytes()[..3].to_vec();
        let extended = [vec![0; 4], side(width), side(height)].concat();
        vec![
            (Format::Png, png(width.into(), height.into())),
            (Format::Jpeg, jpeg(width, height)),
            (Format::Webp, webp(b"VP8 ", &lossy)),
            (Format::Webp, webp(b"VP8L", &lossless)),
            (Format::Webp, webp(b"VP8X", &extended)),
        ]
    }

    #[test]
    fn a_picture_is_whole_or_cut_short_wherever_it_is_cut() {
        for (format, whole) in pictures(256, 512) {
            assert_eq!((Format::of(&whole), format.flaw(&whole)), (Some(format), None), "{whole:?}");
            for length in 0..whole.len() {
                assert_eq!(format.flaw(&whole[..length]), Some(Flaw::CutShort), "{format:?} {length}");
            }
            assert_eq!(format.flaw(&[&whole[..], b"\n"].concat()), None, "{format:?}");
        }
        assert_eq!(Format::Mvt.flaw(b""), None);
    }

    #[test]
    fn a_picture_is_no_larger_than_a_tile() {
        for (width, height, flaw) in [
            (1, 1, None),
            (1_024, 1_024, None),
            (1_025, 256, Some(Flaw::Size)),
            (256, 1_025, Some(Flaw::Size)),
            (16_383, 16_383, Some(Flaw::Size)),
        ] {
            for (format, picture) in pictures(width, height) {
                assert_eq!(format.flaw(&picture), flaw, "{format:?} {width} {height}");
            }
        }
        assert_eq!(Format::Png.flaw(&png(60_000, 60_000)), Some(Flaw::Size));
        assert_eq!(
            (Format::Png.flaw(&png(0, 1)), Format::Jpeg.flaw(&jpeg(1, 0))),
            (Some(Flaw::Size), Some(Flaw::Size))
        );
    }

    proptest! {
        #[test]
        fn whatever_the_bytes_are_they_are_looked_at_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = (Format::of(&bytes), varint(&bytes), unpack(&bytes, 100));
            let _ = [Format::Png, Format::Jpeg, Format::Webp].map(|format| format.flaw(&bytes));
        }
    }
}
