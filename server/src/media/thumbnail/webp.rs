//! WebP: decoded whole, if that fits the budget.

use std::io::{BufRead, Seek};

use image::codecs::webp::WebPDecoder;
use image::{DynamicImage, ImageDecoder};

use super::picture::Picture;
use super::{Admit, BUDGET_BYTES, check_size, fit};
use crate::media::MediaError;

/// What decoding holds for each pixel: planes or a lossless frame (4 bytes), the output (4), RGB from it (3).
const BYTES_A_PIXEL: u64 = 11;

/// Draws the thumbnail of a WebP; of an animated one, its first frame.
pub(super) fn draw<R: BufRead + Seek>(reader: R, admit: Admit<'_>) -> Result<Option<Picture>, MediaError> {
    let decoder = WebPDecoder::new(reader).map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    let pixels = check_size(width, height)?;
    if pixels * BYTES_A_PIXEL > BUDGET_BYTES {
        return Ok(None);
    }
    admit(pixels)?;
    let rgb = DynamicImage::from_decoder(decoder).map_err(damaged)?.into_rgb8().into_raw();
    let (to_width, to_height) = fit(width, height);
    Picture { width, height, rgb }.resized(to_width, to_height).map(Some)
}

fn damaged(error: image::ImageError) -> MediaError {
    match error {
        image::ImageError::IoError(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => error.into(),
        error => MediaError::Damaged(error.to_string()),
    }
}
