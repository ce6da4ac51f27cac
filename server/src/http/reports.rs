//! Door: reports and receipts, and the contact details behind a report.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::access::Who;
use super::client_address::ClientAddress;
use super::error::{ApiError, ApiResult};
use super::extract::{JsonBody, PathParams, QueryParams};
use crate::audit::{self, By};
use crate::domain::clock::Clock;
use crate::domain::ids::{MediaId, OperationId, ReportId};
use crate::domain::operation::{Operation, OperationKind};
use crate::domain::position::NotAPosition;
use crate::domain::report::FiledReport;
use crate::intake::receipt::ReceiptKeys;
use crate::intake::{Intake, Refusal, check};
use crate::live::Live;
use crate::live::past::Past;
use crate::live::world::World;
use crate::log::writer::AppendError;
use crate::log::{ContactBook, LogError};
use crate::media::store::Store;
use crate::wire::incident::IncidentView;
use crate::wire::problem::{Code, Problem};
use crate::wire::report::{Contact, NewReport, Receipt, ReceiptStatus};

/// What these doors need; behind one [`Arc`], because the router clones it for every request.
pub struct ReportsState {
    /// The way in.
    pub intake: Arc<Intake>,
    /// The world.
    pub live: Arc<Live>,
    /// Reports of closed operations.
    pub past: Arc<Past>,
    /// Checks receipt keys.
    pub receipts: ReceiptKeys,
    /// Thumbnails of receipts.
    pub media: Store,
    /// Contact details.
    pub contacts: ContactBook,
    /// Wall clock.
    pub clock: Arc<dyn Clock>,
}

/// The routes.
pub fn routes() -> OpenApiRouter<Arc<ReportsState>> {
    OpenApiRouter::new()
        .routes(routes!(file))
        .routes(routes!(receipt))
        .routes(routes!(thumbnail))
        .routes(routes!(contact))
}

/// Files a report. The receipt comes after the commit; the same report again gives the same receipt.
#[utoipa::path(post, path = "/api/reports", tag = "reports", request_body = NewReport, responses(
    (status = 201, description = "Written down for good", body = Receipt),
    (status = 200, description = "The same was filed before; its receipt", body = Receipt),
    (status = "default", description = "Nothing was written", body = Problem),
))]
async fn file(
    State(state): State<Arc<ReportsState>>,
    who: Who,
    ClientAddress(address): ClientAddress,
    JsonBody(new): JsonBody<NewReport>,
) -> ApiResult<Response> {
    let (receipt, again) = state.intake.file(&who.0, address, new).await?;
    let status = if again { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, [(header::CACHE_CONTROL, "no-store")], axum::Json(receipt)).into_response())
}

/// What became of a report, for whoever holds the receipt's key.
#[utoipa::path(get, path = "/api/receipts/{key}", tag = "reports", params(("key" = String, Path, description = "The receipt's key")), responses(
    (status = 200, body = ReceiptStatus),
    (status = "default", body = Problem),
))]
async fn receipt(State(state): State<Arc<ReportsState>>, PathParams(key): PathParams<String>) -> ApiResult<Response> {
    let id = state.receipts.report(&key).ok_or(Code::NotFound)?;
    let status = state.report(id, status).await?.ok_or(Code::NotFound)?;
    let is_drill = |(operation, _): (&Operation, bool)| operation.kind == OperationKind::Drill;
    let drill = state.live.read().operation(status.0).is_some_and(is_drill);
    let status = ReceiptStatus { drill, ..status.1 };
    Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(status)).into_response())
}

/// What became of a report, but for whether it belongs to a drill; and its operation.
fn status(world: &World, filed: &FiledReport) -> Option<(OperationId, ReceiptStatus)> {
    let IncidentView { incident, .. } = world.incident(filed.report.incident)?;
    let status = ReceiptStatus {
        category: filed.report.category,
        status: *incident.status.get(),
        status_at: incident.status.written().map_or(filed.filed_at, |stamp| stamp.hlc.timestamp()),
        filed_at: filed.filed_at,
        position: filed.report.position()?.into(),
        place: (&filed.report.place).into(),
        boundaries: filed.report.boundaries.to_string(),
        responsible: incident.responsible.as_ref().map(ToString::to_string),
        words: filed.report.words.clone(),
        thumbnails: filed.report.media.iter().filter(|m| m.thumbnail).map(|m| m.id.to_string()).collect(),
        media: filed.report.media.len(),
        drill: false,
    };
    Some((filed.operation, status))
}

impl ReportsState {
    /// What is asked of a report, in the world or, if its operation is closed, in its past; `None`: there is no
    /// such report, or it has no answer.
    async fn report<T>(&self, id: ReportId, ask: impl Fn(&World, &FiledReport) -> Option<T>) -> ApiResult<Option<T>> {
        let asked = |world: &World| world.report(id).map(|filed| ask(world, filed));
        if let Some(answer) = asked(&self.live.read()) {
            return Ok(answer);
        }
        let past = self.past.report(id).await.map_err(unavailable)?;
        Ok(past.as_ref().and_then(asked).flatten())
    }
}

