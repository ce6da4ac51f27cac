//! The rows that the node sends with its entries.

use rstest::rstest;
use sqlx::PgConnection;

use super::super::super::append::{Present, Reports, Written, write};
use super::super::super::record::Filing;
use super::*;
use crate::domain::entry::{Actor, Body, CheckedIn, Seq};
use crate::domain::ids::{MediaId, StaffId};
use crate::domain::operation::Operation;
use crate::domain::place::Place as Ground;
use crate::domain::position::{Evidence, EvidenceSource, Position};
use crate::domain::report::{MediaKind, Medium};
use crate::domain::zone::Zones;
use crate::log::samples::{incident_of, operation_id, zone};

/// Reports that differ in all that a row of the projection says.
fn all_kinds_of_reports() -> Vec<Entry> {
    let mut entries: Vec<Entry> = (1..=12).map(filed).collect();
    for (number, entry) in entries.iter_mut().enumerate() {
        entry.actor = match number % 3 {
            0 => Actor::Resident,
            1 => Actor::System,
            _ => entry.actor.clone(),
        };
        if number % 3 != 2 {
            entry.office = None;
        }
        if number % 4 == 3 {
            entry.operation = operation_id(if number < 6 { 100 } else { 101 });
        }
        let Body::ReportFiled(report) = &mut entry.body else { panic!("a report") };
        let report = std::sync::Arc::make_mut(report);
        report.danger_to_life = number % 2 == 0;
        report.zones = Zones::of(["1", "2"].into_iter().take(number % 3).map(zone));
        report.place = match number % 3 {
            0 => Ground::Inside { municipality: office("07405") },
            1 => Ground::OnBorder { municipality: office("07407"), others: [office("07408")].into() },
            _ => Ground::Outside { nearest: office("07367"), distance_m: 12.5 },
        };
        let witness = &mut report.evidence[0];
        witness.source =
            [EvidenceSource::Device, EvidenceSource::Media, EvidenceSource::Pin, EvidenceSource::Typed][number % 4];
        witness.accuracy_m = (number % 2 == 1).then_some(0.1 + number as f64 / 3.0);
        let other = Evidence { position: Position::new(36.1, 138.2).unwrap(), ..witness.clone() };
        if number % 5 == 4 {
            report.evidence = [other, witness.clone()].into();
            report.chosen = 1;
        }
        let medium = Medium { id: MediaId::from_sha256([7; 32]), kind: MediaKind::Jpeg, size: 9, thumbnail: true };
        report.media = vec![medium; number % 3].into();
    }
    // Times as few clocks tell them: fractions at which rounding turns, and years at the ends of the calendar.
    let times = [
        "2026-11-22T00:00:00.1234565Z",
        "2026-11-22T00:00:00.0000005Z",
        "2026-11-22T00:00:00.0000015Z",
        "2026-11-22T00:00:00.999999999Z",
        "1969-12-31T23:59:59.0000025Z",
        "1970-01-01T00:00:00.9999995Z",
        "0001-01-01T00:00:00.000001Z",
        "0000-12-31T23:59:59.999999999Z",
        "-009999-12-01T00:00:00Z",
        "9999-12-01T00:00:00.1234575Z",
        "1999-12-31T23:59:59.9999994Z",
    ];
    for (entry, time) in entries.iter_mut().zip(times) {
        let Body::ReportFiled(report) = &mut entry.body else { panic!("a report") };
        std::sync::Arc::make_mut(report).observed_at = time.parse().unwrap();
    }
    entries
}

#[rstest]
#[case::of_people_who_come_with_it(false)]
#[case::of_people_who_are_there(true)]
#[tokio::test]
async fn a_report_that_the_node_sends_is_the_row_that_a_rebuild_makes_of_it(#[case] are_there: bool) {
    let Some(place) = Place::new() else { return };
    let pool = place.pool().await;
    let mut connection = pool.acquire().await.unwrap();
    let drill = Operation { id: operation_id(100), kind: OperationKind::Drill, name: "訓練".to_owned() };
    let opened = [draft(entry(50, Body::OperationOpened(drill)))];
    append_checked(&mut connection, &opened).await.unwrap();
    let drafts: Vec<Draft> = all_kinds_of_reports().into_iter().map(draft).collect();
    let rows: Vec<(Seq, &Draft)> = (2..).zip(&drafts).collect();
    let mut present = Present::default();
    if are_there {
        present = bring(&mut connection, &rows).await;
    }
    let written = write(&mut connection, &rows, Reports::Sent, &mut present).await.unwrap();
    assert!(matches!(written, Written::Yes), "{written:?}");
    let mut before = Vec::new();
    for table in ["report", "incident", "operation"] {
        before.push(rows_of(&pool, table).await);
    }
    assert_eq!((before[0].len(), before[1].len(), before[2].len()), (12, 12, 3));
    sqlx::query("SELECT rebuild()").execute(&mut *connection).await.unwrap();
    for (table, before) in ["report", "incident", "operation"].into_iter().zip(before) {
        assert_eq!(rows_of(&pool, table).await, before, "{table}");
    }
    let unknown: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM report r WHERE \
         r.office IS NOT NULL AND NOT EXISTS (SELECT FROM office WHERE code = r.office) OR \
         r.municipality IS NOT NULL AND NOT EXISTS (SELECT FROM office WHERE code = r.municipality) OR \
         NOT EXISTS (SELECT FROM operation WHERE id = r.operation)",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(unknown, 0, "what a report names is there");
}

