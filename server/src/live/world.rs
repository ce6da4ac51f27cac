//! The fold.

use super::check_ins::CheckIns;

/// Everything that is true now.
#[derive(Debug, Default)]
pub struct World {
    /// Who is on duty where.
    pub check_ins: CheckIns,
}
