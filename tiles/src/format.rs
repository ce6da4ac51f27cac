//! What a tile is, told by its first bytes.

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

    proptest! {
        #[test]
        fn whatever_the_bytes_are_they_are_looked_at_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = (Format::of(&bytes), varint(&bytes), unpack(&bytes, 100));
        }
    }
}
