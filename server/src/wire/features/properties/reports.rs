//! Reports, for offices.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::zones;
use crate::domain::operation::OperationKind;
use crate::domain::position::EvidenceSource;
use crate::domain::report::Category;
use crate::wire::features::{Feature, Geometry};
use crate::wire::incident::{OfficeReport, Place, Reporter};
use crate::wire::operation::Operation;

/// A report, for offices.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReportProperties {
    /// The incident that it belongs to.
    pub incident: Uuid,
    /// What.
    pub category: Category,
    /// In the reporter's words.
    pub words: String,
    /// Marked as danger to life.
    pub danger_to_life: bool,
    /// When it was seen, as the device says.
    #[schema(value_type = String, format = DateTime)]
    pub observed_at: Timestamp,
    /// When the server wrote it down.
    #[schema(value_type = String, format = DateTime)]
    pub filed_at: Timestamp,
    /// `inside`, `on_border` or `outside` of the region's municipalities.
    pub standing: String,
    /// Code of the municipality whose ground it is; outside, of the nearest.
    pub municipality: String,
    /// Edition of the boundaries that say so; it begins with 略図 where they are a sketch.
    pub boundaries: String,
    /// The hazard zones that it lay in when it was filed, as `LAYER:CLASS`, comma-separated.
    pub zones: String,
    /// Their Japanese names; 架空・訓練用 behind what is invented.
    pub zone_names: String,
    /// Who says that it is there.
    pub source: Option<EvidenceSource>,
    /// Radius of uncertainty in metres.
    pub accuracy_m: Option<f64>,
    /// Direction of view, degrees clockwise from true north.
    pub heading_deg: Option<f64>,
    /// Content addresses of its photos and videos (`/api/media/ID`), comma-separated.
    pub media: String,
    /// Whether the reporter left contact details.
    pub has_contact: bool,
    /// `staff`, `resident` or `system`.
    pub reporter: String,
    /// A staff member's name.
    pub reporter_name: Option<String>,
    /// Code of the office for which they acted.
    pub office: Option<String>,
    /// Code of the office that employs them.
    pub employer: Option<String>,
    /// The operation.
    pub operation: Uuid,
    /// The operation's name.
    pub operation_name: Option<String>,
    /// What the operation is for; `drill` (訓練) is not the real thing.
    pub operation_kind: Option<OperationKind>,
}

/// The report of an incident of this operation as a feature. `operation` is left out where its beginning
/// has not arrived.
pub fn report(
    report: OfficeReport,
    incident: Uuid,
    operation_id: Uuid,
    operation: Option<&Operation>,
) -> Feature<ReportProperties> {
    let chosen = report.evidence.get(report.chosen);
    let geometry = chosen.map(|evidence| Geometry::from(evidence.position));
    let (standing, municipality) = match report.place {
        Place::Inside { municipality } => ("inside", municipality),
        Place::OnBorder { municipality, .. } => ("on_border", municipality),
        Place::Outside { nearest, .. } => ("outside", nearest),
    };
    let (reporter, reporter_name, office, employer) = match report.reporter {
        Reporter::Staff { name, office, employer, .. } => ("staff", Some(name), office, Some(employer)),
        Reporter::Resident => ("resident", None, None, None),
        Reporter::System => ("system", None, None, None),
    };
    let (zones, zone_names) = zones(&report.zones);
    let properties = ReportProperties {
        zones,
        zone_names,
        incident,
        category: report.category,
        danger_to_life: report.danger_to_life,
        observed_at: report.observed_at,
        filed_at: report.filed_at,
        standing: standing.to_owned(),
        municipality,
        boundaries: report.boundaries,
        source: chosen.map(|evidence| evidence.source),
        accuracy_m: chosen.and_then(|evidence| evidence.accuracy_m),
        heading_deg: chosen.and_then(|evidence| evidence.heading_deg),
        words: report.words,
        media: report.media.into_iter().map(|medium| medium.id).collect::<Vec<_>>().join(","),
        has_contact: report.has_contact,
        reporter: reporter.to_owned(),
        reporter_name,
        office,
        employer,
        operation: operation_id,
        operation_name: operation.map(|operation| operation.name.clone()),
        operation_kind: operation.map(|operation| operation.kind),
    };
    Feature::new(report.id, geometry, properties)
}
