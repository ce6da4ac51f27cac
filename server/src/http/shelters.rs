//! Door: the list of shelters, and what their offices say of them.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::access::Who;
use super::error::{ApiError, ApiResult};
use super::extract::{JsonBody, PathParams, QueryParams};
use super::precompressed::{Keeping, Precompressed};
use super::query;
use crate::domain::entry::{Body, ShelterChanged};
use crate::domain::ids::{EntryId, OperationId, ShelterId};
use crate::domain::operation::{EVERYDAY, OperationKind};
use crate::domain::position::Bounds;
use crate::domain::shelter::{Danger, Shelter};
use crate::intake::check;
use crate::intake::recorder::{Act, Recorder};
use crate::live::Live;
use crate::live::world::World;
use crate::shelters::Shelters;
use crate::wire::Audience;
use crate::wire::problem::{Code, Problem};
use crate::wire::shelter::{NewShelterState, OfficeShelterStatus, PublicShelterStatus, ShelterList, ShelterReceipt};

/// Characters of a note.
const NOTE: usize = 200;

/// People in one shelter at most; more is a slip of the finger.
const PEOPLE: u32 = 100_000;

/// What this door needs.
#[derive(Clone)]
pub struct SheltersState {
    live: Arc<Live>,
    list: Arc<Shelters>,
    recorder: Recorder,
    office: Arc<Mutex<Option<Encoded>>>,
    public: Arc<Mutex<Option<Encoded>>>,
    /// The log's epoch: its entries are counted anew with it.
    epoch: Uuid,
}

/// The whole list, encoded once for all who ask until somebody says something.
#[derive(Clone)]
struct Encoded {
    /// What it was made of ([`World::shelters_version`]).
    version: (usize, usize),
    answer: Precompressed,
}

impl SheltersState {
    /// The door to this list in this world.
    pub fn new(live: Arc<Live>, list: Arc<Shelters>, recorder: Recorder, epoch: Uuid) -> Self {
        Self { live, list, recorder, office: Arc::default(), public: Arc::default(), epoch }
    }
}

/// The routes.
pub fn routes() -> OpenApiRouter<SheltersState> {
    OpenApiRouter::new().routes(routes!(shelters)).routes(routes!(change_shelter))
}

/// Which shelters; all of the region if nothing is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Question {
    /// West, south, east, north in degrees WGS 84, comma-separated.
    bbox: Option<String>,
    /// Only those that are fit for this danger.
    #[param(inline)]
    fit: Option<Danger>,
}

/// The list, encoded for whoever asks.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum List {
    /// For staff and walls: with head counts, and who said what.
    Office(ShelterList<OfficeShelterStatus>),
    /// For everybody.
    Public(ShelterList<PublicShelterStatus>),
}

/// The shelters of the list in force, and what their offices say of them. Whoever looks keeps up by the live stream,
/// whose entries `shelter_changed` carry the status after them; for offices `shelter_drilled` too.
#[utoipa::path(get, path = "/api/shelters", tag = "shelters", params(Question), responses(
    (status = 200, body = List),
    (status = 304, description = "Nothing has changed since the ETag"),
    (status = "default", body = Problem),
))]
async fn shelters(
    State(state): State<SheltersState>,
    who: Who,
    QueryParams(question): QueryParams<Question>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let audience = who.0.audience();
    let wrong = || ApiError::new(Code::InvalidField).detail(format!("bbox {}", query::BOUNDS_RULE));
    let bounds = question.bbox.as_deref().map(|bbox| query::bounds(bbox).ok_or_else(wrong)).transpose()?;
    if bounds.is_none() && question.fit.is_none() {
        let cache = match audience {
            Audience::Office => "private, no-cache",
            Audience::Public => "no-cache",
        };
        let whole = state.whole(audience).await?;
        return Ok(whole.answer(&headers, Keeping { cache, vary: "Accept-Encoding, Authorization" }));
    }
    let list = state.encodable(&state.live.read(), audience, |shelter| matches(shelter, bounds, question.fit));
    Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(list)).into_response())
}

fn matches(shelter: &Shelter, bounds: Option<Bounds>, fit: Option<Danger>) -> bool {
    bounds.is_none_or(|bounds| bounds.contains(shelter.position))
        && fit.is_none_or(|danger| shelter.fit.is_some_and(|fit| fit.contains(danger)))
}

impl SheltersState {
    /// The whole list, made anew by whoever comes first after a change; the others wait for it.
    async fn whole(&self, audience: Audience) -> ApiResult<Precompressed> {
        let slot = match audience {
            Audience::Office => &self.office,
            Audience::Public => &self.public,
        };
        let mut slot = Arc::clone(slot).lock_owned().await;
        let version = self.live.read().shelters_version();
        if let Some(held) = slot.as_ref().filter(|held| held.version == version) {
            return Ok(held.answer.clone());
        }
        let state = self.clone();
        let making = tokio::task::spawn_blocking(move || {
            let (version, list) = {
                let world = state.live.read();
                (world.shelters_version(), state.encodable(&world, audience, |_| true))
            };
            let marker = if audience == Audience::Office { 'o' } else { 'p' };
            let list_tag = state.list.sha256().get(..16).unwrap_or_default().to_owned();
            let (words, operations) = version;
            let tag = format!("{list_tag}-{}-{words}-{operations}-{marker}", state.epoch);
            let answer = Precompressed::json(&list, 6, |_| tag)?;
            *slot = Some(Encoded { version, answer: answer.clone() });
            Ok::<_, io::Error>(answer)
        });
        making.await.map_err(ApiError::internal)?.map_err(ApiError::internal)
    }

