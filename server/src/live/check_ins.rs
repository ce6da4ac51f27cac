//! Who is on duty where, folded from check-in entries whatever the order of their arrival.

use crate::domain::check_in::Acting;
use crate::domain::entry::Entry;
use crate::domain::ids::{CheckInId, StaffId};

/// All check-ins.
#[derive(Debug, Default)]
pub struct CheckIns {}

impl CheckIns {
    /// Takes note of an entry; gives the check-ins that it touched.
    pub fn apply(&mut self, _entry: &Entry) -> Vec<CheckInId> {
        Vec::new()
    }

    /// Whom a person acts for now, if they have an open check-in.
    pub fn acting(&self, _staff: StaffId) -> Option<Acting> {
        None
    }
}
