//! The table of contents.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use utoipa_axum::router::OpenApiRouter;

use super::access::{Access, bearer, required, ticket};
use super::client_address::TrustedProxies;
use super::error::{ApiError, ApiResult};
use super::precompressed::may_be_compressed;
use super::request_log::RequestIds;
use super::{
    assets, base, check_ins, docs, features, halted as halted_doors, hazard, health, incidents, live, media,
    operations, region, reports, request_log, sessions, shelters, snapshot, tiles,
};
use crate::identity::Identity;
use crate::identity::caller::Caller;
use crate::identity::permission::Permission;
use crate::wire::problem::Code;

/// Bytes of a JSON body. Media have limits of their own.
const JSON_BODY: usize = 256 * 1024;

/// A request that is no upload and no stream must be answered within this time.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// What the doors need, each its own.
pub struct Doors {
    /// Base map.
    pub base: base::BaseState,
    /// Region.
    pub region: region::RegionState,
    /// Snapshot.
    pub snapshot: snapshot::SnapshotState,
    /// Live stream.
    pub live: live::LiveState,
    /// Reports.
    pub reports: reports::ReportsState,
    /// Media.
    pub media: media::MediaState,
    /// Incidents.
    pub incidents: incidents::IncidentsState,
    /// Layers of hazard zones.
    pub hazard: hazard::HazardState,
    /// OGC API – Features.
    pub features: features::FeaturesState,
    /// Sessions.
    pub sessions: sessions::SessionState,
    /// Check-ins.
    pub check_ins: check_ins::CheckInState,
    /// The hazard zones around a place.
    pub hazard_zones: hazard::zones::HazardZonesState,
    /// Shelters.
    pub shelters: shelters::SheltersState,
    /// Operations.
    pub operations: operations::OperationsState,
    /// Tiles.
    pub tiles: tiles::TilesState,
    /// Health; `None`: it has a listener of its own, see [`inside`].
    pub health: Option<health::HealthState>,
    /// Who is calling.
    pub identity: Arc<Identity>,
    /// Request ids.
    pub request_ids: RequestIds,
    /// Whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: TrustedProxies,
}

/// The OpenAPI document: every door of the API says of itself what it takes and answers.
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = docs::head();
    for door in [
        base::routes().into_openapi(),
        region::routes().into_openapi(),
        snapshot::routes().into_openapi(),
        live::routes().into_openapi(),
        reports::routes().into_openapi(),
        media::routes().into_openapi(),
        incidents::routes().into_openapi(),
        sessions::routes().into_openapi(),
        check_ins::routes().into_openapi(),
        shelters::routes().into_openapi(),
        operations::routes().into_openapi(),
        features::routes().into_openapi(),
        tiles::routes().into_openapi(),
        hazard::routes().into_openapi(),
        hazard::zones::routes().into_openapi(),
    ] {
        document.merge(door);
    }
    document
}

/// All doors.
pub fn router(doors: Doors) -> Router {
    let admit = middleware::from_fn_with_state(doors.identity, admit);
    let in_time = middleware::from_fn(answer_in_time);
    // One stack for each kind of door, the outermost first: each layer that a router takes by itself is a box of its
    // own, cloned and called for every request.
    let quickly =
        || ServiceBuilder::new().layer(admit.clone()).layer(in_time.clone()).layer(DefaultBodyLimit::max(JSON_BODY));

    // What can be long enough to be worth compressing. A receipt is not, and reports come in storms.
    let long = OpenApiRouter::new()
        .merge(base::routes().with_state(doors.base))
        .merge(region::routes().with_state(doors.region))
        .merge(snapshot::routes().with_state(doors.snapshot))
        .merge(incidents::routes().with_state(doors.incidents))
        .merge(check_ins::routes().with_state(doors.check_ins))
        .merge(shelters::routes().with_state(doors.shelters))
        .merge(operations::routes().with_state(doors.operations))
        .merge(features::routes().with_state(doors.features))
        .merge(tiles::routes().with_state(doors.tiles))
        .merge(hazard::routes().with_state(doors.hazard))
        .merge(hazard::zones::routes().with_state(doors.hazard_zones))
        .layer(quickly().layer(compression()));
    let short = OpenApiRouter::new()
        .merge(reports::routes().with_state(Arc::new(doors.reports)))
        .merge(sessions::routes().with_state(doors.sessions))
        .layer(quickly());
    // Uploads and streams take as long as they take; they bound themselves.
    let slow = OpenApiRouter::new()
        .merge(live::routes().with_state(doors.live))
        .merge(media::routes().with_state(doors.media))
        .layer(admit);

    let pages = assets::routes().merge(docs::routes(document())).layer(compression());

    let rim = ServiceBuilder::new()
        .layer(middleware::from_fn_with_state(doors.request_ids, request_log::record))
        .map_response(guard)
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| {
            ApiError::new(Code::Internal).into_response()
        }))
        .layer(axum::Extension(doors.trusted_proxies));
    Router::from(long.merge(short).merge(slow))
        .merge(pages)
        .merge(doors.health.map_or_else(health::liveness, health::routes))
        .fallback(|| async { ApiError::new(Code::NotFound) })
        .method_not_allowed_fallback(|| async { ApiError::new(Code::MethodNotAllowed) })
        .layer(rim)
}

