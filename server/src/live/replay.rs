//! The start: the whole log through the same `apply` as in life.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use tokio::sync::mpsc;

use super::world::World;
use crate::domain::clock::Hlc;
use crate::domain::entry::{Entry, Seq};
use crate::log::{EntryLog, LogError};

/// Entries that are read at once.
const PAGE: u32 = 2_048;

/// Pages that are read and decoded at the same time, each as a task of its own: so many connections a log has.
const AT_ONCE: usize = 4;

/// What the log says.
#[derive(Debug, Default)]
pub struct Replayed {
    /// The world.
    pub world: World,
    /// The number of the last entry; 0 for an empty log.
    pub head: Seq,
    /// The greatest clock reading among the entries, for [`crate::domain::clock::HlcSource::observe`].
    pub hlc: Hlc,
}

impl Replayed {
    fn take(&mut self, page: &[(Seq, Entry)]) {
        for (seq, entry) in page {
            self.world.apply(*seq, entry);
            self.head = *seq;
            self.hlc = self.hlc.max(entry.hlc);
        }
    }
}

/// Reads the log from its first entry to its head and folds it into a world. Pages are folded, in order, on a
/// thread of their own while the next ones are read. `operations` are the entries among them that open or close
/// an operation ([`crate::log::History::operations`]): of what is closed in the end nothing is taken in.
///
/// # Errors
/// [`LogError`] if an entry cannot be read, or if the numbers have a gap: a world with a hole in it is
/// not started.
pub async fn replay<L: EntryLog>(log: &Arc<L>, operations: &[(Seq, Entry)]) -> Result<Replayed, LogError> {
    let mut world = World::incomplete();
    operations.iter().for_each(|(_, entry)| world.foresee(entry));
    let (pages, mut incoming) = mpsc::channel::<Vec<(Seq, Entry)>>(2);
    let folding = tokio::task::spawn_blocking(move || {
        let mut replayed = Replayed { world, ..Replayed::default() };
        while let Some(page) = incoming.blocking_recv() {
            replayed.take(&page);
        }
        replayed.world.complete();
        replayed
    });
    let failed = |error: tokio::task::JoinError| LogError::Storage(anyhow::Error::new(error).context("replay"));
    let read = |after: Seq| {
        let log = Arc::clone(log);
        tokio::spawn(async move { log.read(after, PAGE).await })
    };
    let mut reading = stream::iter((0..log.head().await?).step_by(PAGE as usize).map(read)).buffered(AT_ONCE);
    let mut head = 0;
    while let Some(page) = reading.next().await {
        let page = page.map_err(failed)??;
        for (seq, _) in &page {
            if *seq != head + 1 {
                let cause = anyhow::anyhow!("follows entry {head}");
                return Err(LogError::Inconsistent { seq: *seq, column: "seq", cause });
            }
            head = *seq;
        }
        if pages.send(page).await.is_err() {
            break;
        }
    }
    drop(pages);
    folding.await.map_err(failed)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::incident::Status;
    use crate::log::samples::{filed, incident_of, status};
    use crate::log::{Appended, Draft};

    /// A log that was written before.
    struct Written(Vec<(Seq, Entry)>);

    impl EntryLog for Written {
        fn epoch(&self) -> Uuid {
            Uuid::nil()
        }

        async fn append(&self, _: &[Draft]) -> Result<Vec<Appended>, LogError> {
            unreachable!("replay does not write")
        }

        async fn head(&self) -> Result<Seq, LogError> {
            Ok(self.0.last().map_or(0, |(seq, _)| *seq))
        }

        async fn read(&self, after: Seq, limit: u32) -> Result<Vec<(Seq, Entry)>, LogError> {
            Ok(self.0.iter().filter(|(seq, _)| *seq > after).take(limit as usize).cloned().collect())
        }
    }

    #[tokio::test]
    async fn a_log_of_several_pages_becomes_the_world_that_life_made() {
        let reports = u64::from(PAGE) * 2 + 10;
        let mut entries: Vec<Entry> = (1..=reports).map(filed).collect();
        entries.push(status(reports + 5, 1, Status::Resolved));
        // The log's order is that of arrival: the greatest clock reading is not the last.
        entries.push(filed(reports + 2));
        let replayed = replay(&Arc::new(Written((1..).zip(entries).collect())), &[]).await.unwrap();
        assert_eq!(replayed.head, reports + 2);
        assert_eq!(replayed.world.head(), reports + 2);
        assert_eq!(replayed.hlc, filed(reports + 5).hlc);
        assert_eq!(replayed.world.newest(usize::MAX).len() as u64, reports + 1);
        assert_eq!(*replayed.world.incident(incident_of(1)).unwrap().incident.status.get(), Status::Resolved);
        replayed.world.check_index();
    }

    #[tokio::test]
    async fn an_empty_log_is_an_empty_world() {
        let replayed = replay(&Arc::new(Written(Vec::new())), &[]).await.unwrap();
        assert_eq!((replayed.head, replayed.hlc, replayed.world.newest(1).len()), (0, Hlc::default(), 0));
    }

    #[tokio::test]
    async fn a_log_with_a_gap_is_refused() {
        let error = replay(&Arc::new(Written(vec![(1, filed(1)), (3, filed(3))])), &[]).await.unwrap_err();
        assert!(matches!(error, LogError::Inconsistent { seq: 3, column: "seq", .. }), "{error:?}");
    }
}
