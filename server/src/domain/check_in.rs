//! Check-in (参集): staff reporting for duty at an office, and whom they act for until check-out.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::entry::{Lww, Stamp};
use super::ids::{CheckInId, StaffId};
use super::office::OfficeCode;
use super::staff::Role;

/// How a check-in ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The person, or an operator there, checked out.
    CheckedOut,
    /// The employer called the person back.
    CalledBack,
    /// A later check-in replaced it: one acts for one office at a time.
    Superseded,
}

/// One arrival at one office: a fold over the entries that name it.
#[derive(Clone, PartialEq, Debug)]
pub struct CheckIn {
    /// Its id: the id of the entry that recorded the arrival.
    pub id: CheckInId,
    /// Stamp of the arrival; among a person's check-ins the greatest is the current one.
    pub stamp: Stamp,
    /// Who.
    pub staff: StaffId,
    /// Their name as shown to colleagues.
    pub name: String,
    /// Where they reported for duty.
    pub office: OfficeCode,
    /// Who employs them.
    pub employer: OfficeCode,
    /// Whether an operator there confirmed the arrival, and the role they gave.
    pub confirmed: Lww<Option<Confirmation>>,
    /// The earliest end that was recorded, if any. That it was superseded is not recorded but
    /// follows from a later check-in.
    pub ended: Option<(Stamp, EndReason)>,
}

/// An operator's confirmation of an arrival.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Confirmation {
    /// The operator's name.
    pub by: String,
    /// The role at that office until check-out: `field` or `operator`.
    pub role: Role,
}

impl CheckIn {
    /// When the person arrived.
    pub fn since(&self) -> Timestamp {
        self.stamp.hlc.timestamp()
    }

    /// The role at this office: `field` away from the employer unless the office's operator raised it.
    /// At the employer's own office the account's role holds, told by `None`.
    pub fn role(&self) -> Option<Role> {
        if self.office == self.employer {
            return None;
        }
        Some(self.confirmed.get().as_ref().map_or(Role::Field, |c| c.role))
    }
}

/// Whom a person acts for now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Acting {
    /// The check-in that says so.
    pub check_in: CheckInId,
    /// The office.
    pub office: OfficeCode,
    /// The role there; `None`: the account's own.
    pub role: Option<Role>,
}

/// Answers whom a person acts for; the live world knows.
pub trait Presence: Send + Sync + 'static {
    /// The person's open check-in, if there is one. Without one they act for their employer.
    fn acting(&self, staff: StaffId) -> Option<Acting>;
}
