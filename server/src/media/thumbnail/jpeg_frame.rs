//! The frame header of a JPEG (ITU-T T.81, B.2.2), and the walk over segments that leads to it.

use std::io::{self, BufRead, Read};

use crate::media::MediaError;

/// How the frame is coded, by its SOF marker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Process {
    /// SOF0 or SOF1: sequential, Huffman.
    Sequential,
    /// SOF2: progressive, Huffman.
    Progressive,
    /// Lossless, hierarchical or arithmetic: hardly anybody's camera.
    Other,
}

/// A colour component.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Component {
    pub id: u8,
    /// Sampling factors, 1 to 4.
    pub h: u32,
    pub v: u32,
    /// Which quantisation table, 0 to 3.
    pub table: usize,
}

/// A frame header.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Frame {
    pub process: Process,
    pub precision: u8,
    pub width: u32,
    pub height: u32,
    pub components: Vec<Component>,
}

impl Frame {
    /// Reads the body of a SOF segment.
    pub fn parse(marker: u8, body: &[u8]) -> Result<Self, MediaError> {
        let bad = || MediaError::Damaged("broken frame header".to_owned());
        let [precision, h1, h0, w1, w0, count, rest @ ..] = body else { return Err(bad()) };
        let components: Vec<Component> = rest
            .chunks_exact(3)
            .take(usize::from(*count))
            .map(|c| Component {
                id: c[0],
                h: u32::from(c[1] >> 4),
                v: u32::from(c[1] & 15),
                table: usize::from(c[2] & 3),
            })
            .collect();
        let factor_ok = |c: &Component| (1..=4).contains(&c.h) && (1..=4).contains(&c.v);
        if components.len() != usize::from(*count) || components.is_empty() || !components.iter().all(factor_ok) {
            return Err(bad());
        }
        let process = match marker {
            0xC0 | 0xC1 => Process::Sequential,
            0xC2 => Process::Progressive,
            _ => Process::Other,
        };
        let (width, height) = (u16::from_be_bytes([*w1, *w0]), u16::from_be_bytes([*h1, *h0]));
        Ok(Self { process, precision: *precision, width: width.into(), height: height.into(), components })
    }

    /// The largest sampling factors.
    pub fn most_sampling(&self) -> (u32, u32) {
        let most = |f: fn(&Component) -> u32| self.components.iter().map(f).max().unwrap_or(1);
        (most(|c| c.h), most(|c| c.v))
    }

    /// MCUs across and down.
    pub fn mcus(&self) -> (u32, u32) {
        let (h, v) = self.most_sampling();
        (self.width.div_ceil(8 * h), self.height.div_ceil(8 * v))
    }

    /// Blocks of a component across and down, whole MCUs.
    pub fn blocks(&self, component: &Component) -> (u32, u32) {
        let (across, down) = self.mcus();
        (across * component.h, down * component.v)
    }

    /// Blocks of all components.
    pub fn all_blocks(&self) -> u64 {
        self.components.iter().map(|c| self.blocks(c)).map(|(x, y)| u64::from(x) * u64::from(y)).sum()
    }
}

/// Reads up to and with the next marker; garbage between segments is passed over, as libjpeg does.
pub(super) fn next_marker<R: Read>(reader: &mut R) -> io::Result<u8> {
    let mut byte = [0];
    loop {
        while byte[0] != 0xFF {
            reader.read_exact(&mut byte)?;
        }
        while byte[0] == 0xFF {
            reader.read_exact(&mut byte)?;
        }
        if byte[0] != 0 {
            return Ok(byte[0]);
        }
    }
}

/// Reads the body of a segment: at most 65,533 bytes.
pub(super) fn segment<R: Read>(reader: &mut R) -> io::Result<Vec<u8>> {
    let mut length = [0; 2];
    reader.read_exact(&mut length)?;
    let length = usize::from(u16::from_be_bytes(length));
    let mut body = vec![0; length.saturating_sub(2)];
    reader.read_exact(&mut body)?;
    Ok(body)
}

/// Whether the marker stands alone, without a body.
pub(super) fn stands_alone(marker: u8) -> bool {
    matches!(marker, 0x01 | 0xD0..=0xD9)
}

/// Whether the marker begins a frame.
pub(super) fn begins_frame(marker: u8) -> bool {
    matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC)
}

/// What a premature end means: the upload was cut off before it reached us.
pub(super) fn cut_short(error: io::Error) -> MediaError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => MediaError::Damaged("the file ends too early".to_owned()),
        _ => error.into(),
    }
}

/// Huffman tables in a file at most: four are usual, an optimised progressive file has some twenty.
pub(super) const MOST_TABLES: usize = 64;

/// Scans in a file at most: progressive files have about ten.
pub(super) const MOST_SCANS: usize = 200;

/// Walks to the end of the picture and refuses what is made to keep a decoder busy: each table and each
/// scan costs far more time than the bytes in which it is told.
///
/// # Errors
/// [`MediaError::Damaged`] beyond [`MOST_TABLES`] or [`MOST_SCANS`].
pub(super) fn refuse_time_bomb<R: BufRead>(reader: &mut R) -> Result<(), MediaError> {
    let (mut tables, mut scans) = (0, 0);
    loop {
        let marker = match next_marker_quickly(reader) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()), // the decoder will tell
            other => other?,
        };
        match marker {
            0xD9 => return Ok(()),
            _ if stands_alone(marker) => continue,
            _ => {}
        }
        let body = match segment(reader) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            other => other?,
        };
        match marker {
            0xC4 => tables += huffman_tables(&body),
            0xDA => scans += 1,
            _ => {}
        }
        if tables > MOST_TABLES || scans > MOST_SCANS {
            return Err(MediaError::Damaged("it has more tables or scans than any camera makes".to_owned()));
        }
    }
}

/// How many tables a DHT segment holds (B.2.4.2).
fn huffman_tables(mut body: &[u8]) -> usize {
    let mut tables = 0;
    while let Some((counts, rest)) = body.split_at_checked(17) {
        let symbols = counts[1..].iter().map(|count| usize::from(*count)).sum();
        body = rest.get(symbols..).unwrap_or_default();
        tables += 1;
    }
    tables
}

/// As [`next_marker`], for long stretches of coded data.
fn next_marker_quickly<R: BufRead>(reader: &mut R) -> io::Result<u8> {
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let all = buffer.len();
        match buffer.iter().position(|byte| *byte == 0xFF) {
            None => reader.consume(all),
            Some(at) => {
                reader.consume(at + 1);
                let mut byte = [0xFF];
                while byte[0] == 0xFF {
                    reader.read_exact(&mut byte)?;
                }
                if byte[0] != 0 {
                    return Ok(byte[0]);
                }
            }
        }
    }
}

/// Walks to the frame header.
pub(super) fn read<R: Read>(reader: &mut R) -> Result<Frame, MediaError> {
    loop {
        let marker = next_marker(reader).map_err(cut_short)?;
        if stands_alone(marker) {
            if marker == 0xD9 {
                return Err(MediaError::Damaged("it holds no picture".to_owned()));
            }
            continue;
        }
        let body = segment(reader).map_err(cut_short)?;
        if begins_frame(marker) {
            return Frame::parse(marker, &body);
        }
    }
}
