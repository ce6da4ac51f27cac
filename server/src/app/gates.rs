//! Joins identity to the rooms that ask who may watch, each through its own small trait.

use std::sync::Arc;

use uuid::Uuid;

use crate::http::media::MediaGate;
use crate::hub::gate::{Admission, Gate};
use crate::identity::Identity;
use crate::identity::caller::Caller;
use crate::identity::error::TokenError;
use crate::identity::permission::Permission;
use crate::wire::live::GoodbyeReason;
use crate::wire::problem::Code;

/// Lets viewers of the live stream in.
pub struct LiveGate(pub Arc<Identity>);

impl Gate for LiveGate {
    /// A stream lives as long as its session or wall token, not only as long as the access token that
    /// opened it: a wall that must sign in every quarter of an hour is a wall that goes dark.
    fn admit(&self, token: Option<&str>) -> Result<Admission, GoodbyeReason> {
        let Some(token) = token else { return Ok(Admission::PUBLIC) };
        let caller = self.0.caller(token).map_err(goodbye)?;
        let id = match &caller {
            Caller::Public => None,
            Caller::Wall { token, .. } => Some(*token),
            Caller::Staff(staff) => Some(staff.session),
        };
        Ok(Admission { audience: caller.audience(), until: None, id })
    }

    fn still_valid(&self, id: Uuid) -> Result<(), GoodbyeReason> {
        self.0.still_valid(id).map_err(goodbye)
    }
}

fn goodbye(error: TokenError) -> GoodbyeReason {
    match error {
        TokenError::Invalid => GoodbyeReason::TokenInvalid,
        TokenError::Expired => GoodbyeReason::TokenExpired,
        TokenError::Revoked => GoodbyeReason::TokenRevoked,
    }
}

/// Lets offices fetch media, by token or by ticket.
pub struct MediaDoorGate(pub Arc<Identity>);

impl MediaGate for MediaDoorGate {
    fn may_view(&self, bearer: Option<&str>, ticket: Option<&str>) -> Result<(), Code> {
        let caller = match (bearer, ticket) {
            (Some(bearer), _) => self.0.caller(bearer),
            (None, Some(ticket)) => self.0.check_media_ticket(ticket),
            (None, None) => return Err(Code::SignInRequired),
        };
        let caller = caller.map_err(|error| match error {
            TokenError::Invalid => Code::TokenInvalid,
            TokenError::Expired => Code::TokenExpired,
            TokenError::Revoked => Code::TokenRevoked,
        })?;
        if caller.may(Permission::WatchAsOffice) { Ok(()) } else { Err(Code::Forbidden) }
    }
}
