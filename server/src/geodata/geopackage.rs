//! GeoPackage (OGC 12-128r18): a SQLite file whose tables `gpkg_contents`, `gpkg_geometry_columns` and
//! `gpkg_spatial_ref_sys` name the tables of features and their coordinates. A shape is a header and well-known binary
//! (2.1.3).
//!
//! The file is opened for reading alone, and nothing that stands in it is run: what it calls a table of features must
//! be a table, no view and no module's; each row has a bound of steps, and each value one of bytes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

use futures_util::TryStreamExt;
use geo_types::Geometry;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Row};

use super::feature::{Feature, Fields, FlawedShape};
use super::{GeodataError, crs, degrees, wkb};

/// Bytes of one shape at most (64 MiB, four million corners).
const SHAPE_BYTES: usize = 64 << 20;

/// Bytes of a value at most; a longer one is taken for none.
const VALUE_BYTES: usize = 64 << 10;

/// Columns of a table at most.
const COLUMNS: usize = 256;

/// Tables of features at most.
const TABLES: i64 = 256;

/// Steps of SQLite's machine after which it is asked whether to go on.
const ASKED_AFTER: i32 = 1_000;

/// Thousands of steps for one row: some tenths of a second. One takes some hundred steps.
const FOR_A_ROW: u64 = 10_000;

/// A table of features.
#[derive(Debug, Clone)]
struct Table {
    name: String,
    /// The column of the shapes.
    shape: String,
    columns: Arc<[String]>,
    /// What its coordinates are: name, authority and its number, WKT.
    system: (String, String, i64, String),
}

/// An open GeoPackage.
#[derive(Debug)]
pub(super) struct GeoPackage {
    file: PathBuf,
    name: String,
    tables: Vec<Table>,
}

