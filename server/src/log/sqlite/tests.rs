//! The conformance suite, and what is SQLite's own.

use std::sync::Arc;

use super::*;
use crate::database::{Database, DatabaseError, Location};
use crate::log::conformance::{Backend, conformance};
use crate::log::samples::{Counting, Midnight, draft, filed};

struct Folder(tempfile::TempDir);

impl Folder {
    async fn pool(&self) -> SqlitePool {
        let file = Location::File(self.0.path().join("sokuho.sqlite"));
        let Ok(Database::Sqlite(pool)) = Database::open(&file).await else { panic!("a SQLite database") };
        pool
    }

    async fn open(&self) -> SqliteLog {
        SqliteLog::open(self.pool().await, self.0.path(), &Midnight, &Counting::default()).await.unwrap()
    }
}

impl Backend for Folder {
    type Log = SqliteLog;

    fn new() -> Option<Self> {
        Some(Self(tempfile::tempdir().unwrap()))
    }

    async fn open(&self) -> SqliteLog {
        Self::open(self).await
    }

    fn database(&self, log: &SqliteLog) -> Database {
        Database::Sqlite(log.readers.clone())
    }

    async fn close(&self, log: SqliteLog) {
        close(log).await;
    }

    async fn make_body_newer(&self, log: &SqliteLog, seq: Seq) {
        let update = sqlx::query("UPDATE entry SET version = 4000 WHERE seq = ?").bind(seq.cast_signed());
        update.execute(&log.readers).await.unwrap();
    }
}

conformance!(Folder);

fn folder() -> Folder {
    Folder(tempfile::tempdir().unwrap())
}

async fn close(log: SqliteLog) {
    log.close().await;
    log.readers.close().await;
}

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
    let folder = folder();
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
    let folder = folder();
    let log = folder.open().await;
    log.append(&[draft(filed(1))]).await.unwrap();
    let files: Vec<_> = std::fs::read_dir(folder.0.path()).unwrap().map(Result::unwrap).collect();
    assert_eq!(files.len(), 4, "the file, -wal, -shm and .head");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let folder = folder();
    let path = folder.0.path().join("sokuho.sqlite");
    let text = "this is a letter, not a database; ".repeat(50);
    std::fs::write(&path, &text).unwrap();
    let error = Database::open(&Location::File(path.clone())).await.unwrap_err();
    assert!(matches!(error, DatabaseError::Damaged(..)), "{error:?}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn tables_of_a_newer_program_are_refused_by_their_number() {
    let folder = folder();
    let log = folder.open().await;
    let later = "INSERT INTO _sqlx_migrations VALUES (4000, 'later', 0, 1, x'00', 0)";
    sqlx::query(later).execute(&log.writer).await.unwrap();
    close(log).await;
    let location = Location::File(folder.0.path().join("sokuho.sqlite"));
    for opened in [Database::open(&location).await, Database::look(&location).await] {
        assert!(matches!(opened, Err(DatabaseError::Newer(_, 4000))), "{opened:?}");
    }
}

#[tokio::test]
async fn a_look_sees_all_writes_nothing_and_may_go_on_beside_a_node() {
    let folder = folder();
    let path = folder.0.path().join("sokuho.sqlite");
    let location = Location::File(path.clone());
    assert!(Database::look(&location).await.is_err(), "nothing is there, and nothing is made");
    assert!(!path.exists());
    let log = folder.open().await;
    log.append(&[draft(filed(1)), draft(filed(2))]).await.unwrap();
    let look = async || {
        let database = Database::look(&location).await.unwrap();
        assert_eq!(database.damages().await.unwrap(), Vec::<String>::new());
        let Database::Sqlite(pool) = database else { panic!("a SQLite database") };
        SqliteLog::look(pool, folder.0.path()).await.unwrap()
    };
    let beside = look().await;
    assert_eq!((beside.epoch, beside.head().await.unwrap(), beside.losses().unwrap()), (log.epoch, 2, vec![]));
    assert!(beside.append(&[draft(filed(3))]).await.is_err());
    assert_eq!(log.append(&[draft(filed(3))]).await.unwrap(), [Appended::Fresh(3)], "the node goes on");
    assert_eq!(beside.read(0, 10).await.unwrap().len(), 3);
    close(beside).await;
    let epoch = log.epoch;
    close(log).await;
    std::fs::write(folder.0.path().join("sokuho.head"), format!("{epoch} {:020}\n", 9)).unwrap();
    for _ in 0..2 {
        let after = look().await;
        assert_eq!(
            (after.epoch, after.losses().unwrap()),
            (epoch, vec![Lost { remembered: 9, head: 3 }]),
            "nothing changes"
        );
        close(after).await;
    }
}

