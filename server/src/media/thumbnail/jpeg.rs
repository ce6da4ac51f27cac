//! JPEG: decoded at the smallest scale that is large enough, within the budget.

use std::io::{BufRead, Read, Seek, SeekFrom};

use jpeg_decoder::{Decoder, Error, PixelFormat};

use super::jpeg_frame::{self, Frame, Process};
use super::picture::Picture;
use super::{Admit, BUDGET_BYTES, LONGER_SIDE, check_size, fit, jpeg_eighth};
use crate::media::MediaError;

/// Draws the thumbnail of a JPEG.
pub(super) fn draw<R: BufRead + Seek>(mut reader: R, admit: Admit<'_>) -> Result<Option<Picture>, MediaError> {
    let frame = jpeg_frame::read(&mut reader)?;
    // A height of 0 is told later in the file (DNL); hardly any decoder shows such a picture.
    admit(check_size(frame.width, frame.height)?)?;
    reader.rewind()?;
    jpeg_frame::refuse_time_bomb(&mut reader)?;
    let (width, height) = fit(frame.width, frame.height);
    let eighth_will_do = frame.width.max(frame.height).div_ceil(8) >= LONGER_SIDE;
    let ours = frame.process != Process::Other && frame.precision == 8 && [1, 3].contains(&frame.components.len());
    reader.rewind()?;

    if ours && (eighth_will_do || need_bytes(&frame) > BUDGET_BYTES) {
        return match jpeg_eighth::read(&mut reader) {
            Ok(eighth) => eighth.picture(width, height).map(Some),
            Err(MediaError::Damaged(why)) => last_resort(reader, &frame, why),
            Err(error) => Err(error),
        };
    }
    if frame.process == Process::Other || need_bytes(&frame) > BUDGET_BYTES {
        return Ok(None);
    }
    match scaled(&mut reader) {
        Ok(picture) => picture.resized(width, height).map(Some),
        Err(Error::Unsupported(what)) => last_resort(reader, &frame, format!("{what:?}")),
        Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            // Cut short, or is only the end marker missing? The latter is common enough, and viewable.
            reader.rewind()?;
            if !ours {
                return Err(MediaError::Damaged("the file ends too early".to_owned()));
            }
            jpeg_eighth::read(&mut reader)?;
            reader.rewind()?;
            let picture = scaled(&mut reader.chain([0xFF, 0xD9].as_slice()));
            picture.map_err(|e| MediaError::Damaged(e.to_string()))?.resized(width, height).map(Some)
        }
        Err(Error::Io(error)) => Err(error.into()),
        Err(error) => last_resort(reader, &frame, error.to_string()),
    }
}

/// The strict decoders gave up: a picture that `image` can show is kept, without a thumbnail if that would
/// not fit the budget.
fn last_resort<R: BufRead + Seek>(mut reader: R, frame: &Frame, why: String) -> Result<Option<Picture>, MediaError> {
    let cut_short = why.contains("ends too early");
    // zune-jpeg, behind `image`, holds the whole picture, for progressive ones the coefficients too.
    let need = u64::from(frame.width) * u64::from(frame.height) * 4 + frame.all_blocks() * 128;
    if cut_short {
        return Err(MediaError::Damaged(why));
    }
    if need > BUDGET_BYTES {
        return Ok(None);
    }
    reader.seek(SeekFrom::Start(0))?;
    let decoded = image::codecs::jpeg::JpegDecoder::new(reader).and_then(image::DynamicImage::from_decoder);
    let rgb = decoded.map_err(|error| MediaError::Damaged(format!("{why}; {error}")))?.into_rgb8();
    let (width, height) = fit(rgb.width(), rgb.height());
    Picture { width: rgb.width(), height: rgb.height(), rgb: rgb.into_raw() }.resized(width, height).map(Some)
}

/// Decodes at 1/8, 1/4, 1/2 or in full: the smallest with a longer side of at least a thumbnail's.
fn scaled<R: Read>(reader: &mut R) -> Result<Picture, Error> {
    let mut decoder = Decoder::new(reader);
    let side = u16::try_from(LONGER_SIDE).unwrap_or(u16::MAX);
    let (width, height) = decoder.scale(side, side)?;
    let pixels = decoder.decode()?;
    let format = decoder.info().map(|info| info.pixel_format);
    let rgb = match format {
        Some(PixelFormat::RGB24) => pixels,
        Some(PixelFormat::L8) => pixels.iter().flat_map(|y| [*y; 3]).collect(),
        // The decoder has already undone Adobe's inversion: 0 is no ink.
        Some(PixelFormat::CMYK32) => pixels.chunks_exact(4).flat_map(rgb_of_cmyk).collect(),
        Some(PixelFormat::L16) | None => return Err(Error::Format("unusual pixels".to_owned())),
    };
    Ok(Picture { width: width.into(), height: height.into(), rgb })
}

fn rgb_of_cmyk(ink: &[u8]) -> [u8; 3] {
    let paper = |i: usize| u16::from(255 - ink[i]);
    let light = |i: usize| u8::try_from(paper(i) * paper(3) / 255).unwrap_or(255);
    [light(0), light(1), light(2)]
}

/// What jpeg-decoder may hold at the same time for this frame, bytes: it hands rows of coefficients (16 bits)
/// to a thread for each component through a queue without a bound, so that all of them count; progressive
/// ones are held besides. Then the planes at the chosen scale, and the picture.
pub(super) fn need_bytes(frame: &Frame) -> u64 {
    let longer = frame.width.max(frame.height);
    let scale = [1, 2, 4].into_iter().find(|s| (longer * s).div_ceil(8) >= LONGER_SIDE).unwrap_or(8);
    let blocks = frame.all_blocks();
    let coefficients = blocks * 64 * 2;
    let held = if frame.process == Process::Progressive { 2 * coefficients } else { coefficients };
    let planes = blocks * u64::from(scale * scale);
    let (across, down) = ((frame.width * scale).div_ceil(8), (frame.height * scale).div_ceil(8));
    // RGB from the decoder, and once more while grey or CMYK is turned into it.
    let picture = u64::from(across) * u64::from(down) * 7;
    held + planes + picture
}
