//! The projection against the live world, and what may be read of it.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rstest::rstest;
use sqlx::{Connection, PgConnection, PgPool};

use super::super::PostgresLog;
use super::super::append::{Present, Reports, Written, append_checked, write};
use super::super::drift::Drift;
use super::super::record::Filing;
use super::super::tests::Place;
use super::*;
use crate::domain::entry::{Actor, Body, BodyError, CheckedIn, Entry, Seq};
use crate::domain::ids::{CheckInId, EntryId, MediaId, StaffId};
use crate::domain::incident::Status;
use crate::domain::operation::{Operation, OperationKind};
use crate::domain::place::Place as Ground;
use crate::domain::position::{Evidence, EvidenceSource, Position};
use crate::domain::report::{MediaKind, Medium};
use crate::domain::shelter::ShelterState;
use crate::domain::zone::{ZoneTag, Zones};
use crate::live::check_ins::tests::history;
use crate::live::tests::{any_entries, fold_all};
use crate::live::world::World;
use crate::log::samples::{
    draft, drilled, entry, filed, incident_of, office, operation_id, responsible, sheltered, status, uuid, zone, zones,
};
use crate::log::{ContactDetails, Draft};
use crate::region::Region;

fn word(value: impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}

fn or_none(value: Option<impl ToString>) -> String {
    value.map_or("-".to_owned(), |value| value.to_string())
}

fn is_drill(world: &World, operation: crate::domain::ids::OperationId) -> bool {
    world.operation(operation).is_some_and(|(operation, _)| operation.kind == OperationKind::Drill)
}

/// The classes of the zones, comma-separated.
fn classes(zones: &[std::sync::Arc<ZoneTag>]) -> String {
    zones.iter().map(|tag| tag.class.as_str()).collect::<Vec<_>>().join(",")
}

/// What the projection must say, a line a row.
fn expected(world: &World, entries: &[Entry]) -> BTreeMap<&'static str, Vec<String>> {
    let mut tables = BTreeMap::from([
        ("incident", vec![]),
        ("report", vec![]),
        ("operation", vec![]),
        ("check_in", vec![]),
        ("shelter", vec![]),
    ]);
    let mut add = |table, cells: &[&dyn ToString]| {
        let line = cells.iter().map(|cell| cell.to_string()).collect::<Vec<_>>().join("|");
        tables.entry(table).or_default().push(line);
    };
    for view in world.newest(usize::MAX) {
        let (incident, first) = (view.incident, view.reports[0]);
        let view_zones = view.zones().to_vec();
        let position = first.report.position().unwrap();
        let status_at = incident.status.written().map_or(first.filed_at, |stamp| stamp.hlc.timestamp());
        let danger = view.reports.iter().any(|filed| filed.report.danger_to_life);
        add(
            "incident",
            &[
                &incident.id,
                &first.report.id,
                &view.reports.len(),
                &word(first.report.category),
                &danger,
                &word(*incident.status.get()),
                &status_at.as_millisecond(),
                &or_none(incident.responsible.as_ref()),
                &incident.operation,
                &is_drill(world, incident.operation),
                &first.filed_at.as_millisecond(),
                &classes(view_zones.as_slice()),
                &position.lon(),
                &position.lat(),
            ],
        );
        for filed in view.reports {
            let position = filed.report.position().unwrap();
            add(
                "report",
                &[
                    &filed.report.id,
                    &incident.id,
                    &word(filed.report.category),
                    &filed.report.words,
                    &filed.report.observed_at.as_millisecond(),
                    &filed.filed_at.as_millisecond(),
                    &or_none(filed.office.as_ref()),
                    &filed.operation,
                    &is_drill(world, filed.operation),
                    &or_none(filed.report.place.municipality()),
                    &classes(&filed.report.zones),
                    &position.lon(),
                    &position.lat(),
                ],
            );
        }
    }
    for (operation, open) in world.operations() {
        add("operation", &[&operation.id, &word(operation.kind), &operation.name, &open]);
    }
    for entry in entries {
        let Some((check_in, ended)) = world.check_ins.get(CheckInId(entry.id.0)) else { continue };
        let confirmed = check_in.confirmed.get().as_ref();
        add(
            "check_in",
            &[
                &check_in.id,
                &check_in.staff,
                &check_in.name,
                &check_in.office,
                &check_in.employer,
                &check_in.since().as_millisecond(),
                &or_none(confirmed.map(|confirmed| &confirmed.by)),
                &or_none(confirmed.map(|confirmed| word(confirmed.role))),
                &or_none(ended.map(|(stamp, _)| stamp.hlc.timestamp().as_millisecond())),
                &or_none(ended.map(|(_, reason)| word(reason))),
            ],
        );
    }
    for status in world.shelter_statuses() {
        let at = status.at.as_millisecond();
        let people = or_none(status.people);
        add(
            "shelter",
            &[&status.shelter, &word(status.state), &people, &or_none(status.note), &at, &or_none(status.office)],
        );
    }
    tables.values_mut().for_each(|lines| lines.sort());
    tables
}