#[tokio::test]
async fn a_probe_writes_and_says_when_there_is_no_room() {
    let folder = folder();
    let log = folder.open().await;
    log.probe().await.unwrap();
    sqlx::query("PRAGMA query_only = 1").execute(&log.writer).await.unwrap();
    assert!(log.probe().await.is_err(), "it only reads");
}

#[tokio::test]
async fn a_full_disk_is_told_apart_and_writes_nothing() {
    let folder = folder();
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
    let folder = folder();
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
    let folder = folder();
    let log = folder.open().await;
    log.append(&[draft(filed(1))]).await.unwrap();
    sqlx::query("UPDATE entry SET office = '会津若松市'").execute(&log.readers).await.unwrap();
    let error = log.read(0, 10).await.unwrap_err();
    assert!(matches!(error, LogError::Inconsistent { seq: 1, column: "office", .. }), "{error:?}");
}

#[tokio::test]
async fn an_append_that_nobody_waits_for_leaves_the_log_whole() {
    let folder = folder();
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

#[tokio::test]
async fn a_restored_log_is_another_history_and_one_that_was_only_cut_off_is_not() {
    let folder = folder();
    let file = |name: &str| folder.0.path().join(name);
    let log = folder.open().await;
    let epoch = log.epoch;
    log.append(&[draft(filed(1))]).await.unwrap();
    close(log).await;
    std::fs::copy(file("sokuho.sqlite"), file("backup")).unwrap();
    let log = folder.open().await;
    assert_eq!(log.epoch, epoch);
    log.append(&[draft(filed(2))]).await.unwrap();
    // As after a power cut: the file beside may lag behind the database.
    std::fs::write(file("sokuho.head"), format!("{epoch} {:020}\n", 1)).unwrap();
    close(log).await;
    let log = folder.open().await;
    assert_eq!(log.epoch, epoch);
    close(log).await;

    std::fs::copy(file("backup"), file("sokuho.sqlite")).unwrap();
    let log = folder.open().await;
    let restored = log.epoch;
    assert_ne!(restored, epoch, "entry 2 is gone, and viewers have seen it");
    log.append(&[draft(filed(3))]).await.unwrap();
    close(log).await;
    let log = folder.open().await;
    assert_eq!(log.epoch, restored, "once is enough");
    close(log).await;

    std::fs::remove_file(file("sokuho.head")).unwrap();
    // Other names than before: the counting entropy would begin with the same ones.
    let entropy = crate::domain::clock::SystemEntropy;
    let log = SqliteLog::open(folder.pool().await, folder.0.path(), &Midnight, &entropy).await.unwrap();
    assert!(log.epoch != restored && log.epoch != epoch, "nobody can tell any more");
}

#[tokio::test]
async fn what_was_appended_is_copied_into_the_file_beside_the_appends() {
    let folder = folder();
    let log = folder.open().await;
    let file = folder.0.path().join("sokuho.sqlite");
    let before = std::fs::metadata(&file).unwrap().len();
    let numbers: Vec<u64> = (1..=CHECKPOINT_AFTER).collect();
    for some in numbers.chunks(ROWS) {
        let drafts: Vec<_> = some.iter().map(|number| draft(filed(*number))).collect();
        log.append(&drafts).await.unwrap();
    }
    while log.checkpoints.running.load(Ordering::Acquire) {
        tokio::task::yield_now().await;
    }
    assert!(std::fs::metadata(&file).unwrap().len() > before + CHECKPOINT_AFTER * 256);
    close(log).await;
}

#[tokio::test]
async fn what_is_looked_up_goes_by_an_index() {
    let folder = folder();
    let log = folder.open().await;
    for (statement, index) in [
        ("SELECT * FROM entry WHERE kind IN ('operation_opened', 'operation_closed') ORDER BY seq", "entry_operation"),
        (
            "SELECT * FROM entry WHERE body ->> 'incident' = $1 \
             AND kind IN ('status_changed', 'responsible_changed', 'zones_changed')",
            "entry_change",
        ),
    ] {
        let plan = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}")));
        let rows = plan.bind("x").fetch_all(&log.readers).await.unwrap();
        let plan: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
        assert!(plan.iter().any(|line| line.contains(index)), "{plan:?}");
    }
}
