//! The collection of reports, for staff and walls. The public encoding has no reports: a report's id is its
//! sender's proof.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use uuid::Uuid;

use super::collections::Which;
use super::incidents::filter;
use super::page::{self, Slice, Source};
use super::query::{Asked, FormatQuery, ItemsQuery, Wanted};
use super::{FeaturesState, operation};
use crate::domain::ids::ReportId;
use crate::http::access::Who;
use crate::http::base_url::BaseUrl;
use crate::http::cursor;
use crate::http::error::ApiResult;
use crate::http::extract::PathParams;
use crate::live::pages::{Filter, Key};
use crate::live::world::World;
use crate::wire::Audience;
use crate::wire::features::properties::{self, ReportProperties};
use crate::wire::features::{Collection, Feature, FeaturePage};
use crate::wire::incident::OfficeReport;
use crate::wire::problem::{Code, Problem};

/// What the reports say of themselves.
#[utoipa::path(get, path = "/ogc/collections/reports", operation_id = "gis_reports", tag = "gis", params(FormatQuery), responses(
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
    state.collection(Which::Reports, &base, &caller, &headers, &query)
}

/// Reports, newest first.
#[utoipa::path(get, path = "/ogc/collections/reports/items", operation_id = "gis_reports_items", tag = "gis", params(ItemsQuery), responses(
    (status = 200, content_type = "application/geo+json", body = FeaturePage<ReportProperties>),
    (status = "default", body = Problem),
))]
pub(super) async fn items(
    State(state): State<FeaturesState>,
    Who(caller): Who,
    BaseUrl(base): BaseUrl,
    headers: HeaderMap,
    Asked(query): Asked<ItemsQuery>,
) -> ApiResult<Response> {
    let wanted = Wanted::read(&base, Which::Reports, &headers, &query)?;
    let source = Reports {
        state: state.clone(),
        filter: filter(&wanted, Audience::Office),
        counted: wanted.is_everything(),
        after: wanted.after()?.map(|(hlc, id)| (hlc, ReportId(id))),
    };
    state.0.exports.record(&Which::Reports.path(), &caller).await?;
    Ok(page::answer(state, wanted, source))
}

struct Reports {
    state: FeaturesState,
    filter: Filter,
    counted: bool,
    after: Option<Key<ReportId>>,
}

impl Source for Reports {
    fn next(&mut self, at_most: usize) -> serde_json::Result<Slice> {
        let (features, more) = {
            let world = self.state.0.live.read();
            let page = world.report_page(&self.filter, self.after, at_most);
            self.after = page.keys.last().copied().or(self.after);
            let features = page.keys.iter().filter_map(|(_, id)| feature(&world, *id));
            (features.collect::<Vec<_>>(), page.more)
        };
        let more = self.after.filter(|_| more).map(|(hlc, id)| cursor::text((hlc, id.0)));
        Slice::of(&features, more)
    }

    fn matched(&self) -> Option<usize> {
        self.counted.then(|| self.state.0.live.read().report_count())
    }
}

fn feature(world: &World, id: ReportId) -> Option<Feature<ReportProperties>> {
    let filed = world.report(id)?;
    let operation = operation(world, filed.operation);
    let report = OfficeReport::from(filed);
    Some(properties::report(report, filed.report.incident.0, filed.operation.0, operation.as_ref()))
}

/// One report.
#[utoipa::path(get, path = "/ogc/collections/reports/items/{id}", operation_id = "gis_reports_item", tag = "gis",
    params(("id" = Uuid, Path, description = "Report"), FormatQuery), responses(
    (status = 200, content_type = "application/geo+json", body = Feature<ReportProperties>),
    (status = "default", body = Problem),
))]
pub(super) async fn item(
    State(state): State<FeaturesState>,
    BaseUrl(base): BaseUrl,
    headers: HeaderMap,
    PathParams(id): PathParams<Uuid>,
    Asked(query): Asked<FormatQuery>,
) -> ApiResult<Response> {
    let feature = feature(&state.0.live.read(), ReportId(id)).ok_or(Code::NotFound)?;
    page::single(&base, Which::Reports.id(), &headers, query.f.as_deref(), feature)
}
