//! Staff and what their role lets them do.

use serde::{Deserialize, Serialize};

use super::ids::StaffId;
use super::office::OfficeCode;
use super::word::word;

/// What a staff member may do; `identity::permission` has the table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", remote = "Self")]
pub enum Role {
    /// Looks.
    Viewer,
    /// Reports from the field.
    Field,
    /// Works the office's inbox and roster.
    Operator,
    /// Manages accounts, tokens and operations.
    Admin,
}

word!(Role);

/// A staff member: whom an account stands for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Staff {
    /// Id.
    pub id: StaffId,
    /// Name as shown to colleagues.
    pub name: String,
    /// The office that employs them (勤務先).
    pub work_office: OfficeCode,
    /// The office of the municipality where they live (居住地), if it is in the region.
    pub home_office: Option<OfficeCode>,
    /// Role at the office that employs them.
    pub role: Role,
}
