//! Fills an empty database from a backup, in one transaction.

use tokio::sync::mpsc;
use uuid::Uuid;

use super::archive::Archive;
use super::tables::TABLES;
use super::{BackupError, Progress, Tell, blocking};
use crate::audit::{self, Action, By, Record};
use crate::database::Database;
use crate::database::statement::{Transaction, statement};
use crate::database::value::Value;
use crate::domain::clock::Clock;

/// Rows of a statement. SQLite takes 32,766 values in one, an entry has 11.
const ROWS: usize = 64;

/// Statements' rows that wait for the database.
const AHEAD: usize = 4;

/// Looks whether a database is empty, before anything else is done to it.
///
/// # Errors
/// [`BackupError::NotEmpty`], [`BackupError::Storage`].
pub async fn must_be_empty(database: &Database) -> Result<(), BackupError> {
    nothing_in(&mut database.snapshot().await?).await
}

async fn nothing_in(transaction: &mut Transaction) -> Result<(), BackupError> {
    for table in TABLES {
        let count = transaction.row(table.count()).await?.ok_or(sqlx::Error::RowNotFound)?;
        if count.get::<i64>("n")? > 0 {
            return Err(BackupError::NotEmpty(format!("the table {} of the database", table.name)));
        }
    }
    Ok(())
}

/// Writes everything into a database that has its tables and nothing in them. Nothing is there before the
/// transaction that comes back is committed. The log has another epoch than before, so that every viewer takes
/// a new snapshot.
///
/// # Errors
/// [`BackupError::NotEmpty`], [`BackupError::Storage`], [`BackupError::Damaged`].
pub async fn fill(
    mut archive: Archive,
    database: &Database,
    epoch: Uuid,
    by: By,
    clock: &dyn Clock,
    tell: Tell<'_>,
) -> Result<(Archive, Transaction), BackupError> {
    let mut transaction = database.write().await?.unhurried();
    nothing_in(&mut transaction).await?;
    for table in TABLES {
        let (of, mut done) = (Some(archive.manifest().rows(table.name)), 0);
        let (sender, mut batches) = mpsc::channel::<Vec<Vec<Value>>>(AHEAD);
        let reading = tokio::spawn(blocking(move || {
            let mut batch = Vec::with_capacity(ROWS);
            let gone = |_| BackupError::Pack(anyhow::anyhow!("the database takes no more"));
            archive.rows(table, &mut |row| {
                batch.push(row);
                if batch.len() < ROWS {
                    return Ok(());
                }
                sender.blocking_send(std::mem::replace(&mut batch, Vec::with_capacity(ROWS))).map_err(gone)
            })?;
            if !batch.is_empty() {
                sender.blocking_send(batch).map_err(gone)?;
            }
            Ok(archive)
        }));
        while let Some(batch) = batches.recv().await {
            done += batch.len() as u64;
            transaction.execute(table.insert(batch)).await?;
            tell(Progress { step: table.name, done, of });
        }
        archive = reading.await.map_err(|error| BackupError::Pack(error.into()))??;
    }
    if let Transaction::Postgres(..) = transaction {
        transaction.execute(statement("SELECT rebuild()")).await?;
    }
    let manifest = archive.manifest();
    let node = statement("UPDATE node SET id = $1, epoch = $2");
    transaction.execute(node.bind(manifest.node).bind(epoch)).await?;
    let subject = format!("backup of {}, epoch {}, {} entries", manifest.made_at, manifest.epoch, manifest.head);
    let record = Record { at: clock.now(), by, action: Action::Restored, subject };
    audit::write(&mut transaction, &record).await?;
    Ok((archive, transaction))
}
