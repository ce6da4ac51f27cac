//! A small RGB picture on its way to becoming a thumbnail.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::codecs::jpeg::JpegEncoder;

use crate::media::MediaError;
use crate::media::exif::Orientation;

/// Eight bits each of red, green and blue, row by row from the top.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Picture {
    pub width: u32,
    pub height: u32,
    pub rgb: Vec<u8>,
}

impl Picture {
    /// The picture in another size.
    pub fn resized(self, width: u32, height: u32) -> Result<Self, MediaError> {
        if (width, height) == (self.width, self.height) {
            return Ok(self);
        }
        let part = (f64::from(self.width), f64::from(self.height));
        let rgb = resize(&self.rgb, PixelType::U8x3, (self.width, self.height), part, (width, height))?;
        Ok(Self { width, height, rgb })
    }

    /// Turned so that it stands upright (EXIF 2.32, 4.6.4 "Orientation").
    pub fn upright(self, orientation: Orientation) -> Self {
        if orientation.number() == 1 {
            return self;
        }
        let (w, h) = (self.width as usize, self.height as usize);
        let (out_w, out_h) = if orientation.is_sideways() { (h, w) } else { (w, h) };
        let mut rgb = Vec::with_capacity(self.rgb.len());
        for y in 0..out_h {
            for x in 0..out_w {
                let (from_x, from_y) = match orientation.number() {
                    2 => (w - 1 - x, y),
                    3 => (w - 1 - x, h - 1 - y),
                    4 => (x, h - 1 - y),
                    5 => (y, x),
                    6 => (y, h - 1 - x),
                    7 => (w - 1 - y, h - 1 - x),
                    8 => (w - 1 - y, x),
                    _ => (x, y),
                };
                let at = (from_y * w + from_x) * 3;
                rgb.extend_from_slice(&self.rgb[at..at + 3]);
            }
        }
        let (width, height) =
            if orientation.is_sideways() { (self.height, self.width) } else { (self.width, self.height) };
        Self { width, height, rgb }
    }

    /// As JPEG: JFIF header, tables, picture, nothing else.
    pub fn encode(&self, quality: u8) -> Result<Vec<u8>, MediaError> {
        let mut bytes = Vec::with_capacity(64 << 10);
        JpegEncoder::new_with_quality(&mut bytes, quality)
            .encode(&self.rgb, self.width, self.height, image::ExtendedColorType::Rgb8)
            .map_err(|error| MediaError::Io(std::io::Error::other(error)))?;
        Ok(bytes)
    }
}

/// Resizes the left upper `part` of a plane. Convolution with Catmull-Rom, which is as sharp as Lanczos at
/// these ratios and rings less.
pub(super) fn resize(
    pixels: &[u8],
    pixel: PixelType,
    size: (u32, u32),
    part: (f64, f64),
    to: (u32, u32),
) -> Result<Vec<u8>, MediaError> {
    let failed = |error: &dyn std::fmt::Display| MediaError::Damaged(format!("resizing failed: {error}"));
    let source = ImageRef::new(size.0, size.1, pixels, pixel).map_err(|e| failed(&e))?;
    let mut target = Image::new(to.0, to.1, pixel);
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom))
        .use_alpha(false)
        .crop(0.0, 0.0, part.0, part.1);
    Resizer::new().resize(&source, &mut target, &options).map_err(|e| failed(&e))?;
    Ok(target.into_vec())
}
