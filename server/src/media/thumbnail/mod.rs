//! Thumbnails: at most 480 px on the longer side, JPEG, upright, without any metadata of the original.
//!
//! Memory is bounded whatever the picture: [`BUDGET_BYTES`] is compared with what a decoder would need
//! before it starts. JPEG is decoded at the smallest of 1/8, 1/4 and 1/2 that is still large enough, or, where
//! even that would need too much, from its DC coefficients alone ([`jpeg_eighth`]); PNG is averaged row by
//! row while it is read. Colour profiles are not applied: wide-gamut photos look a little paler.

mod jpeg;
mod jpeg_eighth;
mod jpeg_frame;
mod picture;
mod png;
mod webp;

use std::io::{BufRead, Seek};

use super::MediaError;
use super::exif::Orientation;
use crate::domain::report::MediaKind;

/// The longer side of a thumbnail, pixels. Smaller pictures are not enlarged.
pub const LONGER_SIDE: u32 = 480;

/// The longest side a picture may have, pixels.
pub const MOST_SIDE: u32 = 30_000;

/// The most pixels a picture may have.
pub const MOST_PIXELS: u64 = 200_000_000;

/// What decoding one picture may allocate at the same time, bytes. One is decoded at a time, so that this
/// and the node's own few megabytes stay under 100 MB.
pub const BUDGET_BYTES: u64 = 80_000_000;

/// Quality of thumbnails on the usual scale to 100: about 25 KB each.
const QUALITY: u8 = 80;

/// Asked before a picture of so many pixels is decoded; an error refuses it.
pub type Admit<'a> = &'a dyn Fn(u64) -> Result<(), MediaError>;

/// Makes a thumbnail. `Ok(None)`: nothing here can decode the picture within the budget; it is kept without.
///
/// # Errors
/// [`MediaError::PictureTooLarge`] by its header, before anything is decoded; [`MediaError::Damaged`] if it
/// cannot be shown; [`MediaError::Io`] if reading fails; what `admit` says.
pub fn make<R: BufRead + Seek>(
    reader: R,
    kind: MediaKind,
    orientation: Orientation,
    admit: Admit<'_>,
) -> Result<Option<Vec<u8>>, MediaError> {
    let picture = match kind {
        MediaKind::Jpeg => jpeg::draw(reader, admit)?,
        MediaKind::Png => png::draw(reader, admit)?,
        MediaKind::Webp => webp::draw(reader, admit)?,
        MediaKind::Heic | MediaKind::Mp4 | MediaKind::Mov => None,
    };
    picture.map(|picture| picture.upright(orientation).encode(QUALITY)).transpose()
}

/// Refuses image bombs by what the header says; gives the number of pixels.
fn check_size(width: u32, height: u32) -> Result<u64, MediaError> {
    let pixels = u64::from(width) * u64::from(height);
    if width > MOST_SIDE || height > MOST_SIDE || pixels > MOST_PIXELS {
        Err(MediaError::PictureTooLarge { width, height })
    } else if pixels == 0 {
        Err(MediaError::Damaged("the picture has no pixels".to_owned()))
    } else {
        Ok(pixels)
    }
}

/// Width and height of the thumbnail of a picture of this size.
fn fit(width: u32, height: u32) -> (u32, u32) {
    let longer = width.max(height).max(1);
    if longer <= LONGER_SIDE {
        return (width, height);
    }
    let scaled = |side: u32| (side * LONGER_SIDE + longer / 2) / longer;
    (scaled(width).max(1), scaled(height).max(1))
}

#[cfg(test)]
mod tests;
