//! Reads a list row by row: CSV in UTF-8 (with or without a byte order mark) or Shift_JIS, or GeoJSON with the same
//! names as properties (`geodata` reads it). Neither is held in memory whole.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use encoding_rs::SHIFT_JIS;
use geo_types::Geometry;
use sha2::{Digest, Sha256};

use super::columns::{Column, Row, column};
use super::import::ImportError;
use crate::geodata::{Feature, GeodataError, features_of_geojson, open_regular};

/// A file may have at most this many bytes (128 MiB); GSI's list of the whole country has about half of it.
pub(super) const MAX_BYTES: u64 = 128 << 20;

/// Rows above the one with the headers: titles, dates.
const ABOVE_HEADERS: usize = 10;

/// GSI's file in the place of a list that a municipality does not publish: `{"type": "unavailable", …}`.
pub(super) const NOT_PUBLISHED: &str = "not published (unavailable)";

/// What one file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// The file's name, without folders.
    pub name: String,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// `UTF-8`, `Shift_JIS` or `GeoJSON`; or that it says itself that there is no list.
    pub form: &'static str,
}

/// What is done with a row, or with one that cannot be read: its place in the file, and why.
pub(super) type Take<'a> = dyn FnMut(Result<Row, (u64, String)>) + 'a;

/// Reads a file to its end.
///
/// # Errors
/// [`ImportError`] where it is no list at all.
pub(super) fn read(file: &Path, take: &mut Take<'_>) -> Result<Sheet, ImportError> {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let unreadable = |source| ImportError::Unreadable { file: file.to_owned(), source };
    let opened = open_regular(file).map_err(unreadable)?;
    let size = opened.metadata().map_err(unreadable)?.len();
    if size > MAX_BYTES {
        return Err(ImportError::TooLarge(name));
    }
    let mut input = Hashing { inner: BufReader::new(opened.take(MAX_BYTES)), digest: Sha256::new() };
    let lower = name.to_ascii_lowercase();
    let form = if lower.ends_with(".geojson") || lower.ends_with(".json") {
        geojson(file, &name, &mut input, take)?
    } else {
        csv(&name, &mut input, take)?
    };
    io::copy(&mut input, &mut io::sink()).map_err(unreadable)?;
    Ok(Sheet { name, sha256: hex::encode(input.digest.finalize()), form })
}

/// Reads a CSV.
///
/// # Errors
/// [`ImportError`] where it is no list at all.
pub(super) fn csv(name: &str, input: impl Read, take: &mut Take<'_>) -> Result<&'static str, ImportError> {
    let malformed = |reason: String| ImportError::Malformed { file: name.to_owned(), reason };
    let mut lines = Lines::default();
    let input = lines.seen_in(input);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(input);
    let mut record = csv::ByteRecord::new();
    let mut encoding = Encoding::Unknown;
    let mut columns: Option<Vec<Option<Column>>> = None;
    let mut above = 0;
    while reader.read_byte_record(&mut record).map_err(|error| malformed(error.to_string()))? {
        let line = lines.of(&record, reader.position().byte());
        if above == 0
            && columns.is_none()
            && let Some(what) = record.get(0).and_then(no_csv)
        {
            return Err(malformed(what.to_owned()));
        }
        let Some(cells) = encoding.cells(&record) else {
            if columns.is_none() {
                return Err(malformed(format!("line {line} is neither UTF-8 nor Shift_JIS")));
            }
            take(Err((line, format!("its text is not {}", encoding.name()))));
            continue;
        };
        match &columns {
            None => {
                let found: Vec<_> = cells.iter().map(|header| column(header)).collect();
                let has = |wanted| found.contains(&Some(wanted));
                if has(Column::Name) && has(Column::Lat) && has(Column::Lon) {
                    columns = Some(found);
                } else {
                    above += 1;
                    if above == ABOVE_HEADERS {
                        break;
                    }
                }
            }
            Some(_) if cells.iter().all(|cell| cell.trim().is_empty()) => {}
            Some(columns) => {
                let cells = columns.iter().zip(cells).filter_map(|(column, text)| Some(((*column)?, text)));
                take(Ok(Row { at: line, cells: cells.collect() }));
            }
        }
    }
    if columns.is_none() {
        return Err(ImportError::NoColumns(name.to_owned()));
    }
    Ok(encoding.name())
}

/// What the file is, and what to do, if its first cell is not one of a CSV that is read here.
fn no_csv(first: &[u8]) -> Option<&'static str> {
    match first {
        // A spreadsheet of today is a zip too; the other one is of before.
        [b'P', b'K', 3, 4, ..] | [0xd0, 0xcf, 0x11, 0xe0, ..] => {
            Some("it is a zip or a spreadsheet, not a CSV: unpack it, or save it as CSV")
        }
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("it is UTF-16: save it as CSV in UTF-8"),
        other => other.contains(&0).then_some("it is UTF-16 without its mark, or no text: save it as CSV in UTF-8"),
    }
}

