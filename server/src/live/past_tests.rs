use super::*;
use crate::domain::incident::Status;
use crate::domain::operation::{EVERYDAY, Operation, OperationKind};
use crate::live::replay::replay;
use crate::log::backend::Log;
use crate::log::samples::{
    draft, entry, filed, incident_of, operation_id, report_id, responsible, sqlite_log_and_history, status, time,
};
use crate::log::{Draft, EntryLog};

struct Rig {
    past: Past,
    history: History,
    log: Arc<Log>,
    _folder: tempfile::TempDir,
}

/// A world that was replayed from these entries.
async fn rig(entries: &[Entry]) -> Rig {
    let folder = tempfile::tempdir().unwrap();
    let (log, history) = sqlite_log_and_history(&folder).await;
    let log = Arc::new(log);
    for batch in entries.chunks(256) {
        log.append(&batch.iter().cloned().map(draft).collect::<Vec<Draft>>()).await.unwrap();
    }
    let operations = history.operations().await.unwrap();
    let live = Arc::new(Live::new(replay(&log, &operations).await.unwrap().world));
    Rig { past: Past::new(history.clone(), live), history, log, _folder: folder }
}

fn drill() -> Operation {
    Operation { id: operation_id(1), kind: OperationKind::Drill, name: "総合防災訓練".to_owned() }
}

fn of_drill(entry: Entry) -> Entry {
    Entry { operation: drill().id, ..entry }
}

/// 1 opens, 2 to 4 are reports, 5 a status, 6 everyday care's, 7 hands over, 8 closes, 9 comes late.
fn story() -> Vec<Entry> {
    vec![
        of_drill(entry(1, Body::OperationOpened(drill()))),
        of_drill(filed(2)),
        of_drill(filed(3)),
        of_drill(filed(4)),
        of_drill(status(5, 3, Status::InProgress)),
        filed(6),
        of_drill(responsible(7, 3, "07421")),
        of_drill(entry(8, Body::OperationClosed)),
        of_drill(status(9, 3, Status::Resolved)),
    ]
}

async fn then(rig: &Rig, operation: OperationId, moment: Moment) -> Then {
    rig.past.operation(operation, moment).await.unwrap()
}

fn seen(then: &Then) -> Vec<(IncidentId, Status)> {
    then.world.newest(99).iter().map(|view| (view.incident.id, *view.incident.status.get())).collect()
}

#[tokio::test]
async fn an_operation_is_to_be_had_as_it_was_after_each_of_its_entries() {
    let rig = rig(&story()).await;
    assert!(rig.past.live.read().newest(99).iter().all(|view| view.incident.operation == EVERYDAY), "it is closed");
    let received = |number| (incident_of(number), Status::Received);
    let at = |at| Moment { at: Some(at), ..Moment::default() };
    assert_eq!(seen(&then(&rig, drill().id, at(0)).await), []);
    assert_eq!(seen(&then(&rig, drill().id, at(2)).await), [received(2)]);
    assert_eq!(seen(&then(&rig, drill().id, at(4)).await), [received(4), received(3), received(2)]);
    for (number, status) in [(5, Status::InProgress), (8, Status::InProgress), (9, Status::Resolved)] {
        let then = then(&rig, drill().id, at(number)).await;
        assert_eq!(seen(&then), [received(4), (incident_of(3), status), received(2)], "{number}");
        assert_eq!((then.at, then.as_of), (number, Some(time(number.cast_signed()))));
    }
    let now = then(&rig, drill().id, Moment::default()).await;
    assert_eq!((now.at, now.world.operation(drill().id)), (9, Some((&drill(), false))));
    let everyday = then(&rig, EVERYDAY, Moment::default()).await;
    assert_eq!(seen(&everyday), [received(6)]);
    assert_eq!(then(&rig, drill().id, at(0)).await.world.operation(drill().id), None, "it had not begun");
}

#[tokio::test]
async fn an_operation_is_to_be_had_as_it_was_at_a_time() {
    let rig = rig(&story()).await;
    let by = |ms| Moment { by: Some(time(ms)), ..Moment::default() };
    assert_eq!(seen(&then(&rig, drill().id, by(2)).await).len(), 1);
    let then = then(&rig, drill().id, by(7)).await;
    assert_eq!((then.as_of, seen(&then)[1].1), (Some(time(7)), Status::InProgress));
}

#[tokio::test]
async fn the_entry_that_a_time_is_answered_with_leads_to_the_same_world() {
    let rig = rig(&story()).await;
    for (ms, expected) in [(0, 0), (1, 1), (2, 2), (5, 5), (6, 5), (7, 7), (8, 8), (9, 9), (1_000, 9)] {
        let by_time = then(&rig, drill().id, Moment { by: Some(time(ms)), ..Moment::default() }).await;
        assert_eq!(by_time.at, expected, "{ms} ms");
        let again = then(&rig, drill().id, Moment { at: Some(by_time.at), ..Moment::default() }).await;
        assert_eq!((seen(&again), again.as_of, again.at), (seen(&by_time), by_time.as_of, by_time.at), "{ms} ms");
        assert_eq!(again.world.operation(drill().id), by_time.world.operation(drill().id), "{ms} ms");
    }
}

