//! The session that waits for the disk.
//!
//! The server writes its log in order, so a commit that is on the disk (and with the replicas that the server waits
//! for) has everything before it there too: <https://www.postgresql.org/docs/15/wal-async-commit.html>. The settler
//! commits a note that says nothing, and waits as long as the server's own `synchronous_commit` says.
//!
//! It vouches for its writer's commits alone. A server that crashes may lose commits that were not settled, and ends
//! every session with that; so a settler that was there before the commit and still answers has seen no crash. One
//! that failed never answers again.

use sqlx::{Connection, PgConnection};
use tokio::sync::Mutex;

use super::in_time;
use crate::database::CONNECT_PATIENCE;
use crate::log::{LogError, storage};

/// Makes durable what its writer has committed.
#[derive(Debug)]
pub(super) struct Settler(Mutex<Option<PgConnection>>);

impl Settler {
    /// In this session, for the writer of this process number, which holds the advisory lock: a server that does
    /// not know it is another one. Where the server would acknowledge before a commit is on its disk, this session
    /// asks for more.
    pub(super) async fn beside(writer: i32, lock: (i32, i32), mut connection: PgConnection) -> Result<Self, LogError> {
        const BESIDE: &str = "SELECT set_config('synchronous_commit', \
                 CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' \
                 ELSE current_setting('synchronous_commit') END, false) IS NOT NULL AND EXISTS (SELECT FROM pg_locks \
                     WHERE pid = $1 AND locktype = 'advisory' AND granted AND classid = $2::oid AND objid = $3::oid \
                         AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))";
        let beside = sqlx::query_scalar(BESIDE).bind(writer).bind(lock.0).bind(lock.1);
        match beside.fetch_one(&mut connection).await.map_err(storage)? {
            true => Ok(Self(Mutex::new(Some(connection)))),
            false => Err(LogError::Storage(anyhow::anyhow!("two connections led to different servers"))),
        }
    }

    /// Returns when everything that was committed before is durable. A settler that failed once, or that nobody
    /// waited for, fails from then on.
    pub(super) async fn settle(&self) -> Result<(), LogError> {
        const NOTE: &str = "SELECT FROM pg_logical_emit_message(true, 'sokuho', '')";
        let mut place = self.0.lock().await;
        let lost = || LogError::Storage(anyhow::anyhow!("the session that waits for the disk was lost"));
        let mut connection = place.take().ok_or_else(lost)?;
        in_time(async { sqlx::query(NOTE).execute(&mut connection).await.map_err(storage) }).await?;
        *place = Some(connection);
        Ok(())
    }

    /// Whether it has not failed yet.
    pub(super) fn is_sound(&self) -> bool {
        // Whoever holds it is settling.
        self.0.try_lock().map_or(true, |place| place.is_some())
    }

    /// Ends the session in good order.
    pub(super) async fn close(&self) {
        if let Some(connection) = self.0.lock().await.take() {
            // The server learns of it either way.
            let _ = tokio::time::timeout(CONNECT_PATIENCE, connection.close()).await;
        }
    }

    /// What one column of one row of its session says.
    #[cfg(test)]
    pub(super) async fn ask<T>(&self, question: &'static str) -> T
    where
        T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
    {
        let mut place = self.0.lock().await;
        sqlx::query_scalar(question).fetch_one(place.as_mut().unwrap()).await.unwrap()
    }
}
