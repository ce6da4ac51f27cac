//! One copy of the SQL for both databases: a statement with numbered placeholders (`$1`), which SQLite and
//! PostgreSQL both read, and its [values](super::value). For the tables beside the log; the
//! log's own path is written for each database by itself.

use std::time::Duration;

use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use sqlx::query::Query;
use sqlx::{Decode, PgConnection, Postgres, SqlSafeStr, SqlStr, Sqlite, SqliteConnection, Type};
use uuid::Uuid;

use super::value::{Id, Json, Kind, Value};
use super::{Database, PATIENCE, WHOLE_TABLE_PATIENCE, in_time};

/// The advisory lock that PostgreSQL's writers take: "soku" in ASCII, and a number among locks of that name; the
/// log's writer has the first.
const WRITERS: (i32, i32) = (0x736F_6B75, 2);

/// A statement and its values.
#[derive(Clone, Debug)]
pub struct Statement {
    text: SqlStr,
    values: Vec<Value>,
}

/// A statement with the placeholders `$1`, `$2` …
pub fn statement(text: impl SqlSafeStr) -> Statement {
    Statement { text: text.into_sql_str(), values: Vec::new() }
}

/// Binds the values, for one database or the other.
macro_rules! bound {
    ($statement:expr, $database:ty) => {{
        let query: Query<'static, $database, _> = sqlx::query($statement.text);
        $statement.values.into_iter().fold(query, |query, value| match value {
            Value::Text(text) => query.bind(text),
            Value::Number(number) => query.bind(number),
            Value::Bytes(bytes) => query.bind(bytes),
            Value::Flag(flag) => query.bind(flag),
            Value::Id(id) => query.bind(Id(id)),
            Value::Json(text) => query.bind(Json(text)),
        })
    }};
}

impl Statement {
    /// Gives the next placeholder its value.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }
}

/// A row, read by the names of its columns.
#[derive(Debug)]
pub enum Row {
    /// Of SQLite.
    Sqlite(sqlx::sqlite::SqliteRow),
    /// Of PostgreSQL.
    Postgres(sqlx::postgres::PgRow),
}

impl Row {
    /// The value in a column.
    ///
    /// # Errors
    /// [`sqlx::Error`] if there is no such column, or it holds something else.
    pub fn get<'r, T>(&'r self, column: &str) -> Result<T, sqlx::Error>
    where
        T: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres>,
    {
        match self {
            Self::Sqlite(row) => sqlx::Row::try_get(row, column),
            Self::Postgres(row) => sqlx::Row::try_get(row, column),
        }
    }

    /// The value in a column, for whoever copies rows from one database to the other.
    ///
    /// # Errors
    /// As [`Row::get`].
    pub fn value(&self, column: &str, kind: Kind) -> Result<Value, sqlx::Error> {
        let no_id = |error: uuid::Error| sqlx::Error::ColumnDecode { index: column.to_owned(), source: error.into() };
        Ok(match kind {
            Kind::Text => Value::Text(self.get(column)?),
            Kind::Number => Value::Number(self.get(column)?),
            Kind::Bytes => Value::Bytes(self.get(column)?),
            Kind::Flag => Value::Flag(self.get(column)?),
            // What PostgreSQL sends of a uuid and of json is what SQLite stores.
            Kind::Id => Value::Id(Uuid::from_slice(&self.raw::<Vec<u8>>(column)?).map_err(no_id)?),
            Kind::Json => Value::Json(self.raw(column)?),
        })
    }

    fn raw<'r, T: Decode<'r, Sqlite> + Decode<'r, Postgres>>(&'r self, column: &str) -> Result<T, sqlx::Error> {
        match self {
            Self::Sqlite(row) => sqlx::Row::try_get_unchecked(row, column),
            Self::Postgres(row) => sqlx::Row::try_get_unchecked(row, column),
        }
    }
}

/// A connection, lent.
enum Lent<'c> {
    Sqlite(&'c mut SqliteConnection),
    /// With how long it may take for a statement.
    Postgres(&'c mut PgConnection, Duration),
}

impl Lent<'_> {
    async fn execute(self, statement: Statement) -> Result<u64, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(connection) => bound!(statement, Sqlite).execute(connection).await?.rows_affected(),
            Self::Postgres(connection, patience) => {
                in_time(patience, bound!(statement, Postgres).execute(connection)).await?.rows_affected()
            }
        })
    }

    async fn rows(self, statement: Statement) -> Result<Vec<Row>, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(connection) => {
                let rows = bound!(statement, Sqlite).fetch_all(connection).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Self::Postgres(connection, patience) => {
                let rows = in_time(patience, bound!(statement, Postgres).fetch_all(connection)).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }
}

