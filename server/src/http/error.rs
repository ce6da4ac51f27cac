//! Errors at the rim. Rooms below have their own narrow enums and know nothing of HTTP; a door turns
//! them into an [`ApiError`]: a stable code and a sentence for the outside, the whole cause for the log,
//! written once, here.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::database::told::chain;
use crate::wire::problem::{Code, Problem};

/// An error answer.
#[derive(Debug)]
pub struct ApiError {
    code: Code,
    detail: Option<String>,
    cause: Option<anyhow::Error>,
    retry_after_s: Option<u64>,
}

/// What a handler returns.
pub type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    /// An error of this code, whose sentence says enough.
    pub fn new(code: Code) -> Self {
        Self { code, detail: None, cause: None, retry_after_s: None }
    }

    /// Adds what was wrong this time, in English, for a person. Never internals.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds the cause for the log. The outside does not see it.
    #[must_use]
    pub fn cause(mut self, cause: impl Into<anyhow::Error>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Adds `Retry-After`, seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// Something failed on our side.
    pub fn internal(cause: impl Into<anyhow::Error>) -> Self {
        Self::new(Code::Internal).cause(cause)
    }

    /// The code.
    pub fn code(&self) -> Code {
        self.code
    }
}

impl From<Code> for ApiError {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        match &self.cause {
            Some(cause) if status.is_server_error() => {
                tracing::error!(problem.code = %self.code.as_str(), error = chain(cause.as_ref()), "request failed");
            }
            Some(cause) => {
                tracing::debug!(problem.code = %self.code.as_str(), error = chain(cause.as_ref()), "request refused");
            }
            None => {}
        }
        let mut problem = Problem::new(self.code, self.detail);
        problem.request_id = super::request_log::current_id();
        let mut response = (status, axum::Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
