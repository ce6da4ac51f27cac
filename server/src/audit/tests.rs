//! The audit on both databases.

use std::sync::Mutex;

use jiff::SignedDuration;
use rstest::rstest;

use super::exports::{Exports, ROW_STANDS_FOR};
use super::*;
use crate::database::Location;
use crate::database::scratch::Scratch;
use crate::domain::clock::Clock;

/// What is written under two clocks for two offices.
fn samples() -> Vec<Record> {
    let record = |at: &str, code: &str, reason: &str| Record {
        at: at.parse().unwrap(),
        by: By {
            actor: Actor::Staff { id: StaffId(Uuid::from_u128(5)), name: Some("佐藤".to_owned()) },
            office: Some(code.parse().unwrap()),
            reason: Some(reason.to_owned()),
        },
        action: Action::ContactRead,
        subject: "0190f3a0-0000-7000-8000-000000000001".to_owned(),
    };
    let node = Record { by: By::node(), ..record("2026-07-01T00:00:02Z", "07202", "") };
    vec![
        record("2026-07-01T00:00:00.5Z", "07202", "折り返しの電話\n二行目"),
        record("2026-07-01T00:00:01Z", "07421", "現地の確認"),
        node,
    ]
}

enum On {
    Sqlite,
    Postgres,
}

/// The database, and what it lies in.
async fn database(on: On) -> Option<(Database, (tempfile::TempDir, Option<Scratch>))> {
    let folder = tempfile::tempdir().unwrap();
    let (location, scratch) = match on {
        On::Sqlite => (Location::File(folder.path().join("sokuho.sqlite")), None),
        On::Postgres => {
            let scratch = Scratch::new()?;
            (scratch.location(), Some(scratch))
        }
    };
    Some((Database::open(&location).await.unwrap(), (folder, scratch)))
}

async fn listed(database: &Database, filter: Filter) -> Vec<Record> {
    let mut records = Vec::new();
    let keep = |record| {
        records.push(record);
        Ok::<(), AuditError>(())
    };
    list(database, &filter, keep).await.unwrap();
    records
}

#[rstest]
#[tokio::test]
async fn what_was_recorded_is_listed_in_order_by_time_and_by_office(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some((database, _place)) = database(on).await else { return };
    let samples = samples();
    for sample in &samples {
        record(&database, sample).await.unwrap();
    }
    assert_eq!(listed(&database, Filter::default()).await, samples);
    let since = Some(samples[1].at);
    assert_eq!(listed(&database, Filter { since, office: None }).await, samples[1..]);
    let office = samples[0].by.office.clone();
    assert_eq!(listed(&database, Filter { since: None, office: office.clone() }).await, samples[..1]);
    assert_eq!(listed(&database, Filter { since, office }).await, []);
}

#[rstest]
#[tokio::test]
async fn more_rows_than_fit_into_a_page_are_all_listed(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some((database, _place)) = database(on).await else { return };
    let mut transaction = database.write().await.unwrap();
    let sample = &samples()[0];
    for number in 0..=PAGE {
        let numbered = Record { subject: number.to_string(), ..sample.clone() };
        write(&mut transaction, &numbered).await.unwrap();
    }
    transaction.commit().await.unwrap();
    let subjects: Vec<String> = listed(&database, Filter::default()).await.into_iter().map(|r| r.subject).collect();
    assert_eq!(subjects, (0..=PAGE).map(|number| number.to_string()).collect::<Vec<_>>());
}

#[rstest]
#[tokio::test]
async fn no_row_is_ever_changed_or_removed(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some((database, _place)) = database(on).await else { return };
    record(&database, &samples()[0]).await.unwrap();
    for attempt in ["UPDATE audit SET reason = 'another'", "DELETE FROM audit"] {
        let refused = database.execute(statement(attempt)).await.unwrap_err().to_string();
        assert!(refused.contains("the audit is never changed"), "{refused}");
    }
    assert_eq!(listed(&database, Filter::default()).await, samples()[..1]);
}

/// A clock that goes when it is told to.
struct Hand(Mutex<Timestamp>);

