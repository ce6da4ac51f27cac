//! The projection against the live world, and what may be read of it.

mod readers;
mod rebuild;
mod sent;

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sqlx::{Connection, PgPool};

use super::super::PostgresLog;
use super::super::append::append_checked;
use super::super::tests::Place;
use super::*;
use crate::domain::entry::Entry;
use crate::domain::ids::{CheckInId, EntryId};
use crate::domain::incident::Status;
use crate::domain::operation::OperationKind;
use crate::domain::shelter::ShelterState;
use crate::domain::zone::ZoneTag;
use crate::live::check_ins::tests::history;
use crate::live::tests::{any_entries, fold_all};
use crate::live::world::World;
use crate::log::samples::{draft, drilled, entry, filed, office, responsible, sheltered, status, uuid, zones};
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

/// Every row of a table with all its columns.
async fn rows_of(pool: &PgPool, table: &str) -> Vec<String> {
    let select = format!("SELECT t::text FROM {table} t ORDER BY 1");
    sqlx::query_scalar(sqlx::AssertSqlSafe(select)).fetch_all(pool).await.unwrap()
}
