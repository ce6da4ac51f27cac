//! Door: the map's questions, and an incident's status.

mod coarse;

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::access::Who;
use super::error::{ApiError, ApiResult};
use super::extract::{JsonBody, PathParams, QueryParams};
use crate::domain::entry::{Body, StatusChanged};
use crate::domain::ids::{EntryId, IncidentId};
use crate::domain::office::OfficeCode;
use crate::domain::position::{Bounds, Position};
use crate::intake::recorder::{Act, Recorder};
use crate::live::Live;
use crate::live::world::World;
use crate::wire::Audience;
use crate::wire::incident::{IncidentView, NewStatus, OfficeIncident, PublicIncident};
use crate::wire::problem::{Code, Problem};

/// What these doors need.
#[derive(Clone)]
pub struct IncidentsState {
    /// The world.
    pub live: Arc<Live>,
    /// Writes down changes.
    pub recorder: Recorder,
}

/// The routes.
pub fn routes() -> OpenApiRouter<IncidentsState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(change_status))
}

/// Which incidents. At most one of `bbox`, `near` and `office`; without any, the newest.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Question {
    /// West, south, east, north in degrees WGS 84, comma-separated.
    bbox: Option<String>,
    /// Latitude and longitude in degrees WGS 84, comma-separated: the nearest first.
    near: Option<String>,
    /// An office's code: those it answers for.
    office: Option<String>,
    /// How many at most, 1 to 1,000; 100 if left out.
    limit: Option<usize>,
}

/// Incidents, encoded for whoever asks.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum Incidents {
    /// For staff and walls.
    Office {
        /// The incidents.
        incidents: Vec<OfficeIncident>,
    },
    /// For everybody.
    Public {
        /// The incidents.
        incidents: Vec<PublicIncident>,
    },
}

/// Answers from memory: which incidents are here, near here, or this office's. Staff and walls get the
/// office encoding, everybody else the public one.
#[utoipa::path(get, path = "/api/incidents", tag = "incidents", params(Question), responses(
    (status = 200, body = Incidents),
    (status = "default", body = Problem),
))]
async fn list(
    State(state): State<IncidentsState>,
    who: Who,
    QueryParams(question): QueryParams<Question>,
) -> ApiResult<Response> {
    let asked = read(&question)?;
    let incidents = answer(&state.live.read(), &asked, who.0.audience());
    Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(incidents)).into_response())
}

/// Copies the answer out of the world; the lock is not held while it is written as JSON.
fn answer(world: &World, asked: &Read, audience: Audience) -> Incidents {
    let coarse = audience == Audience::Public;
    let views: Vec<IncidentView<'_>> = match &asked.place {
        Asked::Within(bounds) if coarse => coarse::within(world, bounds, asked.limit),
        Asked::Within(bounds) => world.incidents_in(bounds, asked.limit),
        Asked::Near(position) if coarse => coarse::near(world, *position, asked.limit),
        Asked::Near(position) => world.nearest(*position, asked.limit).into_iter().map(|(view, _)| view).collect(),
        Asked::Of(office) => world.by_office(office, asked.limit),
        Asked::Newest => world.newest(asked.limit),
    };
    match audience {
        Audience::Office => Incidents::Office { incidents: views.iter().filter_map(OfficeIncident::of).collect() },
        Audience::Public => Incidents::Public { incidents: views.iter().filter_map(PublicIncident::of).collect() },
    }
}

enum Asked {
    Within(Bounds),
    Near(Position),
    Of(OfficeCode),
    Newest,
}

struct Read {
    place: Asked,
    limit: usize,
}

fn read(question: &Question) -> ApiResult<Read> {
    let wrong = |rule: &str| ApiError::new(Code::InvalidField).detail(rule);
    let limit = question.limit.unwrap_or(100);
    if !(1..=1_000).contains(&limit) {
        return Err(wrong("limit must be 1 to 1000"));
    }
    let numbers = |text: &str| text.split(',').map(|n| n.trim().parse::<f64>()).collect::<Result<Vec<_>, _>>();
    let place = match (&question.bbox, &question.near, &question.office) {
        (Some(bbox), None, None) => match numbers(bbox).as_deref() {
            Ok(&[west, south, east, north]) => {
                let bounds = Bounds { west, south, east, north };
                if !bounds.is_valid() {
                    return Err(wrong("bbox must be west,south,east,north in degrees, in this order"));
                }
                Asked::Within(bounds)
            }
            _ => return Err(wrong("bbox must be four numbers: west,south,east,north")),
        },
        (None, Some(near), None) => match numbers(near).as_deref() {
            Ok(&[lat, lon]) => Asked::Near(Position::new(lat, lon).map_err(|cause| wrong(&cause.to_string()))?),
            _ => return Err(wrong("near must be two numbers: latitude,longitude")),
        },
        (None, None, Some(office)) => Asked::Of(office.parse().map_err(|_| Code::UnknownOffice)?),
        (None, None, None) => Asked::Newest,
        _ => return Err(wrong("only one of bbox, near and office")),
    };
    Ok(Read { place, limit })
}

/// Changes an incident's status: an operator of the office that answers for it, or of any office while
/// none does.
#[utoipa::path(post, path = "/api/incidents/{id}/status", tag = "incidents", params(("id" = Uuid, Path, description = "Incident")),
    request_body = NewStatus, responses(
    (status = 201, description = "Written down for good", body = OfficeIncident),
    (status = 200, description = "The same was sent before", body = OfficeIncident),
    (status = "default", description = "Nothing was written", body = Problem),
))]
async fn change_status(
    State(state): State<IncidentsState>,
    who: Who,
    PathParams(id): PathParams<Uuid>,
    JsonBody(new): JsonBody<NewStatus>,
) -> ApiResult<Response> {
    let staff = who.staff()?;
    let incident = IncidentId(id);
    let operation = {
        let world = state.live.read();
        let view = world.incident(incident).ok_or(Code::NotFound)?;
        let others = view.incident.responsible.as_ref().is_some_and(|responsible| *responsible != staff.acting);
        // An entry that was written before is not judged again: the log knows whether this is a repetition
        // or something else with the same id.
        if others && !world.has_seen_status(EntryId(new.id)) {
            return Err(Code::OtherOffice.into());
        }
        view.incident.operation
    };

    let act = Act {
        id: new.id,
        office: staff.acting.clone(),
        operation,
        body: Body::StatusChanged(StatusChanged { incident, status: new.status }),
        about: id,
        request: &new,
    };
    let committed = state.recorder.record(staff, act).await?;

    let status = if committed.again { StatusCode::OK } else { StatusCode::CREATED };
    let after = state.live.read().incident(incident).and_then(|view| OfficeIncident::of(&view));
    Ok((status, axum::Json(after.ok_or(Code::NotFound)?)).into_response())
}

#[cfg(test)]
mod tests;
