//! The bits of a scan, and the coefficients that they spell (ITU-T T.81, annex F).

use std::io::BufRead;

use super::bad;
use super::tables::{Huffman, LEAP_BITS, LOOK_BITS};
use crate::media::MediaError;
use crate::media::thumbnail::jpeg_frame::{self, cut_short};

/// Bits of entropy-coded data, with byte stuffing taken out.
pub(super) struct Bits<'a, R> {
    reader: &'a mut R,
    bits: u64,
    count: u32,
    /// Zero bits at the end of `bits` that are not from the file.
    padding: u32,
    marker: Option<u8>,
    at_end: bool,
}

impl<'a, R: BufRead> Bits<'a, R> {
    pub(super) fn new(reader: &'a mut R) -> Self {
        Self { reader, bits: 0, count: 0, padding: 0, marker: None, at_end: false }
    }

    fn byte(&mut self) -> Result<Option<u8>, MediaError> {
        let mut byte = [0];
        match self.reader.read_exact(&mut byte) {
            Ok(()) => Ok(Some(byte[0])),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Fills to at least 32 bits.
    fn fill(&mut self) -> Result<(), MediaError> {
        // Four bytes at once while none of them is 0xFF, which is nearly always.
        if self.count <= 32 && self.marker.is_none() && !self.at_end {
            let buffer = self.reader.fill_buf()?;
            if let Some(&[a, b, c, d]) = buffer.first_chunk()
                && ![a, b, c, d].contains(&0xFF)
            {
                self.bits |= u64::from(u32::from_be_bytes([a, b, c, d])) << (32 - self.count);
                self.count += 32;
                self.reader.consume(4);
                return Ok(());
            }
        }
        while self.count <= 56 {
            let mut next = None;
            if self.marker.is_none() && !self.at_end {
                next = self.byte()?;
                self.at_end = next.is_none();
                if next == Some(0xFF) {
                    let mut follower = self.byte()?;
                    while follower == Some(0xFF) {
                        follower = self.byte()?;
                    }
                    match follower {
                        Some(0) => {}
                        Some(marker) => (self.marker, next) = (Some(marker), None),
                        None => (self.at_end, next) = (true, None),
                    }
                }
            }
            if next.is_none() {
                self.padding += 8;
            }
            self.bits |= u64::from(next.unwrap_or(0)) << (56 - self.count);
            self.count += 8;
        }
        Ok(())
    }

    /// Uses up bits; refuses those that are not from the file.
    fn drop(&mut self, count: u32) -> Result<(), MediaError> {
        self.bits <<= count;
        self.count -= count;
        if self.count >= self.padding {
            Ok(())
        } else if self.at_end {
            Err(bad("the file ends too early"))
        } else {
            Err(bad("a scan ends too early"))
        }
    }

    fn peek(&self, count: u32) -> u32 {
        u32::try_from(self.bits >> (64 - count)).unwrap_or(0)
    }

    /// One to sixteen bits.
    pub(super) fn take(&mut self, count: u32) -> Result<u32, MediaError> {
        if self.count < 32 {
            self.fill()?;
        }
        let value = self.peek(count);
        self.drop(count)?;
        Ok(value)
    }

    /// Length and symbol of the code that comes next; at least 32 bits must be there.
    fn code(&self, table: &Huffman) -> Result<(u32, u8), MediaError> {
        let (length, symbol) = table.look[self.peek(LOOK_BITS) as usize];
        if length > 0 {
            return Ok((u32::from(length), symbol));
        }
        for length in LOOK_BITS + 1..=16 {
            let code = i32::try_from(self.peek(length)).unwrap_or(0);
            if code <= table.largest[length as usize] {
                let at = usize::try_from(code + table.delta[length as usize]).unwrap_or(usize::MAX);
                return table.symbols.get(at).map(|s| (length, *s)).ok_or_else(|| bad("an unknown Huffman code"));
            }
        }
        Err(bad("an unknown Huffman code"))
    }

    /// A DC difference (F.2.2.1).
    pub(super) fn difference(&mut self, table: &Huffman) -> Result<i16, MediaError> {
        if self.count < 32 {
            self.fill()?;
        }
        let (length, size) = self.code(table)?;
        self.drop(length)?;
        let size = u32::from(size);
        match size {
            0 => Ok(0),
            1..=15 => {
                let value = i32::try_from(self.take(size)?).unwrap_or(0);
                let signed = if value < 1 << (size - 1) { value - (1 << size) + 1 } else { value };
                Ok(i16::try_from(signed).unwrap_or(0))
            }
            _ => Err(bad("an absurd coefficient")),
        }
    }

    /// The AC coefficients of a block (F.2.2.2), not looked at.
    pub(super) fn pass_over_ac(&mut self, table: &Huffman) -> Result<(), MediaError> {
        let mut k = 1;
        while k < 64 {
            if self.count < 32 {
                self.fill()?;
            }
            let leap = table.leaps.get(self.peek(LEAP_BITS) as usize).copied().unwrap_or_default();
            // What would go beyond the block's last coefficient belongs to the next block.
            if leap.bits > 0 && k + u32::from(leap.coefficients) < 64 {
                self.drop(leap.bits.into())?;
                if leap.ends {
                    return Ok(());
                }
                k += u32::from(leap.coefficients);
                continue;
            }
            let (length, symbol) = self.code(table)?;
            let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
            self.drop(length + size)?;
            k += match (run, size) {
                (15, 0) => 16,
                (_, 0) => return Ok(()),
                _ => run + 1,
            };
        }
        Ok(())
    }

    /// Goes on behind a restart marker.
    pub(super) fn restart(&mut self) -> Result<(), MediaError> {
        (self.bits, self.count, self.padding) = (0, 0, 0);
        let marker = match self.marker.take() {
            Some(marker) => marker,
            None if self.at_end => return Err(bad("the file ends too early")),
            None => jpeg_frame::next_marker(self.reader).map_err(cut_short)?,
        };
        if (0xD0..=0xD7).contains(&marker) { Ok(()) } else { Err(bad("a restart marker is missing")) }
    }

    /// The marker that ended the scan, if it has been met.
    pub(super) fn into_marker(self) -> Option<u8> {
        self.marker
    }
}
