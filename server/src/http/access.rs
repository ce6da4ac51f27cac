//! Who may open which door: one table, route by route. A middleware in the router looks each request
//! up here before its handler runs; a route that is missing is shut, and a test compares the table with
//! the OpenAPI document.
//!
//! Finer questions (is it *this* office's incident?) are the handler's.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri, header};
use serde::Deserialize;
use utoipa::IntoParams;

use super::error::{ApiError, ApiResult};
use super::query;
use crate::identity::caller::{Caller, StaffCaller};
use crate::identity::permission::Permission;
use crate::wire::problem::Code;

/// What a route asks of its caller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Anybody, token or not; a token is not looked at, so that a bad one cannot shut the door.
    Open,
    /// Whoever the table in `identity::permission` lets.
    Needs(Permission),
    /// The same, for what pages name by address (`<img>`, `<video>`) and can send no header with: without
    /// one, a short-lived ticket in the address speaks for its holder.
    NeedsOrTicket(Permission),
}

use Access::{Needs, NeedsOrTicket, Open};

/// A row of the table: method, path as the router writes it, and what it asks for.
pub type Row = (&'static str, &'static str, Access);

/// The table.
pub const TABLE: &[Row] = &[
    // watching
    ("GET", "/api/base", Open),
    ("GET", "/api/region", Open),
    ("GET", "/api/hazard/layers", Open),
    ("GET", "/api/hazard/zones", Open),
    ("GET", "/api/hazard/counts", Needs(Permission::WatchAsOffice)),
    ("GET", "/api/snapshot", Needs(Permission::WatchAsPublic)),
    ("GET", "/api/live", Open), // the token comes in the first frame
    ("GET", "/api/live/events", Needs(Permission::WatchAsPublic)),
    ("GET", "/api/incidents", Needs(Permission::WatchAsPublic)),
    ("GET", "/api/operations", Needs(Permission::WatchAsPublic)),
    ("GET", "/api/shelters", Needs(Permission::WatchAsPublic)),
    ("GET", "/api/operations/{id}/world", Needs(Permission::WatchAsOffice)),
    // watching with GIS programs (OGC API – Features)
    ("GET", "/ogc", Needs(Permission::WatchAsPublic)),
    ("GET", "/ogc/", Needs(Permission::WatchAsPublic)),
    ("GET", "/ogc/api", Needs(Permission::WatchAsPublic)),
    ("GET", "/ogc/conformance", Needs(Permission::WatchAsPublic)),
    ("GET", "/ogc/collections", Needs(Permission::WatchAsPublic)),
    ("GET", "/ogc/collections/incidents", Needs(Permission::WatchAsPublic)),
    ("GET", "/ogc/collections/incidents/items", Needs(Permission::WatchAsPublic)),
    ("GET", "/ogc/collections/incidents/items/{id}", Needs(Permission::WatchAsPublic)),
    ("GET", "/ogc/collections/offices", Needs(Permission::WatchAsPublic)),
    ("GET", "/ogc/collections/offices/items", Needs(Permission::WatchAsPublic)),
    ("GET", "/ogc/collections/offices/items/{id}", Needs(Permission::WatchAsPublic)),
    ("GET", "/ogc/collections/reports", Needs(Permission::WatchAsOffice)),
    ("GET", "/ogc/collections/reports/items", Needs(Permission::WatchAsOffice)),
    ("GET", "/ogc/collections/reports/items/{id}", Needs(Permission::WatchAsOffice)),
    ("GET", "/ogc/collections/check-ins", Needs(Permission::WatchAsOffice)),
    ("GET", "/ogc/collections/check-ins/items", Needs(Permission::WatchAsOffice)),
    ("GET", "/ogc/collections/check-ins/items/{id}", Needs(Permission::WatchAsOffice)),
    ("GET", "/ogc/collections/shelters", Needs(Permission::WatchAsPublic)),
    ("GET", "/ogc/collections/shelters/items", Needs(Permission::WatchAsPublic)),
    ("GET", "/ogc/collections/shelters/items/{id}", Needs(Permission::WatchAsPublic)),
    // the map's tiles
    ("GET", "/tiles", Needs(Permission::WatchAsPublic)),
    ("GET", "/tiles/{document}", Needs(Permission::WatchAsPublic)),
    ("GET", "/tiles/{source}/{z}/{x}/{y}", Needs(Permission::WatchAsPublic)),
    ("GET", "/styles/{document}", Needs(Permission::WatchAsPublic)),
    // reporting
    ("POST", "/api/reports", Needs(Permission::Report)),
    ("GET", "/api/receipts/{key}", Open),
    ("GET", "/api/receipts/{key}/thumbnails/{id}", Open),
    ("POST", "/api/media", Needs(Permission::Report)),
    ("GET", "/api/media/{id}", NeedsOrTicket(Permission::WatchAsOffice)),
    ("GET", "/api/media/{id}/thumbnail", NeedsOrTicket(Permission::WatchAsOffice)),
    ("POST", "/api/media-tickets", Needs(Permission::WatchAsOffice)),
    // an office's inbox
    ("POST", "/api/incidents/{id}/status", Needs(Permission::WorkInbox)),
    ("POST", "/api/incidents/{id}/responsible", Needs(Permission::WorkInbox)),
    ("GET", "/api/reports/{id}/contact", Needs(Permission::WorkInbox)),
    // an office's shelters
    ("POST", "/api/shelters/{id}/state", Needs(Permission::ManageShelters)),
    // duty
    ("POST", "/api/sessions", Open),
    ("POST", "/api/sessions/refresh", Open),
    ("DELETE", "/api/sessions/current", Needs(Permission::ManageOwnDuty)),
    ("GET", "/api/me", Needs(Permission::WatchAsOffice)),
    ("POST", "/api/check-ins", Needs(Permission::CheckIn)),
    ("POST", "/api/check-ins/{id}/check-out", Needs(Permission::ManageOwnDuty)),
    ("POST", "/api/check-ins/{id}/confirm", Needs(Permission::WorkRoster)),
    ("POST", "/api/check-ins/{id}/call-back", Needs(Permission::WorkRoster)),
    ("GET", "/api/offices/{code}/roster", Needs(Permission::WatchAsOffice)),
    // administration
    ("POST", "/api/operations", Needs(Permission::ManageOperations)),
    ("POST", "/api/operations/{id}/close", Needs(Permission::ManageOperations)),
    ("POST", "/api/operations/{id}/reopen", Needs(Permission::ManageOperations)),
];

