//! Whatever door gives data out as a feed or for the record records it first, in one way.

use std::sync::Arc;

use super::error::{ApiError, ApiResult};
use crate::audit::exports::Exports;
use crate::database::is_full;
use crate::domain::clock::Clock;
use crate::identity::caller::Caller;
use crate::wire::problem::Code;

/// Records what callers take out.
#[derive(Clone)]
pub struct ExportDoor {
    /// The rows.
    pub exports: Arc<Exports>,
    /// Wall clock.
    pub clock: Arc<dyn Clock>,
}

impl ExportDoor {
    /// Records that the caller takes `subject` out; durable before it returns. The public's is no secret to anybody.
    ///
    /// # Errors
    /// [`Code::StorageFull`] or [`Code::Unavailable`]; nothing must be given out then.
    pub async fn record(&self, subject: &str, caller: &Caller) -> ApiResult<()> {
        let Some(by) = caller.by() else { return Ok(()) };
        self.exports.record(by, subject, self.clock.as_ref()).await.map_err(|error| {
            let code = if is_full(&error) { Code::StorageFull } else { Code::Unavailable };
            ApiError::new(code).detail("the export cannot be recorded").retry_after(30).cause(error)
        })
    }
}
