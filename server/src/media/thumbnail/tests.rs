//! Tests over pictures drawn here, and, where it is present, over the shared data.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use proptest::prelude::*;
use rstest::rstest;

use super::jpeg_frame::{Component, Frame, Process};
use super::*;
use crate::media::samples::{photo, shared};

fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let pixels = photo(width, height);
    JpegEncoder::new_with_quality(&mut bytes, 85)
        .encode(&pixels, width, height, image::ExtendedColorType::Rgb8)
        .unwrap();
    bytes
}

fn png_of(width: u32, height: u32, color: ::png::ColorType, pixels: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(color);
    encoder.write_header().unwrap().write_image_data(pixels).unwrap();
    bytes
}

fn thumbnail(bytes: &[u8], kind: MediaKind, orientation: u32) -> Result<Option<Vec<u8>>, MediaError> {
    make(Cursor::new(bytes), kind, Orientation::new(orientation), &|_| Ok(()))
}

fn pixels(jpeg: &[u8]) -> image::RgbImage {
    image::load_from_memory_with_format(jpeg, image::ImageFormat::Jpeg).unwrap().into_rgb8()
}

fn resized(picture: image::RgbImage, width: u32, height: u32) -> image::RgbImage {
    let (from_width, from_height) = picture.dimensions();
    let picture = picture::Picture { width: from_width, height: from_height, rgb: picture.into_raw() };
    image::RgbImage::from_raw(width, height, picture.resized(width, height).unwrap().rgb).unwrap()
}

/// Mean difference of two pictures of one size, in steps of 256.
fn difference(a: &image::RgbImage, b: &image::RgbImage) -> f64 {
    assert_eq!(a.dimensions(), b.dimensions());
    let sum: f64 = a.as_raw().iter().zip(b.as_raw()).map(|(a, b)| f64::from(a.abs_diff(*b))).sum();
    sum / f64::from(u32::try_from(a.as_raw().len()).unwrap())
}

#[rstest]
#[case(jpeg(1200, 900), MediaKind::Jpeg, 1200, 900)]
#[case(jpeg(4000, 3000), MediaKind::Jpeg, 4000, 3000)]
#[case(png_of(1200, 900, ::png::ColorType::Rgb, &photo(1200, 900)), MediaKind::Png, 1200, 900)]
fn a_thumbnail_looks_like_the_whole(
    #[case] file: Vec<u8>,
    #[case] kind: MediaKind,
    #[case] width: u32,
    #[case] height: u32,
) {
    let small = pixels(&thumbnail(&file, kind, 1).unwrap().unwrap());
    let whole = image::RgbImage::from_raw(width, height, photo(width, height)).unwrap();
    let want = resized(whole, 480, 360);
    let difference = difference(&small, &want);
    assert!(difference < 3.0, "mean difference {difference}");
}

#[test]
fn small_pictures_are_not_enlarged_and_narrow_ones_keep_a_pixel() {
    assert_eq!(pixels(&thumbnail(&jpeg(40, 30), MediaKind::Jpeg, 1).unwrap().unwrap()).dimensions(), (40, 30));
    let sliver = png_of(20_000, 2, ::png::ColorType::Grayscale, &vec![90; 40_000]);
    assert_eq!(pixels(&thumbnail(&sliver, MediaKind::Png, 1).unwrap().unwrap()).dimensions(), (480, 1));
}

#[rstest]
#[case(::png::ColorType::Grayscale, vec![0x40; 4], [0x40; 3])]
#[case(::png::ColorType::GrayscaleAlpha, [0x40, 0xFF].repeat(4), [0x40; 3])]
#[case(::png::ColorType::Rgba, [9, 9, 9, 0].repeat(4), [0xFF; 3])]
fn grey_and_transparent_pngs_are_drawn_over_white(
    #[case] color: ::png::ColorType,
    #[case] data: Vec<u8>,
    #[case] want: [u8; 3],
) {
    let small = pixels(&thumbnail(&png_of(2, 2, color, &data), MediaKind::Png, 1).unwrap().unwrap());
    assert!(small.pixels().all(|p| p.0.iter().zip(want).all(|(a, b)| a.abs_diff(b) <= 2)));
}