/// The classes of the column `zones`.
const CLASSES: &str = "coalesce((SELECT string_agg(tag ->> 'class', ',' ORDER BY at) FROM jsonb_array_elements(zones) \
     WITH ORDINALITY AS _ (tag, at)), '')";

/// What it says.
async fn stored(pool: &PgPool) -> BTreeMap<&'static str, Vec<String>> {
    let mut tables = BTreeMap::new();
    let ms = |column: &str| format!("coalesce((extract(epoch FROM {column}) * 1000)::bigint::text, '-')");
    let truth = |column: &str| format!("CASE WHEN {column} THEN 'true' ELSE 'false' END");
    let incident = format!(
        "id, first_report, reports, category, {}, status, {}, coalesce(responsible, '-'), operation, {}, {}, {}, \
         ST_X(geom), ST_Y(geom)",
        truth("danger_to_life"),
        ms("status_at"),
        truth("drill"),
        ms("filed_at"),
        CLASSES
    );
    let report = format!(
        "id, incident, category, words, {}, {}, coalesce(office, '-'), operation, {}, coalesce(municipality, '-'), {CLASSES}, \
         ST_X(geom), ST_Y(geom)",
        ms("observed_at"),
        ms("filed_at"),
        truth("drill")
    );
    let operation = format!("id, kind, name, {}", truth("open"));
    let check_in = format!(
        "id, staff, name, office, employer, {}, coalesce(confirmed_by, '-'), coalesce(role, '-'), {}, \
         coalesce(end_reason, '-')",
        ms("since"),
        ms("ended_at")
    );
    let shelter = format!(
        "id, state, coalesce(people::text, '-'), coalesce(note, '-'), {}, coalesce(office, '-')",
        ms("state_at")
    );
    for (table, columns, rows) in [
        ("incident", incident, "true"),
        ("report", report, "true"),
        ("operation", operation, "kind IS NOT NULL"),
        ("check_in", check_in, "true"),
        ("shelter", shelter, "state IS NOT NULL"),
    ] {
        let select = format!("SELECT concat_ws('|', {columns}) FROM {table} WHERE {rows}");
        let mut lines: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(select)).fetch_all(pool).await.unwrap();
        lines.sort();
        tables.insert(table, lines);
    }
    tables
}