/// Makes the rows of everybody whom the reports name.
async fn bring(connection: &mut PgConnection, rows: &[(Seq, &Draft)]) -> Present {
    let mut transaction = connection.begin().await.unwrap();
    write(&mut transaction, rows, Reports::Sent, &mut Present::default()).await.unwrap();
    for statement in ["DELETE FROM report", "DELETE FROM incident", "DELETE FROM entry WHERE seq > 1"] {
        sqlx::query(statement).execute(&mut *transaction).await.unwrap();
    }
    transaction.commit().await.unwrap();
    let mut present = Present::default();
    let filings: Vec<_> = rows.iter().filter_map(|(seq, draft)| Filing::of(*seq, &draft.entry)).collect();
    present.learn(&filings);
    present
}

#[tokio::test]
async fn reports_that_do_not_open_their_incidents_are_refused_whole_and_then_projected_from_the_log() {
    let Some(place) = Place::new() else { return };
    let log = place.open().await;
    // Another entry that files report 1; another report of its incident; an incident of which a change was heard.
    let again = Entry { id: EntryId(uuid(91)), ..filed(1) };
    let mut of_the_same = filed(2);
    let Body::ReportFiled(report) = &mut of_the_same.body else { panic!("a report") };
    std::sync::Arc::make_mut(report).incident = incident_of(1);
    let early = [status(80, 3, Status::InProgress), responsible(81, 4, "07421"), zones(82, 5, &["3"])].map(draft);
    let first = [draft(filed(1)), early[0].clone(), early[1].clone(), early[2].clone()];
    log.append(&first).await.unwrap();
    let mut written: Vec<Draft> = first.to_vec();
    for entry in [again, of_the_same, filed(3), filed(4), filed(5)] {
        let mut connection = log.readers.acquire().await.unwrap();
        let batch = [draft(filed(entry.id.0.as_u128() as u64 % 1_000 + 1_000)), draft(entry)];
        let head = log.head().await.unwrap();
        let rows: Vec<(Seq, &Draft)> = (head + 1..).zip(&batch).collect();
        let refused = write(&mut connection, &rows, Reports::Sent, &mut Present::default()).await.unwrap();
        assert!(matches!(refused, Written::Refused(_)), "{refused:?}");
        assert_eq!(log.head().await.unwrap(), head, "nothing is written");
        drop(connection);
        log.append(&batch).await.unwrap();
        written.extend(batch);
        let entries: Vec<Entry> = written.iter().map(|draft| draft.entry.clone()).collect();
        assert_eq!(stored(&log.readers).await, expected(&fold_all(&entries), &entries));
    }
}

#[tokio::test]
async fn a_batch_of_reports_and_other_entries_is_written_with_its_projection_or_not_at_all() {
    let Some(place) = Place::new() else { return };
    let log = place.open().await;
    let staff = StaffId(uuid(2_000_001));
    let arrival = |name: &str| {
        let body = CheckedIn { staff, name: name.to_owned(), office: office("07421"), employer: office("07202") };
        draft(entry(5, Body::CheckedIn(body)))
    };
    // The log would take this name, the projection does not.
    let bad = [draft(filed(1)), draft(filed(2)), arrival("a\0b"), draft(filed(3))];
    assert!(log.append(&bad).await.is_err());
    for table in ["entry", "report", "incident", "check_in"] {
        assert_eq!(rows_of(&log.readers, table).await, Vec::<String>::new());
    }
    let good = [draft(filed(1)), draft(status(7, 1, Status::Resolved)), arrival("佐藤"), draft(filed(3))];
    log.append(&good).await.unwrap();
    let entries: Vec<Entry> = good.iter().map(|draft| draft.entry.clone()).collect();
    assert_eq!(stored(&log.readers).await, expected(&fold_all(&entries), &entries));
}

#[tokio::test]
async fn a_report_from_a_year_that_is_none_here_is_projected_without_it() {
    let Some(place) = Place::new() else { return };
    let log = place.open().await;
    for (number, year) in [(1, "-009999-12-01T00:00:00Z"), (2, "0000-01-01T00:00:00Z"), (3, "9999-12-01T00:00:00Z")] {
        let mut entry = filed(number);
        let Body::ReportFiled(report) = &mut entry.body else { panic!("a report") };
        let report = std::sync::Arc::make_mut(report);
        report.observed_at = year.parse().unwrap();
        log.append(&[draft(entry)]).await.unwrap();
    }
    let told: Vec<bool> = sqlx::query_scalar("SELECT observed_at IS NOT NULL FROM report ORDER BY entry")
        .fetch_all(&log.readers)
        .await
        .unwrap();
    assert_eq!(told, [false, false, true]);
}
