//! Door: uploads and files.
//!
//! `POST /api/media` takes a file as the raw body; `GET /api/media/{id}` gives an original to offices, with
//! `Range`, and `GET /api/media/{id}/thumbnail` its thumbnail. What residents see are thumbnails only, by the
//! receipts' door.

mod range;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::{TicketQuery, Who};
use super::client_address::ClientAddress;
use super::error::{ApiError, ApiResult};
use super::extract::PathParams;
use crate::domain::clock::Clock;
use crate::domain::ids::MediaId;
use crate::domain::report::MediaKind;
use crate::identity::caller::Caller;
use crate::identity::limits::{AddressLimit, subscriber};
use crate::media::ledger::Sender;
use crate::media::store::{Description, Store};
use crate::media::{BodyError, MediaError};
use crate::wire::media::Uploaded;
use crate::wire::problem::{Code, Problem};

/// How long an upload may take. Its place is one of a few, so a byte now and then does not do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patience {
    /// How far it may fall behind the least rate: so long may it bring nothing at all.
    pub behind: Duration,
    /// The least rate, bytes a second.
    pub least: u32,
    /// Altogether.
    pub whole: Duration,
}

impl Default for Patience {
    /// 32 kbit/s, which is what is left of a mobile line at the edge of the network, and a minute without any; two
    /// hours altogether, so that 500 MB pass at 0.6 Mbit/s.
    fn default() -> Self {
        Self { behind: Duration::from_secs(60), least: 4_000, whole: Duration::from_secs(7_200) }
    }
}

/// What the door needs.
#[derive(Clone)]
pub struct MediaState {
    /// The store.
    pub store: Store,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Uploads a minute for each address.
    pub quota: Arc<AddressLimit>,
    /// How long an upload may take.
    pub patience: Patience,
}

/// The routes.
pub fn routes() -> OpenApiRouter<MediaState> {
    OpenApiRouter::new().routes(routes!(upload)).routes(routes!(original)).routes(routes!(thumbnail))
}

/// The stable code that goes with an error of the media room.
pub(crate) fn code_of(error: &MediaError) -> Code {
    match error {
        MediaError::Unsupported => Code::MediaUnsupported,
        MediaError::Damaged(_) => Code::MediaDamaged,
        MediaError::TooLarge { .. } => Code::MediaTooLarge,
        MediaError::PictureTooLarge { .. } => Code::PictureTooLarge,
        MediaError::StorageFull(_) => Code::StorageFull,
        MediaError::NotFound => Code::NotFound,
        MediaError::RangeNotSatisfiable { .. } => Code::RangeNotSatisfiable,
        MediaError::TooManyPixels { .. } => Code::TooManyRequests,
        MediaError::Busy => Code::Unavailable,
        MediaError::Body(BodyError::Stalled) => Code::Timeout,
        MediaError::Body(BodyError::Broken(_)) => Code::MalformedRequest,
        MediaError::Changed { .. }
        | MediaError::Io(_)
        | MediaError::Objects(_)
        | MediaError::Record(_)
        | MediaError::Task(_) => Code::Internal,
    }
}

impl From<MediaError> for ApiError {
    fn from(error: MediaError) -> Self {
        let problem = ApiError::new(code_of(&error));
        match &error {
            MediaError::TooLarge { .. } | MediaError::PictureTooLarge { .. } | MediaError::Damaged(_) => {
                problem.detail(error.to_string())
            }
            MediaError::Busy => problem.retry_after(5),
            MediaError::TooManyPixels { retry_after_s } => {
                problem.detail(error.to_string()).retry_after(*retry_after_s)
            }
            // `/readyz` and the metrics say it; a line for every refused upload would fill the disk further.
            MediaError::StorageFull(_) => problem.detail(error.to_string()).retry_after(30),
            MediaError::Unsupported | MediaError::NotFound | MediaError::RangeNotSatisfiable { .. } => problem,
            _ => problem.cause(error),
        }
    }
}