/// Entries as they may stand in a log, each id once, in an order of arrival, and how many come in a batch.
fn any_log() -> impl Strategy<Value = (Vec<Entry>, usize)> {
    let entries = (any_entries(), history()).prop_map(|(mut entries, (check_ins, _))| {
        // Two entries may file the same report, but they do not have the same id.
        for (number, entry) in (5_000..).zip(&mut entries) {
            entry.id = EntryId(uuid(number));
        }
        entries.extend(check_ins);
        entries
    });
    let word = (0_u64..3, 0..3_usize, 0_u64..4, prop::option::of(0_u32..9), prop::option::of(100_u64..102));
    let entries = (entries, prop::collection::vec(word, 0..8));
    let entries = entries.prop_map(|(mut entries, words)| {
        let states = [ShelterState::Open, ShelterState::Full, ShelterState::Closed];
        entries.extend((9_000..).zip(words).map(|(id, (of, state, at, people, drill))| {
            let word = match drill {
                None => sheltered(id, of, states[state], people),
                Some(drill) => drilled(id, of, drill, states[state]),
            };
            Entry { hlc: sheltered(at, of, states[state], None).hlc, ..word }
        }));
        entries
    });
    (entries.prop_flat_map(|entries| Just(entries).prop_shuffle()), 1..12_usize)
}

#[test]
fn whatever_the_order_of_arrival_the_projection_says_what_the_live_world_says() {
    let Some(place) = Place::new() else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let pool = runtime.block_on(place.pool());
    let config = Config { cases: 60, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&any_log(), |(entries, batch)| {
        runtime.block_on(async {
            let clear = "TRUNCATE entry, contact, report, incident, check_in, operation, shelter";
            sqlx::query(clear).execute(&pool).await.unwrap();
            sqlx::query("SELECT rebuild()").execute(&pool).await.unwrap();
            let drafts: Vec<Draft> = entries.iter().cloned().map(draft).collect();
            let mut connection = pool.acquire().await.unwrap();
            for batch in drafts.chunks(batch) {
                append_checked(&mut connection, batch).await.unwrap();
            }
            drop(connection);
            let expected = expected(&fold_all(&entries), &entries);
            prop_assert_eq!(&stored(&pool).await, &expected);
            sqlx::query("SELECT rebuild()").execute(&pool).await.unwrap();
            prop_assert_eq!(&stored(&pool).await, &expected, "made anew");
            Ok(())
        })
    });
    outcome.unwrap();
    runtime.block_on(pool.close());
}

async fn filled(place: &Place) -> PostgresLog {
    let log = place.open().await;
    let region = Region::built_in().unwrap();
    assert!(log.describe(region.offices(), region.boundaries()).await.unwrap());
    let phone = ContactDetails { phone: Some("0242-00-0000".to_owned()), ..ContactDetails::default() };
    let drafts =
        [draft(filed(1)), Draft { contact: Some(phone), ..draft(filed(2)) }, draft(status(3, 1, Status::InProgress))];
    log.append(&drafts).await.unwrap();
    log
}

#[tokio::test]
async fn a_rebuild_mends_what_was_tampered_with() {
    let Some(place) = Place::new() else { return };
    let log = filled(&place).await;
    let before = stored(&log.readers).await;
    sqlx::query("DELETE FROM report").execute(&log.readers).await.unwrap();
    sqlx::query("UPDATE incident SET status = 'resolved'").execute(&log.readers).await.unwrap();
    assert_eq!(log.rebuild().await.unwrap(), Rebuilt { reports: 2, incidents: 2, check_ins: 0 });
    assert_eq!(stored(&log.readers).await, before);
}

/// What the schema is made of, a line a thing.
async fn catalogue(pool: &PgPool) -> Vec<String> {
    const CATALOGUE: &str = "SELECT concat_ws('|', 'column', c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), \
             a.attnotnull, pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum), obj_description(c.oid)) \
             FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
                 LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum \
             WHERE c.relnamespace = 'sokuho'::regnamespace AND c.relkind IN ('r', 'c') \
         UNION ALL SELECT concat_ws('|', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid)) \
             FROM pg_constraint WHERE connamespace = 'sokuho'::regnamespace \
         UNION ALL SELECT 'index|' || indexdef FROM pg_indexes WHERE schemaname = 'sokuho' \
         UNION ALL SELECT 'function|' || pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'sokuho'::regnamespace \
         UNION ALL SELECT 'trigger|' || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal \
         UNION ALL SELECT concat_ws('|', 'reader', table_name) FROM information_schema.table_privileges \
             WHERE table_schema = 'sokuho' AND grantee = 'sokuho_reader' \
         ORDER BY 1";
    sqlx::query_scalar(CATALOGUE).fetch_all(pool).await.unwrap()
}

