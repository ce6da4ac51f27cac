//! Check-ins and rosters.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain;
use crate::domain::check_in::EndReason;
use crate::domain::staff::Role;

/// Reports for duty at an office.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCheckIn {
    /// A UUIDv7 made by the sender; becomes the check-in's id.
    pub id: Uuid,
    /// Code of the office.
    pub office: String,
}

/// An operator's confirmation of an arrival.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewConfirmation {
    /// A UUIDv7 made by the sender.
    pub id: Uuid,
    /// The role there until check-out: `field` or `operator`.
    pub role: Role,
}

/// A check-out or call-back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCheckInEnd {
    /// A UUIDv7 made by the sender.
    pub id: Uuid,
}

/// A check-in, for offices.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct CheckIn {
    /// Id.
    pub id: Uuid,
    /// Who.
    pub staff: Uuid,
    /// Their name.
    pub name: String,
    /// Code of the office where they reported for duty.
    pub office: String,
    /// Code of the office that employs them.
    pub employer: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Role there; left out at the employer's own office, where the account's role holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Name of the operator who confirmed the arrival.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<String>,
    /// How it ended, if it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<CheckInEnd>,
}

/// How and when a check-in ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct CheckInEnd {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// How.
    pub reason: EndReason,
}

impl CheckIn {
    /// The check-in as it travels; `ended` as the world sees it, a later check-in included.
    pub fn of(check_in: &domain::check_in::CheckIn, ended: Option<(domain::entry::Stamp, EndReason)>) -> Self {
        Self {
            id: check_in.id.0,
            staff: check_in.staff.0,
            name: check_in.name.clone(),
            office: check_in.office.to_string(),
            employer: check_in.employer.to_string(),
            since: check_in.since(),
            role: check_in.role(),
            confirmed_by: check_in.confirmed.get().as_ref().map(|c| c.by.clone()),
            ended: ended.map(|(stamp, reason)| CheckInEnd { at: stamp.hlc.timestamp(), reason }),
        }
    }
}

/// The answer to a change of a check-in, given after the commit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct CheckInReceipt {
    /// Sequence number of the entry on this node.
    pub seq: u64,
    /// The check-in after the change.
    pub check_in: CheckIn,
}

/// Who is where, as one office sees it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Roster {
    /// Code of the office.
    pub office: String,
    /// Open check-ins at this office, its own staff and others'.
    pub here: Vec<CheckIn>,
    /// Open check-ins of this office's own staff at other offices.
    pub elsewhere: Vec<CheckIn>,
    /// This office's own staff without an open check-in.
    pub not_checked_in: Vec<RosterStaff>,
}

/// A staff member of a roster.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct RosterStaff {
    /// Id.
    pub id: Uuid,
    /// Name.
    pub name: String,
    /// Role at the office that employs them.
    pub role: Role,
}
