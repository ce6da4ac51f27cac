//! Whether the projection says what the log says. The log is projected once more, by the same functions, into temporary
//! tables that hide the real ones, and the rows are compared; all that by one snapshot of the database, so that a node
//! may append meanwhile. Nothing but the temporary tables is written, and they go with the transaction.

use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

use super::projection::TABLES;
use super::{PostgresLog, in_that_time};
use crate::database::WHOLE_TABLE_PATIENCE;
use crate::log::{LogError, storage};

/// Rows that are named of each table.
const NAMED: i64 = 20;

/// A table of the projection that does not say what the log says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Drift {
    /// The table.
    pub table: &'static str,
    /// Rows that differ, are missing, or are too many; `None`: there is no such table.
    pub rows: Option<u64>,
    /// The first of them.
    pub named: Vec<String>,
}

impl PostgresLog {
    /// Compares the projection with the log.
    ///
    /// # Errors
    /// [`LogError`] if the database fails, or lets this account make no temporary tables.
    pub async fn drift(&self) -> Result<Vec<Drift>, LogError> {
        in_that_time(WHOLE_TABLE_PATIENCE, async {
            let mut connection = self.readers.acquire().await.map_err(storage)?;
            // Where an account that only looks may write nothing, this transaction may: into what is its own.
            let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE";
            let mut transaction = connection.begin_with(begin).await.map_err(storage)?;
            let drift = compare(&mut transaction).await.map_err(storage)?;
            transaction.rollback().await.map_err(storage)?;
            Ok(drift)
        })
        .await
    }
}

async fn compare(connection: &mut PgConnection) -> Result<Vec<Drift>, sqlx::Error> {
    let mut missing = Vec::new();
    for (table, _) in TABLES {
        let there = sqlx::query_scalar("SELECT to_regclass('sokuho.' || $1) IS NOT NULL").bind(table);
        if !there.fetch_one(&mut *connection).await? {
            missing.push(Drift { table, rows: None, named: Vec::new() });
        }
    }
    if !missing.is_empty() {
        return Ok(missing);
    }
    for (table, _) in TABLES {
        let hide = format!("CREATE TEMPORARY TABLE {table} (LIKE sokuho.{table} INCLUDING DEFAULTS INCLUDING INDEXES)");
        sqlx::raw_sql(AssertSqlSafe(hide)).execute(&mut *connection).await?;
    }
    // Which offices and shelters there are, and what, the node says and not the log.
    for table in ["office", "shelter"] {
        let copy = format!("INSERT INTO pg_temp.{table} SELECT * FROM sokuho.{table}");
        sqlx::raw_sql(AssertSqlSafe(copy)).execute(&mut *connection).await?;
    }
    sqlx::raw_sql("SELECT rebuild()").execute(&mut *connection).await?;
    let mut drift = Vec::new();
    for (table, key) in TABLES {
        let differing = format!(
            "SELECT {key}::text, count(*) OVER () FROM pg_temp.{table} made FULL JOIN sokuho.{table} kept USING ({key}) \
             WHERE ROW(made.*) IS DISTINCT FROM ROW(kept.*) ORDER BY 1 LIMIT {NAMED}"
        );
        let rows = sqlx::query(AssertSqlSafe(differing)).fetch_all(&mut *connection).await?;
        let Some(first) = rows.first() else { continue };
        let count: i64 = first.try_get(1)?;
        let named = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
        drift.push(Drift { table, rows: Some(count.cast_unsigned()), named });
    }
    Ok(drift)
}
