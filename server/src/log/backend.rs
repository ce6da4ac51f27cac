//! The log of this node, in whichever database it has.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use geo_types::MultiPolygon;
use uuid::Uuid;

use super::postgres::PostgresLog;
use super::postgres::drift::Drift;
use super::postgres::projection::Rebuilt;
use super::remembered::Lost;
use super::sqlite::SqliteLog;
use super::{Appended, Draft, EntryLog, LogError};
use crate::database::Database;
use crate::domain::clock::{Clock, Entropy};
use crate::domain::entry::{Entry, Seq};
use crate::domain::ids::NodeId;
use crate::domain::office::{Office, OfficeCode};
use crate::domain::shelter::Shelter;

/// A log in one of the databases.
#[derive(Debug)]
pub enum Log {
    /// In a SQLite file.
    Sqlite(SqliteLog),
    /// In PostgreSQL.
    Postgres(Box<PostgresLog>),
}

macro_rules! either {
    ($log:expr, $inner:ident => $answer:expr) => {
        match $log {
            Self::Sqlite($inner) => $answer,
            Self::Postgres($inner) => $answer,
        }
    };
}

impl Log {
    /// The log in an open database. A new log gets a node id and an epoch from the clock and the entropy; one
    /// that lacks entries which the file `sokuho.head` in the node's folder `data` remembers, or lacks that file,
    /// was restored and gets another epoch.
    ///
    /// # Errors
    /// [`LogError`] if the database or that file fails.
    pub async fn open(
        database: &Database,
        data: &Path,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> Result<Self, LogError> {
        Ok(match database {
            Database::Sqlite(pool) => Self::Sqlite(SqliteLog::open(pool.clone(), data, clock, entropy).await?),
            Database::Postgres(pool) => {
                Self::Postgres(Box::new(PostgresLog::open(pool.clone(), data, clock, entropy).await?))
            }
        })
    }

    /// The log in a database that was opened with [`Database::look`]: nothing can be appended.
    ///
    /// # Errors
    /// [`LogError`] if the database fails.
    pub async fn look(database: &Database, data: &Path) -> Result<Self, LogError> {
        Ok(match database {
            Database::Sqlite(pool) => Self::Sqlite(SqliteLog::look(pool.clone(), data).await?),
            Database::Postgres(pool) => Self::Postgres(Box::new(PostgresLog::look(pool.clone(), data).await?)),
        })
    }

    /// Entries that were found missing when the log was opened, now or earlier, and of which nobody has taken note
    /// ([`super::Losses`]).
    ///
    /// # Errors
    /// If what was written down of them cannot be read.
    pub fn losses(&self) -> io::Result<Vec<Lost>> {
        either!(self, log => log.losses())
    }

    /// The greatest number of which the data folder knows; 0 for none. A log that was opened to be written to knows no
    /// less, but for PostgreSQL's before it is claimed.
    pub fn remembered(&self) -> Seq {
        either!(self, log => log.remembered())
    }

    /// The node whose log this is.
    pub fn node(&self) -> NodeId {
        either!(self, log => log.node())
    }

    /// Becomes the only node that writes here, until it ends. In the data folder a lock on a file does that, so
    /// only PostgreSQL is asked.
    ///
    /// # Errors
    /// [`LogError::InUse`] if another node does; [`LogError`] if the database fails.
    pub async fn claim(&self) -> Result<(), LogError> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(log) => log.claim().await,
        }
    }

    /// Writes down what the region says of its offices, for those who read the projection; only PostgreSQL has
    /// one.
    ///
    /// # Errors
    /// [`LogError`] if the database fails.
    pub async fn describe(
        &self,
        offices: &[Office],
        grounds: &BTreeMap<OfficeCode, MultiPolygon<f64>>,
    ) -> Result<(), LogError> {
        if let Self::Postgres(log) = self
            && !log.describe(offices, grounds).await?
        {
            tracing::warn!(
                "there is no role sokuho_reader, and this account may not make it: CREATE ROLE sokuho_reader"
            );
        }
        Ok(())
    }

    /// Writes down which shelters there are, for who reads the projection; SQLite has none.
    ///
    /// # Errors
    /// [`LogError`] if the database fails.
    pub async fn describe_shelters(&self, shelters: &[Shelter], demonstration: bool) -> Result<(), LogError> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(log) => log.describe_shelters(shelters, demonstration).await,
        }
    }

    /// Makes the projection anew from the log; `None` where there is none, in SQLite.
    ///
    /// # Errors
    /// [`LogError::InUse`] if a node runs; [`LogError`] if the database fails.
    pub async fn rebuild(
        &self,
        offices: &[Office],
        grounds: &BTreeMap<OfficeCode, MultiPolygon<f64>>,
    ) -> Result<Option<Rebuilt>, LogError> {
        let Self::Postgres(log) = self else { return Ok(None) };
        let rebuilt = log.rebuild().await?;
        self.describe(offices, grounds).await?;
        Ok(Some(rebuilt))
    }

    /// Whose sessions the one that writes waits for at this moment; only in PostgreSQL.
    ///
    /// # Errors
    /// [`LogError`] if the database fails.
    pub async fn held_up_by(&self) -> Result<Option<String>, LogError> {
        match self {
            Self::Sqlite(_) => Ok(None),
            Self::Postgres(log) => log.held_up_by().await,
        }
    }

    /// Tables of the projection that do not say what the log says; SQLite has none.
    ///
    /// # Errors
    /// [`LogError`] if the database fails.
    pub async fn drift(&self) -> Result<Vec<Drift>, LogError> {
        match self {
            Self::Sqlite(_) => Ok(Vec::new()),
            Self::Postgres(log) => log.drift().await,
        }
    }

    /// Waits for what is being written; nothing can be appended afterwards.
    pub async fn close(&self) {
        either!(self, log => log.close().await);
    }
}

impl EntryLog for Log {
    fn epoch(&self) -> Uuid {
        either!(self, log => log.epoch())
    }

    async fn append(&self, drafts: &[Draft]) -> Result<Vec<Appended>, LogError> {
        either!(self, log => log.append(drafts).await)
    }

    async fn probe(&self) -> Result<(), LogError> {
        either!(self, log => log.probe().await)
    }

    async fn head(&self) -> Result<Seq, LogError> {
        either!(self, log => log.head().await)
    }

    async fn read(&self, after: Seq, limit: u32) -> Result<Vec<(Seq, Entry)>, LogError> {
        either!(self, log => log.read(after, limit).await)
    }
}
