//! The conformance suite, and what is PostgreSQL's own.

use super::*;
use crate::database::Database;
use crate::database::scratch::Scratch;
use crate::domain::clock::{SystemClock, SystemEntropy};
use crate::log::conformance::{Backend, conformance};
use crate::log::samples::{draft, filed};

/// A database and a node's folder.
pub(super) struct Place {
    scratch: Scratch,
    data: tempfile::TempDir,
}

impl Place {
    pub(super) fn new() -> Option<Self> {
        Some(Self { scratch: Scratch::new()?, data: tempfile::tempdir().unwrap() })
    }

    pub(super) fn url(&self) -> String {
        self.scratch.url()
    }

    pub(super) async fn pool(&self) -> PgPool {
        let Database::Postgres(pool) = self.scratch.open().await else { panic!("PostgreSQL") };
        pool
    }

    pub(super) async fn open(&self) -> PostgresLog {
        PostgresLog::open(self.pool().await, self.data.path(), &SystemClock, &SystemEntropy).await.unwrap()
    }
}

async fn close(log: PostgresLog) {
    log.close().await;
    log.readers.close().await;
}

impl Backend for Place {
    type Log = PostgresLog;

    fn new() -> Option<Self> {
        Self::new()
    }

    async fn open(&self) -> PostgresLog {
        Self::open(self).await
    }

    fn database(&self, log: &PostgresLog) -> Database {
        Database::Postgres(log.readers.clone())
    }

    async fn close(&self, log: PostgresLog) {
        close(log).await;
    }

    async fn make_body_newer(&self, log: &PostgresLog, seq: Seq) {
        let update = sqlx::query("UPDATE entry SET version = 4000 WHERE seq = $1").bind(seq.cast_signed());
        update.execute(&log.readers).await.unwrap();
    }
}

conformance!(Place);

async fn writer_pid(log: &PostgresLog) -> i32 {
    let pid = async |session: &mut session::Session| {
        sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut session.connection).await.map_err(storage)
    };
    log.sessions.within(pid).await.unwrap()
}

async fn end_session(pool: &PgPool, pid: i32) {
    let ended = sqlx::query_scalar("SELECT pg_terminate_backend($1, 5000)").bind(pid).fetch_one(pool).await;
    assert!(ended.unwrap_or(false));
}

#[tokio::test]
async fn a_second_node_is_refused_until_the_first_has_gone() {
    let Some(place) = Place::new() else { return };
    let (first, second) = (place.open().await, place.open().await);
    first.claim().await.unwrap();
    let LogError::InUse { by } = second.claim().await.unwrap_err() else { panic!("not told who") };
    assert!(by.starts_with("sokuho writer "), "{by}");
    assert!(matches!(second.append(&[draft(filed(1))]).await, Err(LogError::InUse { .. })));
    assert_eq!(second.head().await.unwrap(), 0, "the command line reads all the same");
    first.close().await;
    second.claim().await.unwrap();
    assert_eq!(second.append(&[draft(filed(1))]).await.unwrap(), [Appended::Fresh(1)]);
}

#[tokio::test]
async fn a_node_that_lost_its_session_goes_on_with_the_next_number() {
    let Some(place) = Place::new() else { return };
    let log = place.open().await;
    log.append(&[draft(filed(1))]).await.unwrap();
    end_session(&log.readers, writer_pid(&log).await).await;
    assert!(matches!(log.append(&[draft(filed(2))]).await, Err(LogError::Storage(_))), "nobody knows whether it is in");
    assert_eq!(log.append(&[draft(filed(2))]).await.unwrap(), [Appended::Fresh(2)]);
}

#[tokio::test]
async fn a_node_that_lost_its_lock_to_another_writes_nothing_and_then_goes_on_behind_it() {
    let Some(place) = Place::new() else { return };
    let (first, second) = (place.open().await, place.open().await);
    first.append(&[draft(filed(1))]).await.unwrap();
    end_session(&second.readers, writer_pid(&first).await).await;
    assert_eq!(second.append(&[draft(filed(2))]).await.unwrap(), [Appended::Fresh(2)]);
    // The first learns that its session is gone, then that the lock is.
    assert!(matches!(first.append(&[draft(filed(3))]).await, Err(LogError::Storage(_))));
    assert!(matches!(first.append(&[draft(filed(3))]).await, Err(LogError::InUse { .. })));
    assert_eq!(second.head().await.unwrap(), 2);
    second.close().await;
    assert_eq!(first.append(&[draft(filed(3))]).await.unwrap(), [Appended::Fresh(3)]);
}