/// The doors for the operator's monitoring alone, for a listener that strangers do not reach.
pub fn inside(health: health::HealthState) -> Router {
    health::routes(health).fallback(|| async { ApiError::new(Code::NotFound) })
}

/// The doors of a node that could not begin: those for monitoring, and all others shut.
pub fn halted(monitoring: Router, request_ids: RequestIds) -> Router {
    let rim = ServiceBuilder::new()
        .layer(middleware::from_fn_with_state(request_ids, request_log::record))
        .map_response(guard);
    monitoring.fallback(halted_doors::shut).layer(rim)
}

/// Everything comes from this node. Nothing inline.
const CSP: &str = "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; worker-src 'self' blob:; \
                   object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The field page uses the camera, the microphone (video) and the position; nothing else is used.
const PERMISSIONS: &str = "camera=(self), microphone=(self), geolocation=(self), accelerometer=(self), \
                           gyroscope=(self), magnetometer=(self)";

/// What every answer tells the browser, unless the door said otherwise.
const GUARDS: [(HeaderName, HeaderValue); 6] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP)),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("permissions-policy"), HeaderValue::from_static(PERMISSIONS)),
];

fn guard<B>(mut response: axum::http::Response<B>) -> axum::http::Response<B> {
    let headers = response.headers_mut();
    headers.reserve(GUARDS.len() + 4);
    for (name, value) in GUARDS {
        headers.entry(name).or_insert(value);
    }
    response
}

fn compression() -> CompressionLayer<impl Predicate> {
    CompressionLayer::new().gzip(true).br(true).compress_when(worth_compressing())
}

/// Not pictures, not videos (ranges must stay what they are), not event streams, not what is kept compressed.
fn worth_compressing() -> impl Predicate {
    SizeAbove::new(512)
        .and(NotForContentType::IMAGES)
        .and(NotForContentType::SSE)
        .and(NotForContentType::const_new("video/"))
        .and(NotForContentType::const_new("application/octet-stream"))
        .and(may_be_compressed)
}

async fn answer_in_time(request: Request, next: Next) -> ApiResult<Response> {
    tokio::time::timeout(ANSWER_WITHIN, next.run(request)).await.map_err(|_| Code::Timeout.into())
}

/// Looks the route up in the table, establishes the caller and lets them in or not.
pub(super) async fn admit(
    State(identity): State<Arc<Identity>>,
    path: MatchedPath,
    mut request: Request,
    next: Next,
) -> ApiResult<Response> {
    let caller = match required(request.method().as_str(), path.as_str()) {
        Some(Access::Open) => Caller::Public,
        Some(Access::Needs(permission)) => let_in(caller(&identity, request.headers()).await?, permission)?,
        Some(Access::NeedsOrTicket(permission)) => {
            let caller = match (caller(&identity, request.headers()).await?, ticket(request.uri())?) {
                (Caller::Public, Some(ticket)) => identity.check_media_ticket(&ticket)?,
                (caller, _) => caller,
            };
            let_in(caller, permission)?
        }
        None if is_other_method(path.as_str()) => return Err(Code::MethodNotAllowed.into()),
        None => {
            tracing::error!(http.route = path.as_str(), "route is not in the access table");
            return Err(Code::Forbidden.into());
        }
    };
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

fn let_in(caller: Caller, permission: Permission) -> ApiResult<Caller> {
    match caller {
        caller if caller.may(permission) => Ok(caller),
        Caller::Public => Err(Code::SignInRequired.into()),
        Caller::Wall { .. } | Caller::Staff(_) => Err(Code::Forbidden.into()),
    }
}

fn is_other_method(path: &str) -> bool {
    super::access::TABLE.iter().any(|(_, p, _)| *p == path)
}

async fn caller(identity: &Identity, headers: &HeaderMap) -> ApiResult<Caller> {
    match bearer(headers)? {
        None => Ok(Caller::Public),
        Some(token) => Ok(identity.establish(token).await?),
    }
}
