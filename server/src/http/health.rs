//! Door: liveness, readiness, metrics.

use std::sync::Arc;
use std::time::Duration;

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
use crate::log::backend::Log;
use crate::log::writer::Appender;
use crate::wire::problem::Code;

/// What these doors need.
#[derive(Clone)]
pub struct HealthState {
    /// Is it there?
    pub log: Arc<Log>,
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

/// What is committed reaches the world within milliseconds. A world that is behind for longer stays behind.
const ANNOUNCED_WITHIN: Duration = Duration::from_millis(500);

/// Ready means: the log answers, it has a writer, and the world is up to it.
async fn ready(State(state): State<HealthState>) -> ApiResult<Response> {
    let not_ready = |why: &str| ApiError::new(Code::Unavailable).detail(why).retry_after(5);
    // What is in the world was committed before, so a head that is read later cannot lie below it.
    let world_before = state.live.read().head();
    let log_head = state.log.head().await.map_err(|e| not_ready("the log does not answer").cause(e))?;
    if !state.appender.is_served() {
        return Err(not_ready("the log has no writer"));
    }
    if world_before > log_head {
        return Err(not_ready("the log has lost entries that the world has"));
    }
    let up_to_the_log = async {
        while state.live.read().head() < log_head {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let up_to_the_log = tokio::time::timeout(ANNOUNCED_WITHIN, up_to_the_log).await;
    up_to_the_log.map_err(|_| not_ready("the world is behind the log"))?;
    let ready = Ready { log_head, world_head: state.live.read().head(), waiting: state.appender.waiting() };
    Ok(axum::Json(ready).into_response())
}

async fn metrics(State(state): State<HealthState>) -> Response {
    metrics::gauge!("sokuho_log_waiting").set(f64::from(u32::try_from(state.appender.waiting()).unwrap_or(u32::MAX)));
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], state.metrics.render()).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use metrics_exporter_prometheus::PrometheusBuilder;
    use tower::ServiceExt;

    use super::*;
    use crate::domain::entry::{Entry, Seq};
    use crate::log::samples::{draft, filed, sqlite_log};
    use crate::log::writer::{Announce, writer};

    struct ToLive(Arc<Live>);

    impl Announce for ToLive {
        fn announce(&mut self, entries: &[(Seq, Arc<Entry>)]) {
            let mut world = self.0.write();
            entries.iter().for_each(|(seq, entry)| drop(world.apply(*seq, entry)));
        }
    }

    async fn status(state: &HealthState) -> u16 {
        let request = Request::get("/readyz").body(Body::empty()).unwrap();
        routes(state.clone()).oneshot(request).await.unwrap().status().as_u16()
    }

    #[tokio::test]
    async fn ready_means_that_the_world_is_up_to_the_log_and_the_log_has_a_writer() {
        let folder = tempfile::tempdir().unwrap();
        let (log, live) = (Arc::new(sqlite_log(&folder).await), Arc::new(Live::default()));
        let (appender, tasks) = writer(Arc::clone(&log), 0, ToLive(Arc::clone(&live)));
        let writing = tokio::spawn(tasks);
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        let state = HealthState { log: Arc::clone(&log), appender, live: Arc::clone(&live), metrics };
        state.appender.append(draft(filed(1))).await.unwrap();
        assert_eq!(status(&state).await, 200);
        log.append(&[draft(filed(2))]).await.unwrap();
        assert_eq!(status(&state).await, 503, "the world has not heard of it");
        live.write().apply(2, &filed(2));
        assert_eq!(status(&state).await, 200);
        live.write().apply(3, &filed(3));
        assert_eq!(status(&state).await, 503, "the world is ahead of the log");
        log.append(&[draft(filed(3))]).await.unwrap();
        assert_eq!(status(&state).await, 200);
        writing.abort();
        let _ = writing.await;
        assert_eq!(status(&state).await, 503, "nobody writes any more");
    }
}
