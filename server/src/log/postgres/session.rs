//! The session in which a node appends. It holds an advisory lock for as long as it lives, so that one node
//! writes, and what it read under the lock stays true.
//!
//! After a cut line the session is given up and another one made. Its predecessor may live on at the server,
//! with a commit still to come: the lock is not given before that is settled. The server is asked to end it.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool, Row};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::append::Present;
use super::{in_that_time, in_time};
use crate::database::{CONNECT_PATIENCE, PATIENCE};
use crate::domain::entry::Seq;
use crate::log::{LogError, storage};

/// The advisory lock of whoever writes: "soku" in ASCII, and a number among locks of that name. Such locks are
/// a database's own: <https://www.postgresql.org/docs/15/explicit-locking.html#ADVISORY-LOCKS>.
const LOCK: (i32, i32) = (0x736F_6B75, 1);

/// How long a session that is about to end may keep the lock from us: that of a node that was killed a moment
/// ago, or our own after a cut.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);

/// Its few statements are planned once, while the tables may be small, and the plans kept while they grow: only
/// those by index stay good (<https://www.postgresql.org/docs/15/runtime-config-query.html>).
const PLANS: [(&str, &str); 3] = [("plan_cache_mode", "force_generic_plan"), ("enable_seqscan", "off"), ("jit", "off")];

/// A session that holds the lock.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) connection: PgConnection,
    /// The last number.
    pub(super) head: Seq,
    /// Whom it has brought.
    pub(super) present: Present,
}

/// The sessions of a node, one after the other.
#[derive(Debug)]
pub(super) struct Sessions {
    options: PgConnectOptions,
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
        Self {
            options: pool.connect_options().as_ref().clone().options(PLANS).application_name(&name),
            name,
            current: Mutex::new(State::None),
            claimed: false.into(),
        }
    }

    /// By what name the server knows them.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether this node has ever held the lock.
    pub(super) fn is_claimed(&self) -> bool {
        self.claimed.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Works in the session, which is made if there is none. One after the other. A session in which something
    /// failed, or whose work nobody waited for, is given up: what became of it the next one finds out.
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
        let mut current = self.current.lock().await;
        let mut session = match std::mem::replace(&mut *current, State::None) {
            State::Open(session) => session,
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
        }
    }

    async fn begin(&self) -> Result<Session, LogError> {
        let late = |_| LogError::Storage(anyhow::anyhow!("the database takes no connection"));
        let connecting = tokio::time::timeout(CONNECT_PATIENCE, self.options.connect());
        let mut connection = connecting.await.map_err(late)?.map_err(storage)?;
        in_time(async {
            self.lock(&mut connection).await?;
            let head: i64 = sqlx::query_scalar("SELECT coalesce(max(seq), 0) FROM entry")
                .fetch_one(&mut connection)
                .await
                .map_err(storage)?;
            self.claimed.store(true, std::sync::atomic::Ordering::Relaxed);
            Ok(Session { connection, head: head.cast_unsigned(), present: Present::default() })
        })
        .await
    }

    /// Takes the lock. Where the server would acknowledge before a commit is on its disk, this session asks for
    /// more; where it does more by itself (replicas), that stays.
    async fn lock(&self, connection: &mut PgConnection) -> Result<(), LogError> {
        const TRY: &str = "SELECT pg_try_advisory_lock($1, $2), set_config('synchronous_commit', \
             CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' \
             ELSE current_setting('synchronous_commit') END, false)";
        let until = tokio::time::Instant::now() + LOCK_PATIENCE;
        loop {
            let tried = sqlx::query(TRY).bind(LOCK.0).bind(LOCK.1).fetch_one(&mut *connection).await;
            if tried.and_then(|row| row.try_get(0)).map_err(storage)? {
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
