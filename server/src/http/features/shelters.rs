//! The collection of shelters, for everybody: the list in force, with what the offices say of each.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use uuid::Uuid;

use super::FeaturesState;
use super::collections::Which;
use super::page::{self, Slice, Source};
use super::query::{Asked, FormatQuery, ItemsQuery, Wanted};
use crate::domain::clock::Hlc;
use crate::domain::ids::ShelterId;
use crate::domain::shelter::Shelter;
use crate::http::access::Who;
use crate::http::base_url::BaseUrl;
use crate::http::cursor;
use crate::http::error::ApiResult;
use crate::http::extract::PathParams;
use crate::live::world::World;
use crate::wire::Audience;
use crate::wire::features::properties::{self, ShelterProperties};
use crate::wire::features::{Collection, Feature, FeaturePage};
use crate::wire::problem::{Code, Problem};

/// What the shelters say of themselves.
#[utoipa::path(get, path = "/ogc/collections/shelters", operation_id = "gis_shelters", tag = "gis", params(FormatQuery), responses(
    (status = 200, body = Collection),
    (status = "default", body = Problem),
))]
pub(super) async fn collection(
    State(state): State<FeaturesState>,
    Who(caller): Who,
    base: BaseUrl,
    headers: HeaderMap,
    Asked(query): Asked<FormatQuery>,
) -> ApiResult<Response> {
    state.collection(Which::Shelters, &base, &caller, &headers, &query)
}

/// Shelters, by id. Those of which an office has said something have a time.
#[utoipa::path(get, path = "/ogc/collections/shelters/items", operation_id = "gis_shelters_items", tag = "gis", params(ItemsQuery), responses(
    (status = 200, content_type = "application/geo+json", body = FeaturePage<ShelterProperties>),
    (status = "default", body = Problem),
))]
pub(super) async fn items(
    State(state): State<FeaturesState>,
    Who(caller): Who,
    BaseUrl(base): BaseUrl,
    headers: HeaderMap,
    Asked(query): Asked<ItemsQuery>,
) -> ApiResult<Response> {
    let wanted = Wanted::read(&base, Which::Shelters, &headers, &query)?;
    let after = wanted.after()?.map(|(_, id)| ShelterId(id));
    let source = ListedShelters { state: state.clone(), wanted: wanted.clone(), after, audience: caller.audience() };
    state.0.exports.record(&Which::Shelters.path(), &caller).await?;
    Ok(page::answer(state, wanted, source))
}

struct ListedShelters {
    state: FeaturesState,
    wanted: Wanted,
    after: Option<ShelterId>,
    audience: Audience,
}

impl ListedShelters {
    /// Those that match on all pages, in no order: a region has a few thousand.
    fn matching<'a>(&'a self, world: &'a World) -> impl Iterator<Item = &'a Shelter> {
        self.state.0.shelters.all().iter().filter(move |shelter| {
            let boxes = self.wanted.boxes.as_ref();
            let here = boxes.is_none_or(|boxes| boxes.iter().any(|bounds| bounds.contains(shelter.position)));
            // What has no time matches every time (/req/core/fc-time-response).
            let at = || world.shelter_status(shelter.id).map(|status| status.at);
            let timed = self.wanted.from.is_some() || self.wanted.to.is_some();
            let then = || {
                at().is_none_or(|at| {
                    self.wanted.from.is_none_or(|from| from <= at) && self.wanted.to.is_none_or(|to| at <= to)
                })
            };
            here && (!timed || then())
        })
    }
}

impl Source for ListedShelters {
    fn next(&mut self, at_most: usize) -> serde_json::Result<Slice> {
        let (features, last, more) = {
            let world = self.state.0.live.read();
            let mut left: Vec<&Shelter> = self.matching(&world).collect();
            left.retain(|shelter| self.after.is_none_or(|after| shelter.id > after));
            left.sort_unstable_by_key(|shelter| shelter.id);
            let more = left.len() > at_most;
            left.truncate(at_most);
            let features: Vec<_> =
                left.iter().map(|shelter| self.state.shelter(&world, shelter, self.audience)).collect();
            (features, left.last().map(|shelter| shelter.id), more)
        };
        self.after = last.or(self.after);
        let more = self.after.filter(|_| more).map(|id| cursor::text((Hlc::default(), id.0)));
        Slice::of(&features, more)
    }

    fn matched(&self) -> Option<usize> {
        Some(self.matching(&self.state.0.live.read()).count())
    }
}

impl FeaturesState {
    fn shelter(&self, world: &World, shelter: &Shelter, audience: Audience) -> Feature<ShelterProperties> {
        let status = world.shelter_status(shelter.id);
        properties::shelter(shelter.into(), status, audience, self.0.shelters.is_demonstration())
    }
}

/// One shelter.
#[utoipa::path(get, path = "/ogc/collections/shelters/items/{id}", operation_id = "gis_shelters_item", tag = "gis",
    params(("id" = Uuid, Path, description = "Shelter"), FormatQuery), responses(
    (status = 200, content_type = "application/geo+json", body = Feature<ShelterProperties>),
    (status = "default", body = Problem),
))]
pub(super) async fn item(
    State(state): State<FeaturesState>,
    Who(caller): Who,
    BaseUrl(base): BaseUrl,
    headers: HeaderMap,
    PathParams(id): PathParams<Uuid>,
    Asked(query): Asked<FormatQuery>,
) -> ApiResult<Response> {
    let listed = state.0.shelters.get(ShelterId(id)).ok_or(Code::NotFound)?;
    let feature = state.shelter(&state.0.live.read(), listed, caller.audience());
    page::single(&base, Which::Shelters.id(), &headers, query.f.as_deref(), feature)
}