/// Uploads a photo or video, to be named by a report.
///
/// The raw file is the body; what it is is told by its content. Photos (JPEG, PNG, WebP, HEIC) to 40 MB, videos
/// (MP4, MOV) to 500 MB. When this answers, the file is on the disk for good. Files that no report names
/// within a day are removed.
#[utoipa::path(
    post, path = "/api/media", tag = "reporting",
    request_body(content_type = "application/octet-stream", description = "The file as it is"),
    responses(
        (status = 201, description = "Stored", body = Uploaded),
        (status = 200, description = "The same file was there before", body = Uploaded),
        (status = 408, description = "The upload stalled or is too slow", body = Problem),
        (status = 413, description = "Larger than allowed", body = Problem),
        (status = 415, description = "None of the kinds that are accepted", body = Problem),
        (status = 422, description = "A picture that is damaged, or has too many pixels", body = Problem),
        (status = 429, description = "Too many uploads or pixels from this address", body = Problem),
        (status = 503, description = "Too many uploads at once, in all or from this address", body = Problem),
        (status = 507, description = "No room left", body = Problem),
    )
)]
async fn upload(
    State(state): State<MediaState>,
    Who(caller): Who,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Response> {
    let stated = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<u64>().ok());
    let limit = state.store.limits().most();
    if stated.is_some_and(|bytes| bytes > limit) {
        return Err(MediaError::TooLarge { limit }.into());
    }
    // As with reports: an account is answerable, an address is not.
    let sender = match caller {
        Caller::Staff(_) => Sender::Staff,
        Caller::Public | Caller::Wall { .. } => Sender::Stranger(Some(subscriber(address))),
    };
    if sender != Sender::Staff {
        state.quota.take(address).map_err(|seconds| ApiError::new(Code::TooManyRequests).retry_after(seconds))?;
    }
    let received = state.store.receive(patiently(body, state.patience), state.clock.now(), sender).await?;
    let description = received.description.as_ref();
    tracing::info!(
        media.kind = ?description.kind,
        media.bytes = description.size,
        media.new = received.is_new,
        media.has_place = description.evidence.is_some(),
        "media stored"
    );
    let status = if received.is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, axum::Json(uploaded(description))).into_response())
}

fn uploaded(description: &Description) -> Uploaded {
    Uploaded {
        id: description.id.to_string(),
        kind: description.kind,
        size: description.size,
        thumbnail: description.thumbnail,
        evidence: description.evidence.as_ref().map(Into::into),
        taken_at: description.taken_at,
    }
}

/// The body's chunks, until it ends, breaks off, stalls or is too slow.
fn patiently(body: Body, patience: Patience) -> impl Stream<Item = Result<bytes::Bytes, BodyError>> + Send {
    let until = tokio::time::Instant::now() + patience.whole;
    let begin = (body.into_data_stream(), patience.behind);
    futures_util::stream::unfold(Some(begin), move |state| async move {
        let (mut stream, left) = state?;
        // Only the waiting counts, not what our disk takes for what has come.
        let began = tokio::time::Instant::now();
        match tokio::time::timeout_at(until.min(began + left), stream.next()).await {
            Err(_) => Some((Err(BodyError::Stalled), None)),
            Ok(None) => None,
            Ok(Some(Ok(chunk))) => {
                let earned = Duration::from_secs(chunk.len() as u64) / patience.least.max(1);
                let left = left.saturating_sub(began.elapsed()).saturating_add(earned).min(patience.behind);
                Some((Ok(chunk), Some((stream, left))))
            }
            Ok(Some(Err(error))) => Some((Err(BodyError::Broken(error.to_string())), None)),
        }
    })
}

