//! The embedded backend: one SQLite file in WAL mode with full sync.
//!
//! An append is one statement in the usual case: every statement is a hop to SQLite's thread and back,
//! and that hop costs more than the rows. So the drafts are inserted as if all were fresh; only when
//! SQLite says that an id is taken (it has then written nothing) are the known ids looked up.

mod contacts;
mod remembered;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use futures_util::TryStreamExt;
use sqlx::query::Query;
use sqlx::sqlite::{
    Sqlite, SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions, Row, SqlitePool};
use tokio::sync::Mutex;
use uuid::Uuid;

use self::remembered::Remembered;
use super::rows::{self, COLUMNS, PLACEHOLDERS, Stored};
use super::{Appended, Draft, EntryLog, LogError};
use crate::domain::clock::{Clock, Entropy};
use crate::domain::entry::{Entry, Seq};
use crate::domain::ids::{EntryId, NodeId, uuid_v7};

/// Rows of the longest statement; a power of two.
const ROWS: usize = 256;

/// How long a statement waits for another process's lock on the file.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);

/// Connections for everything but appends.
const READERS: u32 = 4;

/// The result code of a full disk, <https://sqlite.org/rescode.html#full>.
const SQLITE_FULL: i32 = 13;

/// Statements for 1, 2, 4 … [`ROWS`] rows, so that few distinct texts are prepared, each once. What is
/// left over of the placeholders stays unbound, which SQLite reads as NULL.
fn by_rows(text: impl Fn(usize) -> String) -> Vec<String> {
    (0..=ROWS.ilog2()).map(|power| text(1 << power)).collect()
}

static INSERT: LazyLock<Vec<String>> = LazyLock::new(|| {
    by_rows(|rows| {
        let values = vec![PLACEHOLDERS; rows].join(",");
        format!("INSERT INTO entry ({COLUMNS}) SELECT * FROM (VALUES {values}) WHERE column1 IS NOT NULL")
    })
});

static KNOWN: LazyLock<Vec<String>> = LazyLock::new(|| {
    by_rows(|rows| format!("SELECT {COLUMNS} FROM entry WHERE id IN ({})", vec!["?"; rows].join(",")))
});

