//! Door: signing in and out, refresh, who one is, media tickets.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::Who;
use super::client_address::ClientAddress;
use super::error::{ApiError, ApiResult};
use super::extract::JsonBody;
use crate::database::is_full;
use crate::identity::Identity;
use crate::identity::caller::Caller;
use crate::identity::error::{IdentityError, RefreshError, SignInError, TokenError};
use crate::identity::sessions::SessionTokens;
use crate::live::Live;
use crate::wire::accounts::{Me, MediaTicket, Refresh, SignIn, Tokens};
use crate::wire::check_in::CheckIn;
use crate::wire::problem::{Code, Problem};

/// What this door needs.
#[derive(Clone)]
pub struct SessionState {
    /// Who is who.
    pub identity: Arc<Identity>,
    /// Open check-ins.
    pub live: Arc<Live>,
}

/// The door's routes.
pub fn routes() -> OpenApiRouter<SessionState> {
    OpenApiRouter::new()
        .routes(routes!(sign_in))
        .routes(routes!(refresh))
        .routes(routes!(sign_out))
        .routes(routes!(me))
        .routes(routes!(media_ticket))
}

/// An answer that nobody keeps: it has tokens, or says who one is.
type Private<T> = ([(HeaderName, HeaderValue); 1], Json<T>);

fn private<T>(body: T) -> Private<T> {
    ([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], Json(body))
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        error.code().into()
    }
}

impl From<IdentityError> for ApiError {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::Busy => Self::new(Code::Unavailable).retry_after(1),
            IdentityError::Storage(cause) if is_full(&cause) => {
                Self::new(Code::StorageFull).retry_after(30).cause(cause)
            }
            IdentityError::Storage(cause) => Self::new(Code::Unavailable).retry_after(5).cause(cause),
            other => Self::internal(other),
        }
    }
}

fn tokens(tokens: SessionTokens) -> Private<Tokens> {
    private(Tokens {
        access_token: tokens.access,
        access_expires_at: tokens.access_expires_at,
        refresh_token: tokens.refresh,
        refresh_expires_at: tokens.refresh_expires_at,
    })
}

/// Signs in with account name and password.
#[utoipa::path(
    post, path = "/api/sessions", tag = "duty", request_body = SignIn,
    responses(
        (status = 200, body = Tokens),
        (status = 401, body = Problem, description = "wrong_credentials"),
        (status = 429, body = Problem, description = "too_many_requests, with Retry-After"),
    )
)]
async fn sign_in(
    State(state): State<SessionState>,
    ClientAddress(address): ClientAddress,
    JsonBody(body): JsonBody<SignIn>,
) -> ApiResult<Private<Tokens>> {
    match state.identity.sign_in(&body.name, &body.password, Some(address)).await {
        Ok(session) => Ok(tokens(session)),
        Err(SignInError::Wrong) => Err(Code::WrongCredentials.into()),
        Err(SignInError::TooMany { retry_after_s }) => {
            Err(ApiError::new(Code::TooManyRequests).retry_after(retry_after_s))
        }
        Err(SignInError::Identity(error)) => Err(error.into()),
    }
}

/// Gives the next tokens of a session. Each refresh token works once; if the answer was lost, the same
/// token gives the same next one, until that or its access token was used, and for 30 seconds in any case.
/// Later use of an old one revokes the session.
#[utoipa::path(
    post, path = "/api/sessions/refresh", tag = "duty", request_body = Refresh,
    responses(
        (status = 200, body = Tokens),
        (status = 401, body = Problem, description = "token_invalid, token_expired or token_revoked"),
        (status = 429, body = Problem, description = "too_many_requests, with Retry-After"),
    )
)]
async fn refresh(
    State(state): State<SessionState>,
    ClientAddress(address): ClientAddress,
    JsonBody(body): JsonBody<Refresh>,
) -> ApiResult<Private<Tokens>> {
    match state.identity.refresh(&body.refresh_token, Some(address)).await {
        Ok(session) => Ok(tokens(session)),
        Err(RefreshError::Token(error)) => Err(error.into()),
        Err(RefreshError::TooMany { retry_after_s }) => {
            Err(ApiError::new(Code::TooManyRequests).retry_after(retry_after_s))
        }
        Err(RefreshError::Identity(error)) => Err(error.into()),
    }
}

/// Signs out: revokes the session with all its tokens. An open check-in stays open.
#[utoipa::path(
    delete, path = "/api/sessions/current", tag = "duty",
    responses((status = 204), (status = 401, body = Problem))
)]
async fn sign_out(State(state): State<SessionState>, who: Who) -> ApiResult<StatusCode> {
    state.identity.sign_out(who.staff()?.session).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who the caller is and for whom they act.
#[utoipa::path(
    get, path = "/api/me", tag = "duty",
    responses((status = 200, body = Me), (status = 401, body = Problem))
)]
async fn me(State(state): State<SessionState>, who: Who) -> ApiResult<Private<Me>> {
    let staff = match &who.0 {
        Caller::Public => return Err(Code::SignInRequired.into()),
        Caller::Wall { office, .. } => return Ok(private(Me::Wall { office: office.to_string() })),
        Caller::Staff(staff) => staff,
    };
    let latest = {
        let world = state.live.read();
        let id = staff.check_in.or_else(|| world.check_ins.latest_of(staff.id));
        id.and_then(|id| world.check_ins.get(id)).map(|(check_in, ended)| Box::new(CheckIn::of(check_in, ended)))
    };
    let (check_in, last_check_in) = match latest {
        Some(latest) if latest.ended.is_some() => (None, Some(latest)),
        latest => (latest, None),
    };
    Ok(private(Me::Staff {
        id: staff.id.0,
        name: staff.name.clone(),
        work_office: staff.employer.to_string(),
        home_office: staff.home.as_ref().map(ToString::to_string),
        acting_office: staff.acting.to_string(),
        role: staff.role,
        check_in,
        last_check_in,
    }))
}

/// Gives a ticket to fetch media with: `?ticket=`.
#[utoipa::path(
    post, path = "/api/media-tickets", tag = "watching",
    responses((status = 200, body = MediaTicket), (status = 401, body = Problem))
)]
async fn media_ticket(State(state): State<SessionState>, who: Who) -> ApiResult<Private<MediaTicket>> {
    if who.0 == Caller::Public {
        return Err(Code::SignInRequired.into());
    }
    let (ticket, expires_at) = state.identity.media_ticket(&who.0)?;
    Ok(private(MediaTicket { ticket, expires_at }))
}

#[cfg(test)]
#[path = "sessions_tests.rs"]
mod tests;
