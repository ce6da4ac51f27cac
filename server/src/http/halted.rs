//! Doors of a node that met something in its log that it cannot pass over. It takes nothing and shows nothing, since a
//! world with a hole in it would be wrong in silence; it says that it is there, and why it does no more.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;

use super::error::ApiError;
use super::health::{exposition, liveness};
use crate::inspect::Finding;
use crate::wire::problem::Code;

/// Until a person has done something the answer stays the same.
const AGAIN_AFTER: u64 = 60;

/// What these doors need.
#[derive(Clone)]
pub struct HaltedState {
    /// What is in the way.
    pub finding: Arc<Finding>,
    /// What the metrics are read from.
    pub metrics: PrometheusHandle,
}

/// `/healthz`, `/readyz` and `/metrics`.
pub fn routes(state: HaltedState) -> Router {
    let metrics = async |State(state): State<HaltedState>| exposition(&state.metrics);
    liveness().route("/readyz", get(not_ready)).route("/metrics", get(metrics)).with_state(state)
}

async fn not_ready(State(state): State<HaltedState>) -> ApiError {
    let finding = &state.finding;
    ApiError::new(Code::Unavailable).detail(format!("{}: {finding}", finding.code())).retry_after(AGAIN_AFTER)
}

/// Every other door. What is in the way is the operator's business, not a stranger's.
pub async fn shut() -> ApiError {
    ApiError::new(Code::Unavailable).detail("The node cannot begin; /readyz says why.").retry_after(AGAIN_AFTER)
}