/// Gives an original to offices.
///
/// With `Range` (one part), `If-Range` and `If-None-Match`; the entity tag is the file's id.
#[utoipa::path(
    get, path = "/api/media/{id}", tag = "watching",
    params(("id" = String, Path, description = "SHA-256 of the file, hex"), TicketQuery),
    responses(
        (status = 200, description = "The file", content_type = "application/octet-stream"),
        (status = 206, description = "The part that was asked for", content_type = "application/octet-stream"),
        (status = 304, description = "You have it already"),
        (status = 401, description = "Sign in first", body = Problem),
        (status = 403, description = "For offices only", body = Problem),
        (status = 404, description = "There is no such file", body = Problem),
        (status = 416, description = "The file has no such part", body = Problem),
    )
)]
async fn original(
    State(state): State<MediaState>,
    PathParams(id): PathParams<String>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let id: MediaId = id.parse().map_err(|_| Code::NotFound)?;
    let description = state.store.describe(&id).await?.ok_or(MediaError::NotFound)?;
    let tag = format!("\"{id}\"");
    if has_it(&headers, &tag) {
        return Ok(with_media_headers(StatusCode::NOT_MODIFIED.into_response(), &tag, &id, description.kind));
    }
    let same = |v: &HeaderValue| v.as_bytes() == tag.as_bytes();
    let range = headers.get(header::RANGE).filter(|_| headers.get(header::IF_RANGE).is_none_or(same));
    let part = match range.and_then(|v| v.to_str().ok()).map(|v| range::part(v, description.size)) {
        Some(Err(error)) => {
            let mut response = ApiError::from(error).into_response();
            response.headers_mut().insert(header::CONTENT_RANGE, value(&format!("bytes */{}", description.size)));
            return Ok(response);
        }
        Some(Ok(part)) => part,
        None => None,
    };
    let length = part.as_ref().map_or(description.size, |part| part.end - part.start);
    state.store.has_its_size(&description).await?;
    let body = Body::from_stream(state.store.read(&id, part.clone()).await?);
    let mut response = body.into_response();
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    response.headers_mut().insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Some(part) = part {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let range = format!("bytes {}-{}/{}", part.start, part.end - 1, description.size);
        response.headers_mut().insert(header::CONTENT_RANGE, value(&range));
    }
    Ok(with_media_headers(response, &tag, &id, description.kind))
}

/// Gives a thumbnail to offices: at most 480 px, JPEG, without metadata.
#[utoipa::path(
    get, path = "/api/media/{id}/thumbnail", tag = "watching",
    params(("id" = String, Path, description = "SHA-256 of the file, hex"), TicketQuery),
    responses(
        (status = 200, description = "The thumbnail", content_type = "image/jpeg"),
        (status = 304, description = "You have it already"),
        (status = 401, description = "Sign in first", body = Problem),
        (status = 403, description = "For offices only", body = Problem),
        (status = 404, description = "There is no such file, or it has no thumbnail", body = Problem),
    )
)]
async fn thumbnail(
    State(state): State<MediaState>,
    PathParams(id): PathParams<String>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let id: MediaId = id.parse().map_err(|_| Code::NotFound)?;
    let tag = format!("\"{id}-thumbnail\"");
    let there = state.store.describe(&id).await?.is_some_and(|description| description.thumbnail);
    let response = match (there, has_it(&headers, &tag)) {
        (false, _) => return Err(MediaError::NotFound.into()),
        (true, true) => StatusCode::NOT_MODIFIED.into_response(),
        (true, false) => state.store.thumbnail(&id).await?.into_response(),
    };
    Ok(with_media_headers(response, &tag, &id, MediaKind::Jpeg))
}

fn has_it(headers: &HeaderMap, tag: &str) -> bool {
    let listed = headers.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    listed.is_some_and(|list| list.split(',').any(|t| t.trim().trim_start_matches("W/") == tag || t.trim() == "*"))
}

/// Headers of everything that people sent us: never sniffed, never run, cached by this browser alone.
fn with_media_headers(mut response: Response, tag: &str, id: &MediaId, kind: MediaKind) -> Response {
    let extension = match kind {
        MediaKind::Jpeg => "jpg",
        MediaKind::Png => "png",
        MediaKind::Webp => "webp",
        MediaKind::Heic => "heic",
        MediaKind::Mp4 => "mp4",
        MediaKind::Mov => "mov",
    };
    let name = &id.as_str()[..12];
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind.content_type()));
    headers.insert(header::ETAG, value(tag));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable"));
    headers.insert(header::CONTENT_DISPOSITION, value(&format!("inline; filename=\"sokuho-{name}.{extension}\"")));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    response
}

/// A header made of hex digits, numbers and fixed words, which is always a valid value.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests;
