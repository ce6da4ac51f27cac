//! Door: liveness, readiness, metrics.
//!
//! *Ready* means that the node takes reports. *Degraded* means that it does, and that a person must look at
//! something all the same: media are refused, a photo is missing, the log has lost its tail. A node that is
//! not ready goes on showing what it has to those who watch.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use super::error::{ApiError, ApiResult};
use crate::database::told::chain;
use crate::domain::entry::Seq;
use crate::inspect::{Finding, Findings};
use crate::live::Live;
use crate::log::backend::Log;
use crate::log::writer::Pulse;
use crate::log::{EntryLog, LogError};
use crate::media::store::Store;
use crate::wire::problem::Code;

/// What these doors need.
#[derive(Clone)]
pub struct HealthState {
    /// Is it there?
    pub log: Arc<Log>,
    /// Is it crowded, and does it take anything?
    pub pulse: Pulse,
    /// Is it up to the log?
    pub live: Arc<Live>,
    /// Is there room for media?
    pub media: Store,
    /// What was found wrong with what lies on the disk.
    pub findings: Findings,
    /// One question to the log at a time.
    pub asking: Arc<Mutex<()>>,
    /// What the metrics are read from.
    pub metrics: PrometheusHandle,
}

/// The routes. They are for the operator's monitoring, not part of the API document.
pub fn routes(state: HealthState) -> Router {
    liveness().route("/readyz", get(ready)).route("/metrics", get(metrics)).with_state(state)
}

/// `/healthz` alone: the process answers. Says nothing that a stranger may not know.
pub fn liveness<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/healthz", get(|| async { "ok\n" }))
}

#[derive(Serialize)]
struct Ready {
    /// `ready` or `degraded`.
    status: &'static str,
    log_head: u64,
    world_head: u64,
    waiting: usize,
    /// How many findings of each kind there are; the node's log names each.
    findings: BTreeMap<&'static str, u64>,
}

/// Who monitors a node waits for a second at most, whatever its database does.
const ANSWERED_WITHIN: Duration = Duration::from_millis(900);

/// What is committed reaches the world within milliseconds. A world that is behind for longer stays behind.
const ANNOUNCED_WITHIN: Duration = Duration::from_millis(500);

/// Ready means: the log answers and can be written, it has a writer, and the world is up to it.
async fn ready(State(state): State<HealthState>) -> ApiResult<Response> {
    let not_ready = |why: &str| ApiError::new(Code::Unavailable).detail(why).retry_after(5);
    // What is in the world was committed before, so a head that is read later cannot lie below it.
    let world_before = state.live.read().head();
    let until = Instant::now() + ANSWERED_WITHIN;
    let late = |_| not_ready("the log does not answer within a second");
    let log_head = timeout_at(until, log_head(&state)).await.map_err(late)?;
    let log_head = log_head.map_err(|error| match error {
        LogError::Full(_) => disk_full().cause(error),
        _ => not_ready("the log does not answer").cause(error),
    })?;
    if !state.pulse.is_served() {
        return Err(not_ready("the log has no writer"));
    }
    // The writer has logged the cause.
    match state.pulse.failing().as_deref() {
        None => {}
        Some(LogError::Full(_)) => return Err(disk_full()),
        Some(failure) => return Err(not_ready(&format!("the log cannot be written: {}", chain(failure)))),
    }
    if world_before > log_head {
        return Err(not_ready("the log has lost entries that the world has"));
    }
    let up_to_the_log = async {
        while state.live.read().head() < log_head {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let up_to_the_log = timeout_at(until.min(Instant::now() + ANNOUNCED_WITHIN), up_to_the_log).await;
    up_to_the_log.map_err(|_| not_ready("the world is behind the log"))?;
    let findings = findings(&state);
    let ready = Ready {
        status: if findings.is_empty() { "ready" } else { "degraded" },
        log_head,
        world_head: state.live.read().head(),
        waiting: state.pulse.waiting(),
        findings,
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(ready)).into_response())
}

fn disk_full() -> ApiError {
    ApiError::new(Code::StorageFull).detail("the disk is full: the log cannot be written").retry_after(5)
}

/// Asks the log for its head. The question goes on when nobody waits for the answer any more: one that is broken off
/// would cost the log its session.
async fn log_head(state: &HealthState) -> Result<Seq, LogError> {
    let turn = Arc::clone(&state.asking).lock_owned().await;
    let log = Arc::clone(&state.log);
    let asked = tokio::spawn(async move {
        let head = log.head().await;
        drop(turn);
        head
    });
    asked.await.unwrap_or_else(|panicked| Err(LogError::Storage(panicked.into())))
}

/// What was found before, and how the disk is now.
fn findings(state: &HealthState) -> BTreeMap<&'static str, u64> {
    let mut findings = state.findings.counts();
    match state.log.losses() {
        Ok(losses) => losses.into_iter().for_each(|lost| count(&mut findings, &Finding::LogTail(lost))),
        Err(error) => count(&mut findings, &Finding::Database(error.to_string())),
    }
    let now = match state.media.room() {
        Ok(room) if room.takes(1) => None,
        Ok(room) => Some(Finding::DiskLow { free: room.free, kept: room.kept }),
        Err(error) => Some(Finding::Media(error.to_string())),
    };
    if let Some(finding) = now {
        count(&mut findings, &finding);
    }
    findings
}

