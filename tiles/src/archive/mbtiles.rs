//! MBTiles 1.3: a SQLite file with tables `tiles` and `metadata`; rows count from the south.
//!
//! `tiles` may be a view, that is, a question that its maker wrote: each answer has a bound of steps.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Row};
use tokio::sync::Mutex;

use super::{About, ArchiveError, METADATA, TILE, bounds_of, layers, text};
use crate::format::{Format, is_gzip, unpack};
use crate::{MAX_ZOOM, Tile};

/// Steps of SQLite's machine after which it is asked whether to go on.
const ASKED_AFTER: i32 = 1_000;

/// Thousands of steps for one tile: some ten milliseconds. Looking one up takes some hundred steps.
const FOR_A_TILE: u64 = 1_000;

/// Thousands of steps for what the archive says of itself: some seconds.
const FOR_ITSELF: u64 = 200_000;

/// Connections, so that as many tiles are read at the same time.
const CONNECTIONS: usize = 2;

/// An archive.
#[derive(Debug)]
pub struct MbTiles {
    about: About,
    readers: Vec<Mutex<Reader>>,
    next: AtomicU64,
}

/// A connection, and how many thousand steps its statement may still take.
#[derive(Debug)]
struct Reader {
    connection: SqliteConnection,
    left: Arc<AtomicU64>,
}

impl MbTiles {
    pub(super) async fn open(path: &Path) -> Result<Self, ArchiveError> {
        let mut readers = Vec::new();
        for _ in 0..CONNECTIONS {
            readers.push(Reader::open(path).await?);
        }
        let about = about(&mut readers[0]).await?;
        Ok(Self { about, readers: readers.into_iter().map(Mutex::new).collect(), next: AtomicU64::new(0) })
    }

    pub(super) fn about(&self) -> &About {
        &self.about
    }

    /// The bytes of a tile as they lie in the file.
    pub(super) async fn tile(&self, tile: Tile) -> Result<Option<Vec<u8>>, ArchiveError> {
        const QUESTION: &str = "SELECT length(tile_data), \
                                CASE WHEN length(tile_data) <= ? THEN CAST(tile_data AS BLOB) END \
                                FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ? LIMIT 1";
        let turn = self.next.fetch_add(1, Ordering::Relaxed) as usize % CONNECTIONS;
        let mut reader = self.readers[turn].lock().await;
        reader.left.store(FOR_A_TILE, Ordering::Relaxed);
        let question = sqlx::query(QUESTION)
            .bind(TILE as i64)
            .bind(i64::from(tile.z))
            .bind(i64::from(tile.x))
            .bind(i64::from(tile.row_from_south()));
        let refused = |why: String| ArchiveError::Tile { tile, why };
        let answer =
            question.fetch_optional(&mut reader.connection).await.map_err(|error| refused(error.to_string()))?;
        let Some(row) = answer else { return Ok(None) };
        let length: Option<i64> = row.try_get(0).map_err(|error| refused(error.to_string()))?;
        if length.is_some_and(|length| length > TILE as i64) {
            return Err(refused("it is too large".to_owned()));
        }
        row.try_get(1).map_err(|error| refused(error.to_string()))
    }
}

impl Reader {
    async fn open(path: &Path) -> Result<Self, ArchiveError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .read_only(true)
            .pragma("trusted_schema", "OFF")
            .pragma("cell_size_check", "ON")
            .disable_statement_logging();
        let mut connection = options.connect().await.map_err(database)?;
        let left = Arc::new(AtomicU64::new(FOR_ITSELF));
        let counted = Arc::clone(&left);
        let take =
            move || counted.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
        connection.lock_handle().await.map_err(database)?.set_progress_handler(ASKED_AFTER, take);
        Ok(Self { connection, left })
    }

    async fn ask(&mut self, question: &'static str) -> Result<Vec<sqlx::sqlite::SqliteRow>, ArchiveError> {
        self.left.store(FOR_ITSELF, Ordering::Relaxed);
        sqlx::query(question).fetch_all(&mut self.connection).await.map_err(database)
    }
}

fn database(error: sqlx::Error) -> ArchiveError {
    ArchiveError::Database(error.to_string())
}