#[rstest::rstest]
#[case::one("DROP TABLE report")]
#[case::what_others_refer_to("DROP TABLE incident CASCADE")]
#[case::all("DROP TABLE report, incident, check_in, operation, office, shelter")]
#[tokio::test]
async fn a_rebuild_makes_tables_that_are_gone_as_the_migrations_made_them(#[case] lose: &'static str) {
    let Some(place) = Place::new() else { return };
    let log = filled(&place).await;
    let staff = StaffId(uuid(2_000_001));
    let body = CheckedIn { staff, name: "佐藤".to_owned(), office: office("07421"), employer: office("07202") };
    log.append(&[draft(entry(5, Body::CheckedIn(body)))]).await.unwrap();
    let mut before = vec![catalogue(&log.readers).await];
    for (table, _) in TABLES {
        before.push(rows_of(&log.readers, table).await);
    }
    assert!(before[0].len() > 100, "{}", before[0].len());
    sqlx::raw_sql(lose).execute(&log.readers).await.unwrap();
    assert_eq!(log.rebuild().await.unwrap(), Rebuilt { reports: 2, incidents: 2, check_ins: 1 });
    let region = Region::built_in().unwrap();
    log.describe(region.offices(), region.boundaries()).await.unwrap();
    let mut after = vec![catalogue(&log.readers).await];
    for (table, _) in TABLES {
        after.push(rows_of(&log.readers, table).await);
    }
    assert_eq!(after, before);
    // The node that comes next.
    log.close().await;
    let next = place.open().await;
    next.append(&[draft(filed(9))]).await.unwrap();
    assert_eq!(next.drift().await.unwrap(), []);
}

#[tokio::test]
async fn a_rebuild_takes_no_view_away_that_others_have_made() {
    let Some(place) = Place::new() else { return };
    let log = filled(&place).await;
    sqlx::raw_sql("CREATE VIEW public.mine AS SELECT * FROM incident; DROP TABLE report")
        .execute(&log.readers)
        .await
        .unwrap();
    let refused = log.rebuild().await.unwrap_err();
    let told = crate::database::told::chain(&refused);
    assert!(told.contains("view mine depends on table incident"), "the view is not named: {told}");
    assert_eq!(told.matches("other objects depend").count(), 1, "{told}");
    sqlx::raw_sql("DROP VIEW public.mine").execute(&log.readers).await.unwrap();
    assert_eq!(log.rebuild().await.unwrap().reports, 2);
    sqlx::raw_sql("CREATE VIEW public.mine AS SELECT * FROM incident").execute(&log.readers).await.unwrap();
    assert_eq!(log.rebuild().await.unwrap().reports, 2, "where all tables are there, they stay");
}

