//! Door: the map's questions, an incident's status, and who answers for it.

mod coarse;

use std::collections::BTreeSet;
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
use super::query;
use super::reports::unavailable;
use super::turns::Turns;
use crate::domain::entry::{Body, ResponsibleChanged, StatusChanged};
use crate::domain::ids::{EntryId, IncidentId, OperationId};
use crate::domain::incident::Symbol;
use crate::domain::office::OfficeCode;
use crate::domain::position::{Bounds, Position};
use crate::identity::caller::StaffCaller;
use crate::intake::recorder::{Act, Recorder};
use crate::live::Live;
use crate::live::past::Past;
use crate::live::queries::Among;
use crate::live::world::World;
use crate::wire::Audience;
use crate::wire::incident::{IncidentSymbol, NewResponsible, NewStatus, OfficeIncident, PublicIncident};
use crate::wire::problem::{Code, Problem};

/// What these doors need.
#[derive(Clone)]
pub struct IncidentsState {
    /// The world.
    pub live: Arc<Live>,
    /// Incidents of closed operations.
    pub past: Arc<Past>,
    /// Writes down changes.
    pub recorder: Recorder,
    /// The region's offices.
    pub offices: Arc<BTreeSet<OfficeCode>>,
    /// Ids of the layers of hazard zones that there can be.
    pub zone_layers: Arc<BTreeSet<String>>,
    /// One change of an incident's office at a time.
    pub turns: Arc<Turns>,
}

/// The routes.
pub fn routes() -> OpenApiRouter<IncidentsState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(change_status)).routes(routes!(change_responsible))
}

/// Which incidents. At most one of `bbox`, `near` and `office`; without any, the newest. `zone` may be joined with
/// `bbox` or `office`: those for which both are true.
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
    /// Id of a layer of hazard zones, or `LAYER:CLASS`: those that lie in its zones. For staff and walls: the public
    /// is not told in which zones an incident lies. May be joined with `bbox` or `office`.
    zone: Option<String>,
    /// With `near`: only what may stand in somebody's way in earnest, that is open incidents of road damage or danger
    /// and none of a drill. Fewer than `limit` are all that there are; else all those nearer than the last are there.
    obstacles: Option<bool>,
    /// How many at most, 1 to 1,000; 100 if left out.
    limit: Option<usize>,
    /// How much is told of each; everything if left out.
    #[param(inline)]
    form: Option<Form>,
}

/// How much is told of an incident.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Form {
    /// All that the caller may see.
    #[default]
    Full,
    /// What a map draws: where, what, and how far the handling is.
    Symbol,
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
    /// What a map draws, if the question asks for that form.
    Symbol {
        /// The incidents.
        incidents: Vec<IncidentSymbol>,
    },
}

impl Incidents {
    /// Bytes of the text, a little more than they mostly are.
    fn likely_bytes(&self) -> usize {
        64 + match self {
            Self::Office { incidents } => incidents.len() * 1_200,
            Self::Public { incidents } => incidents.len() * 400,
            Self::Symbol { incidents } => incidents.len() * 170,
        }
    }
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
    let asked = read(&question, &state.zone_layers)?;
    if asked.zone.is_some() && who.0.audience() == Audience::Public {
        return Err(Code::SignInRequired.into());
    }
    let incidents = answer(&state.live.read(), &asked, who.0.audience());
    let mut text = Vec::with_capacity(incidents.likely_bytes());
    serde_json::to_writer(&mut text, &incidents).map_err(ApiError::internal)?;
    let head = [(header::CACHE_CONTROL, "no-store"), (header::CONTENT_TYPE, "application/json")];
    Ok((head, text).into_response())
}

