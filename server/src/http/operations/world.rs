//! Door: an operation as it was, open or closed, after any entry of the log.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::OperationsState;
use crate::domain::entry::Seq;
use crate::domain::ids::{IncidentId, OperationId};
use crate::http::access::Who;
use crate::http::cursor;
use crate::http::error::{ApiError, ApiResult};
use crate::http::extract::{PathParams, QueryParams};
use crate::http::reports::unavailable;
use crate::live::pages::{Filter, Key};
use crate::live::past::{Moment, PastError, Then};
use crate::wire::incident::OfficeIncident;
use crate::wire::operation::{Operation, PastOperation};
use crate::wire::problem::{Code, Problem};

/// Incidents on a page, if nothing is said of that, and at most.
const LIMIT: usize = 100;
const MOST: usize = 1_000;

/// Which moment, and what of it. At most one of `at` and `time`; without either, now.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Question {
    /// As it was after this entry of the log; 0: before the first.
    #[param(value_type = Option<u64>)]
    at: Option<Seq>,
    /// As it was at this time, RFC 3339, by the clocks of those who wrote.
    #[param(value_type = Option<String>, format = DateTime)]
    time: Option<Timestamp>,
    /// Only this incident, with the entries about it.
    incident: Option<Uuid>,
    /// Incidents on a page at most, 1 to 1,000; 100 if left out.
    limit: Option<usize>,
    /// Where the last page ended; follow `next`.
    cursor: Option<String>,
}

/// What is asked, read.
struct Asked {
    moment: Moment,
    limit: usize,
    after: Option<Key<IncidentId>>,
}

/// An operation as it was.
///
/// Its incidents with status, office and reports, newest first, as the log's entries up to then made them. The
/// incidents of closed operations are to be had nowhere else. Two of these are answered at a time. That somebody reads
/// it is recorded, once an hour.
#[utoipa::path(get, path = "/api/operations/{id}/world", operation_id = "past_operation", tag = "operations",
    params(("id" = Uuid, Path, description = "Operation"), Question), responses(
    (status = 200, body = PastOperation),
    (status = 404, description = "No operation has this id", body = Problem),
    (status = 408, description = "It took longer than 20 seconds", body = Problem),
    (status = 422, description = "An entry that is yet to come, or `too_many_incidents`", body = Problem),
    (status = 503, description = "Too many ask for the past", body = Problem),
    (status = "default", body = Problem),
))]
pub(super) async fn past(
    State(state): State<OperationsState>,
    who: Who,
    PathParams(id): PathParams<Uuid>,
    QueryParams(question): QueryParams<Question>,
) -> ApiResult<Response> {
    let asked = read(&question)?;
    if state.live.read().operation(OperationId(id)).is_none() {
        return Err(PastError::UnknownOperation.into());
    }
    state.exports.record(&format!("/api/operations/{id}/world"), &who.0).await?;
    let then = state.past.operation(OperationId(id), asked.moment).await?;
    let answer = answer(id, &asked, then);
    Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(answer)).into_response())
}

fn read(question: &Question) -> ApiResult<Asked> {
    let wrong = |rule: &str| ApiError::new(Code::InvalidField).detail(rule);
    if question.at.is_some() && question.time.is_some() {
        return Err(wrong("only one of at and time"));
    }
    let limit = question.limit.unwrap_or(LIMIT);
    if !(1..=MOST).contains(&limit) {
        return Err(wrong("limit must be 1 to 1000"));
    }
    let after = question.cursor.as_deref().map(|text| cursor::read(text).ok_or_else(|| wrong(cursor::RULE)));
    let incident = question.incident.map(IncidentId);
    Ok(Asked {
        moment: Moment { at: question.at, by: question.time, incident },
        limit,
        after: after.transpose()?.map(|(hlc, id)| (hlc, IncidentId(id))),
    })
}

fn answer(id: Uuid, asked: &Asked, then: Then) -> PastOperation {
    let Then { world, at, as_of, entries, omitted } = then;
    // Of one incident's world the others are left out, but a change may name an incident that has no report.
    let page = world.incident_page(&Filter::default(), asked.after, asked.limit);
    let views = page.keys.iter().filter_map(|(_, id)| world.incident(*id));
    let last = page.keys.last().filter(|_| page.more);
    PastOperation {
        operation: world.operation(OperationId(id)).map(|(operation, open)| Operation::of(operation, open)),
        at,
        as_of,
        matched: u64::try_from(world.incident_count()).unwrap_or(u64::MAX),
        incidents: views.filter_map(|view| OfficeIncident::of(&view)).collect(),
        next: last.map(|(hlc, last)| next(id, asked, at, &cursor::text((*hlc, last.0)))),
        entries: entries.into(),
        omitted,
    }
}

/// The address of the next page, of the same moment whatever is written meanwhile.
fn next(id: Uuid, asked: &Asked, at: Seq, cursor: &str) -> String {
    let moment = asked.moment.by.map_or_else(|| format!("at={at}"), |by| format!("time={by}"));
    format!("/api/operations/{id}/world?{moment}&limit={}&cursor={cursor}", asked.limit)
}

impl From<PastError> for ApiError {
    fn from(error: PastError) -> Self {
        let detail = error.to_string();
        match error {
            PastError::UnknownOperation => Self::new(Code::NotFound).detail(detail),
            PastError::AheadOfLog(_) => Self::new(Code::InvalidField).detail(detail),
            PastError::TooMany => Self::new(Code::TooManyIncidents).detail(detail),
            PastError::TooSlow => Self::new(Code::Timeout).detail(detail),
            PastError::Busy => Self::new(Code::Unavailable).detail(detail).retry_after(2),
            PastError::Log(error) => unavailable(error),
        }
    }
}
