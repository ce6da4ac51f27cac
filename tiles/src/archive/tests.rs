//! Archives are made by hand here, honest ones and liars.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions};

use super::directory::{Entry, number};
use super::*;

/// A vector tile with one layer whose bytes are `x`.
const MVT: &[u8] = &[0x1a, 3, b'x', b'x', b'x'];

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and so on";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::new(9));
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

/// More nothing than any part of an archive may unpack to, in some kilobytes.
fn bomb() -> Vec<u8> {
    static BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| gzip(&vec![0; 10 << 20]));
    BOMB.clone()
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn directory(entries: &[Entry]) -> Vec<u8> {
    let mut out = Vec::new();
    put_varint(&mut out, entries.len() as u64);
    let mut last = 0;
    for entry in entries {
        put_varint(&mut out, entry.first - last);
        last = entry.first;
    }
    entries.iter().for_each(|entry| put_varint(&mut out, entry.run.into()));
    entries.iter().for_each(|entry| put_varint(&mut out, entry.length.into()));
    entries.iter().for_each(|entry| put_varint(&mut out, entry.offset + 1));
    out
}

/// What a test writes into an honest header.
type Lie = Box<dyn Fn(&mut [u8])>;

/// A PMTiles file in its parts, so that a test can make one of them lie.
struct Made {
    root: Vec<u8>,
    metadata: Vec<u8>,
    leaves: Vec<u8>,
    tiles: Vec<u8>,
    header: Lie,
}