fn for_rows(texts: &'static [String], rows: usize) -> Query<'static, Sqlite, SqliteArguments> {
    let power = rows.next_power_of_two().ilog2() as usize;
    sqlx::query(texts[power].as_str())
}

/// The log in a SQLite file.
#[derive(Debug)]
pub struct SqliteLog {
    node: NodeId,
    epoch: Uuid,
    /// One connection, for appends alone, so that they keep their prepared statements and never wait for
    /// a reader.
    writer: SqlitePool,
    readers: SqlitePool,
    /// The last number, as far as this process knows. Held through an append.
    head: Mutex<Seq>,
    remembered: std::sync::Mutex<Remembered>,
}

impl SqliteLog {
    /// Opens the file, creates it (readable by its owner alone) if there is none, and brings its tables up
    /// to date. A new log gets a node id and an epoch from the clock and the entropy; one that lacks entries
    /// which the file `.head` beside it remembers, or lacks that file, was restored and gets another epoch.
    ///
    /// # Errors
    /// [`LogError`] if the file cannot be opened, is no such database, or was written by a newer program.
    pub async fn open(path: &Path, clock: &dyn Clock, entropy: &dyn Entropy) -> Result<Self, LogError> {
        create(path).map_err(|error| LogError::Storage(error.into()))?;
        let mut remembered = Remembered::open(path).map_err(|error| LogError::Storage(error.into()))?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(LOCK_PATIENCE)
            .row_buffer_size(512)
            .disable_statement_logging();
        let pool = |connections| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .idle_timeout(None)
                .max_lifetime(None)
                .test_before_acquire(false)
        };
        let writer = pool(1).connect_with(options.clone()).await.map_err(storage)?;
        sqlx::migrate!("migrations/sqlite").run(&writer).await.map_err(|error| LogError::Storage(error.into()))?;
        sqlx::query("INSERT INTO node (only_row, id, epoch, created) VALUES (1, ?, ?, ?) ON CONFLICT DO NOTHING")
            .bind(uuid_v7(clock.now(), entropy).as_bytes().to_vec())
            .bind(uuid_v7(clock.now(), entropy).as_bytes().to_vec())
            .bind(clock.now().to_string())
            .execute(&writer)
            .await
            .map_err(storage)?;
        let row = sqlx::query("SELECT id, epoch, (SELECT coalesce(max(seq), 0) FROM entry) FROM node")
            .fetch_one(&writer)
            .await
            .map_err(storage)?;
        let id = |index| {
            let bytes = row.try_get::<&[u8], _>(index).map_err(storage)?;
            Uuid::from_slice(bytes).map_err(|error| LogError::Storage(error.into()))
        };
        let head = row.try_get::<i64, _>(2).map_err(storage)?.cast_unsigned();
        let mut epoch = id(1)?;
        if !remembered.agrees(epoch, head) {
            epoch = uuid_v7(clock.now(), entropy);
            tracing::warn!(entry.seq = head, epoch = %epoch, "the log was restored: its history has another name now");
            let rename = sqlx::query("UPDATE node SET epoch = ?").bind(epoch.as_bytes().to_vec());
            rename.execute(&writer).await.map_err(storage)?;
        }
        remembered.write(epoch, head).map_err(|error| LogError::Storage(error.into()))?;
        Ok(Self {
            node: NodeId(id(0)?),
            epoch,
            head: Mutex::new(head),
            remembered: std::sync::Mutex::new(remembered),
            readers: pool(READERS).connect_lazy_with(options),
            writer,
        })
    }

    /// The node whose log this is.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// Connections to the same file, for reading and for tables other than the log's.
    pub fn pool(&self) -> &SqlitePool {
        &self.readers
    }

    /// Waits for what runs and closes the file.
    pub async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
    }

    /// The batch is durable, so a file that cannot be written must not undo it: the epoch is at stake, at
    /// a restore, and no entry.
    fn remember(&self, head: Seq) {
        let mut remembered = self.remembered.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Err(error) = remembered.write(self.epoch, head) {
            tracing::warn!(error = %error, "the head cannot be remembered");
        }
    }

    /// The usual case: all are fresh and none has contact details, so that one statement is the whole
    /// transaction. `None`: some number or id was taken, and nothing was written.
    async fn append_fresh(&self, head: Seq, drafts: &[Draft]) -> Result<Option<Vec<Appended>>, LogError> {
        let mut connection = self.writer.acquire().await.map_err(storage)?;
        let numbered = (head + 1..).zip(drafts).collect::<Vec<_>>();
        match insert(&mut connection, &numbered).await? {
            Inserted::Yes => Ok(Some(numbered.iter().map(|(seq, _)| Appended::Fresh(*seq)).collect())),
            Inserted::Taken(_) => Ok(None),
        }
    }

    /// Any case: looks up what is known, in one transaction with the writing. Gives the new head too.
    async fn append_checked(&self, drafts: &[Draft]) -> Result<(Seq, Vec<Appended>), LogError> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(storage)?;
        let head: i64 = sqlx::query_scalar("SELECT coalesce(max(seq), 0) FROM entry")
            .fetch_one(&mut *transaction)
            .await
            .map_err(storage)?;
        let mut head = head.cast_unsigned();
        let known = known(&mut transaction, drafts).await?;
        let mut fresh: Vec<(Seq, &Draft)> = Vec::with_capacity(drafts.len());
        let mut places: HashMap<EntryId, usize> = HashMap::with_capacity(drafts.len());
        let mut answers = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let id = draft.entry.id;
            let before = match (known.get(&id), places.get(&id)) {
                (Some(stored), _) => Some((stored.seq, stored.digest, &stored.entry)),
                (None, Some(place)) => Some((fresh[*place].0, fresh[*place].1.digest, &fresh[*place].1.entry)),
                (None, None) => None,
            };
            answers.push(match before {
                Some((seq, digest, entry)) if digest == draft.digest => Appended::Again(seq, Box::new(entry.clone())),
                Some(_) => Appended::Conflict,
                None => {
                    head += 1;
                    places.insert(id, fresh.len());
                    fresh.push((head, draft));
                    Appended::Fresh(head)
                }
            });
        }
        for rows in fresh.chunks(ROWS) {
            if let Inserted::Taken(error) = insert(&mut transaction, rows).await? {
                return Err(storage(error));
            }
        }
        for (_, draft) in &fresh {
            if let Some(contact) = &draft.contact {
                contacts::write(&mut transaction, draft.entry.id, contact).await?;
            }
        }
        transaction.commit().await.map_err(storage)?;
        Ok((head, answers))
    }
}

