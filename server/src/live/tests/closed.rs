//! Operations that are closed, and opened again.

use super::*;

/// Of this operation.
fn within(of: u64, entry: Entry) -> Entry {
    Entry { operation: operation_id(of), ..entry }
}

fn opened(number: u64, of: u64) -> Entry {
    within(of, entry(number, Body::OperationOpened(named(of))))
}

#[test]
fn a_closed_operation_gives_its_memory_back_and_comes_back_whole() {
    let mut life = Life::default();
    life.take(&opened(5, 5));
    (10..20).for_each(|number| life.take(&within(5, filed(number))));
    (20..40).for_each(|number| life.take(&filed(number)));
    life.take(&within(5, status(40, 12, Status::Resolved)));
    let before = picture(&life.world);
    life.take(&within(5, entry(50, Body::OperationClosed)));
    assert_eq!(life.world.incidents.operations_held(), [EVERYDAY]);
    assert_eq!((life.world.incidents.len(), life.world.incident_count(), life.world.report_count()), (20, 20, 20));
    assert!(life.world.incident(incident_of(12)).is_none() && life.world.report(report_id(12)).is_none());
    assert!(!life.world.has_seen_change(EntryId(uuid(40))));
    life.world.check_index();
    // What comes late waits in the log.
    life.take(&within(5, status(60, 13, Status::InProgress)));
    life.take(&within(5, filed(61)));
    assert_eq!(life.world.incidents.operations_held(), [EVERYDAY]);
    assert_eq!(life.world.span(operation_id(5)), Some((1, 35)));
    life.take(&opened(70, 5));
    assert_eq!(life.world.incident_count(), 31);
    assert_eq!(*life.world.incident(incident_of(13)).unwrap().incident.status.get(), Status::InProgress);
    life.world.check_index();
    let mut after = picture(&life.world);
    after.incidents.retain(|incident| ![incident_of(13).0, incident_of(61).0].contains(&incident.id));
    let same: Vec<_> = before.incidents.into_iter().filter(|incident| incident.id != incident_of(13).0).collect();
    assert_eq!(after.incidents, same);
}

#[test]
fn an_operation_larger_than_all_others_leaves_and_comes_back() {
    let mut life = Life::default();
    life.take(&opened(5, 5));
    life.take(&filed(6));
    (10..200).for_each(|number| life.take(&within(5, filed(number))));
    life.take(&within(5, entry(300, Body::OperationClosed)));
    life.world.check_index();
    assert_eq!(life.world.newest(9).len(), 1);
    life.take(&opened(301, 5));
    life.world.check_index();
    assert_eq!(life.world.incident_count(), 191);
}

#[test]
fn an_earlier_closing_that_arrives_late_closes_nothing_that_was_opened_since() {
    let mut life = Life::default();
    life.take(&opened(5, 5));
    life.take(&within(5, filed(6)));
    life.take(&opened(20, 5));
    life.take(&within(5, entry(10, Body::OperationClosed)));
    assert!(life.world.incident(incident_of(6)).is_some());
    life.take(&within(5, entry(30, Body::OperationClosed)));
    life.take(&opened(25, 5));
    assert!(life.world.incident(incident_of(6)).is_none(), "opened before it was closed");
}

#[test]
fn media_of_a_closed_operation_are_still_named() {
    let id = |byte| MediaId::from_sha256([byte; 32]);
    let mut report_entry = filed(1);
    let Body::ReportFiled(report) = &mut report_entry.body else { panic!("a report") };
    let report = std::sync::Arc::make_mut(report);
    report.media = [Medium { id: id(7), kind: MediaKind::Jpeg, size: 9, thumbnail: true }].into();
    let mut world = World::default();
    world.foresee(&within(5, entry(9, Body::OperationClosed)));
    world.apply(1, &within(5, report_entry));
    assert_eq!(world.incidents.len(), 0);
    assert!(world.names_media(&id(7)), "nobody sweeps it away");
}
