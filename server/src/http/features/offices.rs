//! The collection of offices: municipalities with their exact boundaries, branch offices of the prefecture
//! as points. Encoded once; the region does not change while the node runs.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;
use geo::orient::Direction;
use geo::{BoundingRect, Intersects, Orient};
use geo_types::{Coord, LineString, MultiPolygon, Polygon, Rect};

use super::FeaturesState;
use super::collections::Which;
use super::page::{self, Slice, Source};
use super::query::{Asked, FormatQuery, ItemsQuery, Wanted, no_cursor};
use crate::domain::office::OfficeCode;
use crate::domain::position::{Bounds, Position};
use crate::http::access::Who;
use crate::http::base_url::BaseUrl;
use crate::http::error::ApiResult;
use crate::http::extract::PathParams;
use crate::region::Region;
use crate::wire::features::properties::{self, BoundarySource, OfficeProperties};
use crate::wire::features::{Collection, Feature, FeaturePage, Geometry, Rings};
use crate::wire::problem::{Code, Problem};

/// An office, ready to be sent.
pub(super) struct OfficeFeature {
    pub(super) code: OfficeCode,
    pub(super) label: Position,
    ground: Option<(Rect<f64>, MultiPolygon<f64>)>,
    feature: Feature<OfficeProperties>,
    slice: Bytes,
}

/// All offices of the region, in its order: municipalities first, by code.
pub(super) fn features(region: &Region) -> serde_json::Result<Vec<OfficeFeature>> {
    let source =
        BoundarySource { sketch: region.is_sketch(), edition: region.edition(), attribution: region.attribution() };
    let offices = region.offices().iter().map(|office| {
        let ground = region.boundaries().get(&office.code).map(|ground| ground.orient(Direction::Default));
        let geometry = ground.as_ref().map(|ground| (multi_polygon(ground), source));
        let feature = properties::office(office.into(), geometry);
        Ok(OfficeFeature {
            code: office.code.clone(),
            label: office.label,
            ground: ground.and_then(|ground| Some((ground.bounding_rect()?, ground))),
            slice: Slice::of(std::slice::from_ref(&feature), None)?.text,
            feature,
        })
    });
    offices.collect()
}

/// RFC 7946, 3.1.6: outer rings anticlockwise, closed; they have been turned so.
fn multi_polygon(ground: &MultiPolygon<f64>) -> Geometry {
    let ring = |line: &LineString<f64>| line.0.iter().map(|corner| [corner.x, corner.y]).collect();
    let rings = |polygon: &Polygon<f64>| -> Rings {
        std::iter::once(polygon.exterior()).chain(polygon.interiors()).map(ring).collect()
    };
    Geometry::MultiPolygon { coordinates: ground.iter().map(rings).collect() }
}

impl OfficeFeature {
    fn touches(&self, bounds: &Bounds) -> bool {
        let corner = |x, y| Coord { x, y };
        let rect = Rect::new(corner(bounds.west, bounds.south), corner(bounds.east, bounds.north));
        match &self.ground {
            Some((around, ground)) => around.intersects(&rect) && ground.intersects(&rect),
            None => bounds.contains(self.label),
        }
    }
}

/// What the offices say of themselves.
#[utoipa::path(get, path = "/ogc/collections/offices", operation_id = "gis_offices", tag = "gis", params(FormatQuery), responses(
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
    state.collection(Which::Offices, &base, &caller, &headers, &query)
}

/// Offices, municipalities first, by code.
#[utoipa::path(get, path = "/ogc/collections/offices/items", operation_id = "gis_offices_items", tag = "gis", params(ItemsQuery), responses(
    (status = 200, content_type = "application/geo+json", body = FeaturePage<OfficeProperties>),
    (status = "default", body = Problem),
))]
pub(super) async fn items(
    State(state): State<FeaturesState>,
    BaseUrl(base): BaseUrl,
    headers: HeaderMap,
    Asked(query): Asked<ItemsQuery>,
) -> ApiResult<Response> {
    let wanted = Wanted::read(&base, Which::Offices, &headers, &query)?;
    let is_here = |office: &OfficeFeature| {
        wanted.boxes.as_ref().is_none_or(|boxes| boxes.iter().any(|bounds| office.touches(bounds)))
    };
    let offices = state.0.offices.iter().enumerate();
    let all: Vec<usize> = offices.filter(|(_, office)| is_here(office)).map(|(index, _)| index).collect();
    let begin = match &wanted.cursor {
        None => 0,
        Some(cursor) => {
            let last = state.0.offices.iter().position(|office| office.code.as_str() == cursor);
            let last = last.ok_or_else(no_cursor)?;
            all.partition_point(|index| *index <= last)
        }
    };
    let source = Offices { state: state.clone(), all, begin };
    Ok(page::answer(state, wanted, source))
}

struct Offices {
    state: FeaturesState,
    /// Those that match, by index.
    all: Vec<usize>,
    begin: usize,
}

impl Source for Offices {
    /// One office is a slice: a boundary can be megabytes.
    fn next(&mut self, _: usize) -> serde_json::Result<Slice> {
        let left = self.all.get(self.begin..).unwrap_or_default();
        self.begin += 1;
        let office = left.first().and_then(|index| self.state.0.offices.get(*index));
        let Some(office) = office else { return Ok(Slice { text: Bytes::new(), count: 0, more: None }) };
        let more = (left.len() > 1).then(|| office.code.to_string());
        Ok(Slice { text: office.slice.clone(), count: 1, more })
    }

    fn matched(&self) -> Option<usize> {
        Some(self.all.len())
    }
}

/// One office.
#[utoipa::path(get, path = "/ogc/collections/offices/items/{id}", operation_id = "gis_offices_item", tag = "gis",
    params(("id" = String, Path, description = "The office's code"), FormatQuery), responses(
    (status = 200, content_type = "application/geo+json", body = Feature<OfficeProperties>),
    (status = "default", body = Problem),
))]
pub(super) async fn item(
    State(state): State<FeaturesState>,
    BaseUrl(base): BaseUrl,
    headers: HeaderMap,
    PathParams(id): PathParams<String>,
    Asked(query): Asked<FormatQuery>,
) -> ApiResult<Response> {
    let office = state.0.offices.iter().find(|office| office.code.as_str() == id).ok_or(Code::NotFound)?;
    page::single(&base, Which::Offices.id(), &headers, query.f.as_deref(), office.feature.clone())
}
