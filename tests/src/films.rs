//! Films of nothing, made by code: the boxes that a phone's video has (ISO/IEC 14496-12), with a place and a time,
//! and frames that no player could show.

/// A tiny film. `brand` is the major brand, `b"mp42"` for MP4 or `b"qt  "` for QuickTime; `at` latitude and longitude,
/// degrees WGS 84, which stand in `©xyz` as ISO 6709 writes them; `frames` bytes of noise stand for the frames.
#[must_use]
pub fn film(brand: &[u8; 4], at: (f64, f64), frames: usize) -> Vec<u8> {
    let place = format!("{:+08.4}{:+09.4}/", at.0, at.1);
    let mut text = u16::try_from(place.len()).unwrap_or(u16::MAX).to_be_bytes().to_vec();
    text.extend(0x15C7_u16.to_be_bytes()); // the language "und"
    text.extend(place.as_bytes());
    let noise: Vec<u8> = (0..frames).map(|i| u8::try_from((i * 167 + i / 251) % 256).unwrap_or(0)).collect();
    [
        part(*b"ftyp", &[brand.as_slice(), &[0; 4], b"isom"].concat()),
        part(*b"moov", &[head(), part(*b"udta", &part(*b"\xA9xyz", &text))].concat()),
        part(*b"mdat", &noise),
    ]
    .concat()
}

/// `mvhd`, version 0: made at noon of 22 November 2026 UTC, two seconds long.
fn head() -> Vec<u8> {
    /// Seconds from 1904, where QuickTime begins, to that noon.
    const MADE: u32 = 2_082_844_800 + 1_795_348_800;
    let fields = [0, MADE, MADE, 1000, 2000].map(u32::to_be_bytes).concat();
    part(*b"mvhd", &[fields, vec![0; 80]].concat())
}

/// A box: its size, its type, what is in it.
fn part(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
    let size = u32::try_from(content.len() + 8).unwrap_or(u32::MAX);
    [size.to_be_bytes().as_slice(), &kind, content].concat()
}
