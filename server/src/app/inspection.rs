//! When the node and the command line look through the log and the media.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::location;
use crate::database::{Database, PostgresUrl};
use crate::domain::clock::Clock;
use crate::inspect::{self, Finding, Findings, Looked, Pace, chain, look_through};
use crate::log::backend::Log;
use crate::media::store::Store;

/// From the start of one look to the next.
const EVERY: Duration = Duration::from_secs(24 * 3_600);

/// Findings of one look that are logged one by one; what is behind them is only counted.
const LOGGED: u64 = 100;

/// Looks through everything once a day, gently, for as long as the node runs.
pub(super) async fn daily(
    log: Arc<Log>,
    media: Store,
    findings: Findings,
    clock: Arc<dyn Clock>,
    first_after: Duration,
) {
    let mut looks = tokio::time::interval_at(tokio::time::Instant::now() + first_after, EVERY);
    loop {
        looks.tick().await;
        let (mut counts, mut told) = (BTreeMap::new(), 0);
        let tell = |finding: Finding| {
            told += 1;
            if told <= LOGGED {
                inspect::log(&finding);
            }
            *counts.entry(finding.code()).or_default() += 1;
        };
        let looked = look_through(log.as_ref(), Some(&media), clock.now(), Pace::Gentle, tell).await;
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
    if let Some(lost) = log.lost() {
        tell(Finding::LogTail { remembered: lost.remembered, head: lost.head });
    }
    let store = if media { Some(Store::inspect(&data.join("media"))) } else { None };
    let store = store.and_then(|store| store.map_err(|error| tell(Finding::Media(error.to_string()))).ok());
    let looked = look_through(&log, store.as_ref(), clock.now(), Pace::Fast, &mut tell).await;
    log.close().await;
    database.close().await;
    looked
}