impl Made {
    /// Vector tiles, gzip, and directories packed alike.
    fn with(tiles: &[(Tile, &[u8])]) -> Self {
        let mut data = Vec::new();
        let mut entries: Vec<Entry> = tiles
            .iter()
            .map(|(tile, bytes)| {
                let (offset, length) = (data.len() as u64, u32::try_from(bytes.len()).unwrap());
                data.extend_from_slice(bytes);
                Entry { first: number(*tile), offset, length, run: 1 }
            })
            .collect();
        entries.sort_by_key(|entry| entry.first);
        let metadata = br#"{"name":"Test","attribution":"<a href=\"x\">GSI</a>","vector_layers":[{"id":"road","fields":{"ref":"String"}}]}"#;
        Self {
            root: gzip(&directory(&entries)),
            metadata: gzip(metadata),
            leaves: vec![],
            tiles: data,
            header: Box::new(|_| {}),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut header = vec![0; 127];
        header[..8].copy_from_slice(b"PMTiles\x03");
        let mut at = 127;
        for (place, part) in [(8, &self.root), (24, &self.metadata), (40, &self.leaves), (56, &self.tiles)] {
            header[place..place + 8].copy_from_slice(&(at as u64).to_le_bytes());
            header[place + 8..place + 16].copy_from_slice(&(part.len() as u64).to_le_bytes());
            at += part.len();
        }
        // Directories gzip, tiles gzip, vector, zooms 0 to 14, and what Aizu covers.
        header[96..102].copy_from_slice(&[1, 2, 2, 1, 0, 14]);
        for (place, degrees) in [(102, 139.15), (106, 36.85), (110, 140.25), (114, 37.85)] {
            header[place..place + 4].copy_from_slice(&((degrees * 1e7) as i32).to_le_bytes());
        }
        (self.header)(&mut header);
        [&header[..], &self.root, &self.metadata, &self.leaves, &self.tiles].concat()
    }

    fn file(&self) -> tempfile::NamedTempFile {
        file(&self.bytes())
    }
}

fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

const HERE: Tile = Tile { z: 10, x: 910, y: 396 };
const NOWHERE: Tile = Tile { z: 10, x: 0, y: 0 };

async fn opened(path: impl AsRef<Path>) -> Archive {
    Archive::open(path.as_ref()).await.unwrap()
}

async fn refusal(path: impl AsRef<Path>) -> String {
    Archive::open(path.as_ref()).await.unwrap_err().to_string()
}

async fn refused_tile(path: impl AsRef<Path>) -> String {
    opened(path).await.tile(HERE).await.unwrap_err().to_string()
}

#[tokio::test]
async fn a_pmtiles_archive_gives_its_tiles_and_says_what_it_is() {
    let made = Made::with(&[(HERE, &gzip(MVT)), (Tile { z: 0, x: 0, y: 0 }, MVT)]);
    let file = made.file();
    let archive = opened(&file).await;
    let tile = archive.tile(HERE).await.unwrap().unwrap();
    assert_eq!((&tile.plain[..], &tile.gzip), (MVT, &Some(gzip(MVT).into())));
    assert_eq!(
        &archive.tile(Tile { z: 0, x: 0, y: 0 }).await.unwrap().unwrap().plain[..],
        MVT,
        "not every tile is packed"
    );
    assert!(archive.tile(NOWHERE).await.unwrap().is_none());
    assert!(archive.tile(Tile { z: 20, x: 0, y: 0 }).await.unwrap().is_none());
    let about = archive.about();
    assert_eq!((about.name.as_str(), about.attribution.as_str()), ("Test", "GSI"), "no marks of HTML");
    assert_eq!((about.format, about.zooms), (Format::Mvt, (0, 14)));
    assert!((about.bounds.west - 139.15).abs() < 1e-6 && (about.bounds.north - 37.85).abs() < 1e-6);
    assert_eq!(about.layers, [("road".to_owned(), [("ref".to_owned(), "String".to_owned())].into())]);
}

#[tokio::test]
async fn a_tile_below_a_leaf_directory_is_found() {
    let mut made = Made::with(&[]);
    made.tiles = gzip(MVT);
    let length = u32::try_from(made.tiles.len()).unwrap();
    made.leaves = gzip(&directory(&[Entry { first: number(HERE), offset: 0, length, run: 3 }]));
    let leaf = Entry { first: 7, offset: 0, length: u32::try_from(made.leaves.len()).unwrap(), run: 0 };
    made.root = gzip(&directory(&[leaf]));
    let file = made.file();
    let archive = opened(&file).await;
    for _ in 0..2 {
        assert_eq!(&archive.tile(HERE).await.unwrap().unwrap().plain[..], MVT);
    }
    assert!(archive.tile(NOWHERE).await.unwrap().is_none());
}

#[tokio::test]
async fn a_header_that_lies_is_refused_by_name() {
    let past_the_end = |at: usize| -> Lie { Box::new(move |h: &mut [u8]| h[at..at + 8].copy_from_slice(&[0xff; 8])) };
    let byte = |at: usize, value: u8| -> Lie { Box::new(move |h: &mut [u8]| h[at] = value) };
    for (lie, expected) in [
        (past_the_end(8), "root directory lies past"),
        (past_the_end(16), "root directory lies past"),
        (past_the_end(24), "metadata lies past"),
        (past_the_end(48), "leaf directories lies past"),
        (past_the_end(56), "tile data lies past"),
        (byte(7, 2), "PMTiles version 2"),
        (byte(97, 3), "directories packed with Brotli"),
        (byte(97, 1), "metadata is no JSON"),
        (byte(98, 4), "tiles packed with Zstandard"),
        (byte(99, 0), "tiles of type 0"),
        (byte(99, 77), "tiles of type 77"),
        (byte(100, 15), "its zooms are 15 to 14"),
        (byte(101, 200), "its zooms are 0 to 200"),
    ] {
        let made = Made { header: lie, ..Made::with(&[(HERE, MVT)]) };
        let said = refusal(made.file()).await;
        assert!(said.contains(expected), "{said}, not {expected}");
    }
}

#[tokio::test]
async fn a_directory_that_is_none_is_refused_by_name() {
    let roots = [
        (gzip(&[0xff; 40]), "root directory is none"),
        (gzip(&[0xff, 0xff, 0x1f]), "root directory is none"),
        (b"no gzip".to_vec(), "root directory cannot be unpacked"),
        (gzip(&[5, 1])[..12].to_vec(), "root directory cannot be unpacked"),
        (bomb(), "root directory is larger than any honest one"),
    ];
    for (root, expected) in roots {
        let said = refusal(Made { root, ..Made::with(&[]) }.file()).await;
        assert!(said.contains(expected), "{said}, not {expected}");
    }
    let said = refusal(Made { metadata: bomb(), ..Made::with(&[]) }.file()).await;
    assert!(said.contains("metadata is larger than any honest one"), "{said}");
    let said = refusal(Made { metadata: gzip(b"{"), ..Made::with(&[]) }.file()).await;
    assert!(said.contains("metadata is no JSON"), "{said}");
}

#[tokio::test]
async fn directories_in_a_loop_end() {
    let mut made = Made::with(&[]);
    made.header = Box::new(|header| header[97] = 1);
    made.metadata = b"{}".to_vec();
    // A leaf that names itself.
    let entry = |length: usize| Entry { first: 0, offset: 0, length: u32::try_from(length).unwrap(), run: 0 };
    made.leaves = directory(&[entry(6)]);
    made.leaves = directory(&[entry(made.leaves.len())]);
    made.root = directory(&[entry(made.leaves.len())]);
    let said = refused_tile(made.file()).await;
    assert!(said.contains("lead on and on"), "{said}");
}

#[tokio::test]
async fn a_tile_that_is_not_what_the_archive_says_is_refused_and_the_others_are_given() {
    let other = Tile { z: 9, x: 455, y: 198 };
    let bomb = bomb();
    for (bytes, expected) in [
        (PNG, "it is image/png, not application/vnd.mapbox-vector-tile"),
        (b"<html>busy</html>", "it is no tile"),
        (&bomb[..], "file too large"),
        (&gzip(MVT)[..10], "incomplete deflate stream"),
    ] {
        let made = Made::with(&[(HERE, bytes), (other, MVT)]);
        let file = made.file();
        let archive = opened(&file).await;
        let said = archive.tile(HERE).await.unwrap_err().to_string();
        assert!(said.contains("10/910/396"), "{said}");
        assert!(said.contains(expected), "{said}, not {expected}");
        assert!(archive.tile(other).await.unwrap().is_some());
    }
}

/// Tsuruga castle and some kilometres around it.
const AROUND: Bounds = Bounds { west: 139.85, south: 37.45, east: 140.0, north: 37.55 };

#[tokio::test]
async fn the_tiles_that_are_tried_are_those_of_the_region_and_one_bad_one_is_told() {
    let outer = Tile { z: 0, x: 0, y: 0 };
    let tried = async |tiles: &[(Tile, &[u8])]| {
        let file = Made::with(tiles).file();
        opened(&file).await.try_tiles(&AROUND).await
    };
    assert_eq!(tried(&[(outer, MVT), (HERE, &gzip(MVT))]).await.unwrap(), 2);
    assert_eq!(tried(&[(HERE, MVT), (NOWHERE, b"<html>")]).await.unwrap(), 1, "elsewhere nothing is read");
    for (bytes, expected) in [
        (PNG, "tile 10/910/396 of the archive is refused: it is image/png"),
        (b"<html>busy</html>", "it is no tile"),
        (&bomb()[..], "file too large"),
    ] {
        let said = tried(&[(outer, MVT), (HERE, bytes)]).await.unwrap_err().to_string();
        assert!(said.contains(expected), "{said}, not {expected}");
    }
    for none in [&[][..], &[(NOWHERE, MVT)], &[(HERE, &gzip(b""))]] {
        let refused = tried(none).await.unwrap_err();
        assert!(matches!(refused, ArchiveError::NoTiles { asked: 1.. }), "{refused}");
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
async fn a_tile_past_the_end_of_the_file_is_refused() {
    let entry = |offset: u64, length: u32| Entry { first: number(HERE), offset, length, run: 1 };
    for (entry, expected) in [
        (entry(0, 100), "past the end"),
        (entry(u64::MAX - 10, 1), "past the end"),
        (entry(1, u32::MAX), "past the end"),
    ] {
        let made = Made { root: gzip(&directory(&[entry])), tiles: MVT.to_vec(), ..Made::with(&[]) };
        let said = refused_tile(made.file()).await;
        assert!(said.contains(expected), "{said}");
    }
}

#[tokio::test]
async fn an_archive_that_is_cut_short_while_it_is_read_gives_an_error() {
    let made = Made::with(&[(HERE, MVT)]);
    let file = made.file();
    let archive = opened(&file).await;
    file.as_file().set_len(130).unwrap();
    assert!(matches!(archive.tile(HERE).await, Err(ArchiveError::Tile { .. })));
}

#[tokio::test]
async fn what_is_no_archive_is_refused() {
    for bytes in [&b""[..], b"PMT", b"PK\x03\x04", b"{}"] {
        assert!(matches!(Archive::open(file(bytes).path()).await, Err(ArchiveError::Neither)), "{bytes:?}");
    }
    assert!(refusal(file(b"PMTiles\x03")).await.contains("ends within its header"));
    assert!(matches!(Archive::open(Path::new("/nowhere/at.all")).await, Err(ArchiveError::Io(_))));
    assert!(refusal(file(b"SQLite format 3\0 and nothing behind")).await.contains("MBTiles archive cannot be read"));
}

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

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, rng_seed: proptest::test_runner::RngSeed::Fixed(4), ..ProptestConfig::default() })]

    /// Whatever is changed in a good archive, it is opened or refused, and a tile is given or refused.
    #[test]
    fn a_damaged_archive_does_no_harm(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)) {
        let mut bytes = Made::with(&[(HERE, &gzip(MVT)), (NOWHERE, MVT)]).bytes();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            if let Ok(archive) = Archive::open(file(&bytes).path()).await {
                let _ = archive.tile(HERE).await;
            }
        });
    }
}