async fn about(reader: &mut Reader) -> Result<About, ArchiveError> {
    // What is asked for bounds what comes, whatever the table is: one text of some size (`METADATA`), and short ones.
    let rows = reader
        .ask(
            "SELECT substr(CAST(name AS TEXT), 1, 20), substr(CAST(value AS TEXT), 1, 4096) FROM metadata \
             WHERE name IN ('name', 'attribution', 'format', 'minzoom', 'maxzoom', 'bounds') LIMIT 20",
        )
        .await?;
    let json = reader
        .ask("SELECT 'json', CAST(substr(value, 1, 4194305) AS TEXT) FROM metadata WHERE name = 'json' LIMIT 1")
        .await?;
    let known =
        |row: &sqlx::sqlite::SqliteRow| Some((row.try_get::<String, _>(0).ok()?, row.try_get::<String, _>(1).ok()?));
    let said: Vec<(String, String)> = rows.iter().chain(&json).filter_map(known).collect();
    let said = |name: &str| said.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
    let number = |name: &str| said(name).and_then(|value| value.trim().parse::<u8>().ok());
    let zooms = match number("minzoom").zip(number("maxzoom")) {
        Some(zooms) => zooms,
        None => zooms_of_tiles(reader).await?,
    };
    if zooms.0 > zooms.1 || zooms.1 > MAX_ZOOM {
        return Err(ArchiveError::Untrue(format!("its zooms are {} to {}", zooms.0, zooms.1)));
    }
    let format = match said("format").map(str::trim) {
        Some("pbf" | "mvt") => Format::Mvt,
        Some("png") => Format::Png,
        Some("jpg" | "jpeg") => Format::Jpeg,
        Some("webp") => Format::Webp,
        Some(other) => return Err(ArchiveError::Unsupported(format!("tiles of format {}", text(other)))),
        None => format_of_tiles(reader).await?,
    };
    let bounds: Vec<f64> =
        said("bounds").unwrap_or_default().split(',').filter_map(|number| number.trim().parse().ok()).collect();
    let bounds = match bounds[..] {
        [west, south, east, north] => bounds_of(west, south, east, north),
        _ => bounds_of(f64::NAN, 0.0, 0.0, 0.0),
    };
    let json = said("json").unwrap_or("{}");
    if json.len() > METADATA {
        return Err(ArchiveError::Untrue("the metadata is larger than any honest one".to_owned()));
    }
    let json: serde_json::Value =
        serde_json::from_str(json).map_err(|_| ArchiveError::Untrue("the metadata is no JSON".to_owned()))?;
    Ok(About {
        name: text(said("name").unwrap_or_default()),
        attribution: text(said("attribution").unwrap_or_default()),
        format,
        zooms,
        bounds,
        layers: layers(json.get("vector_layers")),
    })
}

/// The zooms of an archive that does not say them.
async fn zooms_of_tiles(reader: &mut Reader) -> Result<(u8, u8), ArchiveError> {
    let rows = reader.ask("SELECT min(zoom_level), max(zoom_level) FROM tiles").await?;
    let zoom = |at: usize| {
        let zoom: Option<i64> = rows.first().and_then(|row| row.try_get(at).ok()).flatten();
        zoom.and_then(|zoom| u8::try_from(zoom).ok())
    };
    zoom(0).zip(zoom(1)).ok_or_else(|| ArchiveError::Untrue("it has no tiles".to_owned()))
}

/// What the tiles are of an archive that does not say it: what the first one is.
async fn format_of_tiles(reader: &mut Reader) -> Result<Format, ArchiveError> {
    let rows =
        reader.ask("SELECT CAST(tile_data AS BLOB) FROM tiles WHERE length(tile_data) <= 4194304 LIMIT 1").await?;
    let first: Option<Vec<u8>> = rows.first().and_then(|row| row.try_get(0).ok());
    let plain = first.map(|bytes| if is_gzip(&bytes) { unpack(&bytes, TILE).unwrap_or_default() } else { bytes });
    let format = plain.filter(|plain| !plain.is_empty()).and_then(|plain| Format::of(&plain));
    format.ok_or_else(|| ArchiveError::Unsupported("tiles of an unknown format".to_owned()))
}
