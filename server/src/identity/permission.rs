//! The one table of what each role may do. `http::access` says which route asks for which.

use crate::domain::staff::Role;

/// Something that one may or may not do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Permission {
    /// Watch the public picture and read public documents.
    WatchAsPublic,
    /// Watch the office picture and its media.
    WatchAsOffice,
    /// File a report and upload media for it.
    Report,
    /// End one's own check-in, see who one is, sign out.
    ManageOwnDuty,
    /// Report for duty at an office.
    CheckIn,
    /// Work the acting office's inbox: status, contact details of reporters.
    WorkInbox,
    /// Work the acting office's roster: confirm arrivals, check out, call back.
    WorkRoster,
    /// Say what is true of the acting office's shelters: open, full, closed, how many people.
    ManageShelters,
    /// Open and close operations.
    ManageOperations,
    /// Make and change accounts of the own office, revoke sessions, make wall tokens.
    ManageAccounts,
}

use Permission as P;

impl Permission {
    /// All of them.
    pub const ALL: [Self; 10] = [
        P::WatchAsPublic,
        P::WatchAsOffice,
        P::Report,
        P::ManageOwnDuty,
        P::CheckIn,
        P::WorkInbox,
        P::WorkRoster,
        P::ManageShelters,
        P::ManageOperations,
        P::ManageAccounts,
    ];

    /// What a resident may do without an account.
    pub const PUBLIC: &'static [Self] = &[P::WatchAsPublic, P::Report];

    /// What a wall display may do.
    pub const WALL: &'static [Self] = &[P::WatchAsPublic, P::WatchAsOffice];

    /// The table: the least role that may.
    pub fn least_role(self) -> Role {
        match self {
            P::WatchAsPublic | P::WatchAsOffice | P::ManageOwnDuty | P::CheckIn => Role::Viewer,
            P::Report | P::ManageShelters => Role::Field,
            P::WorkInbox | P::WorkRoster => Role::Operator,
            P::ManageOperations | P::ManageAccounts => Role::Admin,
        }
    }

    /// Whether a staff member in this role may.
    pub fn allowed(self, role: Role) -> bool {
        role >= self.least_role()
    }
}