    fn encodable(&self, world: &World, audience: Audience, wanted: impl Fn(&Shelter) -> bool) -> List {
        let found: Vec<&Shelter> = self.list.all().iter().filter(|shelter| wanted(shelter)).collect();
        let real = found.iter().filter_map(|shelter| world.shelter_status(shelter.id));
        match audience {
            Audience::Office => {
                let ids: HashSet<Uuid> = found.iter().map(|shelter| shelter.id.0).collect();
                let drilled = world.drilled_statuses().filter(|status| ids.contains(&status.shelter));
                List::Office(self.listed(&found, real.chain(drilled).collect()))
            }
            Audience::Public => {
                let told = real.filter_map(|status| PublicShelterStatus::of(&status)).collect();
                List::Public(self.listed(&found, told))
            }
        }
    }

    fn listed<S>(&self, found: &[&Shelter], statuses: Vec<S>) -> ShelterList<S> {
        ShelterList {
            edition: self.list.edition().to_owned(),
            attribution: self.list.attribution().to_owned(),
            demonstration: self.list.is_demonstration(),
            shelters: found.iter().map(|shelter| (*shelter).into()).collect(),
            statuses,
        }
    }
}

/// Says what is true of a shelter from now on: staff in the field or an operator, acting for the municipality that
/// answers for it. What is said in a drill is so in that drill alone, until it is closed: the public does not hear of
/// it, and what is real stays as it was.
#[utoipa::path(post, path = "/api/shelters/{id}/state", tag = "shelters", params(("id" = Uuid, Path, description = "Shelter")),
    request_body = NewShelterState, responses(
    (status = 201, description = "Written down for good", body = ShelterReceipt),
    (status = 200, description = "The same was sent before", body = ShelterReceipt),
    (status = 403, description = "other_office: another municipality's shelter", body = Problem),
    (status = 404, description = "The list in force has no such shelter", body = Problem),
    (status = 409, description = "operation_ended, or id_taken", body = Problem),
    (status = "default", description = "Nothing was written", body = Problem),
))]
async fn change_shelter(
    State(state): State<SheltersState>,
    who: Who,
    PathParams(id): PathParams<Uuid>,
    JsonBody(new): JsonBody<NewShelterState>,
) -> ApiResult<Response> {
    let staff = who.staff()?;
    let shelter = ShelterId(id);
    let listed = state.list.get(shelter);
    let operation = new.operation.map_or(EVERYDAY, OperationId);
    let (drill, open, again) = {
        let world = state.live.read();
        let (known, open) = world.operation(operation).ok_or(Code::UnknownOperation)?;
        (known.kind == OperationKind::Drill, open, world.shelters.has_seen(EntryId(new.id)))
    };
    // An entry that was written before is not judged again: the log knows whether this is a repetition or something
    // else with the same id.
    if !again {
        if !open {
            return Err(Code::OperationEnded.into());
        }
        let listed = listed.ok_or(Code::NotFound)?;
        if listed.municipality != staff.acting {
            return Err(Code::OtherOffice.into());
        }
    }
    if new.people.is_some_and(|people| people > PEOPLE) {
        return Err(ApiError::new(Code::InvalidField).detail(format!("people: at most {PEOPLE}")));
    }
    let note = new.note.as_deref().map(|note| check::text("note", note, NOTE)).transpose()?;
    let change = ShelterChanged {
        shelter,
        name: listed.map(|listed| listed.name.clone()).unwrap_or_default(),
        state: new.state,
        people: new.people,
        note: note.filter(|note| !note.is_empty()),
    };
    let body = if drill { Body::ShelterDrilled(change) } else { Body::ShelterChanged(change) };
    let act = Act { id: new.id, office: staff.acting.clone(), operation, body, about: id, request: &new };
    let committed = state.recorder.record(staff, act).await?;
    let status = {
        let world = state.live.read();
        if drill { world.drilled_status(operation, shelter) } else { world.shelter_status(shelter) }
    };
    let status = status
        .ok_or_else(|| ApiError::internal(anyhow::anyhow!("entry {} is not in the live world", committed.seq)))?;
    let code = if committed.again { StatusCode::OK } else { StatusCode::CREATED };
    Ok((code, axum::Json(ShelterReceipt { seq: committed.seq, status })).into_response())
}

#[cfg(test)]
#[path = "shelters_tests.rs"]
mod tests;
