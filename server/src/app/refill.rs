//! The ring's last entries, encoded anew at the start, so that viewers who were there before it resume.
//!
//! They carry the things that they touched as they are now, not as they were after each entry. That is
//! harmless: a viewer replaces what it knows by id, and the entries that made the difference follow. It would not
//! be across the opening of a closed operation, which brings back more than its entry tells: the ring begins after
//! the last of those.

use super::announcing::collect;
use crate::database::told::chain;
use crate::domain::entry::{Body, Entry, Seq};
use crate::hub::ring::Slot;
use crate::hub::settings::Settings;
use crate::live::Live;
use crate::log::EntryLog;

/// Entries that are read and encoded at once.
const PAGE: Seq = 2_048;

/// As many of the log's last entries, in order and without a gap up to its end, as the ring holds. Fewer
/// where one cannot be read or encoded: who stands before it is told to resync.
pub(super) async fn last_entries<L: EntryLog>(log: &L, live: &Live, settings: &Settings) -> Vec<Slot> {
    let mut newest_first: Vec<Slot> = Vec::new();
    let mut bytes = 0;
    let mut before = live.read().head();
    while before > 0 {
        let after = before.saturating_sub(PAGE);
        let many = u32::try_from(before - after).unwrap_or(u32::MAX);
        let page = match log.read(after, many).await {
            Ok(page) => page,
            Err(error) => {
                tracing::warn!(error = chain(&error), "the ring is not filled further back");
                break;
            }
        };
        for (seq, entry) in page.iter().rev() {
            if opens_again(entry) {
                break;
            }
            let Some(slot) = encode(live, *seq, entry).filter(|slot| slot.seq == before) else { break };
            bytes += slot.size();
            if newest_first.len() == settings.ring_entries || bytes > settings.ring_bytes {
                break;
            }
            newest_first.push(slot);
            before -= 1;
        }
        if before > after {
            break;
        }
        // Encoding a page takes milliseconds.
        tokio::task::yield_now().await;
    }
    newest_first.reverse();
    newest_first
}

/// Whether it opens an operation that another entry opened first: that one has the operation's id.
fn opens_again(entry: &Entry) -> bool {
    matches!(&entry.body, Body::OperationOpened(operation) if operation.id.0 != entry.id.0)
}

fn encode(live: &Live, seq: Seq, entry: &Entry) -> Option<Slot> {
    let collected = {
        let world = live.read();
        collect(&world, seq, entry, &world.touched_by(entry))
    };
    collected.encode().inspect_err(|error| tracing::error!(error = %error, "an entry cannot be encoded")).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::incident::Status;
    use crate::domain::operation::{Operation, OperationKind};
    use crate::live::replay::replay;
    use crate::log::backend::Log;
    use crate::log::samples::{draft, entry, filed, operation_id, sqlite_log, status};
    use crate::wire::live::OfficeEntry;

    /// A log of so many reports, and the setting of the first one's status.
    async fn log(folder: &tempfile::TempDir, reports: u64) -> (Arc<Log>, Live) {
        let log = Arc::new(sqlite_log(folder).await);
        let mut drafts: Vec<_> = (1..=reports).map(|number| draft(filed(number))).collect();
        drafts.push(draft(status(reports + 5, 1, Status::Resolved)));
        log.append(&drafts).await.unwrap();
        let live = Live::new(replay(&log, &[]).await.unwrap().world);
        (log, live)
    }

    fn seqs(slots: &[Slot]) -> Vec<Seq> {
        slots.iter().map(|slot| slot.seq).collect()
    }

    #[tokio::test]
    async fn a_short_log_is_there_whole_with_each_thing_as_it_is_now() {
        let folder = tempfile::tempdir().unwrap();
        let (log, live) = log(&folder, 3).await;
        let slots = last_entries(log.as_ref(), &live, &Settings::default()).await;
        assert_eq!(seqs(&slots), [1, 2, 3, 4]);
        let first: OfficeEntry = serde_json::from_slice(&slots[0].office).unwrap();
        assert_eq!((first.kind.as_str(), first.incident.unwrap().status), ("report_filed", Status::Resolved));
        assert!(slots.iter().all(|slot| slot.public.is_some()));
    }

    #[tokio::test]
    async fn the_ring_does_not_reach_back_over_the_opening_of_a_closed_operation() {
        let folder = tempfile::tempdir().unwrap();
        let log = Arc::new(sqlite_log(&folder).await);
        let operation = Operation { id: operation_id(1), kind: OperationKind::Drill, name: "訓練".to_owned() };
        let of_it = |entry: Entry| draft(Entry { operation: operation.id, ..entry });
        let opened = |number| of_it(entry(number, Body::OperationOpened(operation.clone())));
        let closed = of_it(entry(3, Body::OperationClosed));
        log.append(&[opened(1), of_it(filed(2)), closed, draft(filed(4)), opened(5), draft(filed(6))]).await.unwrap();
        let live = Live::new(replay(&log, &[]).await.unwrap().world);
        let slots = last_entries(log.as_ref(), &live, &Settings::default()).await;
        assert_eq!(seqs(&slots), [6], "who stood before entry 5 has not what it brought back");
    }

    #[tokio::test]
    async fn of_a_long_log_the_ring_gets_what_it_holds_and_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let reports = PAGE + 100;
        let (log, live) = log(&folder, reports).await;
        let all = last_entries(log.as_ref(), &live, &Settings::default()).await;
        assert_eq!(seqs(&all), (1..=reports + 1).collect::<Vec<_>>());
        let few = Settings { ring_entries: PAGE as usize + 7, ..Settings::default() };
        let held = last_entries(log.as_ref(), &live, &few).await;
        assert_eq!(seqs(&held), seqs(&all)[all.len() - few.ring_entries..]);
        let small = Settings { ring_bytes: all.iter().rev().take(10).map(Slot::size).sum(), ..Settings::default() };
        let held = last_entries(log.as_ref(), &live, &small).await;
        assert_eq!(seqs(&held), seqs(&all)[all.len() - 10..]);
    }
}
