//! The tables that a JPEG is coded with (ITU-T T.81, annexes B and C).

use super::bad;
use crate::media::MediaError;

/// Bits of a code that one look finds.
pub(super) const LOOK_BITS: u32 = 10;

/// Bits in which several AC coefficients are passed over by one look.
pub(super) const LEAP_BITS: u32 = 12;

/// A Huffman table: codes up to ten bits by one look, longer ones by their largest code of each length.
#[derive(Clone, Debug)]
pub(super) struct Huffman {
    /// Length (0: longer than ten bits) and symbol.
    pub(super) look: Vec<(u8, u8)>,
    pub(super) largest: [i32; 17],
    pub(super) delta: [i32; 17],
    pub(super) symbols: Vec<u8>,
    /// For each window of bits, read as AC coefficients. Made for tables of AC only.
    pub(super) leaps: Vec<Leap>,
}

/// Coefficients that lie whole in a window of bits.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Leap {
    /// Bits that they take; 0: not even one is whole.
    pub(super) bits: u8,
    /// Coefficients, with the zeros before them.
    pub(super) coefficients: u8,
    /// The block ends behind them.
    pub(super) ends: bool,
}

/// All of a file, as far as they have come.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) dc: [Option<Huffman>; 4],
    pub(super) ac: [Option<Huffman>; 4],
    /// First number of each quantisation table: the one of DC.
    pub(super) first: [i32; 4],
    /// MCUs between restart markers; 0: none.
    pub(super) restart: u32,
}

impl Tables {
    /// A DHT segment (B.2.4.2, and the construction of annex C).
    pub(super) fn huffman(&mut self, mut body: &[u8]) -> Result<(), MediaError> {
        while let Some((&which, rest)) = body.split_first() {
            let (counts, rest) = rest.split_at_checked(16).ok_or_else(|| bad("broken Huffman table"))?;
            let sum = counts.iter().map(|c| usize::from(*c)).sum();
            let (symbols, rest) = rest.split_at_checked(sum).ok_or_else(|| bad("broken Huffman table"))?;
            let mut table = Huffman::new(counts, symbols)?;
            let is_dc = which >> 4 == 0;
            if !is_dc {
                table.leaps = (0..1 << LEAP_BITS).map(|window| table.leap(window)).collect();
            }
            let tables = if is_dc { &mut self.dc } else { &mut self.ac };
            tables[usize::from(which & 3)] = Some(table);
            body = rest;
        }
        Ok(())
    }

    /// A DQT segment (B.2.4.1).
    pub(super) fn quantisation(&mut self, mut body: &[u8]) -> Result<(), MediaError> {
        while let Some((&which, rest)) = body.split_first() {
            let wide = which >> 4 != 0;
            let (table, rest) =
                rest.split_at_checked(if wide { 128 } else { 64 }).ok_or_else(|| bad("broken quantisation table"))?;
            let first = if wide { u16::from_be_bytes([table[0], table[1]]) } else { u16::from(table[0]) };
            self.first[usize::from(which & 3)] = i32::from(first);
            body = rest;
        }
        Ok(())
    }
}

impl Huffman {
    fn new(counts: &[u8], symbols: &[u8]) -> Result<Self, MediaError> {
        let mut look = vec![(0, 0); 1 << LOOK_BITS];
        let (mut largest, mut delta) = ([-1; 17], [0; 17]);
        let (mut code, mut next) = (0_i32, 0_usize);
        for (length, &count) in (1_u32..=16).zip(counts) {
            let at = length as usize;
            delta[at] = i32::try_from(next).unwrap_or(0) - code;
            for _ in 0..count {
                if code >= 1 << length {
                    return Err(bad("broken Huffman table"));
                }
                if length <= LOOK_BITS {
                    let shift = LOOK_BITS - length;
                    let start = usize::try_from(code).unwrap_or(0) << shift;
                    let length = u8::try_from(length).unwrap_or(0);
                    look[start..start + (1 << shift)].fill((length, symbols[next]));
                }
                code += 1;
                next += 1;
            }
            if count > 0 {
                largest[at] = code - 1;
            }
            code <<= 1;
        }
        Ok(Self { look, largest, delta, symbols: symbols.to_vec(), leaps: Vec::new() })
    }

    /// Reads a window of bits as AC coefficients, as far as they lie in it whole.
    fn leap(&self, window: u32) -> Leap {
        let mut leap = Leap::default();
        loop {
            let taken = u32::from(leap.bits);
            let rest = (window << taken) & ((1 << LEAP_BITS) - 1);
            let (length, symbol) = self.look[(rest >> (LEAP_BITS - LOOK_BITS)) as usize];
            let (run, size) = (symbol >> 4, symbol & 15);
            let bits = leap.bits + length + size;
            if length == 0 || u32::from(bits) > LEAP_BITS {
                return leap;
            }
            leap.bits = bits;
            match (run, size) {
                (15, 0) => leap.coefficients += 16,
                (_, 0) => return Leap { ends: true, ..leap },
                _ => leap.coefficients += run + 1,
            }
        }
    }
}