#[tokio::test]
async fn what_the_projection_says_otherwise_than_the_log_is_counted_and_named() {
    let Some(place) = Place::new() else { return };
    let log = filled(&place).await;
    let many: Vec<Draft> = (10..40).map(|number| draft(filed(number))).collect();
    log.append(&many).await.unwrap();
    // As `sokuho check` opens it: in a session that writes nothing.
    let location = crate::database::Location::Postgres(place.url().parse().unwrap());
    let crate::database::Database::Postgres(pool) = crate::database::Database::look(&location).await.unwrap() else {
        panic!("PostgreSQL")
    };
    let look = PostgresLog::look(pool, std::path::Path::new("nowhere")).await.unwrap();
    assert_eq!(look.drift().await.unwrap(), []);
    let all = TABLES.map(|(table, _)| table);
    let mut before = Vec::new();
    for table in all {
        before.push(rows_of(&log.readers, table).await);
    }
    assert_eq!(look.drift().await.unwrap(), [], "the first look has left nothing behind");
    for (number, table) in all.into_iter().enumerate() {
        assert_eq!(rows_of(&log.readers, table).await, before[number], "{table}");
    }

    let tamper = "DELETE FROM report WHERE id = (SELECT min(id::text)::uuid FROM report); \
         UPDATE incident SET status = 'resolved'; \
         INSERT INTO operation (id, kind, name) VALUES (gen_random_uuid(), 'drill', '作り話')";
    sqlx::raw_sql(tamper).execute(&log.readers).await.unwrap();
    let drift = look.drift().await.unwrap();
    let told: Vec<_> = drift.iter().map(|one| (one.table, one.rows, one.named.len())).collect();
    assert_eq!(told, [("report", Some(1), 1), ("incident", Some(32), 20), ("operation", Some(1), 1)], "{drift:?}");
    sqlx::query("DROP TABLE check_in").execute(&log.readers).await.unwrap();
    assert_eq!(look.drift().await.unwrap(), [Drift { table: "check_in", rows: None, named: vec![] }]);
    log.rebuild().await.unwrap();
    assert_eq!(look.drift().await.unwrap(), []);
}

#[tokio::test]
async fn a_check_in_lies_where_its_office_is_and_moves_with_it() {
    let Some(place) = Place::new() else { return };
    let log = filled(&place).await;
    let arrival = |number: u64, code: &str| {
        let staff = StaffId(uuid(2_000_000 + number));
        let body = CheckedIn { staff, name: "佐藤".to_owned(), office: office(code), employer: office("07202") };
        draft(entry(number, Body::CheckedIn(body)))
    };
    log.append(&[arrival(5, "07421"), arrival(6, "13101")]).await.unwrap();
    let placed = async || {
        let places = "SELECT c.office || ' ' || coalesce((c.geom = o.geom)::text, 'nowhere') \
             FROM check_in c JOIN office o ON o.code = c.office ORDER BY 1";
        sqlx::query_scalar::<_, String>(places).fetch_all(&log.readers).await.unwrap()
    };
    let expected = ["07421 true", "13101 nowhere"];
    assert_eq!(placed().await, expected);
    sqlx::query("UPDATE office SET geom = ST_SetSRID(ST_MakePoint(1, 1), 4326)").execute(&log.readers).await.unwrap();
    assert_eq!(placed().await[0], "07421 false");
    let region = Region::built_in().unwrap();
    log.describe(region.offices(), region.boundaries()).await.unwrap();
    sqlx::query("UPDATE office SET geom = NULL WHERE code = '13101'").execute(&log.readers).await.unwrap();
    log.describe(region.offices(), region.boundaries()).await.unwrap();
    assert_eq!(placed().await, expected);
    sqlx::query("SELECT rebuild()").execute(&log.readers).await.unwrap();
    assert_eq!(placed().await, expected);
}

#[rstest::rstest]
#[case::version("UPDATE entry SET version = 4000 WHERE seq = 2")]
#[case::kind("UPDATE entry SET kind = 'sighted' WHERE seq = 2")]
#[tokio::test]
async fn a_log_with_a_row_that_this_program_does_not_know_is_not_rebuilt(#[case] foreign: &'static str) {
    let Some(place) = Place::new() else { return };
    let log = filled(&place).await;
    let before = stored(&log.readers).await;
    sqlx::query(foreign).execute(&log.readers).await.unwrap();
    let refused = log.rebuild().await.unwrap_err();
    assert!(matches!(refused, LogError::Body { seq: 2, cause: BodyError::Unknown { .. } }), "{refused:?}");
    assert_eq!(stored(&log.readers).await, before);
}