/// A thumbnail of a picture that was sent with the report; it carries no metadata.
#[utoipa::path(get, path = "/api/receipts/{key}/thumbnails/{id}", operation_id = "receipt_thumbnail", tag = "reports",
    params(("key" = String, Path, description = "The receipt's key"), ("id" = String, Path, description = "Media id")),
    responses((status = 200, content_type = "image/jpeg"), (status = "default", body = Problem)))]
async fn thumbnail(
    State(state): State<Arc<ReportsState>>,
    PathParams((key, id)): PathParams<(String, String)>,
) -> ApiResult<Response> {
    let report = state.receipts.report(&key).ok_or(Code::NotFound)?;
    let id: MediaId = id.parse().map_err(|_| Code::NotFound)?;
    let named = |_: &World, filed: &FiledReport| filed.report.media.iter().any(|m| m.id == id).then_some(());
    state.report(report, named).await?.ok_or(Code::NotFound)?;
    let picture = state.media.thumbnail(&id).await?;
    Ok(([(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "private, max-age=86400")], picture)
        .into_response())
}

/// Why contact details are read.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Reading {
    /// Why, in the reader's own words, 1 to 200 characters. It is recorded with the reading.
    #[param(min_length = 1, max_length = 200)]
    reason: String,
}

/// How to reach the reporter. Only for an operator of the office that answers for it, who says why; the
/// reading is recorded.
#[utoipa::path(get, path = "/api/reports/{id}/contact", tag = "reports", params(
    ("id" = Uuid, Path, description = "Report"),
    Reading,
), responses(
    (status = 200, body = Contact),
    (status = "default", body = Problem),
))]
async fn contact(
    State(state): State<Arc<ReportsState>>,
    who: Who,
    PathParams(id): PathParams<Uuid>,
    QueryParams(reading): QueryParams<Reading>,
) -> ApiResult<Response> {
    let staff = who.staff()?;
    let reason = check::text("reason", &reading.reason, audit::REASON)?;
    if reason.is_empty() {
        return Err(Refusal::Field { field: "reason", rule: "must say why".to_owned() }.into());
    }
    let id = ReportId(id);
    let responsible = |world: &World, filed: &FiledReport| {
        world.incident(filed.report.incident).map(|view| view.incident.responsible.clone())
    };
    if state.report(id, responsible).await?.ok_or(Code::NotFound)?.as_ref() != Some(&staff.acting) {
        return Err(Code::OtherOffice.into());
    }
    let by = By { reason: Some(reason), ..staff.by() };
    let details = state.contacts.read(id, by, state.clock.as_ref()).await;
    let details = details.map_err(unavailable)?.ok_or(Code::NotFound)?;
    let contact = Contact { name: details.name, phone: details.phone, email: details.email };
    Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(contact)).into_response())
}

/// The log cannot be read or written just now.
pub(super) fn unavailable(error: LogError) -> ApiError {
    match error {
        LogError::Full(_) => ApiError::new(Code::StorageFull).retry_after(30).cause(error),
        _ => ApiError::new(Code::Unavailable).retry_after(5).cause(error),
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            Refusal::Field { .. } => Self::new(Code::InvalidField).detail(detail),
            Refusal::TextTooLong { .. } => Self::new(Code::TextTooLong).detail(detail),
            Refusal::TextNotAllowed { .. } => Self::new(Code::TextNotAllowed).detail(detail),
            Refusal::PositionMissing => Self::new(Code::PositionMissing),
            Refusal::Position { cause, .. } => Self::new(match cause {
                NotAPosition::NotFinite => Code::PositionNotFinite,
                NotAPosition::Swapped => Code::PositionSwapped,
                NotAPosition::OutOfRange => Code::PositionOutOfRange,
                NotAPosition::NullIsland => Code::PositionNullIsland,
            })
            .detail(detail),
            Refusal::UnknownOperation => Self::new(Code::UnknownOperation),
            Refusal::OperationEnded => Self::new(Code::OperationEnded),
            Refusal::UnknownMedia(_) => Self::new(Code::UnknownMedia).detail(detail),
            Refusal::TooMany { retry_after_s } => Self::new(Code::TooManyRequests).retry_after(retry_after_s),
            Refusal::Media(error) => error.into(),
            Refusal::Append(error) => error.into(),
            Refusal::Log(error) => unavailable(error),
            Refusal::Encode(error) => Self::internal(error),
        }
    }
}

impl From<AppendError> for ApiError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::IdTaken => Self::new(Code::IdTaken),
            AppendError::Busy => Self::new(Code::Unavailable).retry_after(1),
            // The writer has logged the cause once, for the whole batch.
            AppendError::Log(cause) if matches!(*cause, LogError::Full(_)) => {
                Self::new(Code::StorageFull).retry_after(30)
            }
            AppendError::Log(_) => Self::new(Code::Unavailable).retry_after(5),
        }
    }
}
