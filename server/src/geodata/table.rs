//! The attribute table of a Shapefile (dBase III), record by record. Read here, bytes and all, because the crate
//! `dbase` decodes text on its own without Shift_JIS, and what it has replaced cannot be brought back.
//!
//! Layout (dBase III, level 5): a header of 32 bytes with the number of records (u32 at 4), the header's length
//! (u16 at 8) and a record's (u16 at 10), little-endian; descriptors of 32 bytes each (name in 11 bytes ended by
//! NUL, length at 16) until 0x0D; then the records, each a deletion flag and the fields, padded with spaces.

use std::borrow::Cow;
use std::io::Read;
use std::ops::Range;
use std::sync::Arc;

/// Where each field stands in a record.
#[derive(Debug)]
pub(super) struct Columns(Vec<(String, Range<usize>)>);

impl Columns {
    /// The fields' names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// Whether there is a field of this name.
    pub(super) fn has(&self, field: &str) -> bool {
        self.0.iter().any(|(name, _)| name == field)
    }

    /// A field's bytes without the padding; `None` if there is no such field, or nothing in it.
    pub(super) fn get<'a>(&self, record: &'a [u8], field: &str) -> Option<&'a [u8]> {
        let (_, range) = self.0.iter().find(|(name, _)| name == field)?;
        let bytes = record.get(range.clone())?.trim_ascii();
        let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        (!bytes.is_empty()).then_some(bytes)
    }
}

/// A table that is being read.
pub(super) struct Table<R> {
    source: R,
    pub(super) columns: Arc<Columns>,
    record: usize,
    left: u32,
}

impl<R: Read> Table<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// What is wrong, in English.
    pub(super) fn read(mut source: R) -> Result<Self, String> {
        let mut start = [0; 32];
        source.read_exact(&mut start).map_err(short)?;
        let left = u32::from_le_bytes([start[4], start[5], start[6], start[7]]);
        let header = usize::from(u16::from_le_bytes([start[8], start[9]]));
        let record = usize::from(u16::from_le_bytes([start[10], start[11]]));
        let mut descriptors = vec![0; header.checked_sub(32).ok_or("the table's header is cut short")?];
        source.read_exact(&mut descriptors).map_err(short)?;
        let mut fields = Vec::new();
        let mut offset = 1; // the deletion flag
        for descriptor in descriptors.chunks_exact(32).take_while(|descriptor| descriptor[0] != 0x0D) {
            let name = descriptor[..11].split(|byte| *byte == 0).next().unwrap_or_default();
            let length = usize::from(descriptor[16]);
            fields.push((String::from_utf8_lossy(name).trim().to_owned(), offset..offset + length));
            offset += length;
        }
        if offset > record || record == 0 {
            return Err("the table's fields are longer than its records".to_owned());
        }
        Ok(Self { source, columns: Arc::new(Columns(fields)), record, left })
    }

    /// The next record's bytes; `None` after the last.
    ///
    /// # Errors
    /// What is wrong, in English.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>, String> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let mut record = vec![0; self.record];
        self.source.read_exact(&mut record).map_err(short)?;
        Ok(Some(record))
    }

    /// Records that were not read yet.
    pub(super) fn left(&self) -> u32 {
        self.left
    }
}

fn short(error: std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => "the table is cut short".to_owned(),
        _ => format!("the table cannot be read: {error}"),
    }
}

/// What the bytes mean: what `.cpg` says if it says it and is right, else UTF-8, else Shift_JIS as Windows
/// has it (CP932). Shift_JIS is hardly ever valid UTF-8 by chance, so the order decides rightly.
pub(super) fn decode(bytes: &[u8], declared: Option<&str>) -> Option<String> {
    let declared = declared.and_then(|label| match label.to_ascii_uppercase().as_str() {
        "932" | "CP932" => Some(encoding_rs::SHIFT_JIS),
        "65001" => Some(encoding_rs::UTF_8),
        label => encoding_rs::Encoding::for_label(label.as_bytes()),
    });
    let strictly = |encoding: &'static encoding_rs::Encoding| {
        encoding.decode_without_bom_handling_and_without_replacement(bytes).map(Cow::into_owned)
    };
    let text = declared.into_iter().chain([encoding_rs::UTF_8, encoding_rs::SHIFT_JIS]).find_map(strictly)?;
    // Some tables are padded with the wide space.
    Some(text.trim().to_owned())
}
