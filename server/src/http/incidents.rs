//! Door: the map's questions, and an incident's status.

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
use crate::domain::ids::IncidentId;
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
    let world = state.live.read();
    let coarse = who.0.audience() == Audience::Public;
    let views: Vec<IncidentView<'_>> = match &asked.place {
        Asked::Within(bounds) if coarse => coarse_within(&world, bounds, asked.limit),
        Asked::Within(bounds) => world.incidents_in(bounds, asked.limit),
        Asked::Near(position) if coarse => coarse_near(&world, *position, asked.limit),
        Asked::Near(position) => world.nearest(*position, asked.limit).into_iter().map(|(view, _)| view).collect(),
        Asked::Of(office) => world.by_office(office, asked.limit),
        Asked::Newest => world.newest(asked.limit),
    };
    let incidents = match who.0.audience() {
        Audience::Office => Incidents::Office { incidents: views.iter().filter_map(OfficeIncident::of).collect() },
        Audience::Public => Incidents::Public { incidents: views.iter().filter_map(PublicIncident::of).collect() },
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(incidents)).into_response())
}

/// Half a step of the grid on which the public sees positions, degrees, and what rounding adds.
const HALF_STEP: f64 = 0.000_05 + 1e-9;

/// Metres between a position and its coarse one at most: half a step north and half a step east.
const COARSE_WITHIN_M: f64 = 8.0;

/// Incidents beyond the limit that a question for coarse positions looks at first.
const MORE: usize = 64;

/// What the public is told lies within the bounds is what it sees there: asking with narrow bounds, again
/// and again, tells nothing of the exact position.
fn coarse_within<'a>(world: &'a World, bounds: &Bounds, limit: usize) -> Vec<IncidentView<'a>> {
    let bounds = bounds.coarse();
    let wider = Bounds {
        west: bounds.west - HALF_STEP,
        south: bounds.south - HALF_STEP,
        east: bounds.east + HALF_STEP,
        north: bounds.north + HALF_STEP,
    };
    // Only what lies on the very edge between two steps is dropped here.
    let mut views = world.incidents_in(&wider, limit + MORE);
    views.retain(|view| coarse_position(view).is_some_and(|position| bounds.contains(position)));
    views.truncate(limit);
    views
}

/// The nearest to the public: by coarse distances, and among those that look alike by id.
fn coarse_near(world: &World, position: Position, limit: usize) -> Vec<IncidentView<'_>> {
    let from = position.coarse();
    let mut asked = limit + MORE;
    loop {
        let found = world.nearest(from, asked);
        let all = found.len() < asked;
        let reached_m = found.last().map_or(0.0, |(_, metres)| *metres);
        let coarse = |(view, _)| Some((coarse_position(&view)?.distance_m(from), view));
        let mut sorted: Vec<(f64, IncidentView<'_>)> = found.into_iter().filter_map(coarse).collect();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.incident.id.cmp(&b.1.incident.id)));
        // What has not been found lies, coarsely, no nearer than this.
        let beyond_m = reached_m - COARSE_WITHIN_M;
        if all || sorted.get(limit - 1).is_some_and(|(metres, _)| *metres < beyond_m) {
            return sorted.into_iter().take(limit).map(|(_, view)| view).collect();
        }
        asked *= 2;
    }
}

fn coarse_position(view: &IncidentView<'_>) -> Option<Position> {
    view.reports.first()?.report.position().map(Position::coarse)
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
        if view.incident.responsible.as_ref().is_some_and(|responsible| *responsible != staff.acting) {
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
mod tests {
    use super::*;
    use crate::log::samples::{filed_at, incident_of};

    fn world(positions: &[(f64, f64)]) -> World {
        let mut world = World::default();
        for ((lat, lon), n) in positions.iter().zip(1..) {
            world.apply(n, &filed_at(n, Position::new(*lat, *lon).unwrap()));
        }
        world
    }

    fn ids(views: &[IncidentView<'_>]) -> Vec<IncidentId> {
        views.iter().map(|view| view.incident.id).collect()
    }

    #[test]
    fn narrow_bounds_tell_the_public_no_more_than_the_coarse_position() {
        // Three places that the public sees as one, and one that it sees a step further north.
        let world =
            world(&[(37.487_76, 139.929_71), (37.4878, 139.9297), (37.487_84, 139.929_66), (37.48786, 139.9297)]);
        let alike = [incident_of(3), incident_of(2), incident_of(1)];
        let narrow = |south: f64, north: f64| Bounds { west: 139.929_69, south, east: 139.929_71, north };
        for (south, north) in [(37.487_79, 37.4878), (37.4878, 37.4878), (37.487_71, 37.487_72), (37.487_74, 37.487_80)]
        {
            let found = coarse_within(&world, &narrow(south, north), 10);
            assert_eq!(ids(&found), alike, "{south} {north}");
            assert_eq!(ids(&coarse_within(&world, &narrow(south, north), 2)), alike[..2]);
        }
        assert_eq!(ids(&coarse_within(&world, &narrow(37.48785, 37.48789), 10)).len(), 4);
        assert!(coarse_within(&world, &narrow(37.4882, 37.4883), 10).is_empty());
    }

    #[test]
    fn the_nearest_to_the_public_are_in_an_order_that_tells_only_coarse_positions() {
        let positions = [(37.487_76, 139.929_71), (37.4878, 139.9297), (37.487_84, 139.929_66), (37.4880, 139.9297)];
        let there = world(&positions);
        let mut moved = positions;
        moved[..3].rotate_left(1);
        let moved = world(&moved);
        for from in [(37.487_761, 139.929_709), (37.487_839, 139.929_661), (37.5, 139.93), (37.487_84, 139.9298)] {
            let from = Position::new(from.0, from.1).unwrap();
            for limit in 1..=5 {
                let nearest = ids(&coarse_near(&there, from, limit));
                assert_eq!(nearest, ids(&coarse_near(&moved, from, limit)));
                assert_eq!(nearest.len(), limit.min(4));
            }
        }
        let from = Position::new(37.4880, 139.9297).unwrap();
        assert_eq!(ids(&coarse_near(&there, from, 1)), [incident_of(4)]);
    }

    #[test]
    fn more_that_look_alike_than_are_asked_for_first_are_still_ordered_by_id() {
        let crowd: Vec<(f64, f64)> = (0..500).map(|n| (37.487_76 + f64::from(n % 80) * 1e-6, 139.9297)).collect();
        let world = world(&crowd);
        let mut all: Vec<IncidentId> = (1..=500).map(incident_of).collect();
        all.sort_unstable();
        let from = Position::new(37.487_76, 139.9297).unwrap();
        assert_eq!(ids(&coarse_near(&world, from, 3)), all[..3]);
    }
}
