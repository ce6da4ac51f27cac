//! The attribute table of a Shapefile (dBase III). Read here, bytes and all, because the crate `dbase` decodes
//! text on its own without Shift_JIS, and what it has replaced cannot be brought back.
//!
//! Layout (dBase III, level 5): a header of 32 bytes with the number of records (u32 at 4), the header's length
//! (u16 at 8) and a record's (u16 at 10), little-endian; descriptors of 32 bytes each (name in 11 bytes ended by
//! NUL, length at 16) until 0x0D; then the records, each a deletion flag and the fields, padded with spaces.

/// A table of text.
pub(super) struct Table<'a> {
    fields: Vec<(String, std::ops::Range<usize>)>,
    records: Vec<&'a [u8]>,
}

impl<'a> Table<'a> {
    /// Takes the bytes apart.
    ///
    /// # Errors
    /// What is wrong, in English.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, String> {
        let short = || "the table is cut short".to_owned();
        let u16_at = |at: usize| -> Option<usize> {
            Some(usize::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)))
        };
        let count = bytes.get(4..8).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes).ok_or_else(short)?;
        let (header, record) = u16_at(8).zip(u16_at(10)).ok_or_else(short)?;
        let mut fields = Vec::new();
        let mut offset = 1; // the deletion flag
        for descriptor in bytes.get(32..header).ok_or_else(short)?.chunks_exact(32) {
            if descriptor[0] == 0x0D {
                break;
            }
            let name = descriptor[..11].split(|byte| *byte == 0).next().unwrap_or_default();
            let length = usize::from(descriptor[16]);
            fields.push((String::from_utf8_lossy(name).trim().to_owned(), offset..offset + length));
            offset += length;
        }
        if offset > record || record == 0 {
            return Err("the table's fields are longer than its records".to_owned());
        }
        let body = bytes.get(header..).ok_or_else(short)?;
        let records: Vec<&[u8]> = body.chunks_exact(record).take(count as usize).collect();
        if records.len() == count as usize { Ok(Self { fields, records }) } else { Err(short()) }
    }

    /// How many records there are.
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// A field's bytes without the padding; `None` if there is no such field or record, or nothing in it.
    pub(super) fn get(&self, record: usize, field: &str) -> Option<&'a [u8]> {
        let (_, range) = self.fields.iter().find(|(name, _)| name == field)?;
        let bytes = self.records.get(record)?.get(range.clone())?;
        let bytes = bytes.trim_ascii();
        let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        (!bytes.is_empty()).then_some(bytes)
    }
}
