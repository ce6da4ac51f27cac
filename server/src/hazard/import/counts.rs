//! What an import has read, and what the operator is told of it.

use std::collections::BTreeMap;
use std::fmt;

/// Refused features that are listed, and mended ones; further ones are counted.
const MOST_REMARKS: usize = 1_000;

/// Something that the operator must know of a feature.
#[derive(Debug, Clone, PartialEq)]
pub struct Remark {
    /// The file, without the archive's folders.
    pub file: String,
    /// The feature's index, from 0. People are told its number, from 1.
    pub feature: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, feature {}: {}", self.file, self.feature + 1, self.reason)
    }
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Counts {
    /// Features.
    pub features: u64,
    /// Features that are no hazard zones by any schema: not taken.
    pub ignored: u64,
    /// Features whose rings, or the text of their class, were mended.
    pub mended: u64,
    /// The first of them.
    pub mendings: Vec<Remark>,
    /// Features that were not taken for what is wrong with them.
    pub refused: u64,
    /// The first of them.
    pub refusals: Vec<Remark>,
    /// Values that are no class of ours, by layer; their zones are kept and shown as unknown.
    pub unknown: BTreeMap<String, BTreeMap<String, u64>>,
    /// What is odd about whole files.
    pub notes: Vec<String>,
}

impl Counts {
    pub(super) fn refuse(&mut self, file: &str, feature: usize, reason: String) {
        self.refused += 1;
        remark(&mut self.refusals, file, feature, reason);
    }

    pub(super) fn mend(&mut self, file: &str, feature: usize, reason: String) {
        self.mended += 1;
        remark(&mut self.mendings, file, feature, reason);
    }
}

fn remark(remarks: &mut Vec<Remark>, file: &str, feature: usize, reason: String) {
    if remarks.len() < MOST_REMARKS {
        remarks.push(Remark { file: file.to_owned(), feature, reason });
    }
}

/// A line for each thing that the operator must know, each with its end.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        for (word, remarks, all) in [("refused", &self.refusals, self.refused), ("mended", &self.mendings, self.mended)]
        {
            for remark in remarks {
                writeln!(f, "{word}: {remark}")?;
            }
            let unlisted = all - remarks.len() as u64;
            if unlisted > 0 {
                writeln!(f, "{word}: {unlisted} more")?;
            }
        }
        for (layer, codes) in &self.unknown {
            for (code, zones) in codes {
                writeln!(f, "unknown class {code:?} in {layer}: {zones} zones, kept as they are")?;
            }
        }
        Ok(())
    }
}
