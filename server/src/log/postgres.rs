//! The prefecture's backend: PostgreSQL with PostGIS.
//!
//! One node writes. It appends in one session of its own, which holds a lock in the database for as long as it
//! lives: a second node is refused, and a node that lost its session has lost the lock with it and writes
//! nothing before it holds the lock again (see `session`). So a head that was read under the lock stays true,
//! and numbers have no gaps.
//!
//! An append is one statement in the usual case, and with that one round trip and one commit: the drafts are
//! inserted as if all were fresh, and with them what the projection says of them (`append`). Only when the
//! database refuses that (it has then written nothing) are the known ids looked up.

mod append;
pub mod drift;
pub mod projection;
mod record;
mod session;
#[cfg(test)]
mod tests;

use std::io;
use std::path::Path;
use std::sync::{LazyLock, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::TryStreamExt;
use sqlx::{Connection, PgPool, Row};
use uuid::Uuid;

use self::append::{Present, Reports, Written, append_checked, write};
use self::session::Sessions;
use super::remembered::{Lost, Remembered};
use super::rows;
use super::{Appended, Draft, EntryLog, LogError, storage};
use crate::database::PATIENCE;
use crate::domain::clock::{Clock, Entropy};
use crate::domain::entry::{Entry, Seq};
use crate::domain::ids::{NodeId, uuid_v7};

/// The columns as [`rows::read`] wants them.
pub(super) const SELECTED: &str = "seq, uuid_send(id), digest, uuid_send(origin), hlc, actor::text, office, \
     uuid_send(operation), kind, version, body::text";

static PAGE: LazyLock<String> =
    LazyLock::new(|| format!("SELECT {SELECTED} FROM entry WHERE seq > $1 ORDER BY seq LIMIT $2"));

/// Names the server, the line of its history and the database. A database that was restored by PostgreSQL's
/// means has another name: <https://www.postgresql.org/docs/15/functions-info.html#FUNCTIONS-INFO-CONTROLDATA>.
const CLUSTER: &str = "SELECT concat_ws('/', (SELECT system_identifier FROM pg_control_system()), \
     (SELECT timeline_id FROM pg_control_checkpoint()), \
     (SELECT oid FROM pg_database WHERE datname = current_database()))";

/// The log in PostgreSQL.
#[derive(Debug)]
pub struct PostgresLog {
    node: NodeId,
    /// The history's name when it was opened.
    epoch: Uuid,
    /// Its name since this node writes.
    claimed: OnceLock<Uuid>,
    /// Its name if it turns out that it was restored.
    another: Uuid,
    /// For everything but appends.
    readers: PgPool,
    /// For appends alone.
    sessions: Sessions,
    remembered: Remembered,
    /// What the last append that found no room began with, without contact details.
    refused: Mutex<Option<Draft>>,
}

impl PostgresLog {
    /// The log in an open database; see [`super::backend::Log::open`].
    ///
    /// # Errors
    /// [`LogError`] if the database or the file in the node's folder fails.
    pub async fn open(
        readers: PgPool,
        data: &Path,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> Result<Self, LogError> {
        let remembered = Remembered::open(data)?;
        let cluster: String = sqlx::query_scalar(CLUSTER).fetch_one(&readers).await.map_err(storage)?;
        let new_id = || uuid_v7(clock.now(), entropy);
        sqlx::query(
            "INSERT INTO node (only_row, id, epoch, cluster, created) \
             VALUES (1, $1::uuid, $2::uuid, $3, $4::timestamptz) ON CONFLICT DO NOTHING",
        )
        .bind(new_id().to_string())
        .bind(new_id().to_string())
        .bind(&cluster)
        .bind(clock.now().to_string())
        .execute(&readers)
        .await
        .map_err(storage)?;
        Self::of(readers, remembered, new_id).await
    }

    /// The log in a database that was opened for looking at it; see [`super::backend::Log::look`].
    ///
    /// # Errors
    /// [`LogError`] if the database fails.
    pub async fn look(readers: PgPool, data: &Path) -> Result<Self, LogError> {
        // No session is ever begun, for nothing is written.
        let log = Self::of(readers, Remembered::look(data), Uuid::nil).await?;
        log.remembered.compare(log.epoch, log.head().await?)?;
        Ok(log)
    }

    async fn of(readers: PgPool, remembered: Remembered, new_id: impl Fn() -> Uuid) -> Result<Self, LogError> {
        let row = sqlx::query("SELECT uuid_send(id), uuid_send(epoch) FROM node")
            .fetch_one(&readers)
            .await
            .map_err(storage)?;
        let id = |index| {
            let bytes = row.try_get::<&[u8], _>(index).map_err(storage)?;
            Uuid::from_slice(bytes).map_err(|error| LogError::Storage(error.into()))
        };
        let (node, epoch) = (NodeId(id(0)?), id(1)?);
        let sessions = Sessions::new(&readers, new_id());
        let (claimed, another) = (OnceLock::new(), new_id());
        Ok(Self { node, epoch, claimed, another, readers, sessions, remembered, refused: Mutex::default() })
    }

    /// Entries that were found missing when the log was claimed, or by this look, and of which nobody has taken note.
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

    /// Becomes the only node that writes here, and with that the one that says whether the log was restored.
    ///
    /// # Errors
    /// [`LogError::InUse`] if another node does; [`LogError`] if the database fails.
    pub async fn claim(&self) -> Result<(), LogError> {
        let (epoch, head) = self
            .sessions
            .within(async |session| {
                let cluster: String =
                    sqlx::query_scalar(CLUSTER).fetch_one(&mut session.connection).await.map_err(storage)?;
                let known: String = sqlx::query_scalar("SELECT cluster FROM node")
                    .fetch_one(&mut session.connection)
                    .await
                    .map_err(storage)?;
                self.remembered.compare(self.epoch, session.head)?;
                if known == cluster && self.remembered.agrees(self.epoch, session.head) {
                    return Ok((self.epoch, session.head));
                }
                sqlx::query("UPDATE node SET epoch = $1::uuid, cluster = $2")
                    .bind(self.another.to_string())
                    .bind(&cluster)
                    .execute(&mut session.connection)
                    .await
                    .map_err(storage)?;
                let (epoch, head) = (self.another, session.head);
                tracing::warn!(entry.seq = head, epoch = %epoch, "the log was restored: its history has another name now");
                Ok((epoch, head))
            })
            .await?;
        self.remembered.write(epoch, head)?;
        // Claimed twice, it was restored once.
        let _ = self.claimed.set(epoch);
        Ok(())
    }

    /// Whose sessions the one that writes waits for at this moment, because they hold what it needs.
    ///
    /// # Errors
    /// [`LogError`] if the database fails.
    pub async fn held_up_by(&self) -> Result<Option<String>, LogError> {
        const HOLDERS: &str = "SELECT string_agg(DISTINCT concat_ws(' ', usename, nullif(holder.application_name, ''), \
                 'from', coalesce(host(client_addr), 'this machine'), '(process ' || pid || ')'), ', ') \
             FROM pg_stat_activity AS holder WHERE pid IN (SELECT unnest(pg_blocking_pids(waits.pid)) \
                 FROM pg_stat_activity AS waits WHERE waits.application_name = $1)";
        let asked = sqlx::query_scalar(HOLDERS).bind(self.sessions.name()).fetch_one(&self.readers);
        in_time(async { asked.await.map_err(storage) }).await
    }

    fn refused(&self) -> MutexGuard<'_, Option<Draft>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for what is being written, and gives the lock back.
    pub async fn close(&self) {
        self.sessions.close().await;
    }
}

impl EntryLog for PostgresLog {
    fn epoch(&self) -> Uuid {
        self.claimed.get().copied().unwrap_or(self.epoch)
    }

    async fn append(&self, drafts: &[Draft]) -> Result<Vec<Appended>, LogError> {
        if drafts.is_empty() {
            return Ok(Vec::new());
        }
        let appended = self
            .sessions
            .within(async |session| {
                let numbered: Vec<_> = (session.head + 1..).zip(drafts).collect();
                let session::Session { connection, present, .. } = session;
                let (head, answers) = match write(connection, &numbered, Reports::Sent, present).await? {
                    Written::Yes => {
                        let fresh = numbered.iter().map(|(seq, _)| Appended::Fresh(*seq));
                        (session.head + drafts.len() as Seq, fresh.collect())
                    }
                    Written::Refused(_) => append_checked(connection, drafts).await?,
                };
                session.head = head;
                Ok((head, answers))
            })
            .await;
        let without_contact = |draft: &Draft| Draft { contact: None, ..draft.clone() };
        *self.refused() = drafts.first().filter(|_| matches!(appended, Err(LogError::Full(_)))).map(without_contact);
        let (head, answers) = appended?;
        self.remembered.note(self.epoch(), head);
        Ok(answers)
    }

    async fn probe(&self) -> Result<(), LogError> {
        let refused = self.refused().clone();
        let write = async |session: &mut session::Session| {
            if let Some(draft) = &refused {
                // A change to a row may find room in its page where a new row finds none in any.
                let mut transaction = session.connection.begin().await.map_err(storage)?;
                let row = [(session.head + 1, draft)];
                write(&mut transaction, &row, Reports::Sent, &mut Present::default()).await?;
                transaction.rollback().await.map_err(storage)?;
            }
            // Changes nothing, and yet it is written.
            let write = sqlx::query("UPDATE node SET created = created");
            write.execute(&mut session.connection).await.map(drop).map_err(storage)
        };
        self.sessions.within(write).await
    }

    async fn head(&self) -> Result<Seq, LogError> {
        const HEAD: &str = "SELECT coalesce(max(seq), 0) FROM entry";
        let head: i64 = if self.sessions.is_claimed() {
            // Whether this node can write is a part of the answer, and a cut line says so at once.
            let ask = async |session: &mut session::Session| {
                sqlx::query_scalar(HEAD).fetch_one(&mut session.connection).await.map_err(storage)
            };
            self.sessions.within(ask).await?
        } else {
            in_time(async { sqlx::query_scalar(HEAD).fetch_one(&self.readers).await.map_err(storage) }).await?
        };
        Ok(head.cast_unsigned())
    }

    async fn read(&self, after: Seq, limit: u32) -> Result<Vec<(Seq, Entry)>, LogError> {
        // A number beyond PostgreSQL's is beyond every entry.
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        in_time(async {
            let mut rows = sqlx::query(PAGE.as_str()).bind(after).bind(i64::from(limit)).fetch(&self.readers);
            let mut page = Vec::new();
            while let Some(row) = rows.try_next().await.map_err(storage)? {
                let stored = rows::read(&row)?;
                page.push((stored.seq, stored.entry));
            }
            Ok(page)
        })
        .await
    }
}

/// Gives up what the database does not answer within [`PATIENCE`].
pub(super) async fn in_time<T>(work: impl Future<Output = Result<T, LogError>>) -> Result<T, LogError> {
    in_that_time(PATIENCE, work).await
}

async fn in_that_time<T>(patience: Duration, work: impl Future<Output = Result<T, LogError>>) -> Result<T, LogError> {
    let late = |_| LogError::Storage(anyhow::anyhow!("the database did not answer within {} s", patience.as_secs()));
    tokio::time::timeout(patience, work).await.map_err(late)?
}