#[test]
fn a_grey_jpeg_is_drawn() {
    for (width, height) in [(800, 600), (4000, 3000)] {
        let mut file = Vec::new();
        let grey: Vec<u8> = photo(width, height).chunks_exact(3).map(|p| p[1]).collect();
        JpegEncoder::new(&mut file).encode(&grey, width, height, image::ExtendedColorType::L8).unwrap();
        let small = pixels(&thumbnail(&file, MediaKind::Jpeg, 1).unwrap().unwrap());
        assert!(small.pixels().all(|p| p.0[0] == p.0[1] && p.0[1] == p.0[2]));
        assert_eq!(small.dimensions(), (480, 360));
    }
}

#[test]
fn a_webp_is_drawn() {
    let mut file = Vec::new();
    let pixels_in = photo(600, 450);
    image::codecs::webp::WebPEncoder::new_lossless(&mut file)
        .encode(&pixels_in, 600, 450, image::ExtendedColorType::Rgb8)
        .unwrap();
    let small = pixels(&thumbnail(&file, MediaKind::Webp, 6).unwrap().unwrap());
    assert_eq!(small.dimensions(), (360, 480));
    let cut = thumbnail(&file[..file.len() / 2], MediaKind::Webp, 1);
    assert!(matches!(cut, Err(MediaError::Damaged(_))), "{cut:?}");
}

#[rstest]
#[case(1, "abcdef", 3)]
#[case(2, "cbafed", 3)]
#[case(3, "fedcba", 3)]
#[case(4, "defabc", 3)]
#[case(5, "adbecf", 2)]
#[case(6, "daebfc", 2)]
#[case(7, "fcebda", 2)]
#[case(8, "cfbead", 2)]
fn every_orientation_is_turned_upright(#[case] orientation: u32, #[case] want: &str, #[case] width: u32) {
    let rgb = "abcdef".bytes().flat_map(|b| [b; 3]).collect();
    let picture = picture::Picture { width: 3, height: 2, rgb };
    let upright = picture.upright(Orientation::new(orientation));
    let got: String = upright.rgb.chunks_exact(3).map(|p| char::from(p[0])).collect();
    assert_eq!((got.as_str(), upright.width), (want, width));
}

#[test]
fn real_photos_of_all_orientations_stand_upright() {
    let Some(folder) = shared("photos/orientation") else { return };
    // The photos carry different captions, so they are compared when small.
    let draw = |n: u32, as_if: u32| {
        let file = std::fs::read(folder.join(format!("landscape_{n}.jpg"))).unwrap();
        let facts = crate::media::exif::read(|| Ok(Cursor::new(file.as_slice())), MediaKind::Jpeg);
        assert_eq!(u32::from(facts.orientation.number()), n);
        let drawn = pixels(&thumbnail(&file, MediaKind::Jpeg, as_if).unwrap().unwrap());
        let sideways = drawn.height() > drawn.width();
        (sideways, resized(drawn, 16, 12))
    };
    let (_, upright) = draw(1, 1);
    for n in 1..=8 {
        let distances: Vec<f64> = (1..=8).map(|as_if| difference(&draw(n, as_if).1, &upright)).collect();
        let best = (1..=8).min_by(|a, b| distances[*a as usize - 1].total_cmp(&distances[*b as usize - 1])).unwrap();
        assert_eq!((best, draw(n, n).0), (n, false), "{distances:?}");
    }
}

#[test]
fn a_thumbnail_carries_no_metadata() {
    let Some(folder) = shared("photos/gps") else { return };
    for name in ["IMG_5910.jpg", "67-0_length_string.jpg", "issue-exifr-3.jpg"] {
        let file = std::fs::read(folder.join(name)).unwrap();
        let small = thumbnail(&file, MediaKind::Jpeg, 1).unwrap().unwrap();
        let mut reader = Cursor::new(&small);
        loop {
            let marker = jpeg_frame::next_marker(&mut reader).unwrap();
            match marker {
                0xD8 => continue,
                0xDA => break,
                0xE0 => assert!(jpeg_frame::segment(&mut reader).unwrap().starts_with(b"JFIF\0")),
                0xDB | 0xC0 | 0xC4 => drop(jpeg_frame::segment(&mut reader).unwrap()),
                other => panic!("{name}: segment {other:#x} in a thumbnail"),
            }
        }
    }
}

