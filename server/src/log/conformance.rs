//! What every backend of the log must do. Each backend runs the whole suite: `conformance!(Its)`.

use super::samples::{
    Midnight, draft, entry, filed, incident_of, office, operation_id, report_id, responsible, status, uuid,
};
use super::{Appended, ContactBook, ContactDetails, Draft, EntryLog, History, LogError};
use crate::audit::{self, Action, Actor, AuditError, By, Filter, Record};
use crate::database::Database;
use crate::database::statement::statement;
use crate::domain::entry::{Body, BodyError, Entry, Seq};
use crate::domain::ids::{EntryId, NodeId, StaffId};
use crate::domain::incident::Status;
use crate::domain::operation::{EVERYDAY, Operation, OperationKind};

/// A place where logs of one backend can be opened.
pub(super) trait Backend {
    type Log: EntryLog;

    /// An empty place; `None` where this machine has none, after saying so.
    fn new() -> Option<Self>
    where
        Self: Sized;
    /// Opens the log there, again if it was closed.
    async fn open(&self) -> Self::Log;
    /// The tables beside it.
    fn database(&self, log: &Self::Log) -> Database;
    /// Closes it.
    async fn close(&self, log: Self::Log);
    /// Marks a stored body as one of a version that no program knows.
    async fn make_body_newer(&self, log: &Self::Log, seq: Seq);
}

fn drafts(numbers: impl IntoIterator<Item = u64>) -> Vec<Draft> {
    numbers.into_iter().map(|number| draft(filed(number))).collect()
}

/// The same id, but other words.
fn with_other_words(number: u64) -> Draft {
    let mut other = filed(number);
    let Body::ReportFiled(report) = &mut other.body else { panic!("a report") };
    let report = std::sync::Arc::make_mut(report);
    report.words = "something else".to_owned();
    draft(other)
}

fn fresh(numbers: impl IntoIterator<Item = Seq>) -> Vec<Appended> {
    numbers.into_iter().map(Appended::Fresh).collect()
}

fn again(seq: Seq, entry: Entry) -> Appended {
    Appended::Again(seq, Box::new(entry))
}

pub(super) async fn numbers_without_gaps<B: Backend>(backend: B) {
    let log = backend.open().await;
    assert_eq!(log.head().await.unwrap(), 0);
    assert_eq!(log.append(&drafts(1..=3)).await.unwrap(), fresh(1..=3));
    assert_eq!(log.append(&drafts(100..=400)).await.unwrap(), fresh(4..=304), "more than one statement's rows");
    assert_eq!(log.append(&drafts([500])).await.unwrap(), fresh([305]));
    assert_eq!(log.append(&[]).await.unwrap(), []);
    assert_eq!(log.head().await.unwrap(), 305);
}

pub(super) async fn reads_pages_in_order<B: Backend>(backend: B) {
    let log = backend.open().await;
    let mut written = drafts(1..=6);
    written.push(draft(status(7, 1, Status::InProgress)));
    log.append(&written).await.unwrap();
    let expected: Vec<(Seq, Entry)> = (1..).zip(written.into_iter().map(|d| d.entry)).collect();
    assert_eq!(log.read(0, 100).await.unwrap(), expected);
    assert_eq!(log.read(2, 3).await.unwrap(), expected[2..5]);
    assert_eq!(log.read(7, 3).await.unwrap(), []);
    assert_eq!(log.read(Seq::MAX, 3).await.unwrap(), []);
}

pub(super) async fn the_same_again_gets_its_number_and_entry<B: Backend>(backend: B) {
    let log = backend.open().await;
    log.append(&drafts(1..=3)).await.unwrap();
    // A repetition is stamped anew on its way in; what counts is the entry that was written.
    let mut repeated = draft(filed(2));
    repeated.entry.hlc = filed(9).hlc;
    let answers = log.append(&[draft(filed(4)), repeated, draft(filed(5))]).await.unwrap();
    assert_eq!(answers, [Appended::Fresh(4), again(2, filed(2)), Appended::Fresh(5)]);
    assert_eq!(log.head().await.unwrap(), 5);
}

pub(super) async fn another_under_a_known_id_is_a_conflict<B: Backend>(backend: B) {
    let log = backend.open().await;
    log.append(&drafts(1..=2)).await.unwrap();
    let answers = log.append(&[with_other_words(1), draft(filed(3))]).await.unwrap();
    assert_eq!(answers, [Appended::Conflict, Appended::Fresh(3)]);
    assert_eq!(log.read(0, 10).await.unwrap()[0], (1, filed(1)), "the first stands");
}