/// Which line a record begins in. The crate `csv` tells where it ended the record before, ahead of the rest of a line
/// break and of blank lines.
#[derive(Default)]
struct Lines {
    /// For each line break that was read and not passed yet, how many bytes the file has to its end.
    ahead: Rc<RefCell<VecDeque<u64>>>,
    passed: u64,
    last: u64,
}

impl Lines {
    fn seen_in<R: Read>(&self, inner: R) -> impl Read + use<R> {
        LineBreaks { inner, bytes: 0, found: Rc::clone(&self.ahead) }
    }

    /// The line, from 1, in which a record begins that was read to this byte of the file.
    fn of(&mut self, record: &csv::ByteRecord, end: u64) -> u64 {
        let mut ahead = self.ahead.borrow_mut();
        while let Some(line_break) = ahead.pop_front_if(|line_break| *line_break <= end) {
            self.passed += 1;
            self.last = line_break;
        }
        let within = record.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64;
        let own = u64::from(self.last == end);
        (1 + self.passed).saturating_sub(within + own)
    }
}

/// Passes bytes on, and notes where lines end.
struct LineBreaks<R> {
    inner: R,
    bytes: u64,
    found: Rc<RefCell<VecDeque<u64>>>,
}

impl<R: Read> Read for LineBreaks<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let breaks = (1..).zip(&buffer[..count]).filter(|(_, byte)| **byte == b'\n');
        self.found.borrow_mut().extend(breaks.map(|(at, _): (u64, _)| self.bytes + at));
        self.bytes += count as u64;
        Ok(count)
    }
}

/// A file has one encoding; the first text that is not ASCII tells which.
#[derive(Clone, Copy)]
enum Encoding {
    Unknown,
    Utf8,
    ShiftJis,
}

impl Encoding {
    fn name(self) -> &'static str {
        match self {
            Self::Unknown | Self::Utf8 => "UTF-8",
            Self::ShiftJis => "Shift_JIS",
        }
    }

    /// The record's text; `None` if it is not in the file's encoding. In Shift_JIS (as Windows has it, CP932) no
    /// comma, quotation mark or line break is a part of another character, so cells are cut before they are decoded.
    fn cells(&mut self, record: &csv::ByteRecord) -> Option<Vec<String>> {
        if matches!(self, Self::Unknown) && record.iter().any(|cell| !cell.is_ascii()) {
            let is_utf8 = record.iter().all(|cell| std::str::from_utf8(cell).is_ok());
            *self = if is_utf8 { Self::Utf8 } else { Self::ShiftJis };
        }
        let utf8 = |cell: &[u8]| std::str::from_utf8(cell).ok().map(str::to_owned);
        let shift_jis = |cell: &[u8]| {
            let text = SHIFT_JIS.decode_without_bom_handling_and_without_replacement(cell)?;
            Some(text.into_owned())
        };
        record.iter().map(|cell| if matches!(self, Self::ShiftJis) { shift_jis(cell) } else { utf8(cell) }).collect()
    }
}

fn geojson(file: &Path, name: &str, input: impl Read, take: &mut Take<'_>) -> Result<&'static str, ImportError> {
    let each = |feature: Feature| {
        let at = feature.index as u64 + 1;
        take(row(at, &feature).map_err(|reason| (at, reason)));
        Ok(())
    };
    match features_of_geojson(name, input, each) {
        Ok(()) => Ok("GeoJSON"),
        Err(GeodataError::NoFeatures { says: Some(says), .. }) if says == "unavailable" => Ok(NOT_PUBLISHED),
        Err(GeodataError::NoFeatures { .. }) => Err(ImportError::NoColumns(name.to_owned())),
        Err(cause) => Err(ImportError::Geodata { file: file.to_owned(), cause }),
    }
}

fn row(at: u64, feature: &Feature) -> Result<Row, String> {
    let known = feature.fields.names().into_iter().filter_map(|name| Some((name, column(name)?)));
    // Of the two ways in which a feature may say where it is, the geometry counts.
    let known = known.filter(|(_, column)| !matches!(column, Column::Lat | Column::Lon));
    let cell = |(name, column)| {
        let text = feature.fields.text(name).map_err(|error| error.to_string())?;
        Ok::<_, String>((column, text.unwrap_or_default().into_owned()))
    };
    let mut cells = known.map(cell).collect::<Result<Vec<_>, _>>()?;
    let point = match &feature.shape {
        Ok(Geometry::Point(point)) => point,
        Ok(_) => return Err("its geometry is no point".to_owned()),
        Err(flaw) => return Err(flaw.to_string()),
    };
    cells.extend([(Column::Lat, point.y().to_string()), (Column::Lon, point.x().to_string())]);
    Ok(Row { at, cells })
}

/// Passes bytes on, and keeps their SHA-256.
struct Hashing<R> {
    inner: R,
    digest: Sha256,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.digest.update(&buffer[..count]);
        Ok(count)
    }
}
