//! The collection of incidents, encoded for whoever asks.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use uuid::Uuid;

use super::collections::Which;
use super::page::{self, Slice, Source};
use super::query::{Asked, FormatQuery, ItemsQuery, Wanted};
use super::{FeaturesState, operation};
use crate::domain::ids::IncidentId;
use crate::http::access::Who;
use crate::http::base_url::BaseUrl;
use crate::http::cursor;
use crate::http::error::ApiResult;
use crate::http::extract::PathParams;
use crate::live::pages::{Area, Filter, Key};
use crate::live::world::World;
use crate::wire::Audience;
use crate::wire::features::properties::{IncidentProperties, office_incident, public_incident};
use crate::wire::features::{Collection, Feature, FeaturePage};
use crate::wire::incident::{OfficeIncident, PublicIncident};
use crate::wire::problem::{Code, Problem};

/// What the incidents say of themselves.
#[utoipa::path(get, path = "/ogc/collections/incidents", operation_id = "gis_incidents", tag = "gis", params(FormatQuery), responses(
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
    state.collection(Which::Incidents, &base, &caller, &headers, &query)
}

/// Incidents, newest first. Staff and walls get the office encoding, everybody else the public one.
#[utoipa::path(get, path = "/ogc/collections/incidents/items", operation_id = "gis_incidents_items", tag = "gis", params(ItemsQuery), responses(
    (status = 200, content_type = "application/geo+json", body = FeaturePage<IncidentProperties>),
    (status = "default", body = Problem),
))]
pub(super) async fn items(
    State(state): State<FeaturesState>,
    Who(caller): Who,
    BaseUrl(base): BaseUrl,
    headers: HeaderMap,
    Asked(query): Asked<ItemsQuery>,
) -> ApiResult<Response> {
    let wanted = Wanted::read(&base, Which::Incidents, &headers, &query)?;
    let audience = caller.audience();
    let source = Incidents {
        state: state.clone(),
        audience,
        filter: filter(&wanted, audience),
        counted: wanted.is_everything(),
        after: wanted.after()?.map(|(hlc, id)| (hlc, IncidentId(id))),
    };
    state.0.exports.record(&Which::Incidents.path(), &caller).await?;
    Ok(page::answer(state, wanted, source))
}

/// What is wanted, as the world is asked for it.
pub(super) fn filter(wanted: &Wanted, audience: Audience) -> Filter {
    let area = wanted.boxes.as_deref().map(|boxes| Area::new(boxes, audience));
    Filter { area, from: wanted.from, to: wanted.to }
}

struct Incidents {
    state: FeaturesState,
    audience: Audience,
    filter: Filter,
    counted: bool,
    after: Option<Key<IncidentId>>,
}

impl Source for Incidents {
    fn next(&mut self, at_most: usize) -> serde_json::Result<Slice> {
        let (features, more) = {
            let world = self.state.0.live.read();
            let page = world.incident_page(&self.filter, self.after, at_most);
            self.after = page.keys.last().copied().or(self.after);
            let features = page.keys.iter().filter_map(|(_, id)| feature(&world, *id, self.audience));
            (features.collect::<Vec<_>>(), page.more)
        };
        let more = self.after.filter(|_| more).map(|(hlc, id)| cursor::text((hlc, id.0)));
        Slice::of(&features, more)
    }

    fn matched(&self) -> Option<usize> {
        self.counted.then(|| self.state.0.live.read().incident_count())
    }
}

fn feature(world: &World, id: IncidentId, audience: Audience) -> Option<Feature<IncidentProperties>> {
    let view = world.incident(id)?;
    let operation = operation(world, view.incident.operation);
    match audience {
        Audience::Office => OfficeIncident::of(&view).map(|incident| office_incident(incident, operation.as_ref())),
        Audience::Public => PublicIncident::of(&view).map(|incident| public_incident(incident, operation.as_ref())),
    }
}

/// One incident.
#[utoipa::path(get, path = "/ogc/collections/incidents/items/{id}", operation_id = "gis_incidents_item", tag = "gis",
    params(("id" = Uuid, Path, description = "Incident"), FormatQuery), responses(
    (status = 200, content_type = "application/geo+json", body = Feature<IncidentProperties>),
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
    let feature = feature(&state.0.live.read(), IncidentId(id), caller.audience()).ok_or(Code::NotFound)?;
    page::single(&base, Which::Incidents.id(), &headers, query.f.as_deref(), feature)
}