pub(super) async fn a_batch_may_repeat_itself<B: Backend>(backend: B) {
    let log = backend.open().await;
    let batch = [draft(filed(1)), draft(filed(1)), with_other_words(1), draft(filed(2)), draft(filed(1))];
    let answers = log.append(&batch).await.unwrap();
    let expected = [Appended::Fresh(1), again(1, filed(1)), Appended::Conflict, Appended::Fresh(2), again(1, filed(1))];
    assert_eq!(answers, expected);
    assert_eq!(log.read(0, 10).await.unwrap(), [(1, filed(1)), (2, filed(2))]);
}

fn by(reason: &str) -> By {
    let actor = Actor::Staff { id: StaffId(uuid(7)), name: Some("佐藤".to_owned()) };
    By { actor, office: Some(office("07421")), reason: Some(reason.to_owned()) }
}

fn with_contact(number: u64, phone: &str) -> Draft {
    let contact = ContactDetails { name: Some("山田".to_owned()), phone: Some(phone.to_owned()), email: None };
    Draft { contact: Some(contact), ..draft(filed(number)) }
}

pub(super) async fn contact_details_come_with_their_report_alone<B: Backend>(backend: B) {
    let log = backend.open().await;
    let book = ContactBook::new(backend.database(&log));
    log.append(&[draft(filed(1)), with_contact(2, "0242-00-0000")]).await.unwrap();
    // A conflict and a repetition write no details either.
    log.append(&[Draft { contact: with_contact(1, "1").contact, ..with_other_words(1) }]).await.unwrap();
    log.append(&[with_contact(2, "2")]).await.unwrap();
    assert!(book.read(report_id(1), by("a"), &Midnight).await.unwrap().is_none());
    assert!(book.read(report_id(3), by("a"), &Midnight).await.unwrap().is_none(), "unknown report");
    let details = book.read(report_id(2), by("b"), &Midnight).await.unwrap().unwrap();
    assert!(details == with_contact(2, "0242-00-0000").contact.unwrap());
}

pub(super) async fn every_reading_of_contact_details_is_recorded<B: Backend>(backend: B) {
    let log = backend.open().await;
    let book = ContactBook::new(backend.database(&log));
    log.append(&[draft(filed(1)), with_contact(2, "0242-00-0000")]).await.unwrap();
    for (report, reason) in [(1, "there is nothing to read"), (2, "折り返し"), (2, "現地の確認")] {
        book.read(report_id(report), by(reason), &Midnight).await.unwrap();
    }
    let mut records = Vec::new();
    let keep = |record| {
        records.push(record);
        Ok::<(), AuditError>(())
    };
    audit::list(&backend.database(&log), &Filter::default(), keep).await.unwrap();
    let expected = ["折り返し", "現地の確認"].map(|reason| Record {
        at: crate::domain::clock::Clock::now(&Midnight),
        by: by(reason),
        action: Action::ContactRead,
        subject: report_id(2).to_string(),
    });
    assert_eq!(records, expected);
}

pub(super) async fn without_a_record_no_contact_details_are_given<B: Backend>(backend: B) {
    let log = backend.open().await;
    let database = backend.database(&log);
    log.append(&[with_contact(2, "0242-00-0000")]).await.unwrap();
    database.execute(statement("ALTER TABLE audit RENAME TO away")).await.unwrap();
    let refused = ContactBook::new(database).read(report_id(2), by("a"), &Midnight).await;
    assert!(matches!(refused, Err(LogError::Storage(_))));
}

pub(super) async fn reopening_keeps_epoch_and_entries<B: Backend>(backend: B) {
    let log = backend.open().await;
    let epoch = log.epoch();
    log.append(&drafts(1..=3)).await.unwrap();
    let written = log.read(0, 10).await.unwrap();
    backend.close(log).await;
    let log = backend.open().await;
    assert_eq!(log.epoch(), epoch);
    assert_eq!(log.read(0, 10).await.unwrap(), written);
    assert_eq!(log.append(&drafts([2, 4])).await.unwrap(), [again(2, filed(2)), Appended::Fresh(4)]);
}

pub(super) async fn a_body_of_a_newer_program_is_named<B: Backend>(backend: B) {
    let log = backend.open().await;
    log.append(&drafts(1..=2)).await.unwrap();
    backend.make_body_newer(&log, 2).await;
    let error = log.read(0, 10).await.unwrap_err();
    let LogError::Body { seq: 2, cause: BodyError::Unknown { kind, version } } = error else {
        panic!("not the named error: {error:?}");
    };
    assert_eq!((kind.as_str(), version), ("report_filed", 4_000));
    assert_eq!(log.read(0, 1).await.unwrap().len(), 1, "what comes before it can be read");
}