#[tokio::test]
async fn an_append_that_nobody_waits_for_leaves_the_log_whole() {
    let Some(place) = Place::new() else { return };
    let log = std::sync::Arc::new(place.open().await);
    for number in 1..=10 {
        let (log, batch) = (std::sync::Arc::clone(&log), [draft(filed(number))]);
        let append = tokio::spawn(async move { log.append(&batch).await });
        tokio::time::sleep(Duration::from_millis(number)).await;
        append.abort();
        let _ = append.await;
    }
    // The session of the last one is ours too, and is not waited for.
    assert_eq!(log.append(&[draft(filed(99))]).await.unwrap().len(), 1);
    let numbers: Vec<Seq> = log.read(0, 100).await.unwrap().into_iter().map(|(seq, _)| seq).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_server_that_would_acknowledge_early_is_asked_to_wait_for_its_disk() {
    let Some(place) = Place::new() else { return };
    let pool = place.pool().await;
    let alter =
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$";
    sqlx::query(alter).execute(&pool).await.unwrap();
    let log = place.open().await;
    let setting = async |session: &mut session::Session| {
        let show = sqlx::query_scalar("SHOW synchronous_commit").fetch_one(&mut session.connection).await;
        show.map_err(storage)
    };
    let setting: String = log.sessions.within(setting).await.unwrap();
    assert_eq!(setting, "on");
}

#[tokio::test]
async fn a_row_that_was_tampered_with_is_named_with_its_column() {
    let Some(place) = Place::new() else { return };
    let log = place.open().await;
    log.append(&[draft(filed(1))]).await.unwrap();
    sqlx::query("UPDATE entry SET office = '会津若松市'").execute(&log.readers).await.unwrap();
    let error = log.read(0, 10).await.unwrap_err();
    assert!(matches!(error, LogError::Inconsistent { seq: 1, column: "office", .. }), "{error:?}");
}

#[tokio::test]
async fn a_restored_log_is_another_history_and_one_that_was_only_cut_off_is_not() {
    let Some(place) = Place::new() else { return };
    let reopen = async || {
        let log = place.open().await;
        log.claim().await.unwrap();
        log
    };
    let log = reopen().await;
    let epoch = log.epoch();
    log.append(&[draft(filed(1)), draft(filed(2))]).await.unwrap();
    close(log).await;
    let log = reopen().await;
    assert_eq!(log.epoch(), epoch);
    // As after a restore of a dump that was made before entry 2.
    sqlx::query("TRUNCATE report").execute(&log.readers).await.unwrap();
    sqlx::query("DELETE FROM entry WHERE seq = 2").execute(&log.readers).await.unwrap();
    close(log).await;
    let log = reopen().await;
    let restored = log.epoch();
    assert_ne!(restored, epoch, "entry 2 is gone, and viewers have seen it");
    close(log).await;
    let log = reopen().await;
    assert_eq!(log.epoch(), restored, "once is enough");
    // As after a restore by PostgreSQL's own means, which makes another line of history.
    sqlx::query("UPDATE node SET cluster = '1/1/1'").execute(&log.readers).await.unwrap();
    close(log).await;
    assert_ne!(reopen().await.epoch(), restored);
}

#[tokio::test]
async fn who_only_looks_or_is_refused_gives_the_history_no_other_name() {
    let Some(place) = Place::new() else { return };
    let log = place.open().await;
    log.claim().await.unwrap();
    log.append(&[draft(filed(1))]).await.unwrap();
    let epoch = log.epoch();
    // Another node's folder, which remembers nothing.
    let folder = tempfile::tempdir().unwrap();
    let other = PostgresLog::open(place.pool().await, folder.path(), &SystemClock, &SystemEntropy).await.unwrap();
    assert_eq!(other.epoch(), epoch);
    assert!(matches!(other.claim().await, Err(LogError::InUse { .. })));
    close(log).await;
    let log = place.open().await;
    log.claim().await.unwrap();
    assert_eq!(log.epoch(), epoch);
}
