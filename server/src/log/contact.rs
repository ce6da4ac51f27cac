//! Contact details of residents: apart from the entries, and every reading is recorded.

use std::future::Future;

use jiff::Timestamp;

use super::{ContactDetails, LogError};
use crate::domain::ids::{ReportId, StaffId};
use crate::domain::office::OfficeCode;

/// One reading of a report's contact details.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ContactReading {
    /// Who reads.
    pub staff: StaffId,
    /// The office for which they act.
    pub office: OfficeCode,
    /// When, UTC.
    pub at: Timestamp,
}

/// Gives contact details, and writes down to whom. A backend of the log gives this too, for the details
/// are written in the commit of their report (see [`super::Draft::contact`]). Who may ask is decided
/// before.
pub trait ContactBook: Send + Sync + 'static {
    /// The details that came with the report, if any. The reading is durable before they are given.
    ///
    /// # Errors
    /// [`LogError`] if the reading cannot be recorded; nothing is given then.
    fn contact(
        &self,
        report: ReportId,
        reading: ContactReading,
    ) -> impl Future<Output = Result<Option<ContactDetails>, LogError>> + Send;

    /// Every reading of the report's details, oldest first.
    ///
    /// # Errors
    /// [`LogError`] if the storage fails or holds what it should not.
    fn readings(&self, report: ReportId) -> impl Future<Output = Result<Vec<ContactReading>, LogError>> + Send;
}
