//! The embedded backend: one SQLite file in WAL mode with full sync.
//!
//! An append is one statement in the usual case: every statement is a hop to SQLite's thread and back,
//! and that hop costs more than the rows. So the drafts are inserted as if all were fresh; only when
//! SQLite says that an id is taken (it has then written nothing) are the known ids looked up.

mod contacts;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use futures_util::TryStreamExt;
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteConnection};
use sqlx::{Connection, Row, SqlitePool};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::answers::{Answers, answer};
use super::remembered::{Lost, Remembered};
use super::rows::{self, COLUMNS, PLACEHOLDERS, Stored};
use super::{Appended, Draft, EntryLog, LogError, storage};
use crate::database::sqlite_pool;
use crate::domain::clock::{Clock, Entropy};
use crate::domain::entry::{Entry, Seq};
use crate::domain::ids::{EntryId, NodeId, uuid_v7};

/// Rows of the longest statement; a power of two.
const ROWS: usize = 256;

/// Entries after which what they wrote is copied from SQLite's write-ahead log into the file (a
/// checkpoint), beside the appends.
const CHECKPOINT_AFTER: u64 = 4_096;

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
    checkpoints: Checkpoints,
    remembered: Remembered,
}

impl SqliteLog {
    /// The log in an open database; see [`super::backend::Log::open`].
    ///
    /// # Errors
    /// [`LogError`] if the database or the file in the node's folder fails.
    pub async fn open(
        readers: SqlitePool,
        data: &Path,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> Result<Self, LogError> {
        let remembered = Remembered::open(data)?;
        let writer = sqlite_pool(1).connect_lazy_with(readers.connect_options().as_ref().clone());
        sqlx::query("INSERT INTO node (only_row, id, epoch, created) VALUES (1, ?, ?, ?) ON CONFLICT DO NOTHING")
            .bind(uuid_v7(clock.now(), entropy).as_bytes().to_vec())
            .bind(uuid_v7(clock.now(), entropy).as_bytes().to_vec())
            .bind(clock.now().to_string())
            .execute(&writer)
            .await
            .map_err(storage)?;
        let (node, mut epoch, head) = history(&writer).await?;
        remembered.compare(epoch, head)?;
        if !remembered.agrees(epoch, head) {
            epoch = uuid_v7(clock.now(), entropy);
            tracing::warn!(entry.seq = head, epoch = %epoch, "the log was restored: its history has another name now");
            let rename = sqlx::query("UPDATE node SET epoch = ?").bind(epoch.as_bytes().to_vec());
            rename.execute(&writer).await.map_err(storage)?;
        }
        remembered.write(epoch, head)?;
        let checkpoints = Checkpoints::default();
        Ok(Self { node, epoch, head: Mutex::new(head), checkpoints, remembered, readers, writer })
    }

    /// The log in a database that was opened for looking at it; see [`super::backend::Log::look`].
    ///
    /// # Errors
    /// [`LogError`] if the database fails.
    pub async fn look(readers: SqlitePool, data: &Path) -> Result<Self, LogError> {
        let remembered = Remembered::look(data);
        let (node, epoch, head) = history(&readers).await?;
        remembered.compare(epoch, head)?;
        let (head, checkpoints) = (Mutex::new(head), Checkpoints::default());
        Ok(Self { node, epoch, head, checkpoints, remembered, writer: readers.clone(), readers })
    }

    /// Entries that were found missing when a log was opened, and of which nobody has taken note.
    ///
    /// # Errors
    /// If what was written down of them cannot be read.
    pub fn losses(&self) -> io::Result<Vec<Lost>> {
        self.remembered.losses()
    }

    /// The greatest number of which the data folder knows; 0 for none.
    pub fn remembered(&self) -> Seq {
        self.remembered.head()
    }

    /// The node whose log this is.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// Waits for what is being written and gives the file back.
    pub async fn close(&self) {
        self.writer.close().await;
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
        let mut connection = self.writer.acquire().await.map_err(storage)?;
        let outcome = write_checked(&mut connection, drafts).await;
        if outcome.is_err() {
            // After some failures, a full disk among them, SQLite has ended the transaction and sqlx counts it
            // on: that connection would begin no other. What closing it says is no news.
            let _ = connection.close().await;
        }
        outcome
    }
}

async fn write_checked(connection: &mut SqliteConnection, drafts: &[Draft]) -> Result<(Seq, Vec<Appended>), LogError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(storage)?;
    let head: i64 = sqlx::query_scalar("SELECT coalesce(max(seq), 0) FROM entry")
        .fetch_one(&mut *transaction)
        .await
        .map_err(storage)?;
    let known = known(&mut transaction, drafts).await?;
    let Answers { head, answers, fresh } = answer(head.cast_unsigned(), drafts, &known);
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
            self.remembered.note(self.epoch, *head);
            self.checkpoints.after(*head, &self.readers);
            return Ok(answers);
        }
        let (written, answers) = self.append_checked(drafts).await?;
        *head = written;
        self.remembered.note(self.epoch, written);
        self.checkpoints.after(written, &self.readers);
        Ok(answers)
    }

    async fn probe(&self) -> Result<(), LogError> {
        // Changes nothing, and yet SQLite writes and syncs the page.
        sqlx::query("UPDATE node SET created = created").execute(&self.writer).await.map(drop).map_err(storage)
    }

    async fn head(&self) -> Result<Seq, LogError> {
        let head: i64 = sqlx::query_scalar("SELECT coalesce(max(seq), 0) FROM entry")
            .fetch_one(&self.readers)
            .await
            .map_err(storage)?;
        Ok(head.cast_unsigned())
    }

    async fn read(&self, after: Seq, limit: u32) -> Result<Vec<(Seq, Entry)>, LogError> {
        static ROWS_AFTER: LazyLock<String> =
            LazyLock::new(|| format!("SELECT {COLUMNS} FROM entry WHERE seq > ? ORDER BY seq LIMIT ?"));
        // A number beyond SQLite's is beyond every entry.
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        // Rows are read here while SQLite's own thread fetches the next ones.
        let mut rows = sqlx::query(ROWS_AFTER.as_str()).bind(after).bind(i64::from(limit)).fetch(&self.readers);
        let mut page = Vec::new();
        while let Some(row) = rows.try_next().await.map_err(storage)? {
            let stored = rows::read(&row)?;
            page.push((stored.seq, stored.entry));
        }
        Ok(page)
    }
}

