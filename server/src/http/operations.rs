//! Door: operations, listed, opened, closed and opened again; and how they were.

mod world;

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::access::Who;
use super::error::{ApiError, ApiResult};
use super::export::ExportDoor;
use super::extract::{JsonBody, PathParams};
use super::reports::unavailable;
use super::turns::Turns;
use crate::domain;
use crate::domain::entry::Body;
use crate::domain::ids::{EntryId, OperationId};
use crate::domain::operation::OperationKind;
use crate::identity::caller::StaffCaller;
use crate::intake::check::text;
use crate::intake::recorder::{Act, Recorder};
use crate::live::Live;
use crate::live::past::Past;
use crate::wire::operation::{NewOperation, Operation, Operations};
use crate::wire::problem::{Code, Problem};

/// What these doors need.
#[derive(Clone)]
pub struct OperationsState {
    /// The world.
    pub live: Arc<Live>,
    /// How it was.
    pub past: Arc<Past>,
    /// Writes down changes.
    pub recorder: Recorder,
    /// One end or beginning of an operation at a time.
    pub turns: Arc<Turns>,
    /// Records who takes one out.
    pub exports: ExportDoor,
}

/// The routes.
pub fn routes() -> OpenApiRouter<OperationsState> {
    OpenApiRouter::new()
        .routes(routes!(list, open))
        .routes(routes!(close))
        .routes(routes!(reopen))
        .routes(routes!(world::past))
}

/// Closes an operation.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewClose {
    /// A UUIDv7 made by the sender.
    id: Uuid,
}

/// Opens a closed operation again.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewReopening {
    /// A UUIDv7 made by the sender.
    id: Uuid,
}

/// What happens to an operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Turn {
    Close,
    Reopen,
}

impl OperationsState {
    /// The operation, if it is one that begins and ends, and whether it is open.
    fn that_may_end(&self, id: OperationId) -> ApiResult<(domain::operation::Operation, bool)> {
        let world = self.live.read();
        let (operation, open) = world.operation(id).ok_or(Code::NotFound)?;
        if operation.kind == OperationKind::Everyday {
            return Err(ApiError::new(Code::InvalidField).detail("everyday care does not end"));
        }
        Ok((operation.clone(), open))
    }

    /// Writes down that an operation which may end did so, or began again, under the sender's id. What has happened
    /// already is refused, unless it happened under this id: the log knows then whether this is a repetition.
    async fn turn<R: Serialize>(
        &self,
        staff: &StaffCaller,
        operation: Uuid,
        (id, request): (Uuid, &R),
        turn: Turn,
    ) -> ApiResult<Response> {
        let _alone = self.turns.of(operation).await;
        let (named, open) = self.that_may_end(OperationId(operation))?;
        let (body, refusal) = match turn {
            Turn::Close => (Body::OperationClosed, (!open).then_some(Code::OperationEnded)),
            Turn::Reopen => (Body::OperationOpened(named), open.then_some(Code::OperationOpen)),
        };
        if let Some(refusal) = refusal
            && !self.past.has(EntryId(id)).await.map_err(unavailable)?
        {
            return Err(refusal.into());
        }
        let office = staff.acting.clone();
        let act = Act { id, office, operation: OperationId(operation), body, about: operation, request };
        self.write(staff, act).await
    }

    async fn write<R: Serialize>(&self, staff: &StaffCaller, act: Act<'_, R>) -> ApiResult<Response> {
        let operation = act.operation;
        let committed = self.recorder.record(staff, act).await?;
        let status = if committed.again { StatusCode::OK } else { StatusCode::CREATED };
        let world = self.live.read();
        let (operation, open) = world.operation(operation).ok_or(Code::NotFound)?;
        Ok((status, axum::Json(Operation::of(operation, open))).into_response())
    }
}

/// All operations.
///
/// For who chooses one and has no use for a snapshot. The public may know what is open, and what is a drill.
#[utoipa::path(get, path = "/api/operations", operation_id = "list_operations", tag = "operations", responses(
    (status = 200, body = Operations),
    (status = "default", body = Problem),
))]
async fn list(State(state): State<OperationsState>) -> Response {
    let world = state.live.read();
    let operations = world.operations().map(|(operation, open)| Operation::of(operation, open)).collect();
    axum::Json(Operations { operations }).into_response()
}

/// Opens a disaster or a drill.
#[utoipa::path(post, path = "/api/operations", tag = "operations", request_body = NewOperation, responses(
    (status = 201, description = "Open", body = Operation),
    (status = 200, description = "The same was sent before", body = Operation),
    (status = "default", description = "Nothing was written", body = Problem),
))]
async fn open(
    State(state): State<OperationsState>,
    who: Who,
    JsonBody(new): JsonBody<NewOperation>,
) -> ApiResult<Response> {
    let staff = who.staff()?;
    let name = text("name", &new.name, 100)?;
    if name.is_empty() || new.kind == OperationKind::Everyday {
        let rule = if name.is_empty() { "name: must not be empty" } else { "kind: everyday care exists already" };
        return Err(ApiError::new(Code::InvalidField).detail(rule));
    }
    let operation = domain::operation::Operation { id: OperationId(new.id), kind: new.kind, name };
    let act = Act {
        id: new.id,
        office: staff.acting.clone(),
        operation: operation.id,
        body: Body::OperationOpened(operation),
        about: new.id,
        request: &new,
    };
    state.write(staff, act).await
}

/// Closes a disaster or a drill.
///
/// It takes no more reports, and its incidents leave every screen. They stay in the log: look at them with
/// `GET /api/operations/{id}/world`, or open the operation again.
#[utoipa::path(post, path = "/api/operations/{id}/close", tag = "operations", params(("id" = Uuid, Path, description = "Operation")),
    request_body = NewClose, responses(
    (status = 201, description = "Closed", body = Operation),
    (status = 200, description = "The same was sent before", body = Operation),
    (status = 409, description = "operation_ended, or id_taken", body = Problem),
    (status = "default", description = "Nothing was written", body = Problem),
))]
async fn close(
    State(state): State<OperationsState>,
    who: Who,
    PathParams(id): PathParams<Uuid>,
    JsonBody(new): JsonBody<NewClose>,
) -> ApiResult<Response> {
    state.turn(who.staff()?, id, (new.id, &new), Turn::Close).await
}

/// Opens a closed disaster or drill again: all that belongs to it is back on every screen.
///
/// The whole operation is read from the log before this answers, about a second for 100,000 entries, and until
/// then no other receipt is given. Viewers are told to take a new snapshot.
#[utoipa::path(post, path = "/api/operations/{id}/reopen", tag = "operations", params(("id" = Uuid, Path, description = "Operation")),
    request_body = NewReopening, responses(
    (status = 201, description = "Open", body = Operation),
    (status = 200, description = "The same was sent before", body = Operation),
    (status = 409, description = "operation_open, or id_taken", body = Problem),
    (status = "default", description = "Nothing was written", body = Problem),
))]
async fn reopen(
    State(state): State<OperationsState>,
    who: Who,
    PathParams(id): PathParams<Uuid>,
    JsonBody(new): JsonBody<NewReopening>,
) -> ApiResult<Response> {
    state.turn(who.staff()?, id, (new.id, &new), Turn::Reopen).await
}