impl Hand {
    fn moves(&self, by: SignedDuration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

fn hand() -> Hand {
    Hand(Mutex::new("2026-07-01T00:00:00Z".parse().unwrap()))
}

fn wall(office: &str) -> By {
    By { actor: Actor::Wall { token: Uuid::from_u128(7) }, office: Some(office.parse().unwrap()), reason: None }
}

#[rstest]
#[tokio::test]
async fn a_row_an_hour_tells_who_takes_what_out_for_which_office(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some((database, _place)) = database(on).await else { return };
    let (exports, clock) = (Exports::new(database.clone()), hand());
    let staff = By { reason: None, ..samples()[0].by.clone() };
    let takers = [(&staff, "reports"), (&staff, "incidents"), (&wall("07202"), "reports"), (&wall("07421"), "reports")];
    // A map that is open for two hours asks every twenty minutes; the last time before the third hour begins.
    let asked = 2 * ROW_STANDS_FOR.as_mins() / 20;
    for time in 0..asked {
        if time > 0 {
            clock.moves(SignedDuration::from_mins(20));
        }
        for (by, subject) in takers {
            exports.record(by.clone(), subject, &clock).await.unwrap();
        }
    }
    let first = hand().now();
    let expected = [first, first + ROW_STANDS_FOR].into_iter().flat_map(|at| {
        let row = move |(by, subject): (&By, &str)| Record {
            at,
            by: by.clone(),
            action: Action::Exported,
            subject: subject.to_owned(),
        };
        takers.map(row)
    });
    assert_eq!(listed(&database, Filter::default()).await, expected.collect::<Vec<_>>());
    clock.moves(-ROW_STANDS_FOR);
    exports.record(staff.clone(), "reports", &clock).await.unwrap();
    assert_eq!(listed(&database, Filter::default()).await.len(), 9, "the clock was set back");
}

#[rstest]
#[tokio::test]
async fn what_is_taken_out_many_times_at_once_leaves_one_row(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some((database, _place)) = database(on).await else { return };
    let (exports, clock) = (Exports::new(database.clone()), hand());
    let asked = (0..16).map(|_| exports.record(wall("07202"), "reports", &clock));
    for recorded in futures_util::future::join_all(asked).await {
        recorded.unwrap();
    }
    assert_eq!(listed(&database, Filter::default()).await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn an_export_that_cannot_be_recorded_is_refused_until_it_can_be(#[values(On::Sqlite, On::Postgres)] on: On) {
    let Some((database, _place)) = database(on).await else { return };
    let (exports, clock) = (Exports::new(database.clone()), hand());
    database.execute(statement("ALTER TABLE audit RENAME TO away")).await.unwrap();
    for _ in 0..2 {
        exports.record(wall("07202"), "reports", &clock).await.unwrap_err();
    }
    database.execute(statement("ALTER TABLE away RENAME TO audit")).await.unwrap();
    exports.record(wall("07202"), "reports", &clock).await.unwrap();
    assert_eq!(listed(&database, Filter::default()).await.len(), 1);
}

#[tokio::test]
async fn readings_that_an_older_program_recorded_are_taken_over() {
    use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
    let options = SqliteConnectOptions::new().filename(":memory:").foreign_keys(true);
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    let migrations = sqlx::migrate!("migrations/sqlite");
    for migration in migrations.iter().filter(|migration| migration.version < 3) {
        sqlx::raw_sql(migration.sql.clone()).execute(&pool).await.unwrap();
    }
    sqlx::raw_sql(
        "INSERT INTO entry VALUES (1, x'0190f3a0000070008000000000000001', zeroblob(32), zeroblob(16), 0, '{}', NULL, \
             zeroblob(16), 'k', 1, '{}');
         INSERT INTO account VALUES ('00000000-0000-0000-0000-000000000005', 'sato', '佐藤', '', '07202', NULL, 'field', \
             0, 0);
         INSERT INTO contact_reading VALUES
             (1, x'0190f3a0000070008000000000000001', x'00000000000000000000000000000005', '07202',
                 '2026-07-01T00:00:00.5Z'),
             (2, x'0190f3a0000070008000000000000001', x'000000000000000000000000000000ff', '07421',
                 '2026-07-01T00:00:01.123456789Z');",
    )
    .execute(&pool)
    .await
    .unwrap();
    let migration = migrations.iter().find(|migration| migration.version == 3).unwrap();
    sqlx::raw_sql(migration.sql.clone()).execute(&pool).await.unwrap();
    let without_reason = |record: &Record, staff: u128, name: Option<&str>, at: &str| Record {
        at: at.parse().unwrap(),
        by: By {
            actor: Actor::Staff { id: StaffId(Uuid::from_u128(staff)), name: name.map(str::to_owned) },
            reason: None,
            ..record.by.clone()
        },
        ..record.clone()
    };
    let expected = [
        without_reason(&samples()[0], 5, Some("佐藤"), "2026-07-01T00:00:00.5Z"),
        without_reason(&samples()[1], 255, None, "2026-07-01T00:00:01.123Z"),
    ];
    assert_eq!(listed(&Database::Sqlite(pool), Filter::default()).await, expected);
}

#[tokio::test]
async fn the_readers_of_the_projection_see_neither_audit_nor_accounts_nor_contact_details() {
    let Some((database, _place)) = database(On::Postgres).await else { return };
    let admitted = database.row(statement("SELECT admit_readers() AS admitted")).await.unwrap().unwrap();
    assert!(admitted.get::<bool>("admitted").unwrap());
    let seen = database.rows(statement(
        "SELECT relname::text AS name FROM pg_class WHERE relnamespace = 'sokuho'::regnamespace AND relkind = 'r' \
         AND has_table_privilege('sokuho_reader', oid, 'SELECT') ORDER BY relname",
    ));
    let seen: Vec<String> = seen.await.unwrap().iter().map(|row| row.get("name").unwrap()).collect();
    assert!(seen.contains(&"report".to_owned()), "{seen:?}");
    for secret in ["account", "audit", "contact", "identity_version", "refresh_token", "session", "wall_token"] {
        assert!(!seen.contains(&secret.to_owned()), "{secret} is open to readers");
    }
}

#[test]
fn a_line_for_a_person_stays_one_line() {
    let lines: Vec<String> = samples().iter().map(ToString::to_string).collect();
    assert_eq!(
        lines[0],
        "2026-07-01T00:00:00.500Z  07202  contact_read 0190f3a0-0000-7000-8000-000000000001  by staff \"佐藤\" \
         00000000-0000-0000-0000-000000000005: \"折り返しの電話\\n二行目\""
    );
    assert!(lines[2].ends_with("  -  contact_read 0190f3a0-0000-7000-8000-000000000001  by node"), "{}", lines[2]);
}
