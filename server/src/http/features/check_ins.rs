//! The collection of open check-ins, for staff and walls: who is on duty now. A check-in lies where its
//! office is; one that has ended has left the collection.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use uuid::Uuid;

use super::FeaturesState;
use super::collections::Which;
use super::page::{self, Slice, Source};
use super::query::{Asked, FormatQuery, ItemsQuery, Wanted};
use crate::domain::check_in::CheckIn;
use crate::domain::ids::CheckInId;
use crate::domain::position::Position;
use crate::http::access::Who;
use crate::http::base_url::BaseUrl;
use crate::http::cursor;
use crate::http::error::ApiResult;
use crate::http::extract::PathParams;
use crate::live::pages::Key;
use crate::live::world::World;
use crate::wire;
use crate::wire::features::properties::{self, CheckInProperties};
use crate::wire::features::{Collection, Feature, FeaturePage};
use crate::wire::problem::{Code, Problem};

/// What the check-ins say of themselves.
#[utoipa::path(get, path = "/ogc/collections/check-ins", operation_id = "gis_check_ins", tag = "gis", params(FormatQuery), responses(
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
    state.collection(Which::CheckIns, &base, &caller, &headers, &query)
}

/// Open check-ins, newest first.
#[utoipa::path(get, path = "/ogc/collections/check-ins/items", operation_id = "gis_check_ins_items", tag = "gis", params(ItemsQuery), responses(
    (status = 200, content_type = "application/geo+json", body = FeaturePage<CheckInProperties>),
    (status = "default", body = Problem),
))]
pub(super) async fn items(
    State(state): State<FeaturesState>,
    Who(caller): Who,
    BaseUrl(base): BaseUrl,
    headers: HeaderMap,
    Asked(query): Asked<ItemsQuery>,
) -> ApiResult<Response> {
    let wanted = Wanted::read(&base, Which::CheckIns, &headers, &query)?;
    let after = wanted.after()?.map(|(hlc, id)| (hlc, CheckInId(id)));
    let source = CheckIns { state: state.clone(), wanted: wanted.clone(), after };
    state.0.exports.record(&Which::CheckIns.path(), &caller).await?;
    Ok(page::answer(state, wanted, source))
}

struct CheckIns {
    state: FeaturesState,
    wanted: Wanted,
    after: Option<Key<CheckInId>>,
}

fn key(check_in: &CheckIn) -> Key<CheckInId> {
    (check_in.stamp.hlc, check_in.id)
}

impl CheckIns {
    /// Those that match on all pages, in no order: there are never more than there are staff.
    fn matching<'a>(&'a self, world: &'a World) -> impl Iterator<Item = &'a CheckIn> {
        world.check_ins.open().filter(|check_in| {
            let position = self.state.position(check_in);
            // What lies nowhere matches every box (/req/core/fc-bbox-response).
            let within = |at: Position| self.wanted.boxes.iter().flatten().any(|bounds| bounds.contains(at));
            let here = self.wanted.boxes.is_none() || position.is_none_or(within);
            // It lasts until now and longer.
            here && self.wanted.to.is_none_or(|to| check_in.since() <= to)
        })
    }
}

impl Source for CheckIns {
    fn next(&mut self, at_most: usize) -> serde_json::Result<Slice> {
        let (features, last, more) = {
            let world = self.state.0.live.read();
            let mut left: Vec<&CheckIn> = self.matching(&world).collect();
            left.retain(|check_in| self.after.is_none_or(|after| key(check_in) < after));
            left.sort_unstable_by_key(|check_in| std::cmp::Reverse(key(check_in)));
            let more = left.len() > at_most;
            left.truncate(at_most);
            let features: Vec<_> = left.iter().map(|check_in| self.state.feature(check_in)).collect();
            (features, left.last().map(|check_in| key(check_in)), more)
        };
        self.after = last.or(self.after);
        let more = self.after.filter(|_| more).map(|(hlc, id)| cursor::text((hlc, id.0)));
        Slice::of(&features, more)
    }

    fn matched(&self) -> Option<usize> {
        Some(self.matching(&self.state.0.live.read()).count())
    }
}

impl FeaturesState {
    /// Where the check-in's office is.
    fn position(&self, check_in: &CheckIn) -> Option<Position> {
        let office = self.0.offices.iter().find(|office| office.code == check_in.office)?;
        Some(office.label)
    }

    fn feature(&self, check_in: &CheckIn) -> Feature<CheckInProperties> {
        let position = self.position(check_in).map(Into::into);
        properties::check_in(wire::check_in::CheckIn::of(check_in, None), position)
    }
}

/// One open check-in.
#[utoipa::path(get, path = "/ogc/collections/check-ins/items/{id}", operation_id = "gis_check_ins_item", tag = "gis",
    params(("id" = Uuid, Path, description = "Check-in"), FormatQuery), responses(
    (status = 200, content_type = "application/geo+json", body = Feature<CheckInProperties>),
    (status = "default", body = Problem),
))]
pub(super) async fn item(
    State(state): State<FeaturesState>,
    BaseUrl(base): BaseUrl,
    headers: HeaderMap,
    PathParams(id): PathParams<Uuid>,
    Asked(query): Asked<FormatQuery>,
) -> ApiResult<Response> {
    let feature = {
        let world = state.0.live.read();
        let open = world.check_ins.get(CheckInId(id)).filter(|(_, ended)| ended.is_none());
        open.map(|(check_in, _)| state.feature(check_in)).ok_or(Code::NotFound)?
    };
    page::single(&base, Which::CheckIns.id(), &headers, query.f.as_deref(), feature)
}
