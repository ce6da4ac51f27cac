//! Contact details, in tables of their own in the same file.

use sqlx::Row;
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

use super::SqliteLog;
use crate::domain::ids::{EntryId, ReportId, StaffId};
use crate::log::{ContactBook, ContactDetails, ContactReading, LogError, storage};

impl ContactBook for SqliteLog {
    async fn contact(&self, report: ReportId, reading: ContactReading) -> Result<Option<ContactDetails>, LogError> {
        let mut transaction = self.readers.begin_with("BEGIN IMMEDIATE").await.map_err(storage)?;
        let id = report.0.as_bytes().to_vec();
        let row = sqlx::query("SELECT name, phone, email FROM contact WHERE report = ?")
            .bind(id.clone())
            .fetch_optional(&mut *transaction)
            .await
            .map_err(storage)?;
        let Some(row) = row else { return Ok(None) };
        sqlx::query("INSERT INTO contact_reading (report, staff, office, at) VALUES (?, ?, ?, ?)")
            .bind(id)
            .bind(reading.staff.0.as_bytes().to_vec())
            .bind(reading.office.as_str())
            .bind(reading.at.to_string())
            .execute(&mut *transaction)
            .await
            .map_err(storage)?;
        transaction.commit().await.map_err(storage)?;
        let text = |index| row.try_get::<Option<String>, _>(index).map_err(storage);
        Ok(Some(ContactDetails { name: text(0)?, phone: text(1)?, email: text(2)? }))
    }

    async fn readings(&self, report: ReportId) -> Result<Vec<ContactReading>, LogError> {
        let rows = sqlx::query("SELECT staff, office, at FROM contact_reading WHERE report = ? ORDER BY number")
            .bind(report.0.as_bytes().to_vec())
            .fetch_all(&self.readers)
            .await
            .map_err(storage)?;
        let wrong = |error: anyhow::Error| LogError::Storage(error.context("a row of contact_reading"));
        rows.iter()
            .map(|row| {
                let staff = Uuid::from_slice(row.try_get(0).map_err(storage)?).map_err(|error| wrong(error.into()))?;
                let office = row.try_get::<&str, _>(1).map_err(storage)?;
                let at = row.try_get::<&str, _>(2).map_err(storage)?;
                Ok(ContactReading {
                    staff: StaffId(staff),
                    office: office.parse().map_err(|error| wrong(anyhow::Error::new(error)))?,
                    at: at.parse().map_err(|error| wrong(anyhow::Error::new(error)))?,
                })
            })
            .collect()
    }
}

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
