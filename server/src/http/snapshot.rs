//! Door: the picture at one position of the log.
//!
//! One shared, compressed buffer per audience, so that ten thousand displays coming back after a power
//! cut cost one encoding. It may be up to a second old, but never older than the position that the
//! viewer's stream begins at (`at_least`), so no entry falls between the two.

use std::io::Write;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::access::Who;
use super::error::{ApiError, ApiResult};
use super::extract::QueryParams;
use crate::domain::clock::Clock;
use crate::domain::entry::Seq;
use crate::live::Live;
use crate::wire::Audience;
use crate::wire::check_in::CheckIn;
use crate::wire::incident::{OfficeIncident, PublicIncident};
use crate::wire::live::{OfficeSnapshot, PublicSnapshot};
use crate::wire::operation::Operation;
use crate::wire::problem::{Code, Problem};

/// Incidents in a snapshot at most.
pub const INCIDENTS: usize = 20_000;

/// How old a snapshot may be that is given out again.
const FRESH: SignedDuration = SignedDuration::from_secs(1);

/// What this door needs.
#[derive(Clone)]
pub struct SnapshotState {
    live: Arc<Live>,
    epoch: Uuid,
    clock: Arc<dyn Clock>,
    office: Arc<Mutex<Option<Encoded>>>,
    public: Arc<Mutex<Option<Encoded>>>,
}

impl SnapshotState {
    /// The door to this world.
    pub fn new(live: Arc<Live>, epoch: Uuid, clock: Arc<dyn Clock>) -> Self {
        Self { live, epoch, clock, office: Arc::default(), public: Arc::default() }
    }
}

#[derive(Clone)]
struct Encoded {
    seq: Seq,
    made_at: Timestamp,
    etag: HeaderValue,
    plain: Bytes,
    gzip: Bytes,
}

/// The routes.
pub fn routes() -> OpenApiRouter<SnapshotState> {
    OpenApiRouter::new().routes(routes!(snapshot))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Position {
    /// The snapshot must hold everything up to this entry.
    #[param(value_type = Option<u64>)]
    at_least: Option<Seq>,
}

/// A snapshot, encoded for whoever asks.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum Snapshot {
    /// For staff and walls.
    Office(OfficeSnapshot),
    /// For everybody.
    Public(PublicSnapshot),
}

/// The picture now, with its position in the log. Then subscribe to the live stream from there.
#[utoipa::path(get, path = "/api/snapshot", tag = "live", params(Position), responses(
    (status = 200, body = Snapshot),
    (status = 304, description = "Nothing has changed since the ETag"),
    (status = "default", body = Problem),
))]
async fn snapshot(
    State(state): State<SnapshotState>,
    who: Who,
    QueryParams(position): QueryParams<Position>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let audience = who.0.audience();
    let encoded = state.get(audience, position.at_least.unwrap_or(0)).await?;

    let etag_matches = headers.get(header::IF_NONE_MATCH) == Some(&encoded.etag);
    let takes_gzip = headers.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).is_some_and(accepts_gzip);
    let mut response = if etag_matches {
        StatusCode::NOT_MODIFIED.into_response()
    } else if takes_gzip {
        ([(header::CONTENT_ENCODING, "gzip"), (header::CONTENT_TYPE, "application/json")], encoded.gzip).into_response()
    } else {
        ([(header::CONTENT_TYPE, "application/json")], encoded.plain).into_response()
    };
    let cache = match audience {
        Audience::Office => "private, no-cache",
        Audience::Public => "no-cache",
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept-Encoding, Authorization"));
    response.headers_mut().insert(header::ETAG, encoded.etag);
    Ok(response)
}

fn accepts_gzip(accept: &str) -> bool {
    accept.split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        parts.next() == Some("gzip") && parts.next().is_none_or(|q| q != "q=0")
    })
}

impl SnapshotState {
    /// The shared buffer, made anew by whoever comes first when it is too old; the others wait for it.
    async fn get(&self, audience: Audience, at_least: Seq) -> ApiResult<Encoded> {
        let slot = match audience {
            Audience::Office => &self.office,
            Audience::Public => &self.public,
        };
        let mut slot = slot.lock().await;
        let now = self.clock.now();
        if let Some(held) = &*slot
            && held.seq >= at_least
            && now.duration_since(held.made_at) < FRESH
        {
            return Ok(held.clone());
        }
        let state = self.clone();
        let made = tokio::task::spawn_blocking(move || state.encode(audience, now)).await;
        let made = made.map_err(ApiError::internal)?.map_err(ApiError::internal)?;
        if made.seq < at_least {
            return Err(ApiError::new(Code::InvalidField).detail("at_least lies ahead of the log"));
        }
        *slot = Some(made.clone());
        Ok(made)
    }

    fn encode(&self, audience: Audience, now: Timestamp) -> anyhow::Result<Encoded> {
        let snapshot = self.picture(audience, now);
        let seq = match &snapshot {
            Snapshot::Office(office) => office.seq,
            Snapshot::Public(public) => public.seq,
        };
        let plain = serde_json::to_vec(&snapshot)?;
        let mut gzip = GzEncoder::new(Vec::with_capacity(plain.len() / 6), Compression::new(4));
        gzip.write_all(&plain)?;
        let gzip = gzip.finish()?;
        let marker = match audience {
            Audience::Office => 'o',
            Audience::Public => 'p',
        };
        let etag = HeaderValue::from_str(&format!("\"{}-{seq}-{marker}\"", self.epoch))?;
        Ok(Encoded { seq, made_at: now, etag, plain: plain.into(), gzip: gzip.into() })
    }

    /// Copies the picture out of the world; the lock is not held while it is written as JSON.
    fn picture(&self, audience: Audience, now: Timestamp) -> Snapshot {
        let world = self.live.read();
        let (views, omitted) = world.recent_open(now, INCIDENTS);
        let omitted = u64::try_from(omitted).unwrap_or(u64::MAX);
        let operations = world.operations().map(|(operation, open)| Operation::of(operation, open)).collect();
        let (epoch, seq) = (self.epoch, world.head());
        match audience {
            Audience::Office => Snapshot::Office(OfficeSnapshot {
                epoch,
                seq,
                operations,
                incidents: views.iter().filter_map(OfficeIncident::of).collect(),
                omitted,
                check_ins: world.check_ins.open().map(|check_in| CheckIn::of(check_in, None)).collect(),
            }),
            Audience::Public => Snapshot::Public(PublicSnapshot {
                epoch,
                seq,
                operations,
                incidents: views.iter().filter_map(PublicIncident::of).collect(),
                omitted,
            }),
        }
    }
}