/// What the route asks for; `None`: the route is not in the table and stays shut.
pub fn required(method: &str, path: &str) -> Option<Access> {
    let method = if method == "HEAD" { "GET" } else { method };
    TABLE.iter().find(|(m, p, _)| *m == method && *p == path).map(|(_, _, access)| *access)
}

/// The bearer token that comes with a request (RFC 6750, section 2.1); the scheme's case does not matter.
///
/// # Errors
/// [`Code::TokenInvalid`] for another scheme, or what is no text.
pub fn bearer(headers: &HeaderMap) -> ApiResult<Option<&str>> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let (scheme, token) = value.to_str().ok().and_then(|v| v.split_once(' ')).ok_or(Code::TokenInvalid)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(Some(token.trim())) } else { Err(Code::TokenInvalid.into()) }
}

/// The ticket of an address; see [`Access::NeedsOrTicket`].
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TicketQuery {
    /// A ticket from `POST /api/media-tickets`, instead of a bearer token.
    ticket: Option<String>,
}

/// The ticket in an address, if there is one.
///
/// # Errors
/// [`Code::InvalidField`] for a query that cannot be read, such as one with two tickets.
pub fn ticket(address: &Uri) -> ApiResult<Option<String>> {
    Ok(query::read::<TicketQuery>(address)?.ticket)
}

/// Extracts the caller, whom the middleware has established and let in.
pub struct Who(pub Caller);

impl Who {
    /// The staff member who calls.
    ///
    /// # Errors
    /// [`Code::Forbidden`] for walls, [`Code::SignInRequired`] for the public.
    pub fn staff(&self) -> ApiResult<&StaffCaller> {
        match &self.0 {
            Caller::Staff(staff) => Ok(staff),
            Caller::Wall { .. } => Err(Code::Forbidden.into()),
            Caller::Public => Err(Code::SignInRequired.into()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Who {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self(parts.extensions.get::<Caller>().cloned().unwrap_or(Caller::Public)))
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use axum::http::HeaderValue;
    use uuid::Uuid;

    use super::*;
    use crate::domain::ids::StaffId;
    use crate::domain::office::OfficeCode;
    use crate::domain::staff::Role;

    fn callers() -> [(&'static str, Caller); 6] {
        let office: OfficeCode = "07202".parse().unwrap();
        let staff = |role| {
            Caller::Staff(StaffCaller {
                id: StaffId(Uuid::nil()),
                name: String::new(),
                employer: office.clone(),
                home: None,
                acting: office.clone(),
                role,
                check_in: None,
                session: Uuid::nil(),
            })
        };
        [
            ("public", Caller::Public),
            ("wall", Caller::Wall { token: Uuid::nil(), office: office.clone() }),
            ("viewer", staff(Role::Viewer)),
            ("field", staff(Role::Field)),
            ("operator", staff(Role::Operator)),
            ("admin", staff(Role::Admin)),
        ]
    }

    #[test]
    fn who_may_open_which_door() {
        let mut table = String::new();
        for (method, path, access) in TABLE {
            let may = |caller: &Caller| match access {
                Open => true,
                Needs(permission) | NeedsOrTicket(permission) => caller.may(*permission),
            };
            let names = callers().map(|(name, caller)| if may(&caller) { name } else { "-" });
            let by_ticket = if matches!(access, NeedsOrTicket(_)) { ", or their ticket" } else { "" };
            writeln!(table, "{:<46} {}{by_ticket}", format!("{method} {path}"), names.join(" ")).unwrap();
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn a_bearer_token_is_read_in_one_way() {
        let read = |value: &'static str| {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static(value))]);
            bearer(&headers).map(|token| token.map(str::to_owned)).map_err(|error| error.code())
        };
        for good in ["Bearer abc", "bearer abc", "BEARER  abc "] {
            assert_eq!(read(good), Ok(Some("abc".to_owned())), "{good}");
        }
        for bad in ["Basic abc", "Bearer", "abc", ""] {
            assert_eq!(read(bad), Err(Code::TokenInvalid), "{bad}");
        }
        assert_eq!(bearer(&HeaderMap::new()).ok(), Some(None));
    }

    #[test]
    fn every_route_stands_in_the_table_once_and_a_missing_one_is_shut() {
        for (i, (method, path, _)) in TABLE.iter().enumerate() {
            assert!(!TABLE[..i].iter().any(|(m, p, _)| m == method && p == path), "{method} {path}");
        }
        assert_eq!(required("HEAD", "/api/region"), Some(Open));
        assert_eq!(required("DELETE", "/api/region"), None);
        assert_eq!(required("GET", "/api/accounts"), None);
    }

    #[test]
    fn nobody_without_a_token_sees_what_is_the_offices() {
        for (name, caller) in callers() {
            let office = caller.audience() == crate::wire::Audience::Office;
            assert_eq!(office, name != "public", "{name}");
        }
    }
}
