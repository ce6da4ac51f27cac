//! What requests bring: JSON bodies, path and query parameters, read strictly and refused with a code
//! that says what was wrong.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;

use super::error::ApiError;
use super::query::{self, WrongQuery};
use crate::wire::problem::Code;

/// A JSON request body. It must say that it is JSON, so that no foreign page can send it as a plain form.
/// Errors: [`Code::MalformedRequest`] for what is not JSON, [`Code::UnknownField`], [`Code::InvalidField`],
/// [`Code::BodyTooLarge`].
pub struct JsonBody<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        if !kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json")) {
            return Err(ApiError::new(Code::MalformedRequest).detail("Send Content-Type: application/json."));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(unreadable)?;
        if bytes.trim_ascii_start().first() == Some(&b'[') {
            // serde would take a list for the fields in their order.
            return Err(ApiError::new(Code::InvalidField).detail("The body must be an object."));
        }
        serde_json::from_slice(&bytes).map(Self).map_err(|error| refused(&error, &bytes))
    }
}

fn unreadable(rejection: BytesRejection) -> ApiError {
    let code =
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE { Code::BodyTooLarge } else { Code::MalformedRequest };
    ApiError::new(code)
}

/// serde tells a wrong shape ("data") from text that is no JSON; a field that nobody knows is the
/// commonest wrong shape and has a code of its own. Its message names fields and types, never values
/// longer than a line.
fn refused(error: &serde_json::Error, bytes: &[u8]) -> ApiError {
    if std::str::from_utf8(bytes).is_err() {
        return ApiError::new(Code::MalformedRequest).detail("The body is not UTF-8.");
    }
    let message: String = error.to_string().chars().take(200).collect();
    let code = match error.classify() {
        serde_json::error::Category::Data if message.starts_with("unknown field") => Code::UnknownField,
        serde_json::error::Category::Data => Code::InvalidField,
        _ if message.starts_with("number out of range") => Code::InvalidField,
        _ => Code::MalformedRequest,
    };
    ApiError::new(code).detail(message)
}

/// Path parameters. A path whose parameter cannot be read names nothing: [`Code::NotFound`].
pub struct PathParams<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for PathParams<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::from_request_parts(parts, state).await;
        path.map(|Path(params)| Self(params)).map_err(|_| ApiError::new(Code::NotFound))
    }
}

/// Query parameters: [`Code::UnknownField`], and [`Code::InvalidField`] for whatever else is wrong.
pub struct QueryParams<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for QueryParams<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        query::read(&parts.uri).map(Self).map_err(ApiError::from)
    }
}

impl From<WrongQuery> for ApiError {
    fn from(wrong: WrongQuery) -> Self {
        let is_unknown = matches!(wrong, WrongQuery::Unknown(_));
        let code = if is_unknown { Code::UnknownField } else { Code::InvalidField };
        Self::new(code).detail(wrong.to_string())
    }
}
