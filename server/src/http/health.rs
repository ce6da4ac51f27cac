//! Door: liveness, readiness, metrics.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;

use super::error::{ApiError, ApiResult};
use crate::live::Live;
use crate::log::EntryLog;
use crate::log::sqlite::SqliteLog;
use crate::log::writer::Appender;
use crate::wire::problem::Code;

/// What these doors need.
#[derive(Clone)]
pub struct HealthState {
    /// Is it there?
    pub log: Arc<SqliteLog>,
    /// Is it crowded?
    pub appender: Appender,
    /// Is it up to the log?
    pub live: Arc<Live>,
    /// What the metrics are read from.
    pub metrics: PrometheusHandle,
}

/// The routes. They are for the operator's monitoring, not part of the API document.
pub fn routes(state: HealthState) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(state)
}

#[derive(Serialize)]
struct Ready {
    log_head: u64,
    world_head: u64,
    waiting: usize,
}

/// Ready means: the log answers, and the world is up to it.
async fn ready(State(state): State<HealthState>) -> ApiResult<Response> {
    let log_head = state.log.head().await.map_err(|e| ApiError::new(Code::Unavailable).cause(e).retry_after(5))?;
    let ready = Ready { log_head, world_head: state.live.read().head(), waiting: state.appender.waiting() };
    Ok(axum::Json(ready).into_response())
}

async fn metrics(State(state): State<HealthState>) -> Response {
    metrics::gauge!("sokuho_log_waiting").set(f64::from(u32::try_from(state.appender.waiting()).unwrap_or(u32::MAX)));
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], state.metrics.render()).into_response()
}