impl EntryLog for SqliteLog {
    fn epoch(&self) -> Uuid {
        self.epoch
    }

    async fn append(&self, drafts: &[Draft]) -> Result<Vec<Appended>, LogError> {
        if drafts.is_empty() {
            return Ok(Vec::new());
        }
        let mut head = self.head.lock().await;
        if drafts.len() <= ROWS
            && drafts.iter().all(|draft| draft.contact.is_none())
            && let Some(answers) = self.append_fresh(*head, drafts).await?
        {
            *head += answers.len() as Seq;
            self.remember(*head);
            return Ok(answers);
        }
        let (written, answers) = self.append_checked(drafts).await?;
        *head = written;
        self.remember(written);
        Ok(answers)
    }

    async fn head(&self) -> Result<Seq, LogError> {
        let head: i64 = sqlx::query_scalar("SELECT coalesce(max(seq), 0) FROM entry")
            .fetch_one(&self.readers)
            .await
            .map_err(storage)?;
        Ok(head.cast_unsigned())
    }

    async fn read(&self, after: Seq, limit: u32) -> Result<Vec<(Seq, Entry)>, LogError> {
        static PAGE: LazyLock<String> =
            LazyLock::new(|| format!("SELECT {COLUMNS} FROM entry WHERE seq > ? ORDER BY seq LIMIT ?"));
        // A number beyond SQLite's is beyond every entry.
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        // Rows are read here while SQLite's own thread fetches the next ones.
        let mut rows = sqlx::query(PAGE.as_str()).bind(after).bind(i64::from(limit)).fetch(&self.readers);
        let mut page = Vec::new();
        while let Some(row) = rows.try_next().await.map_err(storage)? {
            let stored = rows::read(&row)?;
            page.push((stored.seq, stored.entry));
        }
        Ok(page)
    }
}

/// Creates the file if there is none. It will hold contact details and password hashes, so nobody else on
/// the machine may read it; SQLite gives the files beside it the same permissions.
fn create(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

enum Inserted {
    Yes,
    /// A number or an id was there already; nothing was written.
    Taken(sqlx::Error),
}

/// Inserts at most [`ROWS`] rows with one statement.
async fn insert(connection: &mut SqliteConnection, rows: &[(Seq, &Draft)]) -> Result<Inserted, LogError> {
    let mut query = for_rows(&INSERT, rows.len());
    for (seq, draft) in rows {
        query = rows::bind(query, *seq, draft)?;
    }
    match query.execute(connection).await {
        Ok(_) => Ok(Inserted::Yes),
        Err(error) if error.as_database_error().is_some_and(|e| e.is_unique_violation()) => Ok(Inserted::Taken(error)),
        Err(error) => Err(storage(error)),
    }
}

async fn known(connection: &mut SqliteConnection, drafts: &[Draft]) -> Result<HashMap<EntryId, Stored>, LogError> {
    let mut known = HashMap::new();
    for drafts in drafts.chunks(ROWS) {
        let mut query = for_rows(&KNOWN, drafts.len());
        for draft in drafts {
            query = query.bind(draft.entry.id.0.as_bytes().to_vec());
        }
        for row in query.fetch_all(&mut *connection).await.map_err(storage)? {
            let stored = rows::read(&row)?;
            known.insert(stored.entry.id, stored);
        }
    }
    Ok(known)
}

fn storage(error: sqlx::Error) -> LogError {
    // The lower eight bits of an extended result code are the code itself.
    let code = error.as_database_error().and_then(|e| e.code()).and_then(|code| code.parse::<i32>().ok());
    if code.is_some_and(|code| code & 0xFF == SQLITE_FULL) {
        LogError::Full(error.into())
    } else {
        LogError::Storage(error.into())
    }
}
