//! Contact details, in a table of their own in the same file.

use sqlx::sqlite::SqliteConnection;

use crate::domain::ids::EntryId;
use crate::log::{ContactDetails, LogError, storage};

/// Writes the details, within the transaction that writes their report.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    report: EntryId,
    contact: &ContactDetails,
) -> Result<(), LogError> {
    sqlx::query("INSERT INTO contact (report, name, phone, email) VALUES (?, ?, ?, ?)")
        .bind(report.0.as_bytes().to_vec())
        .bind(contact.name.clone())
        .bind(contact.phone.clone())
        .bind(contact.email.clone())
        .execute(connection)
        .await
        .map_err(storage)?;
    Ok(())
}
