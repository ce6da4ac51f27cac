//! What features know: flat, one value a property, because a GIS program makes a table of them. The public's are made from the
//! public encoding alone.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Feature, Geometry};
use crate::domain::incident::Status;
use crate::domain::office::OfficeKind;
use crate::domain::operation::OperationKind;
use crate::domain::position::EvidenceSource;
use crate::domain::report::Category;
use crate::domain::shelter::{Danger, ShelterKind, ShelterState};
use crate::domain::staff::Role;
use crate::wire::check_in::CheckIn;
use crate::wire::incident::{OfficeIncident, OfficeReport, Place, PublicIncident, Reporter, Zone};
use crate::wire::operation::Operation;
use crate::wire::region::Office;
use crate::wire::shelter::{OfficeShelterStatus, Shelter};
use crate::wire::{Audience, LatLon};

/// An incident, for whoever asks.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum IncidentProperties {
    /// For staff and walls.
    Office(OfficeIncidentProperties),
    /// For everybody.
    Public(PublicIncidentProperties),
}

/// An incident, for everybody.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PublicIncidentProperties {
    /// What.
    pub category: Category,
    /// How far the handling is.
    pub status: Status,
    /// Code of the office that answers for it.
    pub responsible: Option<String>,
    /// When its first report was filed.
    #[schema(value_type = String, format = DateTime)]
    pub filed_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// The operation.
    pub operation: Uuid,
    /// The operation's name.
    pub operation_name: Option<String>,
    /// What the operation is for; `drill` (訓練) is not the real thing.
    pub operation_kind: Option<OperationKind>,
}

/// An incident, for offices.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct OfficeIncidentProperties {
    /// What everybody sees.
    #[serde(flatten)]
    pub public: PublicIncidentProperties,
    /// Any of its reports is marked as danger to life.
    pub danger_to_life: bool,
    /// The words of its first report.
    pub words: String,
    /// How many reports it has.
    pub reports: usize,
    /// The hazard zones that it lies in, as `LAYER:CLASS`, comma-separated.
    pub zones: String,
    /// Their Japanese names; 架空・訓練用 behind what is invented.
    pub zone_names: String,
}

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

/// The public's incident as a feature.
pub fn public_incident(incident: PublicIncident, operation: Option<&Operation>) -> Feature<IncidentProperties> {
    let (id, geometry) = (incident.id, Geometry::from(incident.position));
    let properties = PublicIncidentProperties {
        category: incident.category,
        status: incident.status,
        responsible: incident.responsible,
        filed_at: incident.filed_at,
        updated_at: incident.updated_at,
        operation: incident.operation,
        operation_name: operation.map(|operation| operation.name.clone()),
        operation_kind: operation.map(|operation| operation.kind),
    };
    Feature::new(id, Some(geometry), IncidentProperties::Public(properties))
}

/// The offices' incident as a feature.
pub fn office_incident(incident: OfficeIncident, operation: Option<&Operation>) -> Feature<IncidentProperties> {
    let (id, geometry) = (incident.id, Geometry::from(incident.position));
    let reports = incident.reports.len();
    let (zones, zone_names) = zones(&incident.zones);
    let properties = OfficeIncidentProperties {
        public: PublicIncidentProperties {
            category: incident.category,
            status: incident.status,
            responsible: incident.responsible,
            filed_at: incident.filed_at,
            updated_at: incident.updated_at,
            operation: incident.operation,
            operation_name: operation.map(|operation| operation.name.clone()),
            operation_kind: operation.map(|operation| operation.kind),
        },
        danger_to_life: incident.danger_to_life,
        words: incident.reports.into_iter().next().map(|first| first.words).unwrap_or_default(),
        reports,
        zones,
        zone_names,
    };
    Feature::new(id, Some(geometry), IncidentProperties::Office(properties))
}

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

/// An office, for everybody.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct OfficeProperties {
    /// What it is.
    pub kind: OfficeKind,
    /// Japanese name.
    pub name: String,
    /// Reading in hiragana.
    pub kana: String,
    /// English name.
    pub english: String,
    /// Codes of the municipalities that share a border with it, comma-separated.
    pub neighbours: String,
    /// Whether the boundary is a sketch (略図), which every map must say; `null` for an office that is a point.
    pub sketch: Option<bool>,
    /// The boundary's edition.
    pub edition: Option<String>,
    /// What to write on the map for the boundary.
    pub attribution: Option<String>,
}

/// Where a municipality's boundary comes from.
#[derive(Clone, Copy, Debug)]
pub struct BoundarySource<'a> {
    /// Whether it is a sketch.
    pub sketch: bool,
    /// Its edition.
    pub edition: &'a str,
    /// What to write on the map.
    pub attribution: &'a str,
}

