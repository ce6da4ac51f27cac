//! What tests of this room share: pictures drawn by code, and where the shared data lies.

use std::path::PathBuf;

/// A photo-like picture, RGB: gradients, edges, and noise from a small generator.
pub(crate) fn photo(width: u32, height: u32) -> Vec<u8> {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut rgb = Vec::with_capacity(width as usize * height as usize * 3);
    for y in 0..height {
        for x in 0..width {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let noise = u32::try_from(state % 9).unwrap();
            let sky = 200 * (height - y) / height;
            let road = if (x * 4 / width + y * 3 / height).is_multiple_of(2) { 40 } else { 0 };
            let clamp = |v: u32| u8::try_from(v.min(255)).unwrap();
            rgb.extend([clamp(sky + noise), clamp(100 * x / width + road + noise), clamp(60 + road + noise)]);
        }
    }
    rgb
}

/// A box of ISO/IEC 14496-12: its size, its type, what is in it.
pub(crate) fn bmff(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let size = u32::try_from(content.len() + 8).unwrap();
    [size.to_be_bytes().as_slice(), kind, content].concat()
}

/// A folder or file of the shared data; says so where it is absent.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("SOKUHO_SHARED_DATA")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data")), PathBuf::from);
    let found = root.join(path);
    if found.exists() {
        return Some(found);
    }
    crate::skipped::skipped("shared data is absent");
    None
}

/// A small JPEG whose EXIF has these GPS fields: latitude and longitude in degrees as fractions.
pub(crate) fn jpeg_with_gps(lat: (u32, u32), lon: (u32, u32)) -> Vec<u8> {
    use exif::experimental::Writer;
    use exif::{Field, In, Rational, Tag, Value};
    let field = |tag, value| Field { tag, ifd_num: In::PRIMARY, value };
    let ascii = |text: &str| Value::Ascii(vec![text.as_bytes().to_vec()]);
    let rational = |(num, denom): (u32, u32)| Value::Rational(vec![Rational { num, denom }]);
    let fields = [
        field(Tag::GPSLatitude, rational(lat)),
        field(Tag::GPSLatitudeRef, ascii("N")),
        field(Tag::GPSLongitude, rational(lon)),
        field(Tag::GPSLongitudeRef, ascii("E")),
        field(Tag::GPSImgDirection, rational((3600, 10))),
        field(Tag::GPSImgDirectionRef, ascii("T")),
        field(Tag::GPSHPositioningError, rational((85, 10))),
        field(Tag::DateTimeOriginal, ascii("2026:07:01 21:30:00")),
        field(Tag::OffsetTimeOriginal, ascii("+09:00")),
    ];
    let mut writer = Writer::new();
    fields.iter().for_each(|f| writer.push_field(f));
    let mut tiff = std::io::Cursor::new(Vec::new());
    writer.write(&mut tiff, false).unwrap();
    let tiff = tiff.into_inner();
    let mut picture = Vec::new();
    image::codecs::jpeg::JpegEncoder::new(&mut picture)
        .encode(&photo(64, 48), 64, 48, image::ExtendedColorType::Rgb8)
        .unwrap();
    let mut file = vec![0xFF, 0xD8, 0xFF, 0xE1];
    file.extend_from_slice(&u16::try_from(tiff.len() + 8).unwrap().to_be_bytes());
    file.extend_from_slice(b"Exif\0\0");
    file.extend_from_slice(&tiff);
    file.extend_from_slice(&picture[2..]);
    file
}
