//! Who is on duty where, folded from check-in entries whatever the order of their arrival.

use crate::domain::check_in::Acting;
use crate::domain::ids::StaffId;

/// All check-ins.
#[derive(Debug, Default)]
pub struct CheckIns {}

impl CheckIns {
    /// Whom a person acts for now, if they have an open check-in.
    pub fn acting(&self, _staff: StaffId) -> Option<Acting> {
        None
    }
}