/// Runs what asks SQLite, on a thread of its own: whoever imports may or may not be a task itself.
fn alone<T: Send>(work: impl Future<Output = T> + Send) -> std::io::Result<T> {
    std::thread::scope(|scope| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = scope.spawn(move || runtime.block_on(work));
        Ok(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

impl GeoPackage {
    /// Opens a file and looks for its tables of features.
    pub(super) fn open(file: &Path) -> Result<Self, GeodataError> {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let malformed = |reason: String| GeodataError::Malformed { file: name.clone(), reason };
        // Without a lock SQLite does not look there, and would read what was before.
        let mut beside = file.as_os_str().to_owned();
        beside.push("-wal");
        if std::fs::metadata(&beside).is_ok_and(|log| log.len() > 0) {
            return Err(malformed(
                "it is open in a program, or was not closed: its last changes lie beside it".to_owned(),
            ));
        }
        let tables = alone(async {
            let mut reader = Reader::open(file).await?;
            reader.tables().await
        });
        let tables = tables.map_err(|source| GeodataError::Unreadable { file: file.to_owned(), source })?;
        let tables = tables.map_err(|error| malformed(error.to_string()))?;
        if tables.is_empty() {
            return Err(malformed("it has no table of features".to_owned()));
        }
        Ok(Self { file: file.to_owned(), name, tables })
    }

    /// The tables' names behind the file's.
    pub(super) fn layers(&self) -> Vec<String> {
        self.tables.iter().map(|table| format!("{}/{}", self.name, table.name)).collect()
    }

    /// Reads the features of one of the layers.
    pub(super) fn read<E: From<GeodataError>>(
        &self,
        layer: &str,
        each: &mut dyn FnMut(Feature) -> Result<(), E>,
    ) -> Result<(), E> {
        let malformed = |reason: String| GeodataError::Malformed { file: layer.to_owned(), reason };
        let table = layer.strip_prefix(&self.name).and_then(|rest| rest.strip_prefix('/'));
        let table = self.tables.iter().find(|known| table == Some(known.name.as_str()));
        let table = table.ok_or_else(|| malformed("there is no such table".to_owned()))?;
        let (name, authority, number, wkt) = &table.system;
        crs::check_geopackage(name, authority, *number, wkt)?;
        std::thread::scope(|scope| {
            // One waits while one is looked at: a feature may be large.
            let (give, rows) = mpsc::sync_channel(1);
            scope.spawn(move || {
                let reading = alone(async {
                    let mut reader = Reader::open(&self.file).await?;
                    reader.rows(table, &give).await
                });
                let failed = match reading {
                    Ok(Ok(())) => None,
                    Ok(Err(error)) => Some(error.to_string()),
                    Err(error) => Some(error.to_string()),
                };
                if let Some(error) = failed {
                    // Nobody listens any more if the import has ended.
                    let _ = give.send(Err(error));
                }
            });
            for (index, row) in rows.into_iter().enumerate() {
                let (shape, values) = row.map_err(malformed)?;
                if let Ok(shape) | Err(FlawedShape::OpenRing(shape)) = &shape {
                    degrees::check(index, shape)?;
                }
                each(Feature { index, fields: Fields::of_row(Arc::clone(&table.columns), values), shape })?;
            }
            Ok(())
        })
    }
}

/// A row: its shape, and its values in the order of the table's columns.
type Taken = (Result<Geometry<f64>, FlawedShape>, Vec<Option<Vec<u8>>>);

/// A connection, and how many thousand steps its statement may still take.
struct Reader {
    connection: SqliteConnection,
    left: Arc<AtomicU64>,
}

impl Reader {
    async fn open(file: &Path) -> sqlx::Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .read_only(true)
            .immutable(true)
            .row_buffer_size(1)
            .pragma("trusted_schema", "OFF")
            .pragma("cell_size_check", "ON")
            .disable_statement_logging();
        let mut connection = options.connect().await?;
        let left = Arc::new(AtomicU64::new(FOR_A_ROW));
        let counted = Arc::clone(&left);
        let take =
            move || counted.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
        connection.lock_handle().await?.set_progress_handler(ASKED_AFTER, take);
        Ok(Self { connection, left })
    }

    async fn tables(&mut self) -> sqlx::Result<Vec<Table>> {
        // Names and definitions are cut to what honest ones have.
        const QUESTION: &str = "SELECT substr(g.table_name, 1, 1000), substr(g.column_name, 1, 1000), \
                substr(s.srs_name, 1, 1000), substr(s.organization, 1, 1000), s.organization_coordsys_id, \
                substr(s.definition, 1, 65536) \
            FROM gpkg_contents c JOIN gpkg_geometry_columns g ON g.table_name = c.table_name \
                JOIN gpkg_spatial_ref_sys s ON s.srs_id = g.srs_id \
                JOIN sqlite_schema t ON t.name = g.table_name \
            WHERE c.data_type = 'features' AND t.type = 'table' AND t.sql NOT LIKE 'CREATE VIRTUAL%' \
            ORDER BY g.table_name LIMIT ?";
        let rows = sqlx::query(QUESTION).bind(TABLES).fetch_all(&mut self.connection).await?;
        let mut tables = Vec::new();
        for row in rows {
            let text = |at: usize| row.try_get::<String, _>(at);
            let (name, shape) = (text(0)?, text(1)?);
            let system = (text(2)?, text(3)?, row.try_get::<i64, _>(4)?, text(5)?);
            let question = sqlx::query("SELECT substr(name, 1, 1000) FROM pragma_table_info(?) LIMIT ?");
            let columns = question.bind(&name).bind(COLUMNS as i64 + 1).fetch_all(&mut self.connection).await?;
            if columns.len() > COLUMNS {
                return Err(sqlx::Error::Protocol(format!("its table {name} has more than {COLUMNS} columns")));
            }
            let columns = columns.iter().map(|row| row.try_get::<String, _>(0)).collect::<sqlx::Result<Vec<_>>>()?;
            let columns = columns.into_iter().filter(|column| !column.eq_ignore_ascii_case(&shape)).collect();
            tables.push(Table { name, shape, columns, system });
        }
        Ok(tables)
    }

    /// Gives all rows of a table, until nobody takes them.
    async fn rows(&mut self, table: &Table, give: &mpsc::SyncSender<Result<Taken, String>>) -> sqlx::Result<()> {
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        // Behind the table's name: alone, a quoted name that is no column's would be a text (sqlite.org/quirks.html, 8).
        let shape = format!("t.{}", quoted(&table.shape));
        let mut question = format!(
            "SELECT octet_length({shape}), CASE WHEN octet_length({shape}) <= {SHAPE_BYTES} THEN CAST({shape} AS BLOB) END"
        );
        for column in table.columns.iter().map(|column| format!("t.{}", quoted(column))) {
            question.push_str(&format!(
                ", CASE WHEN typeof({column}) <> 'blob' AND octet_length({column}) <= {VALUE_BYTES} \
                 THEN CAST(CAST({column} AS TEXT) AS BLOB) END"
            ));
        }
        question.push_str(&format!(" FROM {} AS t", quoted(&table.name)));
        self.left.store(FOR_A_ROW, Ordering::Relaxed);
        let mut rows = sqlx::query(AssertSqlSafe(question)).fetch(&mut self.connection);
        while let Some(row) = rows.try_next().await? {
            self.left.store(FOR_A_ROW, Ordering::Relaxed);
            let taken = (shape_of(&row)?, values_of(&row, table.columns.len())?);
            if give.send(Ok(taken)).is_err() {
                break;
            }
        }
        Ok(())
    }
}

fn values_of(row: &SqliteRow, columns: usize) -> sqlx::Result<Vec<Option<Vec<u8>>>> {
    (0..columns).map(|at| row.try_get::<Option<Vec<u8>>, _>(2 + at)).collect()
}

fn shape_of(row: &SqliteRow) -> sqlx::Result<Result<Geometry<f64>, FlawedShape>> {
    let length: Option<i64> = row.try_get(0)?;
    let bytes: Option<Vec<u8>> = row.try_get(1)?;
    let malformed = |what: &str| FlawedShape::Malformed(what.to_owned());
    Ok(match (length, bytes) {
        (None, _) => Err(FlawedShape::None),
        (Some(_), None) => Err(malformed("its shape has more than 64 MiB")),
        (Some(_), Some(bytes)) => match behind_header(&bytes) {
            None => Err(malformed("its shape does not begin as one of a GeoPackage")),
            Some(binary) => match wkb::read(binary) {
                None => Err(malformed("its shape is cut short, damaged, or of a kind that is not read here")),
                Some((shape, true)) => Ok(shape),
                Some((shape, false)) => Err(FlawedShape::OpenRing(shape)),
            },
        },
    })
}

/// What stands behind a shape's header: `GP`, version, flags, the number of the coordinates, and a box as large as the
/// flags say (2.1.3.1.1).
fn behind_header(bytes: &[u8]) -> Option<&[u8]> {
    let rest = bytes.strip_prefix(b"GP")?;
    let flags = *rest.get(1)?;
    let numbers = match (flags >> 1) & 7 {
        0 => 0,
        1 => 4,
        2 | 3 => 6,
        4 => 8,
        _ => return None,
    };
    rest.get(6 + 8 * numbers..)
}

#[cfg(test)]
mod tests;
