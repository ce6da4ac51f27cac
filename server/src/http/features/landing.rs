//! Where a program begins: the landing page, the API's definition, and which parts of the standard hold.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::query::{Asked, FormatQuery, JSON, OPENAPI, address, link, media_type};
use super::{FeaturesState, definition, page};
use crate::http::base_url::BaseUrl;
use crate::http::error::ApiResult;
use crate::wire::features::{Conformance, LandingPage};
use crate::wire::problem::Problem;

/// Conformance classes of OGC 17-069r4 that hold.
const CONFORMS_TO: [&str; 3] = [
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
];

/// Where GIS programs connect: OGC API – Features.
#[utoipa::path(get, path = "/ogc", operation_id = "gis_landing", tag = "gis", params(FormatQuery), responses(
    (status = 200, body = LandingPage),
    (status = "default", body = Problem),
))]
pub(super) async fn landing(
    State(state): State<FeaturesState>,
    BaseUrl(base): BaseUrl,
    headers: HeaderMap,
    Asked(query): Asked<FormatQuery>,
) -> ApiResult<Response> {
    let content_type = media_type(&headers, query.f.as_deref(), &[JSON])?;
    let here = |path: &str| address(&base, path);
    let links = vec![
        link(here(""), "self", JSON, None),
        link(here("/api"), "service-desc", OPENAPI, Some("The API's definition, OpenAPI 3.0")),
        link(format!("{base}/api/docs/"), "service-doc", "text/html", Some("The API's documentation")),
        link(here("/conformance"), "conformance", JSON, Some("Which parts of the standard hold")),
        link(here("/collections"), "data", JSON, Some("The collections")),
    ];
    let landing = LandingPage {
        title: format!("Sokuho 速報 {}", state.0.name),
        description: "A disaster bulletin map shared live by every municipality of a region and its prefecture."
            .to_owned(),
        attribution: state.0.attribution.clone(),
        links,
    };
    page::json(content_type, &landing)
}

/// The same with a slash at the end, as people write it too.
#[utoipa::path(get, path = "/ogc/", operation_id = "gis_landing_with_slash", tag = "gis", params(FormatQuery), responses(
    (status = 200, body = LandingPage),
    (status = "default", body = Problem),
))]
pub(super) async fn landing_with_slash(
    state: State<FeaturesState>,
    base: BaseUrl,
    headers: HeaderMap,
    query: Asked<FormatQuery>,
) -> ApiResult<Response> {
    landing(state, base, headers, query).await
}

/// The definition of this part of the API alone, as GIS programs want it: OpenAPI 3.0.
#[utoipa::path(get, path = "/ogc/api", operation_id = "gis_api", tag = "gis", params(FormatQuery), responses(
    (status = 200, content_type = "application/vnd.oai.openapi+json;version=3.0", body = serde_json::Value),
    (status = "default", body = Problem),
))]
pub(super) async fn api(
    State(state): State<FeaturesState>,
    BaseUrl(base): BaseUrl,
    headers: HeaderMap,
    Asked(query): Asked<FormatQuery>,
) -> ApiResult<Response> {
    let content_type = media_type(&headers, query.f.as_deref(), &[OPENAPI, JSON])?;
    page::json(content_type, &definition::served_at(&state.0.definition, &address(&base, "")))
}

/// Which parts of the standard hold.
#[utoipa::path(get, path = "/ogc/conformance", operation_id = "gis_conformance", tag = "gis", params(FormatQuery), responses(
    (status = 200, body = Conformance),
    (status = "default", body = Problem),
))]
pub(super) async fn conformance(headers: HeaderMap, Asked(query): Asked<FormatQuery>) -> ApiResult<Response> {
    let content_type = media_type(&headers, query.f.as_deref(), &[JSON])?;
    page::json(content_type, &Conformance { conforms_to: CONFORMS_TO.map(str::to_owned).to_vec() })
}
