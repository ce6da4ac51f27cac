//! Contact details of residents: apart from the entries, and every reading is recorded. They are written in
//! the commit of their report (see [`super::Draft::contact`]).

use super::postgres::in_time;
use super::{ContactDetails, LogError, storage};
use crate::audit::{self, Action, By, Record};
use crate::database::Database;
use crate::database::statement::statement;
use crate::domain::clock::Clock;
use crate::domain::ids::ReportId;

/// Gives contact details, and writes down to whom. Who may ask is decided before.
#[derive(Clone, Debug)]
pub struct ContactBook(Database);

impl ContactBook {
    /// The book in a database that a log uses.
    pub fn new(database: Database) -> Self {
        Self(database)
    }

    /// The details that came with the report, if any. The reading is durable before they are given; where
    /// there is nothing to read, nothing is recorded.
    ///
    /// # Errors
    /// [`LogError`] if the reading cannot be recorded; nothing is given then.
    pub async fn read(&self, report: ReportId, by: By, clock: &dyn Clock) -> Result<Option<ContactDetails>, LogError> {
        in_time(self.read_and_record(report, by, clock)).await
    }

    async fn read_and_record(
        &self,
        report: ReportId,
        by: By,
        clock: &dyn Clock,
    ) -> Result<Option<ContactDetails>, LogError> {
        let mut transaction = self.0.write().await.map_err(storage)?;
        let select = statement("SELECT name, phone, email FROM contact WHERE report = $1").bind(report.0);
        let Some(row) = transaction.row(select).await.map_err(storage)? else { return Ok(None) };
        let record = Record { at: clock.now(), by, action: Action::ContactRead, subject: report.to_string() };
        audit::write(&mut transaction, &record).await.map_err(storage)?;
        transaction.commit().await.map_err(storage)?;
        let text = |column| row.get::<Option<String>>(column).map_err(storage);
        Ok(Some(ContactDetails { name: text("name")?, phone: text("phone")?, email: text("email")? }))
    }
}