/// What is true of several statements at once, or of none.
#[derive(Debug)]
pub enum Transaction {
    /// In SQLite.
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    /// In PostgreSQL, with how long it may take for a statement.
    Postgres(sqlx::Transaction<'static, Postgres>, Duration),
}

impl Transaction {
    /// The same, with time for statements and a commit that are about whole tables.
    #[must_use]
    pub fn unhurried(self) -> Self {
        match self {
            Self::Postgres(transaction, _) => Self::Postgres(transaction, WHOLE_TABLE_PATIENCE),
            sqlite @ Self::Sqlite(_) => sqlite,
        }
    }

    fn lent(&mut self) -> Lent<'_> {
        match self {
            Self::Sqlite(transaction) => Lent::Sqlite(transaction),
            Self::Postgres(transaction, patience) => Lent::Postgres(transaction, *patience),
        }
    }

    /// Runs a statement; tells how many rows it touched.
    ///
    /// # Errors
    /// The database's.
    pub async fn execute(&mut self, statement: Statement) -> Result<u64, sqlx::Error> {
        self.lent().execute(statement).await
    }

    /// The rows that a statement gives.
    ///
    /// # Errors
    /// The database's.
    pub async fn rows(&mut self, statement: Statement) -> Result<Vec<Row>, sqlx::Error> {
        self.lent().rows(statement).await
    }

    /// The first row that a statement gives.
    ///
    /// # Errors
    /// The database's.
    pub async fn row(&mut self, statement: Statement) -> Result<Option<Row>, sqlx::Error> {
        Ok(self.rows(statement).await?.into_iter().next())
    }

    /// The rows that a statement gives, one after the other, however many there are.
    pub fn stream(&mut self, statement: Statement) -> BoxStream<'_, Result<Row, sqlx::Error>> {
        match self.lent() {
            Lent::Sqlite(connection) => bound!(statement, Sqlite).fetch(connection).map_ok(Row::Sqlite).boxed(),
            Lent::Postgres(connection, _) => {
                bound!(statement, Postgres).fetch(connection).map_ok(Row::Postgres).boxed()
            }
        }
    }

    /// Makes it all true, durably. Without it nothing is.
    ///
    /// # Errors
    /// The database's.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await,
            Self::Postgres(transaction, patience) => in_time(patience, transaction.commit()).await,
        }
    }
}

impl Database {
    /// Begins to write to the tables beside the log: one writer at a time, so that what it reads stays true
    /// until it commits. The log's writer does not wait for it in PostgreSQL; in SQLite it does.
    ///
    /// # Errors
    /// The database's.
    pub async fn write(&self) -> Result<Transaction, sqlx::Error> {
        match self {
            Self::Sqlite(pool) => Ok(Transaction::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?)),
            Self::Postgres(pool) => {
                let begin = async {
                    let mut transaction = pool.begin().await?;
                    let lock = sqlx::query("SELECT pg_advisory_xact_lock($1, $2)").bind(WRITERS.0).bind(WRITERS.1);
                    lock.execute(&mut *transaction).await?;
                    Ok(Transaction::Postgres(transaction, PATIENCE))
                };
                in_time(PATIENCE, begin).await
            }
        }
    }

    /// Begins to read what was true at one moment, however long it takes and whatever is written meanwhile.
    ///
    /// # Errors
    /// The database's.
    pub async fn snapshot(&self) -> Result<Transaction, sqlx::Error> {
        match self {
            Self::Sqlite(pool) => Ok(Transaction::Sqlite(pool.begin_with("BEGIN DEFERRED").await?)),
            Self::Postgres(pool) => {
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
                Ok(Transaction::Postgres(in_time(PATIENCE, pool.begin_with(begin)).await?, PATIENCE).unhurried())
            }
        }
    }

    /// Runs one statement that changes something, in a transaction of its own (see [`Database::write`]).
    ///
    /// # Errors
    /// The database's.
    pub async fn execute(&self, statement: Statement) -> Result<u64, sqlx::Error> {
        let mut transaction = self.write().await?;
        let rows = transaction.execute(statement).await?;
        transaction.commit().await?;
        Ok(rows)
    }

    /// The rows that a statement gives.
    ///
    /// # Errors
    /// The database's.
    pub async fn rows(&self, statement: Statement) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            Self::Sqlite(pool) => Lent::Sqlite(&mut *pool.acquire().await?).rows(statement).await,
            Self::Postgres(pool) => Lent::Postgres(&mut *pool.acquire().await?, PATIENCE).rows(statement).await,
        }
    }

    /// The first row that a statement gives.
    ///
    /// # Errors
    /// The database's.
    pub async fn row(&self, statement: Statement) -> Result<Option<Row>, sqlx::Error> {
        Ok(self.rows(statement).await?.into_iter().next())
    }
}
