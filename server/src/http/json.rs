//! JSON request bodies, refused by stable codes.

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;

use super::error::{ApiError, ApiResult};
use crate::wire::problem::Code;

/// Extracts a JSON body. Errors: [`Code::MalformedRequest`] for what is not JSON (or not said to be),
/// [`Code::UnknownField`], [`Code::InvalidField`], [`Code::BodyTooLarge`].
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> ApiResult<Self> {
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(body)) => Ok(Self(body)),
            Err(rejection) => Err(refused(&rejection)),
        }
    }
}

fn refused(rejection: &JsonRejection) -> ApiError {
    let text = rejection.body_text();
    let code = match rejection {
        JsonRejection::JsonDataError(_) if text.contains(": unknown field ") => Code::UnknownField,
        JsonRejection::JsonDataError(_) => Code::InvalidField,
        _ if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => Code::BodyTooLarge,
        _ => Code::MalformedRequest,
    };
    ApiError::new(code).detail(text)
}
