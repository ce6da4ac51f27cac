//! Contact details, in tables of their own that the projection's readers cannot see.

use sqlx::Row;
use uuid::Uuid;

use super::{PostgresLog, in_time};
use crate::domain::ids::{ReportId, StaffId};
use crate::log::{ContactBook, ContactDetails, ContactReading, LogError, storage};

impl ContactBook for PostgresLog {
    async fn contact(&self, report: ReportId, reading: ContactReading) -> Result<Option<ContactDetails>, LogError> {
        // One statement: nothing is given without the reading being written down.
        const READ: &str = "WITH details AS (SELECT report, name, phone, email FROM contact WHERE report = $1::uuid), \
             recorded AS ( \
                 INSERT INTO contact_reading (report, staff, office, at) \
                 SELECT report, $2::uuid, $3, $4::timestamptz FROM details \
             ) \
             SELECT name, phone, email FROM details";
        let query = sqlx::query(READ)
            .bind(report.to_string())
            .bind(reading.staff.to_string())
            .bind(reading.office.as_str())
            .bind(reading.at.to_string());
        let row = in_time(async { query.fetch_optional(&self.readers).await.map_err(storage) }).await?;
        let Some(row) = row else { return Ok(None) };
        let text = |index| row.try_get::<Option<String>, _>(index).map_err(storage);
        Ok(Some(ContactDetails { name: text(0)?, phone: text(1)?, email: text(2)? }))
    }

    async fn readings(&self, report: ReportId) -> Result<Vec<ContactReading>, LogError> {
        const READINGS: &str = "SELECT uuid_send(staff), office, (extract(epoch FROM at) * 1000000)::bigint \
             FROM contact_reading WHERE report = $1::uuid ORDER BY number";
        let query = sqlx::query(READINGS).bind(report.to_string());
        let rows = in_time(async { query.fetch_all(&self.readers).await.map_err(storage) }).await?;
        let wrong = |error: anyhow::Error| LogError::Storage(error.context("a row of contact_reading"));
        rows.iter()
            .map(|row| {
                let staff = Uuid::from_slice(row.try_get(0).map_err(storage)?).map_err(|error| wrong(error.into()))?;
                let office = row.try_get::<&str, _>(1).map_err(storage)?;
                let at = row.try_get::<i64, _>(2).map_err(storage)?;
                Ok(ContactReading {
                    staff: StaffId(staff),
                    office: office.parse().map_err(|error| wrong(anyhow::Error::new(error)))?,
                    at: jiff::Timestamp::from_microsecond(at).map_err(|error| wrong(error.into()))?,
                })
            })
            .collect()
    }
}
