//! Where the projection is not what the log says: it is found, and made anew.

use rstest::rstest;

use super::super::super::drift::Drift;
use super::*;
use crate::domain::entry::{Body, BodyError, CheckedIn};
use crate::domain::ids::StaffId;

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

#[rstest]
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

#[rstest]
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

#[tokio::test]
async fn nobody_rebuilds_while_a_node_writes() {
    let Some(place) = Place::new() else { return };
    let (log, other) = (filled(&place).await, place.open().await);
    assert!(matches!(other.rebuild().await, Err(LogError::InUse { .. })));
    log.close().await;
    assert_eq!(other.rebuild().await.unwrap().reports, 2);
}
