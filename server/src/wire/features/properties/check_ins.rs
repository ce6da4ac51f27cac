//! Open check-ins, for offices.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::staff::Role;
use crate::wire::LatLon;
use crate::wire::check_in::CheckIn;
use crate::wire::features::{Feature, Geometry};

/// An open check-in, for offices.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct CheckInProperties {
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
    /// Role there; `null` at the employer's own office, where the account's role holds.
    pub role: Option<Role>,
    /// Name of the operator who confirmed the arrival.
    pub confirmed_by: Option<String>,
}

/// A check-in as a feature; it lies where the office is, `null` for an office that the region does not have.
pub fn check_in(check_in: CheckIn, office: Option<LatLon>) -> Feature<CheckInProperties> {
    let properties = CheckInProperties {
        staff: check_in.staff,
        name: check_in.name,
        office: check_in.office,
        employer: check_in.employer,
        since: check_in.since,
        role: check_in.role,
        confirmed_by: check_in.confirmed_by,
    };
    Feature::new(check_in.id, office.map(Geometry::from), properties)
}
