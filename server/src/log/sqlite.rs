//! The embedded backend: one SQLite file in WAL mode with full sync.
//!
//! An append is one statement in the usual case: every statement is a hop to SQLite's thread and back,
//! and that hop costs more than the rows. So the drafts are inserted as if all were fresh; only when
//! SQLite says that an id is taken (it has then written nothing) are the known ids looked up.

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

use super::rows::{self, COLUMNS, PLACEHOLDERS, Stored};
use super::{Appended, ContactBook, ContactDetails, ContactReading, Draft, EntryLog, LogError};
use crate::domain::clock::{Clock, Entropy};
use crate::domain::entry::{Entry, Seq};
use crate::domain::ids::{EntryId, NodeId, ReportId, StaffId, uuid_v7};

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
}

impl SqliteLog {
    /// Opens the file, creates it (readable by its owner alone) if there is none, and brings its tables up
    /// to date. A new log gets a node id and an epoch from the clock and the entropy.
    ///
    /// # Errors
    /// [`LogError`] if the file cannot be opened, is no such database, or was written by a newer program.
    pub async fn open(path: &Path, clock: &dyn Clock, entropy: &dyn Entropy) -> Result<Self, LogError> {
        create(path).map_err(|error| LogError::Storage(error.into()))?;
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
        sqlx::migrate!().run(&writer).await.map_err(|error| LogError::Storage(error.into()))?;
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
        Ok(Self {
            node: NodeId(id(0)?),
            epoch: id(1)?,
            head: Mutex::new(row.try_get::<i64, _>(2).map_err(storage)?.cast_unsigned()),
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
                write_contact(&mut transaction, draft.entry.id, contact).await?;
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
            return Ok(answers);
        }
        let (written, answers) = self.append_checked(drafts).await?;
        *head = written;
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

impl ContactBook for SqliteLog {
    async fn contact(&self, report: ReportId, reading: ContactReading) -> Result<Option<ContactDetails>, LogError> {
        let mut transaction = self.readers.begin_with("BEGIN IMMEDIATE").await.map_err(storage)?;
        let id = report.0.as_bytes().to_vec();
        let row = sqlx::query("SELECT name, phone, email FROM contact WHERE report = ?")
            .bind(id.clone())
            .fetch_optional(&mut *transaction)
            .await
            .map_err(storage)?;
        let Some(row) = row else { return Ok(None) };
        sqlx::query("INSERT INTO contact_reading (report, staff, office, at) VALUES (?, ?, ?, ?)")
            .bind(id)
            .bind(reading.staff.0.as_bytes().to_vec())
            .bind(reading.office.as_str())
            .bind(reading.at.to_string())
            .execute(&mut *transaction)
            .await
            .map_err(storage)?;
        transaction.commit().await.map_err(storage)?;
        let text = |index| row.try_get::<Option<String>, _>(index).map_err(storage);
        Ok(Some(ContactDetails { name: text(0)?, phone: text(1)?, email: text(2)? }))
    }

    async fn readings(&self, report: ReportId) -> Result<Vec<ContactReading>, LogError> {
        let rows = sqlx::query("SELECT staff, office, at FROM contact_reading WHERE report = ? ORDER BY number")
            .bind(report.0.as_bytes().to_vec())
            .fetch_all(&self.readers)
            .await
            .map_err(storage)?;
        let wrong = |error: anyhow::Error| LogError::Storage(error.context("a row of contact_reading"));
        rows.iter()
            .map(|row| {
                let staff = Uuid::from_slice(row.try_get(0).map_err(storage)?).map_err(|error| wrong(error.into()))?;
                let office = row.try_get::<&str, _>(1).map_err(storage)?;
                let at = row.try_get::<&str, _>(2).map_err(storage)?;
                Ok(ContactReading {
                    staff: StaffId(staff),
                    office: office.parse().map_err(|error| wrong(anyhow::Error::new(error)))?,
                    at: at.parse().map_err(|error| wrong(anyhow::Error::new(error)))?,
                })
            })
            .collect()
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

async fn write_contact(
    connection: &mut SqliteConnection,
    report: EntryId,
    contact: &ContactDetails,
) -> Result<(), LogError> {
    sqlx::query("INSERT INTO contact (report, name, phone, email) VALUES (?, ?, ?, ?)")
        .bind(report.0.as_bytes().to_vec())
        .bind(contact.name.clone())
        .bind(contact.phone.clone())
        .bind(contact.email.clone())
        .execute(connection)
        .await
        .map_err(storage)?;
    Ok(())
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::conformance::{Backend, conformance};
    use super::super::samples::{Counting, draft, filed, time};
    use super::*;

    struct Midnight;

    impl Clock for Midnight {
        fn now(&self) -> jiff::Timestamp {
            time(0)
        }
    }

    struct Folder(tempfile::TempDir);

    impl Folder {
        async fn open(&self) -> SqliteLog {
            SqliteLog::open(&self.0.path().join("sokuho.sqlite"), &Midnight, &Counting::default()).await.unwrap()
        }
    }

    impl Backend for Folder {
        type Log = SqliteLog;

        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        async fn open(&self) -> SqliteLog {
            Self::open(self).await
        }

        async fn close(&self, log: SqliteLog) {
            log.close().await;
        }

        async fn make_body_newer(&self, log: &SqliteLog, seq: Seq) {
            let update = sqlx::query("UPDATE entry SET version = 4000 WHERE seq = ?").bind(seq.cast_signed());
            update.execute(log.pool()).await.unwrap();
        }
    }

    conformance!(Folder);

    async fn pragma(log: &SqliteLog, name: &'static str) -> String {
        let mut texts = Vec::new();
        for pool in [&log.writer, &log.readers] {
            let row = sqlx::query(name).fetch_one(pool).await.unwrap();
            texts.push(row.try_get_unchecked::<String, _>(0).unwrap());
        }
        texts.join(" ")
    }

    #[tokio::test]
    async fn every_connection_syncs_fully_and_checks_references() {
        let folder = Folder::new();
        let log = folder.open().await;
        assert_eq!(pragma(&log, "PRAGMA journal_mode").await, "wal wal");
        assert_eq!(pragma(&log, "PRAGMA synchronous").await, "2 2");
        assert_eq!(pragma(&log, "PRAGMA foreign_keys").await, "1 1");
        assert_eq!(pragma(&log, "PRAGMA busy_timeout").await, "5000 5000");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn nobody_else_on_the_machine_can_read_the_file_or_those_beside_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = Folder::new();
        let log = folder.open().await;
        log.append(&[draft(filed(1))]).await.unwrap();
        let files: Vec<_> = std::fs::read_dir(folder.0.path()).unwrap().map(Result::unwrap).collect();
        assert_eq!(files.len(), 3, "the file, -wal and -shm");
        for file in files {
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
        }
    }

    #[tokio::test]
    async fn a_file_that_is_no_database_is_refused_and_left_alone() {
        let folder = Folder::new();
        let path = folder.0.path().join("sokuho.sqlite");
        let text = "this is a letter, not a database; ".repeat(50);
        std::fs::write(&path, &text).unwrap();
        let error = SqliteLog::open(&path, &Midnight, &Counting::default()).await.unwrap_err();
        assert!(matches!(error, LogError::Storage(_)), "{error:?}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }

    #[tokio::test]
    async fn a_full_disk_is_told_apart_and_writes_nothing() {
        let folder = Folder::new();
        let log = folder.open().await;
        log.append(&[draft(filed(1))]).await.unwrap();
        sqlx::query("PRAGMA max_page_count = 1").execute(&log.writer).await.unwrap();
        let many: Vec<Draft> = (2..200).map(|number| draft(filed(number))).collect();
        let error = log.append(&many).await.unwrap_err();
        assert!(matches!(error, LogError::Full(_)), "{error:?}");
        assert_eq!(log.head().await.unwrap(), 1);
        sqlx::query("PRAGMA max_page_count = 100000").execute(&log.writer).await.unwrap();
        assert_eq!(log.append(&many).await.unwrap()[0], Appended::Fresh(2), "it goes on once there is room");
    }

    #[tokio::test]
    async fn a_number_taken_behind_its_back_leaves_no_gap_and_no_double() {
        let folder = Folder::new();
        let (log, other) = (folder.open().await, folder.open().await);
        assert_eq!(log.append(&[draft(filed(1))]).await.unwrap(), [Appended::Fresh(1)]);
        assert_eq!(other.append(&[draft(filed(2))]).await.unwrap(), [Appended::Fresh(2)]);
        assert_eq!(log.append(&[draft(filed(3))]).await.unwrap(), [Appended::Fresh(3)]);
        assert_eq!(other.append(&[draft(filed(4))]).await.unwrap(), [Appended::Fresh(4)]);
        let ids: Vec<_> = log.read(0, 10).await.unwrap().into_iter().map(|(seq, entry)| (seq, entry.id)).collect();
        assert_eq!(ids, (1..=4).map(|n| (n, filed(n).id)).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_row_that_was_tampered_with_is_named_with_its_column() {
        let folder = Folder::new();
        let log = folder.open().await;
        log.append(&[draft(filed(1))]).await.unwrap();
        sqlx::query("UPDATE entry SET office = '会津若松市'").execute(log.pool()).await.unwrap();
        let error = log.read(0, 10).await.unwrap_err();
        assert!(matches!(error, LogError::Inconsistent { seq: 1, column: "office", .. }), "{error:?}");
    }

    #[tokio::test]
    async fn an_append_that_nobody_waits_for_leaves_the_log_whole() {
        let folder = Folder::new();
        let log = Arc::new(folder.open().await);
        for number in 1..=20 {
            let (log, batch) = (Arc::clone(&log), [draft(filed(number))]);
            let append = tokio::spawn(async move { log.append(&batch).await });
            tokio::task::yield_now().await;
            append.abort();
            let _ = append.await;
        }
        let before = log.head().await.unwrap();
        assert_eq!(log.append(&[draft(filed(99))]).await.unwrap().len(), 1);
        let numbers: Vec<Seq> = log.read(0, 100).await.unwrap().into_iter().map(|(seq, _)| seq).collect();
        assert!(numbers.len() as u64 > before);
        assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    }

    #[test]
    fn few_statements_serve_every_number_of_rows() {
        assert_eq!(INSERT.len(), 9);
        assert_eq!(INSERT[8].matches(PLACEHOLDERS).count(), ROWS);
        assert_eq!(COLUMNS.split(", ").count(), PLACEHOLDERS.matches('?').count());
    }
}
