//! A JPEG at an eighth of its size, from its DC coefficients alone: the DC coefficient is eight times the
//! mean of its 8×8 block (ITU-T T.81, A.3.3). AC coefficients are passed over. Memory is 1/64 of the
//! picture's samples, whatever its size, sequential or progressive; a decoder that holds all coefficients of
//! a large progressive picture, or queues them for another thread, cannot promise that.

mod bits;
mod scan;
mod tables;

use std::io::BufRead;

use fast_image_resize::PixelType;

use self::scan::Scan;
use self::tables::Tables;
use super::jpeg_frame::{self, Component, Frame, Process, cut_short};
use super::picture::{Picture, resize};
use crate::media::MediaError;

/// Means of blocks, one plane for each component.
#[derive(Debug)]
pub(super) struct Eighth {
    frame: Frame,
    planes: Vec<Vec<u8>>,
    is_rgb: bool,
}

impl Eighth {
    /// As a picture of this size. Each plane is resized from its own grid, so that subsampled colour stays
    /// in register; grey or three components.
    pub fn picture(&self, width: u32, height: u32) -> Result<Picture, MediaError> {
        let (h_most, v_most) = self.frame.most_sampling();
        let mut planes = Vec::with_capacity(3);
        for (component, plane) in self.frame.components.iter().zip(&self.planes) {
            let (across, down) = self.frame.blocks(component);
            let part = |side: u32, factor: u32, most: u32, blocks: u32| {
                (f64::from(side * factor) / f64::from(8 * most)).clamp(0.125, f64::from(blocks))
            };
            let part = (
                part(self.frame.width, component.h, h_most, across),
                part(self.frame.height, component.v, v_most, down),
            );
            planes.push(resize(plane, PixelType::U8, (across, down), part, (width, height))?);
        }
        let rgb = match planes.as_slice() {
            [y] => y.iter().flat_map(|y| [*y; 3]).collect(),
            [r, g, b] if self.is_rgb => zip(r, g, b, |r, g, b| [r, g, b]),
            [y, cb, cr] => zip(y, cb, cr, rgb_of),
            _ => return Err(MediaError::Damaged("unusual number of components".to_owned())),
        };
        Ok(Picture { width, height, rgb })
    }
}

fn zip(a: &[u8], b: &[u8], c: &[u8], mix: impl Fn(u8, u8, u8) -> [u8; 3]) -> Vec<u8> {
    a.iter().zip(b).zip(c).flat_map(|((a, b), c)| mix(*a, *b, *c)).collect()
}

/// YCbCr to RGB (ITU-T T.871, section 7), 16 bits of fraction.
fn rgb_of(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    let (y, cb, cr) = (i32::from(y) << 16, i32::from(cb) - 128, i32::from(cr) - 128);
    let to_u8 = |v: i32| u8::try_from(((v + (1 << 15)) >> 16).clamp(0, 255)).unwrap_or(255);
    [to_u8(y + 91_881 * cr), to_u8(y - 22_554 * cb - 46_802 * cr), to_u8(y + 116_130 * cb)]
}

/// Reads the picture. Only sequential and progressive Huffman coding with 8 bits and 1 or 3 components.
///
/// # Errors
/// [`MediaError::Damaged`] if the file ends before all blocks are there, or is not decodable.
pub(super) fn read<R: BufRead>(reader: &mut R) -> Result<Eighth, MediaError> {
    let mut tables = Tables::default();
    let mut frame: Option<(Frame, Vec<Dc>)> = None;
    let mut adobe_transform = None;
    let mut marker = jpeg_frame::next_marker(reader).map_err(cut_short)?;
    loop {
        if marker == 0xD9 {
            break;
        }
        if jpeg_frame::stands_alone(marker) {
            marker = jpeg_frame::next_marker(reader).map_err(cut_short)?;
            continue;
        }
        let body = jpeg_frame::segment(reader).map_err(cut_short)?;
        let mut found = None;
        match marker {
            0xC4 => tables.huffman(&body)?,
            0xDB => tables.quantisation(&body)?,
            0xDD => tables.restart = body.get(..2).map_or(0, |b| u32::from(u16::from_be_bytes([b[0], b[1]]))),
            0xEE if body.starts_with(b"Adobe") => adobe_transform = body.get(11).copied(),
            0xDA => {
                let (frame, planes) = frame.as_mut().ok_or_else(|| bad("a scan before the frame"))?;
                let scan = Scan::parse(&body, frame)?;
                found = scan.read(reader, frame, planes, &tables)?;
                if frame.process == Process::Sequential && planes.iter().all(|p| p.scanned) {
                    break; // whatever follows, the picture is whole
                }
            }
            _ if jpeg_frame::begins_frame(marker) => {
                if frame.is_some() {
                    return Err(bad("two frames"));
                }
                frame = Some(begin(Frame::parse(marker, &body)?)?);
            }
            _ => {}
        }
        marker = match found {
            Some(marker) => marker,
            None => jpeg_frame::next_marker(reader).map_err(cut_short)?,
        };
    }
    let (frame, planes) = frame.ok_or_else(|| bad("it holds no picture"))?;
    if !planes.iter().all(|p| p.scanned) {
        return Err(bad("a colour is missing"));
    }
    let is_rgb = adobe_transform == Some(0) || frame.components.iter().map(|c| c.id).eq(*b"RGB");
    let planes = planes.into_iter().zip(&frame.components).map(|(dc, c)| dc.samples(tables.first[c.table])).collect();
    Ok(Eighth { frame, planes, is_rgb })
}

fn bad(what: &str) -> MediaError {
    MediaError::Damaged(what.to_owned())
}

fn begin(frame: Frame) -> Result<(Frame, Vec<Dc>), MediaError> {
    super::check_size(frame.width, frame.height)?;
    if frame.process == Process::Other || frame.precision != 8 || ![1, 3].contains(&frame.components.len()) {
        return Err(bad("unusual coding"));
    }
    let dc = |c: &Component| {
        let (across, down) = frame.blocks(c);
        Dc { values: vec![0; across as usize * down as usize], scanned: false }
    };
    let planes = frame.components.iter().map(dc).collect();
    Ok((frame, planes))
}

/// DC coefficients of a component, not yet multiplied by the quantisation table.
#[derive(Debug)]
struct Dc {
    values: Vec<i16>,
    scanned: bool,
}

impl Dc {
    fn samples(self, quantum: i32) -> Vec<u8> {
        let mean = |dc: i16| ((i32::from(dc) * quantum + 4) >> 3) + 128;
        self.values.into_iter().map(|dc| u8::try_from(mean(dc).clamp(0, 255)).unwrap_or(255)).collect()
    }
}
