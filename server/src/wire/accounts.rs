//! Signing in, and who one is.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::check_in::CheckIn;
use crate::domain::staff::Role;

/// Signs in.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// Account name.
    pub name: String,
    /// Password.
    pub password: String,
}

/// Asks for a new access token. Each refresh token works once.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    /// The refresh token of the last answer.
    pub refresh_token: String,
}

/// Tokens of a session.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Tokens {
    /// For `Authorization: Bearer`.
    pub access_token: String,
    /// When that ends.
    #[schema(value_type = String, format = DateTime)]
    pub access_expires_at: Timestamp,
    /// For the next refresh; works once.
    pub refresh_token: String,
    /// When that ends.
    #[schema(value_type = String, format = DateTime)]
    pub refresh_expires_at: Timestamp,
}

/// Who the caller is and for whom they act.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Me {
    /// A staff member.
    Staff {
        /// Id.
        id: Uuid,
        /// Name.
        name: String,
        /// Code of the office that employs them.
        work_office: String,
        /// Code of the office where they live.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        home_office: Option<String>,
        /// Code of the office for which they act now.
        acting_office: String,
        /// Role there.
        role: Role,
        /// The open check-in, if there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        check_in: Option<Box<CheckIn>>,
        /// While none is open: the one that ended last, so that its owner learns who ended it and how.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_check_in: Option<Box<CheckIn>>,
    },
    /// A wall display.
    Wall {
        /// Code of its office.
        office: String,
    },
}

/// A short-lived ticket that lets `<img>` and `<video>` fetch media: `?ticket=`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct MediaTicket {
    /// The ticket.
    pub ticket: String,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}
