//! A scan (ITU-T T.81): the blocks of some components, one after the other.

use std::io::BufRead;

use super::bits::Bits;
use super::tables::Tables;
use super::{Dc, bad};
use crate::media::MediaError;
use crate::media::thumbnail::jpeg_frame::{self, Frame, Process, cut_short};

/// Where a component of a scan goes: its index, and the indices of its tables.
type Part = (usize, usize, usize);

/// A scan header (B.2.3).
#[derive(Debug)]
pub(super) struct Scan {
    parts: Vec<Part>,
    has_dc: bool,
    /// Successive approximation: bits that were sent before (0: first pass), and the position of this one.
    before: u8,
    low: u8,
}

impl Scan {
    pub(super) fn parse(body: &[u8], frame: &Frame) -> Result<Self, MediaError> {
        let (&count, rest) = body.split_first().ok_or_else(|| bad("broken scan header"))?;
        let count = usize::from(count);
        let (selectors, rest) = rest.split_at_checked(2 * count).ok_or_else(|| bad("broken scan header"))?;
        let mut parts = Vec::with_capacity(count);
        for selector in selectors.chunks_exact(2) {
            let index = frame.components.iter().position(|c| c.id == selector[0]);
            let index = index.ok_or_else(|| bad("a scan of an unknown colour"))?;
            parts.push((index, usize::from(selector[1] >> 4 & 3), usize::from(selector[1] & 3)));
        }
        let [start, _end, approximation, ..] = rest else { return Err(bad("broken scan header")) };
        if parts.is_empty() || parts.len() > frame.components.len() || approximation & 15 > 13 {
            return Err(bad("broken scan header"));
        }
        Ok(Self { parts, has_dc: *start == 0, before: approximation >> 4, low: approximation & 15 })
    }

    /// Reads the scan's blocks; answers the marker behind it, if that was met already.
    pub(super) fn read<R: BufRead>(
        &self,
        reader: &mut R,
        frame: &Frame,
        planes: &mut [Dc],
        tables: &Tables,
    ) -> Result<Option<u8>, MediaError> {
        if !self.has_dc {
            return pass_over(reader).map(Some);
        }
        let alone = self.parts.len() == 1;
        let (across, down) = match self.parts.as_slice() {
            [(index, ..)] => {
                let (component, (h, v)) = (&frame.components[*index], frame.most_sampling());
                let own = |side: u32, factor: u32, most: u32| (side * factor).div_ceil(most).div_ceil(8);
                (own(frame.width, component.h, h), own(frame.height, component.v, v))
            }
            _ => frame.mcus(),
        };
        let mut bits = Bits::new(reader);
        let mut last = [0_i16; 4];
        let mut until_restart = tables.restart;
        for mcu_y in 0..down {
            for mcu_x in 0..across {
                if tables.restart > 0 {
                    if until_restart == 0 {
                        bits.restart()?;
                        last = [0; 4];
                        until_restart = tables.restart;
                    }
                    until_restart -= 1;
                }
                for &(index, dc, ac) in &self.parts {
                    let component = &frame.components[index];
                    let (h, v) = if alone { (1, 1) } else { (component.h, component.v) };
                    let stride = frame.blocks(component).0 as usize;
                    for block in 0..h * v {
                        let (x, y) = (mcu_x * h + block % h, mcu_y * v + block / h);
                        let value = &mut planes[index].values[y as usize * stride + x as usize];
                        if self.before > 0 {
                            *value |= i16::from(bits.take(1)? == 1) << self.low;
                            continue;
                        }
                        let table = tables.dc[dc].as_ref().ok_or_else(|| bad("a Huffman table is missing"))?;
                        last[index] = last[index].wrapping_add(bits.difference(table)?);
                        *value = last[index] << self.low;
                        if frame.process == Process::Sequential {
                            let table = tables.ac[ac].as_ref().ok_or_else(|| bad("a Huffman table is missing"))?;
                            bits.pass_over_ac(table)?;
                        }
                    }
                }
            }
        }
        for &(index, ..) in &self.parts {
            planes[index].scanned = true;
        }
        Ok(bits.into_marker())
    }
}

/// Passes over entropy-coded data, to the next marker that is no restart.
fn pass_over<R: BufRead>(reader: &mut R) -> Result<u8, MediaError> {
    loop {
        let marker = jpeg_frame::next_marker(reader).map_err(cut_short)?;
        if !(0xD0..=0xD7).contains(&marker) {
            return Ok(marker);
        }
    }
}
