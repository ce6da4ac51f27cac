//! Through the door: signing in, refresh, bad tokens, limits.

use std::net::SocketAddr;
use std::num::NonZeroU32;

use axum::Router;
use axum::body::Body as HttpBody;
use axum::extract::{ConnectInfo, Request};
use axum::http::HeaderMap;
use axum::middleware::from_fn_with_state;
use http_body_util::BodyExt;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::domain::staff::Role;
use crate::http::router::admit;
use crate::identity::Settings;
use crate::identity::limits::Limit;
use crate::identity::tests::{Fixture, PASSWORD, by, fixture, fixture_over, office};

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    fn problem(&self) -> (u16, &str) {
        assert_eq!(self.headers["content-type"], "application/problem+json");
        (self.status, self.body["code"].as_str().unwrap())
    }
}

fn router(fixture: &Fixture) -> Router {
    let state = SessionState { identity: Arc::clone(&fixture.identity), live: Arc::new(Live::default()) };
    let (router, _) = routes().with_state(state).split_for_parts();
    router.layer(from_fn_with_state(Arc::clone(&fixture.identity), admit))
}

async fn call(fixture: &Fixture, method: &str, path: &str, bearer: Option<&str>, body: impl Into<HttpBody>) -> Answer {
    let mut request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    if let Some(token) = bearer {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let mut request = request.body(body.into()).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 5000))));
    let response = router(fixture).oneshot(request).await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    Answer { status, headers, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
}

async fn sign_in(fixture: &Fixture, name: &str, password: &str) -> Answer {
    let body = json!({"name": name, "password": password}).to_string();
    call(fixture, "POST", "/api/sessions", None, body).await
}

#[tokio::test]
async fn one_signs_in_asks_who_one_is_refreshes_and_signs_out() {
    let f = fixture().await;
    let id = f.account("sato", Role::Field).await;
    let first = sign_in(&f, "sato", PASSWORD).await;
    assert_eq!((first.status, &first.headers["cache-control"]), (200, &HeaderValue::from_static("no-store")));
    let refresh = json!({"refresh_token": first.body["refresh_token"]}).to_string();
    let second = call(&f, "POST", "/api/sessions/refresh", None, refresh).await;
    assert_eq!((second.status, &second.headers["cache-control"]), (200, &HeaderValue::from_static("no-store")));
    let access = second.body["access_token"].as_str().unwrap();
    let me = call(&f, "GET", "/api/me", Some(access), "").await;
    assert_eq!(
        me.body,
        json!({
            "kind": "staff", "id": id.0, "name": "職員 sato", "work_office": "07202",
            "home_office": "07423", "acting_office": "07202", "role": "field",
        })
    );
    let ticket = call(&f, "POST", "/api/media-tickets", Some(access), "").await;
    assert!(f.identity.check_media_ticket(ticket.body["ticket"].as_str().unwrap()).is_ok());
    assert_eq!(ticket.body["expires_at"], "2026-07-01T12:00:00Z");
    let out = call(&f, "DELETE", "/api/sessions/current", Some(access), "").await;
    assert_eq!(out.status, 204);
    let me = call(&f, "GET", "/api/me", Some(access), "").await;
    assert_eq!(me.problem(), (401, "token_revoked"));
    assert_eq!(me.headers["www-authenticate"], "Bearer");
}

#[tokio::test]
async fn each_bad_token_is_refused_by_its_own_code() {
    let f = fixture().await;
    f.account("sato", Role::Field).await;
    let first = sign_in(&f, "sato", PASSWORD).await;
    let access = first.body["access_token"].as_str().unwrap();
    let refresh = first.body["refresh_token"].as_str().unwrap();
    let ticket = call(&f, "POST", "/api/media-tickets", Some(access), "").await;
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.e30.";
    for bad in ["", "x", none, refresh, ticket.body["ticket"].as_str().unwrap(), &access[..access.len() - 2]] {
        let answer = call(&f, "GET", "/api/me", Some(bad), "").await;
        assert_eq!(answer.problem(), (401, "token_invalid"), "{bad}");
    }
    let unknown = json!({"refresh_token": access}).to_string();
    let answer = call(&f, "POST", "/api/sessions/refresh", None, unknown).await;
    assert_eq!(answer.problem(), (401, "token_invalid"));
    f.clock.advance(SignedDuration::from_mins(15));
    assert_eq!(call(&f, "GET", "/api/me", Some(access), "").await.problem(), (401, "token_expired"));
    let body = json!({"refresh_token": refresh}).to_string();
    let second = call(&f, "POST", "/api/sessions/refresh", None, body.clone()).await;
    assert_eq!(call(&f, "GET", "/api/me", second.body["access_token"].as_str(), "").await.status, 200);
    f.clock.advance(SignedDuration::from_secs(31));
    let reused = call(&f, "POST", "/api/sessions/refresh", None, body).await;
    assert_eq!(reused.problem(), (401, "token_revoked"));
}

#[tokio::test]
async fn a_wall_knows_its_office_and_has_no_session_to_end() {
    let f = fixture().await;
    let (_, token) = f.identity.registry().make_wall_token(office("07202"), "", &by()).await.unwrap();
    f.account("sato", Role::Field).await; // has the directory read anew
    let me = call(&f, "GET", "/api/me", Some(&token), "").await;
    assert_eq!(me.body, json!({"kind": "wall", "office": "07202"}));
    let out = call(&f, "DELETE", "/api/sessions/current", Some(&token), "").await;
    assert_eq!(out.problem(), (403, "forbidden"));
}

#[tokio::test]
async fn too_many_attempts_are_told_when_to_come_back_even_with_the_right_password() {
    let limit = |n| Limit::per_five_minutes(NonZeroU32::new(n).unwrap());
    let settings = Settings { per_name_and_address: limit(2), per_address: limit(3), ..Settings::default() };
    let f = fixture_over(settings, None).await;
    f.account("sato", Role::Field).await;
    for _ in 0..2 {
        assert_eq!(sign_in(&f, "sato", "wrong password").await.problem(), (401, "wrong_credentials"));
    }
    let refused = sign_in(&f, "Sato", PASSWORD).await;
    assert_eq!(refused.problem(), (429, "too_many_requests"));
    let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=151).contains(&wait), "{wait}");
    assert_eq!(sign_in(&f, "abe", PASSWORD).await.problem(), (401, "wrong_credentials"));
    assert_eq!(sign_in(&f, "ito", PASSWORD).await.problem(), (429, "too_many_requests"), "by address");
}

#[tokio::test]
async fn a_sign_in_that_is_not_understood_is_refused_by_name() {
    let f = fixture().await;
    let too_large = format!("{{\"name\": \"{}\"}}", "x".repeat(3_000_000));
    let long_password = json!({"name": "sato", "password": "x".repeat(1_000_000)}).to_string();
    for (body, expected) in [
        ("{", (400, "malformed_request")),
        ("", (400, "malformed_request")),
        (r#"{"name": "a"}"#, (422, "invalid_field")),
        (r#"{"name": 1, "password": "b"}"#, (422, "invalid_field")),
        (r#"{"name": "a", "password": "b", "otp": "c"}"#, (422, "unknown_field")),
        (too_large.as_str(), (413, "body_too_large")),
        (long_password.as_str(), (401, "wrong_credentials")),
    ] {
        let answer = call(&f, "POST", "/api/sessions", None, body.to_owned()).await;
        assert_eq!(answer.problem(), expected, "{body:.60}");
    }
    let answer = call(&f, "POST", "/api/sessions", None, b"\"\xff\"".to_vec()).await;
    assert_eq!(answer.problem(), (400, "malformed_request"));
}
