//! Door: the web app, embedded in the binary. The build has written a Brotli and a gzip form beside
//! each text file, so nothing is compressed here.

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::RustEmbed;

use super::error::ApiError;
use super::precompressed::{accepts, is_at_hand};
use crate::wire::problem::Code;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../web/dist"]
#[exclude = ".vite/*"]
struct Dist;

/// The pages, one per person, and what they load.
pub fn routes() -> Router {
    Router::new()
        .route("/", get(|headers: HeaderMap| page(headers, "index.html")))
        .route("/field", get(|headers: HeaderMap| page(headers, "field.html")))
        .route("/wall", get(|headers: HeaderMap| page(headers, "wall.html")))
        .route("/console", get(|headers: HeaderMap| page(headers, "console.html")))
        .route("/receipt", get(|headers: HeaderMap| page(headers, "receipt.html")))
        .route("/evacuate", get(|headers: HeaderMap| page(headers, "evacuate.html")))
        // Beside the page and not among the assets: a worker rules no higher than it lies.
        .route("/evacuate-worker.js", get(|headers: HeaderMap| page(headers, "evacuate-worker.js")))
        .route("/icon.svg", get(|headers: HeaderMap| page(headers, "icon.svg")))
        .route("/assets/{*path}", get(asset))
}

async fn page(headers: HeaderMap, name: &'static str) -> Response {
    serve(&headers, name, "no-cache")
}

/// Names carry a hash of the content, so a browser may keep them for good.
async fn asset(headers: HeaderMap, Path(path): Path<String>) -> Response {
    serve(&headers, &format!("assets/{path}"), "public, max-age=31536000, immutable")
}

fn serve(headers: &HeaderMap, name: &str, cache: &'static str) -> Response {
    let compressed = [("br", ".br"), ("gzip", ".gz")]
        .into_iter()
        .filter(|(coding, _)| accepts(headers, coding))
        .find_map(|(coding, ending)| Some((coding, Dist::get(&format!("{name}{ending}"))?)));
    let (coding, file) = match compressed {
        Some((coding, file)) => (Some(coding), file),
        None => match Dist::get(name) {
            Some(file) => (None, file),
            None => return ApiError::new(Code::NotFound).into_response(),
        },
    };
    let etag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..16]));
    let Ok(etag) = HeaderValue::try_from(etag) else { return ApiError::new(Code::Internal).into_response() };
    let kind = media_type(name);
    let mut response = if is_at_hand(headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, kind)], file.data.into_owned()).into_response()
    };
    let out = response.headers_mut();
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    out.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    out.insert(header::ETAG, etag);
    if let Some(coding) = coding {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    response
}

/// The kinds of file that the web build makes.
fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("json" | "webmanifest") => "application/json",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}