pub(super) async fn an_entry_is_found_by_its_id<B: Backend>(backend: B) {
    let log = backend.open().await;
    let history = History::new(backend.database(&log));
    log.append(&drafts(1..=3)).await.unwrap();
    assert_eq!(history.entry(EntryId(uuid(2))).await.unwrap(), Some((2, filed(2))));
    assert_eq!(history.entry(EntryId(uuid(4))).await.unwrap(), None);
}

pub(super) async fn the_entries_of_an_operation_are_read_alone<B: Backend>(backend: B) {
    let log = backend.open().await;
    let history = History::new(backend.database(&log));
    let of = |number: u64| if number.is_multiple_of(3) { operation_id(5) } else { EVERYDAY };
    let entries: Vec<Entry> = (1..=30).map(|number| Entry { operation: of(number), ..filed(number) }).collect();
    log.append(&entries.iter().cloned().map(draft).collect::<Vec<_>>()).await.unwrap();
    let expected = |numbers: &[u64]| numbers.iter().map(|n| (*n, entries[*n as usize - 1].clone())).collect::<Vec<_>>();
    assert_eq!(history.of_operation(operation_id(5), 3, 12).await.unwrap(), expected(&[6, 9, 12]));
    assert_eq!(history.of_operation(operation_id(5), 12, 12).await.unwrap(), []);
    assert_eq!(history.of_operation(operation_id(5), 29, Seq::MAX).await.unwrap(), expected(&[30]));
    assert_eq!(history.of_operation(operation_id(5), Seq::MAX, Seq::MAX).await.unwrap(), []);
    assert_eq!(history.of_operation(operation_id(6), 0, 30).await.unwrap(), []);
    assert_eq!(history.of_operation(EVERYDAY, 0, 30).await.unwrap().len(), 20);
}

pub(super) async fn what_opens_and_closes_operations_is_read_alone<B: Backend>(backend: B) {
    let log = backend.open().await;
    let history = History::new(backend.database(&log));
    assert_eq!(history.operations().await.unwrap(), []);
    let operation = Operation { id: operation_id(2), kind: OperationKind::Drill, name: "訓練".to_owned() };
    let opened = Entry { operation: operation.id, ..entry(2, Body::OperationOpened(operation)) };
    let closed = Entry { operation: opened.operation, ..entry(4, Body::OperationClosed) };
    let all = [filed(1), opened.clone(), filed(3), closed.clone(), filed(5)];
    log.append(&all.map(draft)).await.unwrap();
    assert_eq!(history.operations().await.unwrap(), [(2, opened), (4, closed)]);
}

pub(super) async fn the_latest_change_of_each_kind_is_the_one_with_the_greatest_stamp<B: Backend>(backend: B) {
    let log = backend.open().await;
    let history = History::new(backend.database(&log));
    let entries = [
        filed(1),
        status(30, 1, Status::Resolved),
        status(20, 1, Status::InProgress),
        responsible(40, 1, "07421"),
        responsible(41, 2, "07423"),
        // Of the same moment: by node, then by id.
        Entry {
            origin: NodeId(uuid(2_000_000)),
            hlc: status(30, 1, Status::Declined).hlc,
            ..status(9, 1, Status::Declined)
        },
    ];
    log.append(&entries.clone().map(draft)).await.unwrap();
    let latest = [(4, entries[3].clone()), (6, entries[5].clone())];
    assert_eq!(history.latest_changes(incident_of(1)).await.unwrap(), latest);
    assert_eq!(history.latest_changes(incident_of(3)).await.unwrap(), []);
}

/// Makes a test of each behaviour for a [`Backend`].
macro_rules! conformance {
    ($backend:ty: $($behaviour:ident)*) => {$(
        #[tokio::test]
        async fn $behaviour() {
            if let Some(backend) = <$backend as $crate::log::conformance::Backend>::new() {
                $crate::log::conformance::$behaviour(backend).await;
            }
        }
    )*};
    ($backend:ty) => {
        $crate::log::conformance::conformance! { $backend:
            numbers_without_gaps
            reads_pages_in_order
            the_same_again_gets_its_number_and_entry
            another_under_a_known_id_is_a_conflict
            a_batch_may_repeat_itself
            contact_details_come_with_their_report_alone
            every_reading_of_contact_details_is_recorded
            without_a_record_no_contact_details_are_given
            reopening_keeps_epoch_and_entries
            a_body_of_a_newer_program_is_named
            an_entry_is_found_by_its_id
            the_entries_of_an_operation_are_read_alone
            what_opens_and_closes_operations_is_read_alone
            the_latest_change_of_each_kind_is_the_one_with_the_greatest_stamp
        }
    };
}
pub(super) use conformance;
