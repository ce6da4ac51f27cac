//! A JPEG at an eighth of its size, from its DC coefficients alone: the DC coefficient is eight times the
//! mean of its 8×8 block (ITU-T T.81, A.3.3). AC coefficients are passed over. Memory is 1/64 of the
//! picture's samples, whatever its size, sequential or progressive; a decoder that holds all coefficients of
//! a large progressive picture, or queues them for another thread, cannot promise that.

use std::io::BufRead;

use fast_image_resize::PixelType;

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

const LOOK_BITS: u32 = 10;

/// Bits in which several AC coefficients are passed over by one look.
const LEAP_BITS: u32 = 12;

/// A Huffman table: codes up to ten bits by one look, longer ones by their largest code of each length.
#[derive(Clone, Debug)]
struct Huffman {
    /// Length (0: longer than ten bits) and symbol.
    look: Vec<(u8, u8)>,
    largest: [i32; 17],
    delta: [i32; 17],
    symbols: Vec<u8>,
    /// For each window of bits, read as AC coefficients. Made for tables of AC only.
    leaps: Vec<Leap>,
}

/// Coefficients that lie whole in a window of bits.
#[derive(Clone, Copy, Default, Debug)]
struct Leap {
    /// Bits that they take; 0: not even one is whole.
    bits: u8,
    /// Coefficients, with the zeros before them.
    coefficients: u8,
    /// The block ends behind them.
    ends: bool,
}

#[derive(Debug, Default)]
struct Tables {
    dc: [Option<Huffman>; 4],
    ac: [Option<Huffman>; 4],
    /// First number of each quantisation table: the one of DC.
    first: [i32; 4],
    /// MCUs between restart markers; 0: none.
    restart: u32,
}

impl Tables {
    /// A DHT segment (B.2.4.2, and the construction of annex C).
    fn huffman(&mut self, mut body: &[u8]) -> Result<(), MediaError> {
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
    fn quantisation(&mut self, mut body: &[u8]) -> Result<(), MediaError> {
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

/// Where a component of a scan goes: its index, and the indices of its tables.
type Part = (usize, usize, usize);

/// A scan header (B.2.3).
#[derive(Debug)]
struct Scan {
    parts: Vec<Part>,
    has_dc: bool,
    /// Successive approximation: bits that were sent before (0: first pass), and the position of this one.
    before: u8,
    low: u8,
}

impl Scan {
    fn parse(body: &[u8], frame: &Frame) -> Result<Self, MediaError> {
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
    fn read<R: BufRead>(
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

/// Bits of entropy-coded data, with byte stuffing taken out.
struct Bits<'a, R> {
    reader: &'a mut R,
    bits: u64,
    count: u32,
    /// Zero bits at the end of `bits` that are not from the file.
    padding: u32,
    marker: Option<u8>,
    at_end: bool,
}

impl<'a, R: BufRead> Bits<'a, R> {
    fn new(reader: &'a mut R) -> Self {
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
    fn take(&mut self, count: u32) -> Result<u32, MediaError> {
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
    fn difference(&mut self, table: &Huffman) -> Result<i16, MediaError> {
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
    fn pass_over_ac(&mut self, table: &Huffman) -> Result<(), MediaError> {
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
    fn restart(&mut self) -> Result<(), MediaError> {
        (self.bits, self.count, self.padding) = (0, 0, 0);
        let marker = match self.marker.take() {
            Some(marker) => marker,
            None if self.at_end => return Err(bad("the file ends too early")),
            None => jpeg_frame::next_marker(self.reader).map_err(cut_short)?,
        };
        if (0xD0..=0xD7).contains(&marker) { Ok(()) } else { Err(bad("a restart marker is missing")) }
    }

    /// The marker that ended the scan, if it has been met.
    fn into_marker(self) -> Option<u8> {
        self.marker
    }
}
