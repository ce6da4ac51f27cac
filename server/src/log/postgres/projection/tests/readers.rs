//! What may be read, and what readers find.

use super::*;
use crate::domain::entry::{Body, CheckedIn};
use crate::domain::ids::StaffId;

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