#[tokio::test]
async fn one_incidents_history_is_its_entries_each_with_the_incident_after_it() {
    let rig = rig(&story()).await;
    let moment = Moment { incident: Some(incident_of(3)), ..Moment::default() };
    let told = then(&rig, drill().id, moment).await;
    let after = |entry: &OfficeEntry| {
        let incident = entry.incident.as_ref().unwrap();
        (entry.seq, incident.status, incident.responsible.clone().unwrap())
    };
    let expected = [
        (3, Status::Received, "07202"),
        (5, Status::InProgress, "07202"),
        (7, Status::InProgress, "07421"),
        (9, Status::Resolved, "07421"),
    ];
    let expected = expected.map(|(seq, status, office)| (seq, status, office.to_owned()));
    assert_eq!(told.entries.iter().map(after).collect::<Vec<_>>(), expected);
    assert_eq!((seen(&told), told.omitted), (vec![(incident_of(3), Status::Resolved)], 0));
    let nobody = Moment { incident: Some(incident_of(99)), ..Moment::default() };
    assert!(then(&rig, drill().id, nobody).await.entries.is_empty());
}

#[tokio::test]
async fn of_a_long_history_the_latest_entries_are_listed_and_the_others_counted() {
    let many = 3 * MOST_ENTRIES as u64;
    let statuses = (0..many).map(|n| status(10 + n, 3, if n % 2 == 0 { Status::Resolved } else { Status::Received }));
    let rig = rig(&std::iter::once(filed(3)).chain(statuses).collect::<Vec<_>>()).await;
    let moment = Moment { incident: Some(incident_of(3)), ..Moment::default() };
    let told = then(&rig, EVERYDAY, moment).await;
    assert_eq!((told.entries.len(), told.omitted), (MOST_ENTRIES, many + 1 - MOST_ENTRIES as u64));
    assert_eq!(told.entries.back().unwrap().seq, many + 1);
}

#[tokio::test]
async fn an_operation_of_several_stretches_is_read_whole() {
    let many = 2 * STRETCH + 100;
    let entries = (1..=many).map(|n| if n % 7 == 0 { of_drill(filed(n)) } else { filed(n) });
    let rig = rig(&entries.collect::<Vec<_>>()).await;
    let whole = whole(&rig.history, drill().id, (1, many)).await.unwrap();
    assert_eq!(whole.incidents.len() as u64, many / 7);
    assert_eq!(then(&rig, EVERYDAY, Moment::default()).await.world.incident_count() as u64, many - many / 7);
}

#[tokio::test]
async fn a_single_report_of_a_closed_operation_is_found_with_what_became_of_it() {
    let rig = rig(&story()).await;
    let world = rig.past.report(report_id(3)).await.unwrap().unwrap();
    let view = world.incident(incident_of(3)).unwrap();
    assert_eq!(*view.incident.status.get(), Status::Resolved);
    assert_eq!(view.incident.responsible.as_ref().unwrap().as_str(), "07421");
    assert_eq!(world.report(report_id(3)).unwrap().operation, drill().id);
    assert!(rig.past.report(report_id(5)).await.unwrap().is_none(), "that is a change of a status");
    assert!(rig.past.report(report_id(77)).await.unwrap().is_none());
}

#[tokio::test]
async fn what_is_not_there_or_yet_to_come_is_refused() {
    let rig = rig(&story()).await;
    let ask = |operation, at| rig.past.operation(operation, Moment { at, ..Moment::default() });
    assert!(matches!(ask(operation_id(7), None).await, Err(PastError::UnknownOperation)));
    assert!(matches!(ask(drill().id, Some(10)).await, Err(PastError::AheadOfLog(9))));
}

#[tokio::test]
async fn who_comes_when_all_places_are_taken_is_refused_and_who_waits_too_long_is_told() {
    let rig = rig(&story()).await;
    let ask = || rig.past.operation(drill().id, Moment::default());
    tokio::time::pause();
    let turns = rig.past.turns.acquire_many(AT_ONCE as u32).await.unwrap();
    let waiting = futures_util::future::join_all((0..PLACES + 3).map(|_| ask())).await;
    let busy = waiting.iter().filter(|answer| matches!(answer, Err(PastError::Busy))).count();
    let slow = waiting.iter().filter(|answer| matches!(answer, Err(PastError::TooSlow))).count();
    assert_eq!((busy, slow), (3, PLACES));
    drop((turns, waiting));
    tokio::time::resume();
    assert_eq!(seen(&ask().await.unwrap()).len(), 3, "their places are free again");
    drop(rig.log);
}
