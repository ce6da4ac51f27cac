//! When the node and the command line look through the log and the media.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::time::Instant;

use super::storage::location;
use crate::database::told::chain;
use crate::database::{Database, PostgresUrl};
use crate::domain::clock::Clock;
use crate::inspect::{self, Finding, Findings, Looked, Pace, look_through};
use crate::log::backend::Log;
use crate::log::{EntryLog, LogError, Losses};
use crate::media::store::Store;

/// From the start of one look to the next.
const EVERY: Duration = Duration::from_secs(24 * 3_600);

/// From the end of a look that the storage cut short to the next one.
const AGAIN: Duration = Duration::from_secs(5 * 60);

/// Findings of one look that are logged one by one; what is behind them is only counted.
const LOGGED: u64 = 100;

/// Looks through everything once a day, gently, for as long as the node runs. A look that the storage cut short is
/// repeated soon; as long as the storage is away, that is no finding, and those of the look before stay.
pub(super) async fn daily<L: EntryLog>(
    log: Arc<L>,
    media: Store,
    findings: Findings,
    clock: Arc<dyn Clock>,
    first_after: Duration,
) {
    let mut next = Instant::now() + first_after;
    loop {
        tokio::time::sleep_until(next).await;
        let begun = Instant::now();
        let (mut counts, mut told, mut cut_short) = (BTreeMap::new(), 0, None);
        let mut tell = |finding: Finding| {
            told += 1;
            if told <= LOGGED {
                inspect::log(&finding);
            }
            *counts.entry(finding.code()).or_default() += 1;
        };
        let sift = |finding: Finding| match finding {
            Finding::LogUnreadable(LogError::Storage(_)) => cut_short = Some(finding),
            finding => tell(finding),
        };
        let looked = look_through(log.as_ref(), Some(&media), clock.now(), Pace::Gentle, sift).await;
        next = begun + EVERY;
        if let Some(finding) = cut_short {
            next = Instant::now() + AGAIN;
            if log.head().await.is_err() {
                tracing::warn!(entries = looked.entries, "the inspection is put off: {finding}");
                continue;
            }
            tell(finding);
        }
        tracing::info!(
            entries = looked.entries,
            media.count = looked.media,
            media.bytes = looked.bytes,
            findings = told,
            "inspected"
        );
        findings.replace(counts);
    }
}

/// `sokuho check`: looks through the data folder without changing anything in it, and tells each finding.
/// A node may run on it.
pub async fn check(
    data: &Path,
    postgres: Option<PostgresUrl>,
    media: bool,
    clock: &dyn Clock,
    mut tell: impl FnMut(Finding) + Send,
) -> Looked {
    let database = match Database::look(&location(data, postgres)).await {
        Ok(database) => database,
        Err(error) => {
            tell(Finding::Database(chain(&error)));
            return Looked::default();
        }
    };
    match database.damages().await {
        Ok(damages) => damages.into_iter().map(Finding::Database).for_each(&mut tell),
        Err(error) => tell(Finding::Database(chain(&error))),
    }
    let log = match Log::look(&database, data).await {
        Ok(log) => log,
        Err(error) => {
            tell(Finding::LogUnreadable(error));
            return Looked::default();
        }
    };
    match log.losses() {
        Ok(losses) => losses.into_iter().map(Finding::LogTail).for_each(&mut tell),
        Err(error) => tell(Finding::Database(format!("lost entries cannot be told: {error}"))),
    }
    let store = if media { Some(Store::inspect(&data.join("media"))) } else { None };
    let store = store.and_then(|store| store.map_err(|error| tell(Finding::Media(error.to_string()))).ok());
    let mut is_whole = true;
    let tell_on = |finding: Finding| {
        is_whole &= !matches!(finding, Finding::LogUnreadable(_) | Finding::LogRow(_));
        tell(finding);
    };
    let looked = look_through(&log, store.as_ref(), clock.now(), Pace::Fast, tell_on).await;
    // The database's own functions pass over what they do not know.
    if is_whole {
        match log.drift().await {
            Ok(drift) => drift.into_iter().map(Finding::Projection).for_each(&mut tell),
            Err(error) => tell(Finding::Database(format!("its projection cannot be compared: {}", chain(&error)))),
        }
    }
    log.close().await;
    database.close().await;
    looked
}

