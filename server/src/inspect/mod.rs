//! What is wrong with what lies on the disk, and whether anybody was told. `sokuho check` looks through the
//! log and the media and prints each [`Finding`]; a running node does the same once a day, gently, and
//! `/readyz` says what it found.

mod walk;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

pub use self::walk::{Looked, Pace, look_through};
use crate::database::told::chain;
use crate::domain::entry::Seq;
use crate::domain::ids::{EntryId, MediaId, ReportId};
use crate::domain::text::one_line;
use crate::log::postgres::drift::Drift;
use crate::log::{LogError, Lost};
use crate::media::soundness::Flaw;

/// Something that a person must look at. Its text is one line.
#[derive(Debug, thiserror::Error)]
pub enum Finding {
    /// The log cannot be opened or read on.
    #[error("the log cannot be read: {}", chain(.0))]
    LogUnreadable(#[source] LogError),
    /// The database cannot be opened, or says itself that it is damaged.
    #[error("the database: {}", one_line(.0))]
    Database(String),
    /// A row cannot be read.
    #[error("{}", chain(.0))]
    LogRow(#[source] LogError),
    /// Numbers are missing.
    #[error("entry {found} follows entry {after}: those between are missing")]
    LogGap {
        /// The last entry before the gap.
        after: Seq,
        /// The first one behind it.
        found: Seq,
    },
    /// A report stands under another id than its own.
    #[error("entry {seq} has the id {id} of a report, and the report in it has another")]
    LogId {
        /// The entry.
        seq: Seq,
        /// Its id.
        id: EntryId,
    },
    /// The stamp lies in the future.
    #[error("entry {seq} says that it was written at {at}, which is yet to come")]
    LogClock {
        /// The entry.
        seq: Seq,
        /// Its time.
        at: jiff::Timestamp,
    },
    /// Entries that were there are gone.
    #[error(
        "the log ended with entry {} and then with {}: its tail was torn off, or an older copy was put in its place",
        .0.remembered,
        .0.head
    )]
    LogTail(Lost),
    /// The projection says something else than the log.
    #[error("{}", drifted(.0))]
    Projection(Drift),
    /// The folder of the media cannot be opened.
    #[error("the media cannot be opened: {0}")]
    Media(String),
    /// A photo or video that a report names is not as it was sent.
    #[error("medium {media} of report {report}: {flaw}")]
    Medium {
        /// The file.
        media: MediaId,
        /// Who names it.
        report: ReportId,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// Media are refused, so that the log has room.
    #[error("{free} bytes are free on the disk, of which {kept} are kept for the log: media are refused")]
    DiskLow {
        /// Bytes free.
        free: u64,
        /// Bytes kept.
        kept: u64,
    },
}

impl Finding {
    /// Stable name of its kind.
    pub fn code(&self) -> &'static str {
        match self {
            Self::LogUnreadable(_) => "log_unreadable",
            Self::Database(_) => "database",
            Self::LogRow(_) => "log_row",
            Self::LogGap { .. } => "log_gap",
            Self::LogId { .. } => "log_id",
            Self::LogClock { .. } => "log_clock",
            Self::LogTail(_) => "log_tail",
            Self::Projection(_) => "projection",
            Self::Media(_) => "media_unreadable",
            Self::Medium { flaw, .. } => match flaw {
                Flaw::Missing => "media_missing",
                Flaw::NoRecord => "media_record",
                Flaw::NoThumbnail => "media_thumbnail",
                Flaw::WrongHash { .. } => "media_hash",
                Flaw::Unreadable(_) => "media_unreadable",
            },
            Self::DiskLow { .. } => "disk_low",
        }
    }
}

fn drifted(drift: &Drift) -> String {
    let Drift { table, rows, named } = drift;
    let Some(rows) = rows else { return format!("the table {table} is missing: sokuho rebuild makes it anew") };
    let more = if *rows > named.len() as u64 { " and others" } else { "" };
    let named = named.join(", ");
    format!("{rows} rows of the table {table} are not what the log says: {named}{more}; sokuho rebuild makes it anew")
}

/// What the last whole look of a running node has found, by kind. Each finding itself is in the node's log.
#[derive(Clone, Debug, Default)]
pub struct Findings(Arc<Mutex<BTreeMap<&'static str, u64>>>);

impl Findings {
    /// Puts a look's findings, already logged, in place of those of the last one.
    pub fn replace(&self, by_look: BTreeMap<&'static str, u64>) {
        for (code, count) in &by_look {
            metrics::gauge!("sokuho_findings", "code" => *code).set(*count as f64);
        }
        let mut found = self.found();
        let before = std::mem::replace(&mut *found, by_look);
        for code in before.keys().filter(|code| !found.contains_key(*code)) {
            metrics::gauge!("sokuho_findings", "code" => *code).set(0.0);
        }
    }

    /// How many of each kind there are.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.found().clone()
    }

    fn found(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One line for the operator.
pub fn log(finding: &Finding) {
    tracing::error!(finding = finding.code(), "{finding}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_one_line_with_all_its_causes() {
        let cause = anyhow::anyhow!("line one\nline two").context("the disk");
        let finding = Finding::LogUnreadable(LogError::Damaged(cause));
        assert_eq!(
            finding.to_string(),
            "the log cannot be read: the log's storage is damaged: the disk: line one line two"
        );
    }

    #[test]
    fn a_later_look_replaces_the_one_before() {
        let findings = Findings::default();
        findings.replace(BTreeMap::from([("media_missing", 2), ("media_hash", 1)]));
        assert_eq!(findings.counts(), BTreeMap::from([("media_missing", 2), ("media_hash", 1)]));
        findings.replace(BTreeMap::from([("media_missing", 1)]));
        assert_eq!(findings.counts(), BTreeMap::from([("media_missing", 1)]));
    }
}