/// Copies the answer out of the world; the lock is not held while it is written as JSON.
fn answer(world: &World, asked: &Read, audience: Audience) -> Incidents {
    let coarse = audience == Audience::Public;
    let found: Vec<(Symbol, Position)> = match (&asked.zone, &asked.place) {
        (Some(zone), place) => {
            let among = match place {
                Asked::Within(bounds) => Among::Within(bounds),
                Asked::Of(office) => Among::Of(office),
                Asked::Newest | Asked::Near(..) => Among::All,
            };
            world.symbols_in_zones((&zone.layer, zone.class.as_deref()), among, asked.limit)
        }
        (None, Asked::Within(bounds)) if coarse => coarse::within(world, bounds, asked.limit),
        (None, Asked::Within(bounds)) => world.symbols_in(bounds, asked.limit),
        (None, Asked::Near(position, of)) => {
            let nearest = |position, limit| match of {
                Which::All => world.symbols_near(position, limit),
                Which::Obstacles => world.obstacles_near(position, limit),
            };
            if coarse { coarse::near(nearest, *position, asked.limit) } else { nearest(*position, asked.limit) }
        }
        (None, Asked::Of(office)) => world.newest_symbols(Some(office), asked.limit),
        (None, Asked::Newest) => world.newest_symbols(None, asked.limit),
    };
    let views = || found.iter().filter_map(|(symbol, _)| world.incident(symbol.id));
    match (asked.form, audience) {
        (Form::Symbol, Audience::Office) => Incidents::Symbol { incidents: found.iter().map(Into::into).collect() },
        (Form::Symbol, Audience::Public) => {
            let coarse = |(symbol, position): &(Symbol, Position)| IncidentSymbol::from(&(*symbol, position.coarse()));
            Incidents::Symbol { incidents: found.iter().map(coarse).collect() }
        }
        (Form::Full, Audience::Office) => {
            Incidents::Office { incidents: views().filter_map(|view| OfficeIncident::of(&view)).collect() }
        }
        (Form::Full, Audience::Public) => {
            Incidents::Public { incidents: views().filter_map(|view| PublicIncident::of(&view)).collect() }
        }
    }
}

#[derive(Clone, Copy)]
enum Which {
    All,
    Obstacles,
}

enum Asked {
    Within(Bounds),
    Near(Position, Which),
    Of(OfficeCode),
    Newest,
}

/// Zones of a layer, or of one class of it.
struct Zone {
    layer: String,
    class: Option<String>,
}

struct Read {
    place: Asked,
    /// Never with [`Asked::Near`].
    zone: Option<Zone>,
    limit: usize,
    form: Form,
}

fn read(question: &Question, zone_layers: &BTreeSet<String>) -> ApiResult<Read> {
    let wrong = |rule: &str| ApiError::new(Code::InvalidField).detail(rule);
    let limit = question.limit.unwrap_or(100);
    if !(1..=1_000).contains(&limit) {
        return Err(wrong("limit must be 1 to 1000"));
    }
    let which = if question.obstacles == Some(true) { Which::Obstacles } else { Which::All };
    let place = match (&question.bbox, &question.near, &question.office) {
        (Some(bbox), None, None) => {
            let bounds = query::bounds(bbox).ok_or_else(|| wrong(&format!("bbox {}", query::BOUNDS_RULE)))?;
            Asked::Within(bounds)
        }
        (None, Some(_), None) if question.zone.is_some() => {
            return Err(wrong("zone can be joined with bbox or office, not with near"));
        }
        (None, Some(near), None) => match query::numbers(near).as_deref() {
            Some(&[lat, lon]) => {
                Asked::Near(Position::new(lat, lon).map_err(|cause| wrong(&cause.to_string()))?, which)
            }
            _ => return Err(wrong("near must be two numbers: latitude,longitude")),
        },
        (None, None, Some(office)) => Asked::Of(office.parse().map_err(|_| Code::UnknownOffice)?),
        (None, None, None) => Asked::Newest,
        _ => return Err(wrong("only one of bbox, near and office")),
    };
    if matches!(which, Which::Obstacles) && !matches!(place, Asked::Near(..)) {
        return Err(wrong("obstacles goes with near"));
    }
    let zone = question.zone.as_ref().map(|zone| match zone.split_once(':') {
        Some((layer, class)) => Zone { layer: layer.to_owned(), class: Some(class.to_owned()) },
        None => Zone { layer: zone.clone(), class: None },
    });
    if let Some(zone) = zone.as_ref().filter(|zone| !zone_layers.contains(&zone.layer)) {
        let known: Vec<&str> = zone_layers.iter().map(String::as_str).collect();
        return Err(wrong(&format!("zone: there is no layer {:?}; the layers are: {}", zone.layer, known.join(", "))));
    }
    Ok(Read { place, zone, limit, form: question.form.unwrap_or_default() })
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
    let mine = |responsible: Option<&OfficeCode>| {
        if responsible.is_none_or(|office| *office == staff.acting) { Ok(()) } else { Err(Code::OtherOffice) }
    };
    let operation = state.allow(incident, new.id, mine).await?;
    let body = Body::StatusChanged(StatusChanged { incident, status: new.status });
    let act = Act { id: new.id, office: staff.acting.clone(), operation, body, about: id, request: &new };
    state.write(staff, act).await
}

