//! Door: the OpenAPI document and its viewer, which needs no internet.

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::middleware::map_response;
use axum::response::Response;
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

/// As strict as everywhere, but for the two rules that the viewer's logo carries in a `<style>` of its own. Another
/// version of the viewer may have another hash: the browser journey over these pages tells.
const CSP: &str = "default-src 'self'; style-src 'self' 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='; \
                   img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The viewer at `/api/docs` and the document at `/api/openapi.json`. The viewer also shows the definition
/// that GIS programs read.
pub fn routes(document: utoipa::openapi::OpenApi) -> Router {
    let shown = [Url::new("Sokuho", "/api/openapi.json"), Url::new("OGC API – Features", "/ogc/api")];
    let viewer = SwaggerUi::new("/api/docs").url("/api/openapi.json", document).config(Config::new(shown));
    Router::from(viewer).layer(map_response(async |mut response: Response| {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP));
        response
    }))
}