#[test]
fn an_image_bomb_is_refused_by_its_header() {
    let mut bomb = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = b"IHDR".to_vec();
    header.extend_from_slice(&60_000_u32.to_be_bytes());
    header.extend_from_slice(&60_000_u32.to_be_bytes());
    header.extend_from_slice(&[8, 2, 0, 0, 0]);
    bomb.extend_from_slice(&13_u32.to_be_bytes());
    bomb.extend_from_slice(&header);
    let mut crc = flate2::Crc::new();
    crc.update(&header);
    bomb.extend_from_slice(&crc.sum().to_be_bytes());
    let refused = thumbnail(&bomb, MediaKind::Png, 1);
    assert!(matches!(refused, Err(MediaError::PictureTooLarge { width: 60_000, height: 60_000 })), "{refused:?}");

    let mut large = jpeg(64, 64);
    let sof = large.windows(2).position(|w| w == [0xFF, 0xC0]).unwrap();
    large[sof + 5..sof + 9].copy_from_slice(&[0xEA, 0x60, 0xEA, 0x60]);
    let refused = thumbnail(&large, MediaKind::Jpeg, 1);
    assert!(matches!(refused, Err(MediaError::PictureTooLarge { .. })), "{refused:?}");
}

/// A JPEG with more segments before a marker.
fn with_segments(file: &[u8], before: u8, segments: &[u8]) -> Vec<u8> {
    let at = file.windows(2).rposition(|w| w == [0xFF, before]).unwrap();
    [&file[..at], segments, &file[at..]].concat()
}

#[rstest]
#[case(640, 480)]
#[case(4000, 3000)]
fn a_jpeg_made_to_keep_a_decoder_busy_is_refused(#[case] width: u32, #[case] height: u32) {
    let file = jpeg(width, height);
    // A table of one code; a scan of the first colour's highest coefficient, without data.
    let table = [&[0xFF, 0xC4, 0, 20, 0x13, 1][..], &[0; 15], &[0]].concat();
    let scan = [0xFF, 0xDA, 0, 8, 1, 1, 0, 63, 63, 0];
    for (bomb, harmless) in [
        (with_segments(&file, 0xC0, &table.repeat(100_000)), with_segments(&file, 0xC0, &table.repeat(20))),
        (with_segments(&file, 0xD9, &scan.repeat(100_000)), file.clone()),
    ] {
        let refused = thumbnail(&bomb, MediaKind::Jpeg, 1);
        assert!(matches!(refused, Err(MediaError::Damaged(_))), "{:?}", refused.map(|t| t.map(|t| t.len())));
        assert!(thumbnail(&harmless, MediaKind::Jpeg, 1).unwrap().is_some());
    }
    // Several tables in one segment count each.
    let body = [&[0x13, 1][..], &[0; 15], &[0]].concat().repeat(65);
    let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
    let many = with_segments(&file, 0xC0, &[&[0xFF, 0xC4][..], &length, &body].concat());
    assert!(matches!(thumbnail(&many, MediaKind::Jpeg, 1), Err(MediaError::Damaged(_))));
}

#[rstest]
#[case(640, 480)]
#[case(4000, 3000)]
fn a_jpeg_that_is_cut_short_is_damaged_but_a_missing_end_marker_is_not(#[case] width: u32, #[case] height: u32) {
    let file = jpeg(width, height);
    for part in [3, 20, 200, file.len() / 2, file.len() * 9 / 10] {
        let cut = thumbnail(&file[..part], MediaKind::Jpeg, 1);
        assert!(matches!(cut, Err(MediaError::Damaged(_))), "{part} bytes: {cut:?}");
    }
    assert!(thumbnail(&file[..file.len() - 2], MediaKind::Jpeg, 1).unwrap().is_some());
}

#[test]
fn a_png_that_is_cut_short_is_damaged() {
    let file = png_of(300, 200, ::png::ColorType::Rgb, &photo(300, 200));
    for part in [9, 40, file.len() / 2] {
        let cut = thumbnail(&file[..part], MediaKind::Png, 1);
        assert!(matches!(cut, Err(MediaError::Damaged(_))), "{part} bytes: {cut:?}");
    }
}

