//! The session in which a node appends. It holds an advisory lock for as long as it lives, so that one node
//! writes, and what it read under the lock stays true.
//!
//! It commits without waiting for the disk. That is the work of a second session beside it ([`Settler`]), so that
//! the next batch is written meanwhile. Both are made together and given up together.
//!
//! After a cut line the session is given up and another one made. Its predecessor may live on at the server,
//! with a commit still to come: the lock is not given before that is settled. The server is asked to end it.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool, Row};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::append::Present;
use super::settler::Settler;
use super::{in_that_time, in_time};
use crate::database::{CONNECT_PATIENCE, PATIENCE};
use crate::domain::entry::Seq;
use crate::log::{LogError, storage};

/// The advisory lock of whoever writes: "soku" in ASCII, and a number among locks of that name. Such locks are
/// a database's own: <https://www.postgresql.org/docs/15/explicit-locking.html#ADVISORY-LOCKS>.
pub(super) const LOCK: (i32, i32) = (0x736F_6B75, 1);

/// How long a session that is about to end may keep the lock from us: that of a node that was killed a moment
/// ago, or our own after a cut.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);

/// Its few statements are planned once, while the tables may be small, and the plans kept while they grow: only
/// those by index stay good (<https://www.postgresql.org/docs/15/runtime-config-query.html>). The settler waits for
/// the disk.
const SETTINGS: [(&str, &str); 4] = [
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("jit", "off"),
    ("synchronous_commit", "off"),
];

/// A session that holds the lock.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) connection: PgConnection,
    /// The last number.
    pub(super) head: Seq,
    /// Whom it has brought.
    pub(super) present: Present,
    /// Makes durable what is committed in it.
    pub(super) settler: Arc<Settler>,
}

/// The sessions of a node, one after the other.
#[derive(Debug)]
pub(super) struct Sessions {
    /// Of the session that writes.
    options: PgConnectOptions,
    /// Of the settler.
    settling: PgConnectOptions,
    /// By this name the server knows this node's sessions, and no other's.
    name: String,
    current: Mutex<State>,
    claimed: std::sync::atomic::AtomicBool,
}

#[derive(Debug)]
enum State {
    /// None yet, or the last one was given up.
    None,
    Open(Session),
    Closed,
}

impl Sessions {
    /// None yet. `unique` tells this process from all others.
    pub(super) fn new(pool: &PgPool, unique: Uuid) -> Self {
        let name = format!("sokuho writer {unique}");
        let options = pool.connect_options().as_ref().clone();
        Self {
            settling: options.clone().application_name(&format!("sokuho settler {unique}")),
            options: options.options(SETTINGS).application_name(&name),
            name,
            current: Mutex::new(State::None),
            claimed: false.into(),
        }
    }

    /// Whether this node has ever held the lock.
    pub(super) fn is_claimed(&self) -> bool {
        self.claimed.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Works in the session, which is made if there is none. One after the other. What was committed is durable on
    /// return. A session in which something failed, or whose work nobody waited for, is given up: what became of it
    /// the next one finds out.
    pub(super) async fn within<T>(
        &self,
        work: impl AsyncFnOnce(&mut Session) -> Result<T, LogError>,
    ) -> Result<T, LogError> {
        self.within_time(PATIENCE, work).await
    }

    /// As [`Sessions::within`], for work that may take another time.
    pub(super) async fn within_time<T>(
        &self,
        patience: Duration,
        work: impl AsyncFnOnce(&mut Session) -> Result<T, LogError>,
    ) -> Result<T, LogError> {
        let settled = async |session: &mut Session| {
            let done = work(session).await?;
            session.settler.settle().await?;
            Ok(done)
        };
        self.ahead_of_the_disk(patience, settled).await
    }

    /// As [`Sessions::within`], but what was committed is durable only once the session's settler says so.
    pub(super) async fn ahead_of_the_disk<T>(
        &self,
        patience: Duration,
        work: impl AsyncFnOnce(&mut Session) -> Result<T, LogError>,
    ) -> Result<T, LogError> {
        let mut current = self.current.lock().await;
        let mut session = match std::mem::replace(&mut *current, State::None) {
            State::Open(session) if session.settler.is_sound() => session,
            State::Open(lost) => {
                drop(lost);
                self.begin().await?
            }
            State::None => self.begin().await?,
            State::Closed => {
                *current = State::Closed;
                return Err(LogError::Storage(anyhow::anyhow!("the log is closed")));
            }
        };
        let done = in_that_time(patience, work(&mut session)).await?;
        *current = State::Open(session);
        Ok(done)
    }

    /// Ends the session in good order.
    pub(super) async fn close(&self) {
        let mut current = self.current.lock().await;
        if let State::Open(session) = std::mem::replace(&mut *current, State::Closed) {
            // The server learns of it either way.
            let _ = tokio::time::timeout(CONNECT_PATIENCE, session.connection.close()).await;
            session.settler.close().await;
        }
    }

    /// Begins a session. What it finds is durable: its predecessor may have ended before that was.
    async fn begin(&self) -> Result<Session, LogError> {
        const BEGUN: &str = "SELECT coalesce(max(seq), 0), pg_backend_pid() FROM entry";
        let mut connection = connect(&self.options).await?;
        in_time(async {
            self.lock(&mut connection).await?;
            let row = sqlx::query(BEGUN).fetch_one(&mut connection).await.map_err(storage)?;
            let (head, pid): (i64, i32) = (row.try_get(0).map_err(storage)?, row.try_get(1).map_err(storage)?);
            let settler = Settler::beside(pid, LOCK, connect(&self.settling).await?).await?;
            settler.settle().await?;
            self.claimed.store(true, std::sync::atomic::Ordering::Relaxed);
            let (head, present) = (head.cast_unsigned(), Present::default());
            Ok(Session { connection, head, present, settler: Arc::new(settler) })
        })
        .await
    }

    async fn lock(&self, connection: &mut PgConnection) -> Result<(), LogError> {
        const TRY: &str = "SELECT pg_try_advisory_lock($1, $2)";
        let until = tokio::time::Instant::now() + LOCK_PATIENCE;
        loop {
            let tried = sqlx::query_scalar(TRY).bind(LOCK.0).bind(LOCK.1).fetch_one(&mut *connection).await;
            if tried.map_err(storage)? {
                return Ok(());
            }
            let by = self.holder(connection).await?;
            if tokio::time::Instant::now() >= until {
                return Err(LogError::InUse { by });
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Says who holds the lock, and ends that session if it is an earlier one of ours.
    async fn holder(&self, connection: &mut PgConnection) -> Result<String, LogError> {
        const HOLDER: &str = "SELECT concat_ws(' ', application_name, 'from', coalesce(client_addr::text, 'this machine'), \
                 'since', backend_start), application_name = $3 AND pg_terminate_backend(pid) \
             FROM pg_locks JOIN pg_stat_activity USING (pid) \
             WHERE locktype = 'advisory' AND granted AND classid = $1::oid AND objid = $2::oid AND objsubid = 2 \
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        let holder = sqlx::query(HOLDER)
            .bind(LOCK.0)
            .bind(LOCK.1)
            .bind(&self.name)
            .fetch_optional(connection)
            .await
            .map_err(storage)?;
        let Some(holder) = holder else { return Ok("it has ended this moment".to_owned()) };
        holder.try_get(0).map_err(storage)
    }
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, LogError> {
    let late = |_| LogError::Storage(anyhow::anyhow!("the database takes no connection"));
    tokio::time::timeout(CONNECT_PATIENCE, options.connect()).await.map_err(late)?.map_err(storage)
}
