//! Looking through a log from its first entry to its last, and through the media that its reports name.
//! Goes on behind a row that cannot be read, so that one look finds all of them.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::Finding;
use crate::domain::entry::{Body, Entry, Seq};
use crate::log::{EntryLog, LogError};
use crate::media::store::Store;

/// Entries that are read at once.
const PAGE: u32 = 512;

/// A stamp may run ahead of our clock by this much: another node's clock, and the logical part.
const CLOCKS_APART: SignedDuration = SignedDuration::from_hours(1);

/// How fast to go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pace {
    /// As fast as it goes.
    Fast,
    /// Rests four times as long as it works: a fifth of a core, beside a node's own work.
    Gentle,
}

/// What was looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Looked {
    /// Entries of the log.
    pub entries: u64,
    /// Photos and videos, each as often as a report names it.
    pub media: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Pace {
    async fn rest(self, since: Instant) {
        if self == Self::Gentle {
            let worked = since.elapsed().min(Duration::from_secs(60));
            tokio::time::sleep(4 * worked).await;
        }
    }
}

/// Looks through the whole log and, where given, the media, and tells each finding.
pub async fn look_through<L: EntryLog>(
    log: &L,
    media: Option<&Store>,
    now: Timestamp,
    pace: Pace,
    mut tell: impl FnMut(Finding) + Send,
) -> Looked {
    let (mut looked, mut last) = (Looked::default(), 0);
    // Behind a row that cannot be read, row by row until it is passed.
    let mut bad = 0;
    loop {
        let begun = Instant::now();
        let alone = last < bad;
        let page = match log.read(last, if alone { 1 } else { PAGE }).await {
            Ok(page) => page,
            Err(error) => match seq_of(&error) {
                Some(seq) if seq > last + 1 && !alone => {
                    bad = seq;
                    continue;
                }
                Some(seq) if seq > last => {
                    follow(last, seq, &mut tell);
                    tell(Finding::LogRow(error));
                    (last, bad) = (seq, seq);
                    looked.entries += 1;
                    continue;
                }
                _ => {
                    tell(Finding::LogUnreadable(error));
                    return looked;
                }
            },
        };
        if page.is_empty() {
            return looked;
        }
        for (seq, entry) in &page {
            follow(last, *seq, &mut tell);
            last = *seq;
            looked.entries += 1;
            judge(*seq, entry, now, &mut tell);
        }
        pace.rest(begun).await;
        if let Some(store) = media {
            for (_, entry) in &page {
                look_at_media(store, entry, pace, &mut looked, &mut tell).await;
            }
        }
    }
}

/// The row that an error is about.
fn seq_of(error: &LogError) -> Option<Seq> {
    match error {
        LogError::Inconsistent { seq, .. } | LogError::Body { seq, .. } => Some(*seq),
        LogError::Storage(_) | LogError::Full(_) | LogError::Damaged(_) | LogError::InUse { .. } => None,
    }
}

fn follow(after: Seq, found: Seq, tell: &mut impl FnMut(Finding)) {
    if found != after + 1 {
        tell(Finding::LogGap { after, found });
    }
}

/// What a readable entry must still be.
fn judge(seq: Seq, entry: &Entry, now: Timestamp, tell: &mut impl FnMut(Finding)) {
    if entry.at().duration_since(now) > CLOCKS_APART {
        tell(Finding::LogClock { seq, at: entry.at() });
    }
    if let Body::ReportFiled(report) = &entry.body
        && report.id.0 != entry.id.0
    {
        tell(Finding::LogId { seq, id: entry.id });
    }
}

async fn look_at_media(store: &Store, entry: &Entry, pace: Pace, looked: &mut Looked, tell: &mut impl FnMut(Finding)) {
    let Body::ReportFiled(report) = &entry.body else { return };
    for medium in &report.media {
        let begun = Instant::now();
        looked.media += 1;
        match store.verify(medium).await {
            Ok(bytes) => looked.bytes += bytes,
            Err(flaw) => tell(Finding::Medium { media: medium.id.clone(), report: report.id, flaw }),
        }
        pace.rest(begun).await;
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::entry::BodyError;
    use crate::log::samples::{filed, time, uuid};
    use crate::log::{Appended, Draft};

    /// A log in memory, some of whose rows cannot be read.
    struct Rows(Vec<(Seq, Option<Entry>)>);

    impl EntryLog for Rows {
        fn epoch(&self) -> Uuid {
            Uuid::nil()
        }

        async fn append(&self, _: &[Draft]) -> Result<Vec<Appended>, LogError> {
            unreachable!("a look writes nothing")
        }

        async fn head(&self) -> Result<Seq, LogError> {
            Ok(self.0.last().map_or(0, |(seq, _)| *seq))
        }

        async fn read(&self, after: Seq, limit: u32) -> Result<Vec<(Seq, Entry)>, LogError> {
            let rows = self.0.iter().filter(|(seq, _)| *seq > after).take(limit as usize);
            rows.map(|(seq, entry)| {
                let newer = || BodyError::Unknown { kind: "report_filed".to_owned(), version: 9 };
                Ok((*seq, entry.clone().ok_or_else(|| LogError::Body { seq: *seq, cause: newer() })?))
            })
            .collect()
        }
    }

    async fn findings(rows: Vec<(Seq, Option<Entry>)>) -> (u64, Vec<String>) {
        let mut found = Vec::new();
        let tell = |finding: Finding| found.push(format!("{}: {finding}", finding.code()));
        let looked = look_through(&Rows(rows), None, time(100_000), Pace::Fast, tell).await;
        (looked.entries, found)
    }

    fn good(numbers: impl IntoIterator<Item = u64>) -> Vec<(Seq, Option<Entry>)> {
        numbers.into_iter().map(|number| (number, Some(filed(number)))).collect()
    }

    #[tokio::test]
    async fn a_sound_log_of_several_pages_has_no_findings() {
        let many = u64::from(PAGE) * 2 + 7;
        assert_eq!(findings(good(1..=many)).await, (many, Vec::new()));
        assert_eq!(findings(Vec::new()).await, (0, Vec::new()));
    }

    #[tokio::test]
    async fn every_row_that_cannot_be_read_and_every_gap_is_told_once_and_the_look_goes_on() {
        let mut rows = good(1..=20);
        for bad in [1, 7, 8, 15] {
            rows[bad - 1].1 = None;
        }
        rows.extend(good(25..=30));
        rows.push((33, None));
        let (entries, found) = findings(rows).await;
        assert_eq!(entries, 27);
        let codes: Vec<_> = found.iter().map(|line| line.split(':').next().unwrap()).collect();
        assert_eq!(codes, ["log_row", "log_row", "log_row", "log_row", "log_gap", "log_gap", "log_row"], "{found:#?}");
        assert!(found[1].contains("row 7") && found[1].contains("report_filed version 9"), "{}", found[1]);
        assert!(found[4].contains("entry 25 follows entry 20"), "{}", found[4]);
    }

    #[tokio::test]
    async fn a_stamp_of_tomorrow_and_a_report_under_anothers_id_are_told() {
        let mut rows = good(1..=3);
        if let Some(entry) = &mut rows[1].1 {
            entry.hlc = crate::domain::clock::Hlc::at(time(100_000 + 24 * 3_600_000));
        }
        if let Some(entry) = &mut rows[2].1 {
            entry.id = crate::domain::ids::EntryId(uuid(99));
        }
        let (_, found) = findings(rows).await;
        assert_eq!(found.len(), 2, "{found:#?}");
        assert!(found[0].starts_with("log_clock: entry 2") && found[1].starts_with("log_id: entry 3"), "{found:#?}");
    }
}