/// The node, the epoch and the last number.
async fn history(pool: &SqlitePool) -> Result<(NodeId, Uuid, Seq), LogError> {
    let row = sqlx::query("SELECT id, epoch, (SELECT coalesce(max(seq), 0) FROM entry) FROM node")
        .fetch_one(pool)
        .await
        .map_err(storage)?;
    let id = |index| {
        let bytes = row.try_get::<&[u8], _>(index).map_err(storage)?;
        Uuid::from_slice(bytes).map_err(|error| LogError::Storage(error.into()))
    };
    let head = row.try_get::<i64, _>(2).map_err(storage)?.cast_unsigned();
    Ok((NodeId(id(0)?), id(1)?, head))
}

/// Checkpoints beside the appends: within one, the copying and its two syncs would keep those who wait for
/// it waiting ten times as long.
#[derive(Debug, Default)]
struct Checkpoints {
    last: AtomicU64,
    running: Arc<AtomicBool>,
}

impl Checkpoints {
    fn after(&self, head: Seq, pool: &SqlitePool) {
        let due = head.saturating_sub(self.last.load(Ordering::Relaxed)) >= CHECKPOINT_AFTER;
        if !due || self.running.swap(true, Ordering::AcqRel) {
            return;
        }
        self.last.store(head, Ordering::Relaxed);
        let (pool, running) = (pool.clone(), Arc::clone(&self.running));
        tokio::spawn(async move {
            // One that fails is made up for by the next, or by an append.
            if let Err(error) = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(&pool).await {
                tracing::warn!(error = %error, "a checkpoint failed");
            }
            running.store(false, Ordering::Release);
        });
    }
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
        query = rows::bind(query, *seq, draft);
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