/// `sokuho check --acknowledge`: somebody has seen that the log lost its tail, and no node tells of it any more. A loss
/// that no start has noticed yet is none of these.
///
/// # Errors
/// If what was written down cannot be read or written.
pub fn acknowledge(data: &Path, clock: &dyn Clock) -> anyhow::Result<Vec<Finding>> {
    let seen = Losses::of(data).acknowledge(clock.now()).context("lost entries cannot be acknowledged")?;
    Ok(seen.into_iter().map(Finding::LogTail).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use tokio::sync::mpsc;
    use uuid::Uuid;

    use super::*;
    use crate::domain::entry::{Entry, Seq};
    use crate::log::samples::Midnight;
    use crate::log::{Appended, Draft};

    /// An empty log whose storage can fail, and that tells when it is read and when it is asked for its head.
    struct Failing {
        read_fails: AtomicBool,
        head_fails: AtomicBool,
        asked: mpsc::UnboundedSender<&'static str>,
    }

    impl Failing {
        fn answer<T>(&self, name: &'static str, fails: &AtomicBool, good: T) -> Result<T, LogError> {
            self.asked.send(name).unwrap();
            let fails = fails.load(Ordering::SeqCst);
            if fails { Err(LogError::Storage(anyhow::anyhow!("the line is cut"))) } else { Ok(good) }
        }
    }

    impl EntryLog for Failing {
        fn epoch(&self) -> Uuid {
            Uuid::nil()
        }

        async fn append(&self, _: &[Draft]) -> Result<Vec<Appended>, LogError> {
            unreachable!("a look writes nothing")
        }

        async fn head(&self) -> Result<Seq, LogError> {
            self.answer("head", &self.head_fails, 0)
        }

        async fn read(&self, _: Seq, _: u32) -> Result<Vec<(Seq, Entry)>, LogError> {
            self.answer("read", &self.read_fails, Vec::new())
        }
    }

    struct Rig {
        log: Arc<Failing>,
        asked: mpsc::UnboundedReceiver<&'static str>,
        findings: Findings,
        _folder: tempfile::TempDir,
    }

    /// A node that looks in a second, and whose last look found that a medium is missing.
    fn rig(read_fails: bool, head_fails: bool) -> Rig {
        let folder = tempfile::tempdir().unwrap();
        let media = Store::inspect(folder.path()).unwrap();
        let (sender, asked) = mpsc::unbounded_channel();
        let (read_fails, head_fails) = (AtomicBool::new(read_fails), AtomicBool::new(head_fails));
        let log = Arc::new(Failing { read_fails, head_fails, asked: sender });
        let findings = Findings::default();
        findings.replace(BTreeMap::from([("media_missing", 1)]));
        let first_after = Duration::from_secs(1);
        tokio::spawn(daily(Arc::clone(&log), media, findings.clone(), Arc::new(Midnight), first_after));
        Rig { log, asked, findings, _folder: folder }
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_while_the_database_is_away_finds_nothing_and_is_repeated() {
        let mut rig = rig(true, true);
        let begun = Instant::now();
        for _ in 0..2 {
            assert_eq!((rig.asked.recv().await, rig.asked.recv().await), (Some("read"), Some("head")));
            assert_eq!(rig.findings.counts(), BTreeMap::from([("media_missing", 1)]), "what the look before found");
        }
        rig.log.read_fails.store(false, Ordering::SeqCst);
        assert_eq!(rig.asked.recv().await, Some("read"));
        assert!(begun.elapsed() < 3 * AGAIN, "{:?}", begun.elapsed());
        assert_eq!(rig.findings.counts(), BTreeMap::new());
    }

    #[tokio::test(start_paused = true)]
    async fn a_log_that_cannot_be_read_though_its_storage_answers_is_a_finding_until_it_can() {
        let mut rig = rig(true, false);
        let begun = Instant::now();
        assert_eq!((rig.asked.recv().await, rig.asked.recv().await), (Some("read"), Some("head")));
        assert_eq!(rig.findings.counts(), BTreeMap::from([("log_unreadable", 1)]));
        rig.log.read_fails.store(false, Ordering::SeqCst);
        assert_eq!(rig.asked.recv().await, Some("read"));
        assert!(begun.elapsed() < 2 * AGAIN, "{:?}", begun.elapsed());
        assert_eq!(rig.findings.counts(), BTreeMap::new());
    }
}
