//! Photos drawn by code, so that none has to lie in the project: scenes of a night of heavy rain, and
//! EXIF blocks to put a place into them.

use std::io::Cursor;

use anyhow::{Result, ensure};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

use crate::random::Random;

/// What a picture shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scene {
    /// A road in the rain, with a hole in it.
    Road,
    /// A street under water.
    Flood,
    /// A slope that came down over a road.
    Slope,
    /// Water that springs from a burst pipe.
    Leak,
    /// A street light that is dark, beside one that shines.
    Light,
}

/// Width and height of the photos, pixels.
pub const SIZE: (u32, u32) = (1280, 960);

/// Draws a scene; another seed gives another rain and other places of things.
pub fn draw(scene: Scene, seed: u64) -> RgbImage {
    let mut canvas = Canvas::new(SIZE.0, SIZE.1, seed);
    canvas.night();
    match scene {
        Scene::Road => canvas.road(),
        Scene::Flood => canvas.flood(),
        Scene::Slope => canvas.slope(),
        Scene::Leak => canvas.leak(),
        Scene::Light => canvas.light(),
    }
    canvas.rain();
    canvas.image
}

/// A picture of noise: quick to draw, and another one for each seed.
pub fn noise(width: u32, height: u32, seed: u64) -> RgbImage {
    let mut random = Random::new(seed);
    RgbImage::from_fn(width, height, |_, _| Rgb(random.number().to_le_bytes()[..3].try_into().unwrap_or_default()))
}

/// The picture as a JPEG file.
///
/// # Errors
/// If it cannot be encoded.
pub fn jpeg(image: &RgbImage) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 82).encode_image(image)?;
    Ok(bytes)
}

/// The picture as a PNG file.
///
/// # Errors
/// If it cannot be encoded.
pub fn png(image: &RgbImage) -> Result<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(image.clone()).write_to(&mut bytes, ImageFormat::Png)?;
    Ok(bytes.into_inner())
}

/// What a camera writes into EXIF about the place. Each rational is numerator over denominator, so that a
/// test can also write what no camera should.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GpsTags {
    /// `N` or `S`.
    pub lat_ref: u8,
    /// Degrees, minutes, seconds.
    pub lat: [(u32, u32); 3],
    /// `E` or `W`.
    pub lon_ref: u8,
    /// Degrees, minutes, seconds.
    pub lon: [(u32, u32); 3],
    /// Direction of view from true north, degrees.
    pub direction: (u32, u32),
}

impl GpsTags {
    /// The tags of a place in the north-east quarter of the globe, degrees WGS 84, to about 3 cm.
    pub fn at(lat: f64, lon: f64, direction_deg: u32) -> Self {
        let parts = |degrees: f64| {
            let micro = (degrees * 3_600_000.0).round().clamp(0.0, f64::from(u32::MAX)) as u32;
            [(micro / 3_600_000, 1), (micro / 60_000 % 60, 1), (micro % 60_000, 1000)]
        };
        Self { lat_ref: b'N', lat: parts(lat), lon_ref: b'E', lon: parts(lon), direction: (direction_deg, 1) }
    }
}

/// The JPEG file with an EXIF block (Exif 3.0, JEITA CP-3451F: APP1 marker, TIFF header, GPS directory).
///
/// # Errors
/// If it is not a JPEG file.
pub fn with_gps(jpeg: &[u8], gps: &GpsTags) -> Result<Vec<u8>> {
    ensure!(jpeg.starts_with(&[0xFF, 0xD8]), "not a JPEG file");
    let exif = [b"Exif\0\0".as_slice(), &tiff(gps)].concat();
    let length = u16::try_from(exif.len() + 2)?.to_be_bytes();
    Ok([&jpeg[..2], &[0xFF, 0xE1], &length, &exif, &jpeg[2..]].concat())
}

/// A big-endian TIFF structure: a first directory that holds the camera's maker and points to the GPS
/// directory, whose rationals follow it.
fn tiff(gps: &GpsTags) -> Vec<u8> {
    const ASCII: u16 = 2;
    const LONG: u16 = 4;
    const RATIONAL: u16 = 5;
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [tag.to_be_bytes().as_slice(), &kind.to_be_bytes(), &count.to_be_bytes(), &value].concat()
    };
    let directory = |entries: &[Vec<u8>]| {
        let count = (entries.len() as u16).to_be_bytes();
        [count.as_slice(), &entries.concat(), &[0; 4]].concat()
    };
    let gps_at: u32 = 8 + 2 + 2 * 12 + 4;
    let data_at: u32 = gps_at + 2 + 6 * 12 + 4;
    let first = directory(&[entry(0x010F, ASCII, 4, *b"sok\0"), entry(0x8825, LONG, 1, gps_at.to_be_bytes())]);
    let second = directory(&[
        entry(1, ASCII, 2, [gps.lat_ref, 0, 0, 0]),
        entry(2, RATIONAL, 3, data_at.to_be_bytes()),
        entry(3, ASCII, 2, [gps.lon_ref, 0, 0, 0]),
        entry(4, RATIONAL, 3, (data_at + 24).to_be_bytes()),
        entry(16, ASCII, 2, [b'T', 0, 0, 0]),
        entry(17, RATIONAL, 1, (data_at + 48).to_be_bytes()),
    ]);
    let rationals = gps.lat.iter().chain(&gps.lon).chain([&gps.direction]);
    let data: Vec<u8> = rationals.flat_map(|(n, d)| [n.to_be_bytes(), d.to_be_bytes()].concat()).collect();
    [b"MM\0\x2A\0\0\0\x08".as_slice(), &first, &second, &data].concat()
}