/// An office as a feature: its ground, or for an office without ground the point where its name stands.
pub fn office(office: Office, ground: Option<(Geometry, BoundarySource<'_>)>) -> Feature<OfficeProperties> {
    let (geometry, source) = match ground {
        Some((geometry, source)) => (geometry, Some(source)),
        None => (Geometry::from(office.label), None),
    };
    let properties = OfficeProperties {
        kind: office.kind,
        name: office.name,
        kana: office.kana,
        english: office.english,
        neighbours: office.neighbours.join(","),
        sketch: source.map(|source| source.sketch),
        edition: source.map(|source| source.edition.to_owned()),
        attribution: source.map(|source| source.attribution.to_owned()),
    };
    Feature::new(office.code, Some(geometry), properties)
}

/// A shelter, for whoever asks.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ShelterProperties {
    /// For staff and walls.
    Office(OfficeShelterProperties),
    /// For everybody.
    Public(PublicShelterProperties),
}

/// A shelter, for everybody.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PublicShelterProperties {
    /// Name.
    pub name: String,
    /// English name.
    pub english: Option<String>,
    /// Address.
    pub address: String,
    /// Code of the municipality that answers for it.
    pub municipality: String,
    /// Designated as 指定緊急避難場所.
    pub emergency_site: bool,
    /// Designated as 指定避難所.
    pub shelter: bool,
    /// Fit for 洪水; this and the next seven are `null` where the list does not say.
    pub fit_flood: Option<bool>,
    /// Fit for 崖崩れ、土石流及び地滑り.
    pub fit_landslide: Option<bool>,
    /// Fit for 高潮.
    pub fit_storm_surge: Option<bool>,
    /// Fit for 地震.
    pub fit_earthquake: Option<bool>,
    /// Fit for 津波.
    pub fit_tsunami: Option<bool>,
    /// Fit for 大規模な火事.
    pub fit_fire: Option<bool>,
    /// Fit for 内水氾濫.
    pub fit_inland_flood: Option<bool>,
    /// Fit for 火山現象.
    pub fit_volcano: Option<bool>,
    /// People it holds indoors.
    pub capacity: Option<u32>,
    /// Whom alone it takes in (受入対象者).
    pub accepts: Option<String>,
    /// Open, full or closed; `null`: its office has said nothing.
    pub state: Option<ShelterState>,
    /// Since when.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub state_at: Option<Timestamp>,
    /// Whether it is invented (架空・訓練用), which every map must say.
    pub demonstration: bool,
}

/// A shelter, for offices.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct OfficeShelterProperties {
    /// What everybody sees.
    #[serde(flatten)]
    pub public: PublicShelterProperties,
    /// People who were counted there.
    pub people: Option<u32>,
    /// For colleagues.
    pub note: Option<String>,
    /// Who said so, by name.
    pub said_by: Option<String>,
}

/// A shelter as a feature.
pub fn shelter(
    shelter: Shelter,
    status: Option<OfficeShelterStatus>,
    audience: Audience,
    demonstration: bool,
) -> Feature<ShelterProperties> {
    let fit = |danger| shelter.fit.as_ref().map(|fit: &Vec<Danger>| fit.contains(&danger));
    let public = PublicShelterProperties {
        emergency_site: shelter.kinds.contains(&ShelterKind::EmergencySite),
        shelter: shelter.kinds.contains(&ShelterKind::Shelter),
        fit_flood: fit(Danger::Flood),
        fit_landslide: fit(Danger::Landslide),
        fit_storm_surge: fit(Danger::StormSurge),
        fit_earthquake: fit(Danger::Earthquake),
        fit_tsunami: fit(Danger::Tsunami),
        fit_fire: fit(Danger::Fire),
        fit_inland_flood: fit(Danger::InlandFlood),
        fit_volcano: fit(Danger::Volcano),
        capacity: shelter.capacity,
        state: status.as_ref().map(|status| status.state),
        state_at: status.as_ref().map(|status| status.at),
        name: shelter.name,
        english: shelter.english,
        address: shelter.address,
        municipality: shelter.municipality,
        accepts: shelter.accepts,
        demonstration,
    };
    let properties = match audience {
        Audience::Public => ShelterProperties::Public(public),
        Audience::Office => {
            let (people, note, said_by) = status.map_or((None, None, None), |s| (s.people, s.note, s.by));
            ShelterProperties::Office(OfficeShelterProperties { public, people, note, said_by })
        }
    };
    Feature::new(shelter.id, Some(Geometry::from(shelter.position)), properties)
}