fn count(findings: &mut BTreeMap<&'static str, u64>, finding: &Finding) {
    *findings.entry(finding.code()).or_default() += 1;
}

async fn metrics(State(state): State<HealthState>) -> Response {
    metrics::gauge!("sokuho_log_waiting").set(f64::from(u32::try_from(state.pulse.waiting()).unwrap_or(u32::MAX)));
    metrics::gauge!("sokuho_log_failing").set(f64::from(u8::from(state.pulse.failing().is_some())));
    if let Ok(losses) = state.log.losses() {
        metrics::gauge!("sokuho_findings", "code" => "log_tail").set(losses.len() as f64);
    }
    if let Ok(room) = state.media.room() {
        metrics::gauge!("sokuho_disk_free_bytes").set(room.free as f64);
        metrics::gauge!("sokuho_disk_kept_bytes").set(room.kept as f64);
    }
    exposition(&state.metrics)
}

/// The metrics as Prometheus reads them (<https://prometheus.io/docs/instrumenting/exposition_formats/>).
pub(super) fn exposition(metrics: &PrometheusHandle) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], metrics.render()).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use metrics_exporter_prometheus::PrometheusBuilder;
    use tower::ServiceExt;

    use super::*;
    use crate::live::tests::ToLive;
    use crate::log::samples::{draft, filed, sqlite_log};
    use crate::log::writer::writer;

    async fn answer(state: &HealthState) -> (u16, serde_json::Value) {
        let request = Request::get("/readyz").body(Body::empty()).unwrap();
        let answer = routes(state.clone()).oneshot(request).await.unwrap();
        let status = answer.status().as_u16();
        let body = axum::body::to_bytes(answer.into_body(), 10_000).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    async fn status(state: &HealthState) -> u16 {
        answer(state).await.0
    }

    #[tokio::test]
    async fn ready_means_that_the_world_is_up_to_the_log_and_the_log_has_a_writer() {
        let folder = tempfile::tempdir().unwrap();
        let (log, live) = (Arc::new(sqlite_log(&folder).await), Arc::new(Live::default()));
        let (appender, tasks) = writer(Arc::clone(&log), 0, ToLive(Arc::clone(&live)));
        let writing = tokio::spawn(tasks);
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        let media = Store::open(&folder.path().join("media"), crate::media::store::Limits::default()).unwrap();
        let findings = Findings::default();
        let (log_of, live_of) = (Arc::clone(&log), Arc::clone(&live));
        let state = HealthState {
            log: log_of,
            pulse: appender.pulse(),
            live: live_of,
            media,
            findings: findings.clone(),
            asking: Arc::default(),
            metrics,
        };
        appender.append(draft(filed(1))).await.unwrap();
        assert_eq!(status(&state).await, 200);
        findings.replace(BTreeMap::from([("media_missing", 1)]));
        let (code, body) = answer(&state).await;
        assert_eq!((code, body["status"].as_str()), (200, Some("degraded")), "it takes reports: {body}");
        assert_eq!(body["findings"], serde_json::json!({ "media_missing": 1 }));
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
