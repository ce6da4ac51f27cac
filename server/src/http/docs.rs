//! Door: the OpenAPI document and its viewer, which needs no internet.

use axum::Router;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_swagger_ui::{Config, SwaggerUi, Url};

use crate::wire::live::{OfficeEntry, PublicEntry, ServerFrame, ViewerFrame};

/// The document's head; the routes add themselves.
#[derive(OpenApi)]
#[openapi(
    info(title = "Sokuho", description = "A disaster bulletin map shared live by every municipality of a region and its prefecture."),
    components(schemas(ServerFrame<OfficeEntry>, ServerFrame<PublicEntry>, OfficeEntry, PublicEntry, ViewerFrame)),
    security((), ("bearer" = [])),
)]
struct Head;

/// The document before the routes have added themselves.
pub fn head() -> utoipa::openapi::OpenApi {
    let mut document = Head::openapi();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    if let Some(components) = document.components.as_mut() {
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    }
    document
}

/// The viewer at `/api/docs` and the document at `/api/openapi.json`. The viewer also shows the definition
/// that GIS programs read.
pub fn routes(document: utoipa::openapi::OpenApi) -> Router {
    let shown = [Url::new("Sokuho", "/api/openapi.json"), Url::new("OGC API – Features", "/ogc/api")];
    SwaggerUi::new("/api/docs").url("/api/openapi.json", document).config(Config::new(shown)).into()
}
