//! The caller of a request, as established from their token.

use uuid::Uuid;

use super::permission::Permission;
use crate::audit::{self, By};
use crate::domain::entry::Actor;
use crate::domain::ids::{CheckInId, StaffId};
use crate::domain::office::OfficeCode;
use crate::domain::staff::Role;
use crate::wire::Audience;

/// Who calls.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Caller {
    /// Nobody we know: a resident.
    Public,
    /// A wall display: reads, nothing else.
    Wall {
        /// The wall token's id.
        token: Uuid,
        /// Its office.
        office: OfficeCode,
    },
    /// A staff member who is signed in.
    Staff(StaffCaller),
}

/// A staff member who is signed in, with the office they act for at this moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StaffCaller {
    /// Id.
    pub id: StaffId,
    /// Name as shown to colleagues.
    pub name: String,
    /// The office that employs them.
    pub employer: OfficeCode,
    /// The office of the municipality where they live.
    pub home: Option<OfficeCode>,
    /// The office for which they act now.
    pub acting: OfficeCode,
    /// Their role there.
    pub role: Role,
    /// The open check-in, if there is one.
    pub check_in: Option<CheckInId>,
    /// The session, to be revoked.
    pub session: Uuid,
}

impl StaffCaller {
    /// The caller as an entry names them.
    pub fn actor(&self) -> Actor {
        Actor::Staff { id: self.id, name: self.name.clone(), employer: self.employer.clone() }
    }

    /// The caller as the audit names them.
    pub fn by(&self) -> By {
        let actor = audit::Actor::Staff { id: self.id, name: Some(self.name.clone()) };
        By { actor, office: Some(self.acting.clone()), reason: None }
    }
}

impl Caller {
    /// Whether the table lets them.
    pub fn may(&self, permission: Permission) -> bool {
        match self {
            Self::Public => Permission::PUBLIC.contains(&permission),
            Self::Wall { .. } => Permission::WALL.contains(&permission),
            Self::Staff(staff) => permission.allowed(staff.role),
        }
    }

    /// The caller as the audit names them; `None` for the public, whom nobody knows.
    pub fn by(&self) -> Option<By> {
        match self {
            Self::Public => None,
            Self::Wall { token, office } => {
                let actor = audit::Actor::Wall { token: *token };
                Some(By { actor, office: Some(office.clone()), reason: None })
            }
            Self::Staff(staff) => Some(staff.by()),
        }
    }

    /// Which encoding they see.
    pub fn audience(&self) -> Audience {
        if self.may(Permission::WatchAsOffice) { Audience::Office } else { Audience::Public }
    }
}
