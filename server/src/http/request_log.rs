//! One line in the log and one sample in the metrics for each request; see docs/logging.md. The path is
//! the route's pattern, so that no key, token or id gets into the log.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use metrics::Histogram;
use tracing::Instrument;

use crate::domain::clock::{Clock, Entropy};
use crate::domain::ids::uuid_v7;

/// The request's id, in the answer's head and in problems.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static CURRENT: String;
}

/// The id of the request that is being answered, if one is.
pub fn current_id() -> Option<String> {
    CURRENT.try_with(Clone::clone).ok()
}

/// Where request ids come from.
#[derive(Clone)]
pub struct RequestIds {
    /// Wall clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// Records a request.
pub async fn record(
    State(ids): State<RequestIds>,
    route: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let id = uuid_v7(ids.clock.now(), ids.entropy.as_ref()).to_string();
    let route = route.as_ref().map_or("unmatched", MatchedPath::as_str);
    let method = known_method(request.method());
    let header = HeaderValue::from_str(&id).ok();
    let span = tracing::info_span!("request", request.id = id.as_str(), http.method = method, http.route = route);
    let started = Instant::now();

    let mut response = CURRENT.scope(id, next.run(request).instrument(span.clone())).await;

    let status = response.status().as_u16();
    let seconds = started.elapsed().as_secs_f64();
    span.in_scope(|| tracing::debug!(http.status = status, duration_ms = seconds * 1e3, "answered"));
    sample(route, method, status, seconds);
    if let Some(header) = header {
        response.headers_mut().insert(REQUEST_ID, header);
    }
    response
}

/// Histograms by route, method and status. There are as many as the metrics show; each is asked of the
/// recorder once, which makes texts of its labels.
type Histograms = HashMap<String, HashMap<(&'static str, u16), Histogram>>;

fn sample(route: &str, method: &'static str, status: u16, seconds: f64) {
    static KNOWN: LazyLock<RwLock<Histograms>> = LazyLock::new(RwLock::default);
    {
        let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(histogram) = known.get(route).and_then(|route| route.get(&(method, status))) {
            histogram.record(seconds);
            return;
        }
    }
    let labels = [("route", route.to_owned()), ("method", method.to_owned()), ("status", status.to_string())];
    let histogram = metrics::histogram!("sokuho_http_seconds", &labels);
    histogram.record(seconds);
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    known.entry(route.to_owned()).or_default().insert((method, status), histogram);
}

/// A method is any token that a client invents; what the metrics count by must be few.
fn known_method(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_that_a_client_invents_makes_no_new_series_in_the_metrics() {
        assert_eq!(known_method(&Method::GET), "GET");
        for invented in [&b"A1"[..], b"get", b"PROPFIND"] {
            assert_eq!(known_method(&Method::from_bytes(invented).unwrap()), "other");
        }
    }
}