/// Every row of a table with all its columns.
async fn rows_of(pool: &PgPool, table: &str) -> Vec<String> {
    let select = format!("SELECT t::text FROM {table} t ORDER BY 1");
    sqlx::query_scalar(sqlx::AssertSqlSafe(select)).fetch_all(pool).await.unwrap()
}

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
async fn nobody_rebuilds_while_a_node_writes() {
    let Some(place) = Place::new() else { return };
    let (log, other) = (filled(&place).await, place.open().await);
    assert!(matches!(other.rebuild().await, Err(LogError::InUse { .. })));
    log.close().await;
    assert_eq!(other.rebuild().await.unwrap().reports, 2);
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

#[tokio::test]
async fn an_office_that_the_region_does_not_name_is_there_without_a_name() {
    let Some(place) = Place::new() else { return };
    let log = filled(&place).await;
    let mut foreign = filed(9);
    foreign.office = Some(office("13101"));
    log.append(&[draft(foreign)]).await.unwrap();
    let named: Vec<bool> =
        sqlx::query_scalar("SELECT name IS NOT NULL FROM office WHERE code IN ('07202', '13101') ORDER BY code")
            .fetch_all(&log.readers)
            .await
            .unwrap();
    assert_eq!(named, [true, false]);
}

#[tokio::test]
async fn readers_see_the_projection_and_neither_contact_details_nor_accounts_nor_the_log() {
    let Some(place) = Place::new() else { return };
    let log = filled(&place).await;
    let mut connection = log.readers.acquire().await.unwrap();
    sqlx::query("SET ROLE sokuho_reader").execute(&mut *connection).await.unwrap();
    let all: Vec<String> =
        sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = 'sokuho' ORDER BY 1")
            .fetch_all(&mut *connection)
            .await
            .unwrap();
    let mut readable = Vec::new();
    for table in &all {
        let select = format!("SELECT * FROM sokuho.{table} LIMIT 1");
        if sqlx::query(sqlx::AssertSqlSafe(select)).execute(&mut *connection).await.is_ok() {
            readable.push(table.as_str());
        }
    }
    assert!(all.iter().any(|table| table == "contact") && all.iter().any(|table| table == "entry"), "{all:?}");
    let shown = ["check_in", "hazard_edition", "hazard_zone", "incident", "office", "operation", "report", "shelter"];
    assert_eq!(readable, shown);
    let written = sqlx::query("DELETE FROM sokuho.report").execute(&mut *connection).await;
    assert!(written.is_err(), "they read, and no more");
    connection.detach();
}

#[tokio::test]
async fn every_column_says_in_japanese_what_it_is() {
    let Some(place) = Place::new() else { return };
    let pool = place.pool().await;
    let silent: Vec<String> = sqlx::query_scalar(
        "SELECT c.relname || '.' || a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
         WHERE c.relnamespace = 'sokuho'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped \
             AND c.relname IN ('office', 'operation', 'incident', 'report', 'check_in', 'shelter', 'hazard_edition', \
                 'hazard_zone') \
             AND coalesce(col_description(c.oid, a.attnum), '') !~ '[ぁ-んァ-ヶ一-龠]'",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(silent, Vec::<String>::new());
}

#[tokio::test]
async fn gdal_reads_every_table_as_a_reader() {
    let Some(place) = Place::new() else { return };
    let log = filled(&place).await;
    let staff = StaffId(uuid(2_000_001));
    let body = CheckedIn { staff, name: "佐藤".to_owned(), office: office("07421"), employer: office("07202") };
    log.append(&[draft(entry(5, Body::CheckedIn(body)))]).await.unwrap();
    if std::process::Command::new("ogrinfo").arg("--version").output().is_err() {
        crate::skipped::skipped("gdal-bin is not installed");
        return;
    }
    let run = |program: &str, args: &[&str]| {
        // GDAL knows addresses by this name alone.
        let source = format!("PG:{}", place.url().replacen("postgres://", "postgresql://", 1));
        let args: Vec<&str> = args.iter().map(|arg| if *arg == "SOURCE" { source.as_str() } else { arg }).collect();
        let output = std::process::Command::new(program)
            .args(args)
            .env("PGOPTIONS", "-c role=sokuho_reader -c search_path=sokuho,public")
            .output()
            .unwrap();
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{text}");
        text
    };
    let summary = run("ogrinfo", &["-ro", "-so", "SOURCE", "sokuho.incident"]);
    assert!(summary.contains("Geometry: Point") && summary.contains("Feature Count: 2"), "{summary}");
    assert!(summary.contains("\"WGS 84\""), "{summary}");
    let areas = run("ogrinfo", &["-ro", "-so", "SOURCE", "sokuho.office(area)"]);
    assert!(areas.contains("Geometry: Multi Polygon"), "{areas}");
    let check_ins = run("ogrinfo", &["-ro", "-al", "SOURCE", "sokuho.check_in"]);
    assert!(check_ins.contains("Geometry: Point") && check_ins.contains("Feature Count: 1"), "{check_ins}");
    assert!(check_ins.contains("POINT (139.") && check_ins.contains("佐藤"), "{check_ins}");
    let geojson = run("ogr2ogr", &["-f", "GeoJSON", "/vsistdout/", "SOURCE", "sokuho.report"]);
    let collection: serde_json::Value = serde_json::from_str(&geojson).unwrap();
    let words: Vec<_> = collection["features"].as_array().unwrap().iter().map(|f| &f["properties"]["words"]).collect();
    assert_eq!(words.len(), 2);
    assert!(words.iter().all(|text| text.as_str().is_some_and(|text| text.starts_with("県道"))), "{words:?}");
    assert!(!geojson.contains("0242-00-0000"), "no contact details");
    drop(log);
}

#[tokio::test]
async fn the_list_of_shelters_keeps_its_own_names_and_the_log_says_what_is_true_of_them() {
    let Some(place) = Place::new() else { return };
    let log = filled(&place).await;
    let region = Region::built_in().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let locator = crate::locate::Locator::new(&region);
    let list = crate::shelters::Shelters::in_force(folder.path(), &region, &locator).unwrap();
    log.describe_shelters(list.all(), true).await.unwrap();
    let first = &list.all()[0];
    let of = |number, id, state| {
        let Body::ShelterChanged(mut change) = sheltered(number, 1, state, Some(40)).body else { panic!("a word") };
        change.shelter = id;
        draft(entry(number, Body::ShelterChanged(change)))
    };
    let unlisted = crate::log::samples::shelter_id(7);
    log.append(&[of(70, first.id, ShelterState::Open), of(71, unlisted, ShelterState::Full)]).await.unwrap();
    let rows = async || -> Vec<String> {
        let select = "SELECT concat_ws('|', name, coalesce(state, '-'), people, listed, fit_flood, round(ST_Y(geom)::numeric, 5)) \
             FROM shelter WHERE state IS NOT NULL ORDER BY listed DESC";
        sqlx::query_scalar(select).fetch_all(&log.readers).await.unwrap()
    };
    let fit = first.fit.unwrap().contains(crate::domain::shelter::Danger::Flood);
    let named = format!("{}|open|40|t|{}|{:.5}", first.name, if fit { 't' } else { 'f' }, first.position.lat());
    let expected = [named, "避難所 1|full|40|f".to_owned()];
    assert_eq!(rows().await, expected);
    log.rebuild().await.unwrap();
    assert_eq!(rows().await, expected, "made anew");
    log.describe_shelters(&list.all()[1..], true).await.unwrap();
    assert_eq!(rows().await.len(), 2, "what is no longer listed stays while anything is said of it");
    let counted: i64 =
        sqlx::query_scalar("SELECT count(*) FROM shelter WHERE listed").fetch_one(&log.readers).await.unwrap();
    assert_eq!(counted as usize, list.all().len() - 1);
}
