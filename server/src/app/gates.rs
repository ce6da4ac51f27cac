//! Joins identity to the hub, which asks who may watch through its own small trait.

use std::sync::Arc;

use uuid::Uuid;

use crate::http::live::admission;
use crate::hub::gate::{Admission, Gate};
use crate::identity::Identity;
use crate::identity::error::TokenError;
use crate::wire::live::GoodbyeReason;

/// Lets viewers of the live stream in.
pub struct LiveGate(pub Arc<Identity>);

impl Gate for LiveGate {
    fn admit(&self, token: Option<&str>) -> Result<Admission, GoodbyeReason> {
        let Some(token) = token else { return Ok(Admission::PUBLIC) };
        match self.0.caller(token) {
            Ok(caller) => Ok(admission(&caller)),
            // Made by the command line a moment ago: when the viewer comes back, the directory knows it.
            Err(TokenError::Revoked) if self.0.is_new(token) => Err(GoodbyeReason::TokenNotYetKnown),
            Err(error) => Err(goodbye(error)),
        }
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
