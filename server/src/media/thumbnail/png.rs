//! PNG: averaged into the thumbnail row by row while it is read. An interlaced one has to be held whole, and
//! is drawn only if that fits the budget.

use std::io::{BufRead, Seek};

use png::{ColorType, Decoder, DecodingError, Limits, Reader, Transformations};

use super::picture::Picture;
use super::{Admit, BUDGET_BYTES, check_size, fit};
use crate::media::MediaError;

/// Draws the thumbnail of a PNG.
pub(super) fn draw<R: BufRead + Seek>(reader: R, admit: Admit<'_>) -> Result<Option<Picture>, MediaError> {
    let mut decoder = Decoder::new_with_limits(reader, Limits { bytes: 16 << 20 });
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(Transformations::normalize_to_color8());
    let (width, height) = decoder.read_header_info().map_err(damaged)?.size();
    admit(check_size(width, height)?)?;
    let mut reader = match decoder.read_info() {
        Err(DecodingError::LimitsExceeded) => return Ok(None),
        other => other.map_err(damaged)?,
    };
    let channels = match reader.output_color_type().0 {
        ColorType::Grayscale => 1,
        ColorType::GrayscaleAlpha => 2,
        ColorType::Rgb => 3,
        ColorType::Rgba => 4,
        ColorType::Indexed => return Ok(None),
    };
    let mut average = Average::new(width, height, channels);
    if reader.info().interlaced {
        interlaced(&mut reader, &mut average)
    } else {
        while let Some(row) = reader.next_row().map_err(damaged)? {
            average.add(row.data());
        }
        average.finish().map(Some)
    }
}

fn interlaced<R: BufRead + Seek>(reader: &mut Reader<R>, average: &mut Average) -> Result<Option<Picture>, MediaError> {
    let Some(size) = reader.output_buffer_size().filter(|size| *size as u64 <= BUDGET_BYTES) else {
        return Ok(None);
    };
    let mut pixels = vec![0; size];
    let frame = reader.next_frame(&mut pixels).map_err(damaged)?;
    pixels.chunks_exact(frame.line_size.max(1)).for_each(|row| average.add(row));
    average.finish().map(Some)
}

fn damaged(error: DecodingError) -> MediaError {
    match error {
        DecodingError::IoError(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => error.into(),
        error => MediaError::Damaged(error.to_string()),
    }
}

/// Averages boxes of pixels; each pixel belongs to one box. What is transparent is laid over white.
struct Average {
    size: (u32, u32),
    target: (u32, u32),
    channels: usize,
    row: u32,
    /// Sums of red, green, blue, and how many pixels, for each box of the row of boxes under way. A box has
    /// at most 63 × 63 pixels, so that 32 bits are enough.
    boxes: Vec<[u32; 4]>,
    rgb: Vec<u8>,
}

impl Average {
    fn new(width: u32, height: u32, channels: usize) -> Self {
        let target = fit(width, height);
        let rgb = Vec::with_capacity(target.0 as usize * target.1 as usize * 3);
        let boxes = vec![[0; 4]; target.0 as usize];
        Self { size: (width, height), target, channels, row: 0, boxes, rgb }
    }

    fn add(&mut self, row: &[u8]) {
        let (width, across) = (self.size.0 as usize, self.target.0 as usize);
        for (x, pixel) in row.chunks_exact(self.channels).take(width).enumerate() {
            let [r, g, b] = over_white(pixel);
            let sums = &mut self.boxes[x * across / width];
            sums[0] += u32::from(r);
            sums[1] += u32::from(g);
            sums[2] += u32::from(b);
            sums[3] += 1;
        }
        let box_of = |row: u32| u64::from(row) * u64::from(self.target.1) / u64::from(self.size.1);
        if box_of(self.row + 1) != box_of(self.row) {
            for sums in &mut self.boxes {
                let count = sums[3].max(1);
                self.rgb.extend(sums[..3].iter().map(|s| u8::try_from((s + count / 2) / count).unwrap_or(255)));
                *sums = [0; 4];
            }
        }
        self.row += 1;
    }

    fn finish(&mut self) -> Result<Picture, MediaError> {
        let (width, height) = self.target;
        let rgb = std::mem::take(&mut self.rgb);
        if rgb.len() == width as usize * height as usize * 3 {
            Ok(Picture { width, height, rgb })
        } else {
            Err(MediaError::Damaged("rows are missing".to_owned()))
        }
    }
}

fn over_white(pixel: &[u8]) -> [u8; 3] {
    let blend = |v: u8, a: u8| {
        let (v, a) = (u16::from(v), u16::from(a));
        u8::try_from((v * a + 255 * (255 - a)) / 255).unwrap_or(255)
    };
    match *pixel {
        [y] => [y; 3],
        [y, a] => [blend(y, a); 3],
        [r, g, b] => [r, g, b],
        [r, g, b, a] => [blend(r, a), blend(g, a), blend(b, a)],
        _ => [255; 3],
    }
}
