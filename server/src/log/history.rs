//! Looks things up in the log: for what has left memory, or how things were. One copy of each statement, but
//! for the columns, which each database gives in its own way. Every statement goes by an index, or through a
//! stretch of the log that the caller keeps short; none of them needs an index that a report would have to pay
//! for.

use std::sync::LazyLock;

use super::postgres::{SELECTED, in_time};
use super::rows::{self, COLUMNS};
use super::{LogError, storage};
use crate::database::Database;
use crate::database::statement::{Row, Statement, statement};
use crate::domain::entry::{Entry, Seq};
use crate::domain::ids::{EntryId, IncidentId, OperationId};

/// The same statement for each database.
struct Texts {
    sqlite: String,
    postgres: String,
}

impl Texts {
    fn selecting(rest: &str) -> Self {
        Self { sqlite: format!("SELECT {COLUMNS} {rest}"), postgres: format!("SELECT {SELECTED} {rest}") }
    }

    fn of(&'static self, database: &Database) -> Statement {
        statement(match database {
            Database::Sqlite(_) => self.sqlite.as_str(),
            Database::Postgres(_) => self.postgres.as_str(),
        })
    }
}

static OPERATIONS: LazyLock<Texts> = LazyLock::new(|| {
    Texts::selecting("FROM entry WHERE kind IN ('operation_opened', 'operation_closed') ORDER BY seq")
});

static OF_OPERATION: LazyLock<Texts> =
    LazyLock::new(|| Texts::selecting("FROM entry WHERE seq > $1 AND seq <= $2 AND operation = $3 ORDER BY seq"));

static ENTRY: LazyLock<Texts> = LazyLock::new(|| Texts::selecting("FROM entry WHERE id = $1"));

/// The order is that of [`crate::domain::entry::Stamp`].
static LATEST_CHANGES: LazyLock<Texts> = LazyLock::new(|| {
    Texts::selecting(
        "FROM (SELECT entry.*, row_number() OVER (PARTITION BY kind ORDER BY hlc DESC, origin DESC, id DESC) AS age \
         FROM entry WHERE body ->> 'incident' = $1 \
             AND kind IN ('status_changed', 'responsible_changed', 'zones_changed')) AS changes \
         WHERE age = 1 ORDER BY seq",
    )
});

/// The log, for whoever looks something up in it.
#[derive(Clone, Debug)]
pub struct History(Database);

impl History {
    /// The history in a database that a log uses.
    pub fn new(database: Database) -> Self {
        Self(database)
    }

    /// Every entry that opened or closed an operation, in order. There are few.
    ///
    /// # Errors
    /// [`LogError`] if the database fails, or an entry cannot be read.
    pub async fn operations(&self) -> Result<Vec<(Seq, Entry)>, LogError> {
        self.rows(OPERATIONS.of(&self.0)).await
    }

    /// The operation's entries after `after`, up to and including `to`, in order. All rows between the two are
    /// looked at, so the caller keeps them few.
    ///
    /// # Errors
    /// As [`History::operations`].
    pub async fn of_operation(
        &self,
        operation: OperationId,
        after: Seq,
        to: Seq,
    ) -> Result<Vec<(Seq, Entry)>, LogError> {
        // A number beyond the database's is beyond every entry.
        let number = |seq: Seq| i64::try_from(seq).unwrap_or(i64::MAX);
        let statement = OF_OPERATION.of(&self.0).bind(number(after)).bind(number(to)).bind(operation.0);
        self.rows(statement).await
    }

    /// The entry with this id.
    ///
    /// # Errors
    /// As [`History::operations`].
    pub async fn entry(&self, id: EntryId) -> Result<Option<(Seq, Entry)>, LogError> {
        Ok(self.rows(ENTRY.of(&self.0).bind(id.0)).await?.pop())
    }

    /// The latest change of the incident's status, and of the office that answers for it: by the stamp, as the
    /// fold has it. At most one each, however often they were changed.
    ///
    /// # Errors
    /// As [`History::operations`].
    pub async fn latest_changes(&self, incident: IncidentId) -> Result<Vec<(Seq, Entry)>, LogError> {
        self.rows(LATEST_CHANGES.of(&self.0).bind(incident.to_string())).await
    }

    async fn rows(&self, statement: Statement) -> Result<Vec<(Seq, Entry)>, LogError> {
        let rows = in_time(async { self.0.rows(statement).await.map_err(storage) }).await?;
        let read = |row: &Row| {
            let stored = match row {
                Row::Sqlite(row) => rows::read(row),
                Row::Postgres(row) => rows::read(row),
            };
            stored.map(|stored| (stored.seq, stored.entry))
        };
        rows.iter().map(read).collect()
    }
}