/// Names the office that answers for an incident from now on. An operator takes for the acting office
/// what nobody answers for, or hands over to another office what the acting one answers for.
#[utoipa::path(post, path = "/api/incidents/{id}/responsible", tag = "incidents", params(("id" = Uuid, Path, description = "Incident")),
    request_body = NewResponsible, responses(
    (status = 201, description = "Written down for good", body = OfficeIncident),
    (status = 200, description = "The same was sent before", body = OfficeIncident),
    (status = 403, description = "other_office: another office answers for it, or one would give away what nobody took", body = Problem),
    (status = 409, description = "already_responsible, or id_taken", body = Problem),
    (status = "default", description = "Nothing was written", body = Problem),
))]
async fn change_responsible(
    State(state): State<IncidentsState>,
    who: Who,
    PathParams(id): PathParams<Uuid>,
    JsonBody(new): JsonBody<NewResponsible>,
) -> ApiResult<Response> {
    let staff = who.staff()?;
    let office = new.office.parse().ok().filter(|code| state.offices.contains(code)).ok_or(Code::UnknownOffice)?;
    let incident = IncidentId(id);
    // Two offices that reach for it at the same moment: the second is told that the first has it.
    let _turn = state.turns.of(id).await;
    let mine = |responsible: Option<&OfficeCode>| match responsible {
        None if office == staff.acting => Ok(()),
        Some(now) if *now == office => Err(Code::AlreadyResponsible),
        Some(now) if *now == staff.acting => Ok(()),
        _ => Err(Code::OtherOffice),
    };
    let operation = state.allow(incident, new.id, mine).await?;
    let body = Body::ResponsibleChanged(ResponsibleChanged { incident, office });
    let act = Act { id: new.id, office: staff.acting.clone(), operation, body, about: id, request: &new };
    state.write(staff, act).await
}

impl IncidentsState {
    /// Asks the rule, which is told who answers for the incident; gives the incident's operation. An entry
    /// that was written before is not judged again: the log knows whether this is a repetition or
    /// something else with the same id. Of a closed operation's incidents nothing else can be changed.
    async fn allow(
        &self,
        incident: IncidentId,
        entry: Uuid,
        rule: impl FnOnce(Option<&OfficeCode>) -> Result<(), Code>,
    ) -> ApiResult<OperationId> {
        {
            let world = self.live.read();
            if let Some(view) = world.incident(incident) {
                if !world.has_seen_change(EntryId(entry)) {
                    rule(view.incident.responsible.as_ref())?;
                }
                return Ok(view.incident.operation);
            }
        }
        let written = self.past.change(EntryId(entry)).await.map_err(unavailable)?;
        let written = written.filter(|entry| entry.body.incident() == Some(incident));
        let nowhere = || ApiError::new(Code::NotFound).detail("No open operation has this incident.");
        written.map(|entry| entry.operation).ok_or_else(nowhere)
    }

    /// Writes down a change of the incident `act.about`, and answers with the incident after it.
    async fn write<R: Serialize>(&self, staff: &StaffCaller, act: Act<'_, R>) -> ApiResult<Response> {
        let (incident, operation) = (IncidentId(act.about), act.operation);
        let committed = self.recorder.record(staff, act).await?;
        let status = if committed.again { StatusCode::OK } else { StatusCode::CREATED };
        let encode = |world: &World| world.incident(incident).and_then(|view| OfficeIncident::of(&view));
        let mut after = encode(&self.live.read());
        if after.is_none() {
            // Its operation has been closed meanwhile, or before a repetition.
            after = encode(&self.past.incident(operation, incident).await?);
        }
        Ok((status, axum::Json(after.ok_or(Code::NotFound)?)).into_response())
    }
}

#[cfg(test)]
mod tests;
