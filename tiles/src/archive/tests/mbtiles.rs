//! MBTiles.

use std::path::PathBuf;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions};

use super::*;

/// An MBTiles file made by these statements.
async fn mbtiles(folder: &tempfile::TempDir, statements: &[&str]) -> PathBuf {
    let path = folder.path().join("made.mbtiles");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    for statement in statements {
        sqlx::raw_sql(AssertSqlSafe((*statement).to_owned())).execute(&mut connection).await.unwrap();
    }
    sqlx::Connection::close(connection).await.unwrap();
    path
}

const TABLES: &str = "CREATE TABLE metadata (name TEXT, value TEXT); \
    CREATE TABLE tiles (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_data BLOB); \
    INSERT INTO metadata VALUES ('name', 'Photos'), ('format', 'png'), ('minzoom', '5'), ('maxzoom', '10'), \
    ('bounds', '139.15,36.85,140.25,37.85'), ('attribution', '<b>GSI</b>');";

fn row(tile: Tile, bytes: &[u8]) -> String {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("INSERT INTO tiles VALUES ({}, {}, {}, x'{hex}');", tile.z, tile.x, tile.row_from_south())
}

#[tokio::test]
async fn an_mbtiles_archive_gives_its_tiles_and_says_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = mbtiles(&folder, &[TABLES, &row(HERE, PNG)]).await;
    let archive = opened(path).await;
    assert_eq!(&archive.tile(HERE).await.unwrap().unwrap().plain[..], PNG);
    assert!(archive.tile(NOWHERE).await.unwrap().is_none());
    let about = archive.about();
    assert_eq!((about.name.as_str(), about.attribution.as_str()), ("Photos", "GSI"));
    assert_eq!((about.format, about.zooms), (Format::Png, (5, 10)));
    assert!((about.bounds.south - 36.85).abs() < 1e-9);
}

#[tokio::test]
async fn an_mbtiles_archive_that_says_little_is_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let silent = "CREATE TABLE metadata (name TEXT, value TEXT); CREATE TABLE tiles (zoom_level INTEGER, \
                  tile_column INTEGER, tile_row INTEGER, tile_data BLOB);";
    let path = mbtiles(&folder, &[silent, &row(HERE, &gzip(MVT))]).await;
    let archive = opened(path).await;
    assert_eq!((archive.about().format, archive.about().zooms), (Format::Mvt, (10, 10)));
    assert_eq!(&archive.tile(HERE).await.unwrap().unwrap().plain[..], MVT);
}

#[tokio::test]
async fn an_mbtiles_archive_that_lies_is_refused_by_name() {
    let words = |name: &str, value: &str| format!("UPDATE metadata SET value = '{value}' WHERE name = '{name}';");
    let no_tiles = "CREATE TABLE metadata (name TEXT, value TEXT);".to_owned();
    for (statements, expected) in [
        (vec![no_tiles], "no such table: tiles"),
        (vec![TABLES.to_owned(), words("maxzoom", "3")], "its zooms are 5 to 3"),
        (vec![TABLES.to_owned(), words("maxzoom", "99")], "its zooms are 5 to 99"),
        (vec![TABLES.to_owned(), words("format", "gif")], "tiles of format gif"),
        (vec![TABLES.to_owned(), "INSERT INTO metadata VALUES ('json', '{');".to_owned()], "metadata is no JSON"),
        (vec![TABLES.to_owned(), "DELETE FROM metadata;".to_owned()], "it has no tiles"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
        let said = refusal(mbtiles(&folder, &statements).await).await;
        assert!(said.contains(expected), "{said}, not {expected}");
    }
}

#[tokio::test]
async fn an_mbtiles_archive_without_its_table_or_without_tiles_fails_its_trial() {
    for (change, expected) in [
        ("DROP TABLE tiles", "no such table: tiles"),
        ("DELETE FROM tiles", "no tile that shows anything"),
        ("UPDATE tiles SET tile_data = x'3c68746d6c3e'", "it is no tile"),
        ("UPDATE metadata SET value = 'pbf' WHERE name = 'format'", "it is image/png"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let archive = opened(mbtiles(&folder, &[TABLES, &row(HERE, PNG), change]).await).await;
        let said = archive.try_tiles(&AROUND).await.unwrap_err().to_string();
        assert!(said.contains(expected), "{said}, not {expected}");
    }
}

#[tokio::test]
async fn a_tile_of_an_mbtiles_archive_that_is_none_is_refused() {
    for (insert, expected) in [
        (row(HERE, b"<html>"), "it is no tile"),
        (row(HERE, &bomb()), "file too large"),
        ("INSERT INTO tiles VALUES (10, 910, 627, zeroblob(5000000));".to_owned(), "too large"),
        ("INSERT INTO tiles VALUES (10, 910, 627, 7);".to_owned(), "it is no tile"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let said = refused_tile(mbtiles(&folder, &[TABLES, &insert]).await).await;
        assert!(said.contains(expected), "{said}, not {expected}");
    }
}

/// Bytes of memory that this program has had at most.
fn peak() -> usize {
    let about = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = about.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().strip_suffix(" kB").unwrap().parse::<usize>().unwrap() << 10
}

#[tokio::test]
async fn an_mbtiles_archive_with_words_without_end_takes_no_memory_for_them() {
    for what in ["'json' AS name, hex(zeroblob(2000000)) AS value", "hex(zeroblob(2000000)) AS name, '' AS value"] {
        let folder = tempfile::tempdir().unwrap();
        let words = format!(
            "CREATE TABLE said AS SELECT * FROM metadata; DROP TABLE metadata; \
             CREATE VIEW metadata AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100) \
             SELECT {what} FROM n UNION ALL SELECT name, value FROM said;"
        );
        let path = mbtiles(&folder, &[TABLES, &row(HERE, PNG), &words]).await;
        let before = peak();
        let opened = Archive::open(&path).await;
        let grown = peak() - before;
        assert!(grown < 100 << 20, "{} MiB for {what}", grown >> 20);
        match opened {
            Ok(archive) => assert_eq!(archive.about().name, "Photos", "what it says besides is still found"),
            Err(error) => assert!(error.to_string().contains("metadata"), "{error}"),
        }
    }
}

#[tokio::test]
async fn a_view_that_counts_without_end_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let endless = "DROP TABLE tiles; CREATE VIEW tiles AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
                   SELECT 10 AS zoom_level, i AS tile_column, -i AS tile_row, x'00' AS tile_data FROM n;";
    let said = refused_tile(mbtiles(&folder, &[TABLES, endless]).await).await;
    assert!(said.contains("interrupted"), "{said}");
}
