//! Door: the live stream over WebSocket and SSE. The protocol is in docs/wire.md.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto::upgrade::downcast;
use serde::Deserialize;
use tokio::sync::Semaphore;
use tungstenite::handshake::derive_accept_key;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::access::Who;
use super::client_address::ClientAddress;
use super::error::{ApiError, ApiResult};
use super::extract::QueryParams;
use super::line::Line;
use super::places::CONNECTIONS;
use super::query;
use crate::domain::report::Category;
use crate::hub::interest::Interest;
use crate::hub::sse::Opening;
use crate::hub::{Admission, Hub, Refused, Ticket};
use crate::identity::caller::Caller;
use crate::identity::limits::subscriber;
use crate::wire;
use crate::wire::Audience;
use crate::wire::live::{OfficeEntry, ServerFrame};
use crate::wire::problem::{Code, Problem};

/// Viewers that may be told at the same time, within the protocol, that the node is full. More hear 503.
const TURNED_AWAY: usize = 256;

/// Event streams of the public at the same time: each holds one of the listener's connections to its end, and
/// reports and pages must find one too. They are for networks that block WebSocket, so few need them.
const PUBLIC_STREAMS: usize = CONNECTIONS / 8;

/// The same for offices, which strangers cannot take.
const OFFICE_STREAMS: usize = CONNECTIONS / 8;

/// Seconds after which a viewer that heard 503 may come back.
const RETRY_AFTER_S: u64 = 15;

/// What this door needs.
#[derive(Clone, Debug)]
pub struct LiveState {
    hub: Arc<Hub>,
    turned_away: Arc<Semaphore>,
    public_streams: Arc<Semaphore>,
    office_streams: Arc<Semaphore>,
}

impl LiveState {
    /// The door to this hub.
    pub fn new(hub: Arc<Hub>) -> Self {
        let places = |most| Arc::new(Semaphore::new(most));
        Self {
            hub,
            turned_away: places(TURNED_AWAY),
            public_streams: places(PUBLIC_STREAMS),
            office_streams: places(OFFICE_STREAMS),
        }
    }
}

/// The door's routes.
pub fn routes() -> OpenApiRouter<LiveState> {
    OpenApiRouter::new().routes(routes!(socket)).routes(routes!(events))
}

/// The live stream over WebSocket.
///
/// The first frame, a `ViewerFrame`, must come within 10 seconds; it may bring a token. What the server
/// sends are `ServerFrame`s.
#[utoipa::path(
    get,
    path = "/api/live",
    tag = "live",
    responses(
        (status = 101, description = "The stream; see docs/wire.md", body = ServerFrame<OfficeEntry>),
        (status = 400, description = "Not a WebSocket handshake", body = Problem),
        (status = 403, description = "Asked for by a page of another origin", body = Problem),
        (status = 503, description = "As many viewers as the node takes", body = Problem),
    ),
)]
async fn socket(State(state): State<LiveState>, mut request: Request) -> ApiResult<Response> {
    let accept = handshake(request.headers())?;
    same_origin(request.headers())?;
    let upgrade = request
        .extensions_mut()
        .remove::<OnUpgrade>()
        .ok_or_else(|| ApiError::new(Code::MalformedRequest).detail("this connection cannot be upgraded"))?;
    let ticket = state.hub.ticket(address(&request));
    // A viewer without a place still costs a socket until it has heard why; only so many may.
    let turned_away = match &ticket {
        Ok(_) => None,
        Err(Refused) => Some(Arc::clone(&state.turned_away).try_acquire_owned().map_err(|_| full())?),
    };
    tokio::spawn(async move {
        let _turned_away = turned_away;
        join(&state.hub, ticket, upgrade).await;
    });
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    Ok(response)
}

/// Takes the bare connection out of hyper, whose buffers end here.
async fn join(hub: &Arc<Hub>, ticket: Result<Ticket, Refused>, upgrade: OnUpgrade) {
    let Ok(upgraded) = upgrade.await else { return };
    match downcast::<Line>(upgraded) {
        Ok(parts) => {
            let socket = parts.io.into_stream();
            if let Err(error) = socket.set_nodelay(true) {
                tracing::debug!(error = %error, "no TCP_NODELAY for a viewer");
            }
            hub.serve(ticket, socket, &parts.read_buf);
        }
        // Another transport (TLS): through hyper's own type, which gives what it had read first.
        Err(upgraded) => hub.serve(ticket, TokioIo::new(upgraded), &[]),
    }
}

fn full() -> ApiError {
    ApiError::new(Code::Unavailable).detail("the node has as many viewers as it takes").retry_after(RETRY_AFTER_S)
}

fn address(request: &Request) -> Option<IpAddr> {
    Some(subscriber(ClientAddress::of(request.extensions(), request.headers()).0))
}

/// Checks the opening handshake (RFC 6455, 4.2.1); returns the answer to its key.
fn handshake(headers: &HeaderMap) -> ApiResult<HeaderValue> {
    let refuse = |detail: &str| ApiError::new(Code::MalformedRequest).detail(detail);
    let has = |name: header::HeaderName, token: &str| {
        headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|part| part.trim().eq_ignore_ascii_case(token))
    };
    if !has(header::CONNECTION, "upgrade") || !has(header::UPGRADE, "websocket") {
        return Err(refuse("ask for an upgrade to websocket"));
    }
    if !has(header::SEC_WEBSOCKET_VERSION, "13") {
        return Err(refuse("Sec-WebSocket-Version must be 13"));
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes);
    // 16 bytes in base64.
    let key = key.filter(|key| key.len() == 24).ok_or_else(|| refuse("Sec-WebSocket-Key is missing or malformed"))?;
    HeaderValue::from_str(&derive_accept_key(key)).map_err(ApiError::internal)
}

