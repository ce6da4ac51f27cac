//! Door: the picture at one position of the log.
//!
//! One shared, compressed buffer per audience, so that ten thousand displays coming back after a power
//! cut cost one encoding. While entries come it may be up to a second old, but never older than the position that
//! the viewer's stream begins at (`at_least`), so no entry falls between the two. While none comes it stays as it
//! is for up to a minute, after which incidents that were closed a day ago leave it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::time::Instant;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::access::Who;
use super::error::{ApiError, ApiResult};
use super::extract::QueryParams;
use super::precompressed::{Keeping, Precompressed};
use crate::domain::clock::Clock;
use crate::domain::entry::Seq;
use crate::live::Live;
use crate::wire::Audience;
use crate::wire::check_in::CheckIn;
use crate::wire::incident::{OfficeIncident, PublicIncident};
use crate::wire::live::{OfficeSnapshot, PublicSnapshot};
use crate::wire::operation::Operation;
use crate::wire::problem::{Code, Problem};
use crate::wire::shelter::PublicShelterStatus;

/// Incidents in a snapshot at most.
pub const INCIDENTS: usize = 20_000;

/// How old a snapshot may be that is given out again although entries have come, by the steady clock.
const FRESH: Duration = Duration::from_secs(1);

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
    /// Minutes since 1970, UTC.
    minute: i64,
    made_at: Instant,
    answer: Precompressed,
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

    let cache = match audience {
        Audience::Office => "private, no-cache",
        Audience::Public => "no-cache",
    };
    Ok(encoded.answer.answer(&headers, Keeping { cache, vary: "Accept-Encoding, Authorization" }))
}

impl SnapshotState {
    /// The shared buffer, made anew by whoever comes first when it is too old; the others wait for it.
    async fn get(&self, audience: Audience, at_least: Seq) -> ApiResult<Encoded> {
        let slot = match audience {
            Audience::Office => &self.office,
            Audience::Public => &self.public,
        };
        // An entry is applied before any viewer hears of it, so no honest position lies ahead of the world.
        if at_least > self.live.read().head() {
            return Err(ApiError::new(Code::InvalidField).detail("at_least lies ahead of the log"));
        }
        let mut slot = Arc::clone(slot).lock_owned().await;
        if let Some(held) = slot.as_ref().filter(|held| held.seq >= at_least && self.is_fresh(held)) {
            return Ok(held.clone());
        }
        let state = self.clone();
        // The encoding holds the place itself, to its end: whoever asks and hangs up starts no second one.
        let making = tokio::task::spawn_blocking(move || {
            let made = state.encode(audience)?;
            *slot = Some(made.clone());
            Ok::<_, io::Error>(made)
        });
        making.await.map_err(ApiError::internal)?.map_err(ApiError::internal)
    }

    fn is_fresh(&self, held: &Encoded) -> bool {
        let says_the_same = || held.seq == self.live.read().head() && held.minute == minute_of(self.clock.now());
        held.made_at.elapsed() < FRESH || says_the_same()
    }

    fn encode(&self, audience: Audience) -> io::Result<Encoded> {
        metrics::counter!("sokuho_snapshot_encodings_total").increment(1);
        let (now, made_at) = (self.clock.now(), Instant::now());
        let snapshot = self.picture(audience, now);
        let (seq, marker) = match &snapshot {
            Snapshot::Office(office) => (office.seq, 'o'),
            Snapshot::Public(public) => (public.seq, 'p'),
        };
        // Closed incidents leave the picture by time alone, so the tag holds no longer than the minute.
        let minute = minute_of(now);
        let answer = Precompressed::json(&snapshot, 4, |_| format!("{}-{seq}-{marker}-{minute}", self.epoch))?;
        Ok(Encoded { seq, minute, made_at, answer })
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
                shelters: world.shelter_statuses().chain(world.drilled_statuses()).collect(),
            }),
            Audience::Public => Snapshot::Public(PublicSnapshot {
                epoch,
                seq,
                operations,
                incidents: views.iter().filter_map(PublicIncident::of).collect(),
                omitted,
                shelters: world.shelter_statuses().filter_map(|status| PublicShelterStatus::of(&status)).collect(),
            }),
        }
    }
}

fn minute_of(time: Timestamp) -> i64 {
    time.as_second().div_euclid(60)
}

#[cfg(test)]
mod tests;