type Colour = [u8; 3];

const SKY: Colour = [28, 34, 46];
const ASPHALT: Colour = [58, 60, 66];
const LINE: Colour = [188, 184, 170];
const HOLE: Colour = [22, 20, 20];
const EARTH: Colour = [104, 78, 52];
const STONE: Colour = [128, 122, 112];
const WATER: Colour = [92, 80, 62];
const CLEAR: Colour = [150, 178, 196];
const LAMP: Colour = [255, 226, 150];
const GREEN: Colour = [34, 58, 40];
const HOUSE: Colour = [70, 62, 60];

struct Canvas {
    image: RgbImage,
    random: Random,
}

impl Canvas {
    fn new(width: u32, height: u32, seed: u64) -> Self {
        Self { image: RgbImage::new(width, height), random: Random::new(seed) }
    }

    /// A number from `low` to below `high`.
    fn chance(&mut self, low: i32, high: i32) -> i32 {
        low + self.random.below(u64::from((high - low).unsigned_abs())) as i32
    }

    fn set(&mut self, x: i32, y: i32, colour: Colour, opacity: u32) {
        let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else { return };
        if let Some(Rgb(pixel)) = self.image.get_pixel_mut_checked(x, y) {
            for (old, new) in pixel.iter_mut().zip(colour) {
                *old = ((u32::from(*old) * (100 - opacity) + u32::from(new) * opacity) / 100) as u8;
            }
        }
    }

    fn rectangle(&mut self, (left, top): (i32, i32), (right, bottom): (i32, i32), colour: Colour, opacity: u32) {
        for y in top..bottom {
            for x in left..right {
                self.set(x, y, colour, opacity);
            }
        }
    }

    fn ellipse(&mut self, (cx, cy): (i32, i32), (rx, ry): (i32, i32), colour: Colour, opacity: u32) {
        for y in -ry..=ry {
            for x in -rx..=rx {
                if i64::from(x * x) * i64::from(ry * ry) + i64::from(y * y) * i64::from(rx * rx)
                    <= i64::from(rx * rx) * i64::from(ry * ry)
                {
                    self.set(cx + x, cy + y, colour, opacity);
                }
            }
        }
    }

    /// Sky, hills and the ground before the viewer.
    fn night(&mut self) {
        self.rectangle((0, 0), (1280, 420), SKY, 100);
        for hill in 0..7 {
            let at = (hill * 210 + self.chance(-40, 40), 420);
            let size = (self.chance(150, 230), self.chance(70, 170));
            self.ellipse(at, size, GREEN, 100);
        }
        self.rectangle((0, 420), (1280, 960), GREEN, 100);
    }

    /// A road that runs away from the viewer.
    fn carriageway(&mut self) {
        for y in 420..960 {
            let half = 30 + (y - 420) * 9 / 10;
            self.rectangle((640 - half, y), (640 + half, y + 1), ASPHALT, 100);
            if (y / (20 + (y - 420) / 8)) % 2 == 0 {
                let stripe = 2 + (y - 420) / 60;
                self.rectangle((640 - stripe, y), (640 + stripe, y + 1), LINE, 80);
            }
        }
    }

    fn road(&mut self) {
        self.carriageway();
        let at = (self.chance(560, 760), self.chance(700, 800));
        self.ellipse(at, (170, 62), STONE, 60);
        self.ellipse(at, (150, 50), HOLE, 100);
    }

    fn flood(&mut self) {
        self.carriageway();
        for house in 0..5 {
            let left = house * 270 + self.chance(-20, 20);
            let top = self.chance(300, 380);
            self.rectangle((left, top), (left + 170, 700), HOUSE, 100);
            self.rectangle((left + 30, top + 50), (left + 70, top + 100), LAMP, 55);
        }
        self.rectangle((0, 560), (1280, 960), WATER, 85);
        for _ in 0..220 {
            let (x, y) = (self.chance(0, 1280), self.chance(570, 960));
            let length = self.chance(20, 120);
            self.rectangle((x, y), (x + length, y + 2), CLEAR, 25);
        }
    }

    fn slope(&mut self) {
        self.carriageway();
        for _ in 0..420 {
            let x = self.chance(0, 900);
            let y = self.chance(380 + x / 4, 900);
            let size = self.chance(8, 46);
            let colour = if self.chance(0, 3) == 0 { STONE } else { EARTH };
            self.ellipse((x, y), (size, size * 2 / 3), colour, 95);
        }
    }

    fn leak(&mut self) {
        self.carriageway();
        let x = self.chance(540, 740);
        self.ellipse((x, 780), (260, 70), CLEAR, 40);
        for _ in 0..700 {
            let (dx, height) = (self.chance(-90, 90), self.chance(0, 380));
            self.ellipse((x + dx * height / 380, 780 - height), (5, 8), CLEAR, 60);
        }
    }

    fn light(&mut self) {
        self.carriageway();
        for (x, shines) in [(280, self.chance(0, 2) == 0), (1000, true)] {
            self.rectangle((x, 160), (x + 14, 760), STONE, 100);
            self.ellipse((x + 6, 160), (46, 22), if shines { LAMP } else { HOLE }, 100);
            if shines {
                self.ellipse((x + 6, 260), (190, 170), LAMP, 14);
            }
        }
    }

    fn rain(&mut self) {
        for _ in 0..900 {
            let (x, y) = (self.chance(0, 1300), self.chance(-30, 960));
            for step in 0..self.chance(14, 34) {
                self.set(x - step / 3, y + step, CLEAR, 30);
            }
        }
    }
}