/// A browser says which page asks. Another site's page must not watch with our viewers' cookies or from
/// inside their network.
fn same_origin(headers: &HeaderMap) -> ApiResult<()> {
    let ours = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let is_ours = |origin: &HeaderValue| {
        let host = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
        host.is_some_and(|host| host.eq_ignore_ascii_case(ours))
    };
    if headers.get_all(header::ORIGIN).iter().all(is_ours) {
        Ok(())
    } else {
        Err(ApiError::new(Code::Forbidden).detail("a page of another origin may not open the live stream"))
    }
}

/// Where the stream begins and what it brings; lists are separated by commas.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EventsQuery {
    /// The epoch of the viewer's position.
    epoch: Option<Uuid>,
    /// The viewer has everything up to this entry.
    since: Option<u64>,
    /// Only incidents here: west,south,east,north in degrees WGS 84.
    bounds: Option<String>,
    /// Only incidents that one of these offices answers for or reported: at most 64 codes.
    offices: Option<String>,
    /// Only these categories.
    categories: Option<String>,
    /// Only this operation.
    operation: Option<Uuid>,
}

impl EventsQuery {
    fn interest(&self) -> ApiResult<Interest> {
        let refuse = |detail: String| ApiError::new(Code::InvalidField).detail(detail);
        let read = |text: &String| query::bounds(text).ok_or_else(|| refuse(format!("bounds {}", query::BOUNDS_RULE)));
        let bounds = self.bounds.as_ref().map(read).transpose()?;
        let list = |text: &String| text.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let categories = match &self.categories {
            None => None,
            Some(text) => {
                let names: Vec<String> = list(text);
                let parsed: Result<Vec<Category>, serde_json::Error> =
                    names.into_iter().map(|name| serde_json::from_value(name.into())).collect();
                Some(parsed.map_err(|error| refuse(error.to_string()))?)
            }
        };
        let offices = self.offices.as_ref().map(list);
        let interest = wire::live::Interest { bounds, offices, categories, operation: self.operation };
        Interest::try_from(&interest).map_err(|error| refuse(error.to_string()))
    }

    /// The viewer's position: what it got last counts more than where it once began.
    fn position(&self, headers: &HeaderMap) -> (Option<Uuid>, Option<u64>) {
        let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.split_once(':'));
        match last.map(|(epoch, seq)| (epoch.parse(), seq.parse())) {
            Some((Ok(epoch), Ok(seq))) => (Some(epoch), Some(seq)),
            _ => (self.epoch, self.since),
        }
    }
}

/// The live stream as server-sent events, for networks that block WebSocket.
///
/// The same frames: `event:` is the frame's type, `data:` its JSON text, `id:` the position to come back
/// with (`EPOCH:SEQ`, honoured as `Last-Event-ID`).
#[utoipa::path(
    get,
    path = "/api/live/events",
    tag = "live",
    params(EventsQuery),
    responses(
        (status = 200, description = "The stream; see docs/wire.md", content_type = "text/event-stream", body = String),
        (status = 401, description = "The token is not valid", body = Problem),
        (status = 422, description = "Not an interest", body = Problem),
        (status = 503, description = "As many viewers as the node takes", body = Problem),
    ),
)]
async fn events(
    State(state): State<LiveState>,
    Who(caller): Who,
    QueryParams(query): QueryParams<EventsQuery>,
    request: Request,
) -> ApiResult<Response> {
    let interest = query.interest()?;
    let (epoch, since) = query.position(request.headers());
    let admission = admission(&caller);
    let places = match admission.audience {
        Audience::Public => state.public_streams,
        Audience::Office => state.office_streams,
    };
    let place = places.try_acquire_owned().map_err(|_| full())?;
    let mut ticket = state.hub.ticket(address(&request)).map_err(|Refused| full())?;
    ticket.known(admission.audience).map_err(|Refused| full())?;
    let frames = state.hub.stream(ticket, Opening { admission, interest, epoch, since });
    // Until the connection lets go of the body: the stream may be over before its last bytes have gone.
    let body = stream::unfold((frames, place), |(mut frames, place)| async {
        let event: Bytes = frames.recv().await?;
        Some((Ok::<_, Infallible>(event), (frames, place)))
    });
    let mut response = Response::new(Body::from_stream(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx would hold events back.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// What a caller may watch. A stream lives as long as its session or wall token, not only as long as the
/// access token that opened it: a wall that must sign in every quarter of an hour is a wall that goes dark.
pub fn admission(caller: &Caller) -> Admission {
    let id = match caller {
        Caller::Public => None,
        Caller::Wall { token, .. } => Some(*token),
        Caller::Staff(staff) => Some(staff.session),
    };
    Admission { audience: caller.audience(), until: None, id }
}

#[cfg(test)]
#[path = "live_tests.rs"]
mod tests;
