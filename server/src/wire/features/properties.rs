//! What features know: flat, one value a property, because a GIS program makes a table of them. The public's are made from the
//! public encoding alone.

mod check_ins;
mod incidents;
mod offices;
mod reports;
mod shelters;

pub use self::check_ins::{CheckInProperties, check_in};
pub use self::incidents::{
    IncidentProperties, OfficeIncidentProperties, PublicIncidentProperties, office_incident, public_incident,
};
pub use self::offices::{BoundarySource, OfficeProperties, office};
pub use self::reports::{ReportProperties, report};
pub use self::shelters::{OfficeShelterProperties, PublicShelterProperties, ShelterProperties, shelter};
use crate::wire::incident::Zone;

/// Layer and class of all zones, and their names.
fn zones(zones: &[Zone]) -> (String, String) {
    let code = |zone: &Zone| format!("{}:{}", zone.layer, zone.class);
    let name = |zone: &Zone| match zone.demonstration {
        true => format!("{}（架空・訓練用）", zone.name),
        false => zone.name.clone(),
    };
    let join = |of: &dyn Fn(&Zone) -> String, by: &str| zones.iter().map(of).collect::<Vec<_>>().join(by);
    (join(&code, ","), join(&name, "、"))
}