fn frame(process: Process, width: u32, height: u32, sampling: &[(u32, u32)]) -> Frame {
    let components = sampling.iter().map(|(h, v)| Component { id: 1, h: *h, v: *v, table: 0 }).collect();
    Frame { process, precision: 8, width, height, components }
}

#[test]
fn whatever_jpeg_fits_the_limits_is_drawn_within_the_budget() {
    // The way through DC coefficients: 16 bits for each block, then 8 bits, one component at a time, and
    // planes of the thumbnail.
    let shapes = [(30_000, 6_666), (6_666, 30_000), (14_142, 14_142), (30_000, 1)];
    let samplings: [&[(u32, u32)]; 4] = [&[(1, 1)], &[(1, 1); 3], &[(2, 2), (1, 1), (1, 1)], &[(4, 1), (1, 1), (4, 1)]];
    for (width, height) in shapes {
        for sampling in samplings {
            let frame = frame(Process::Progressive, width, height, sampling);
            let need = frame.all_blocks() * 3 + 6 * 480 * 480;
            assert!(need < BUDGET_BYTES, "{width}×{height} {sampling:?} needs {need}");
        }
    }
}

#[test]
fn the_budget_counts_all_coefficients_and_progressive_ones_twice() {
    let usual = [(2, 2), (1, 1), (1, 1)];
    let sequential = jpeg::need_bytes(&frame(Process::Sequential, 3840, 2880, &usual));
    let progressive = jpeg::need_bytes(&frame(Process::Progressive, 3840, 2880, &usual));
    let coefficients = 3840 * 2880 * 3 / 2 * 2;
    assert!((coefficients..coefficients + 5_000_000).contains(&sequential), "{sequential}");
    assert_eq!(progressive - sequential, coefficients);
}

#[test]
fn an_eighth_drawn_from_dc_coefficients_agrees_with_a_full_decoder() {
    let Some(folder) = shared("photos") else { return };
    // 4:2:0, 4:2:2, 4:4:0, 4:4:4, and a progressive one.
    let names =
        ["gps/IMG_5910.jpg", "gps/DSCN0010.jpg", "gps/87_OSError.jpg", "gps/Nikon_D5000.jpg", "broken/broken1.jpg"];
    for name in names {
        let file = std::fs::read(folder.join(name)).unwrap();
        let whole = pixels(&file);
        let (width, height) = (whole.width() / 8, whole.height() / 8);
        let want = resized(whole, width, height);
        let got = jpeg_eighth::read(&mut Cursor::new(&file)).unwrap().picture(width, height).unwrap();
        let got = image::RgbImage::from_raw(width, height, got.rgb).unwrap();
        let difference = difference(&got, &want);
        assert!(difference < 6.0, "{name}: mean difference {difference}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000), kind in 0..3_usize) {
        let kind = [MediaKind::Jpeg, MediaKind::Png, MediaKind::Webp][kind];
        let _ = thumbnail(&bytes, kind, 1);
        let _ = jpeg_eighth::read(&mut Cursor::new(&bytes));
        let _ = crate::media::exif::read(|| Ok(Cursor::new(bytes.as_slice())), kind);
        let _ = crate::media::video::read(Cursor::new(bytes.as_slice()));
    }

    #[test]
    fn a_mutated_jpeg_never_panics_in_our_own_decoder(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        keep in any::<prop::sample::Index>(),
    ) {
        let mut file = jpeg(97, 61);
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        file.truncate(keep.index(file.len()).max(file.len() / 2));
        let _ = jpeg_eighth::read(&mut Cursor::new(&file)).and_then(|e| e.picture(60, 40));
    }

    #[test]
    fn a_mutated_file_is_an_answer_and_never_a_panic_at_the_border(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        png in any::<bool>(),
    ) {
        let mut file = if png { png_of(40, 30, ::png::ColorType::Rgb, &photo(40, 30)) } else { jpeg(97, 61) };
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        let path = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(path.path(), &file).unwrap();
        let kind = if png { MediaKind::Png } else { MediaKind::Jpeg };
        let _ = crate::media::examine::examine(path.path(), kind, &|_| Ok(()));
    }
}
