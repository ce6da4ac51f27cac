//! Incidents, once for offices and once for the public.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::LatLon;
use super::report::Evidence;
use crate::domain;
use crate::domain::entry::{Actor, Lww};
use crate::domain::incident::{Status, Symbol};
use crate::domain::office::OfficeCode;
use crate::domain::position::Position;
use crate::domain::report::{Category, FiledReport, MediaKind};
use crate::domain::zone::{DepthRange, Hazard, ZoneTag, Zones};

/// Whose ground a position is.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "standing", rename_all = "snake_case")]
pub enum Place {
    /// Within one municipality.
    Inside {
        /// Its code.
        municipality: String,
    },
    /// Exactly on a border; the lowest code answers.
    OnBorder {
        /// Code of the municipality that answers.
        municipality: String,
        /// Codes of the others.
        others: Vec<String>,
    },
    /// In no municipality of the region.
    Outside {
        /// Code of the municipality whose border is nearest.
        nearest: String,
        /// Metres to it.
        distance_m: f64,
    },
}

impl From<&domain::place::Place> for Place {
    fn from(place: &domain::place::Place) -> Self {
        use domain::place::Place as Domain;
        match place {
            Domain::Inside { municipality } => Self::Inside { municipality: municipality.to_string() },
            Domain::OnBorder { municipality, others } => Self::OnBorder {
                municipality: municipality.to_string(),
                others: others.iter().map(ToString::to_string).collect(),
            },
            Domain::Outside { nearest, distance_m } => {
                Self::Outside { nearest: nearest.to_string(), distance_m: distance_m.round() }
            }
        }
    }
}

/// A hazard zone that a place lies in.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Zone {
    /// Id of the layer, see `GET /api/hazard/layers`.
    pub layer: String,
    /// What threatens.
    pub hazard: Hazard,
    /// Code of the class within the layer.
    pub class: String,
    /// What the class is called in Japanese, understood without its layer's name.
    pub name: String,
    /// The same in English.
    pub english: String,
    /// How deep the water may stand, if the class is one of depths.
    pub depth: Option<Depth>,
    /// The edition of the layer by which it was found.
    pub edition: String,
    /// Invented, for demonstration and drills (架空・訓練用); must be shown as such.
    pub demonstration: bool,
}

/// How deep the water may stand.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Depth {
    /// Metres, inclusive.
    pub min_m: f64,
    /// Metres, exclusive; `null` without a limit.
    pub max_m: Option<f64>,
}

impl From<DepthRange> for Depth {
    fn from(range: DepthRange) -> Self {
        Self { min_m: range.min_m(), max_m: range.max_m() }
    }
}

impl Zone {
    /// All that a place lies in.
    pub fn list(zones: &Zones) -> Vec<Self> {
        zones.iter().map(|tag| Self::from(tag.as_ref())).collect()
    }
}

impl From<&ZoneTag> for Zone {
    fn from(tag: &ZoneTag) -> Self {
        Self {
            layer: tag.layer.clone(),
            hazard: tag.hazard,
            class: tag.class.clone(),
            name: tag.name.clone(),
            english: tag.english.clone(),
            depth: tag.depth.map(Depth::from),
            edition: tag.edition.clone(),
            demonstration: tag.demonstration,
        }
    }
}

/// A photo or video of a report. Files: `/api/media/ID` (original, Range) and
/// `/api/media/ID/thumbnail` (480 px JPEG), both for staff and walls.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Medium {
    /// Content address: SHA-256, hex.
    pub id: String,
    /// What it is.
    pub kind: MediaKind,
    /// Bytes.
    pub size: u64,
    /// Whether there is a thumbnail.
    pub thumbnail: bool,
}

/// Who reported.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reporter {
    /// A staff member.
    Staff {
        /// Id.
        id: Uuid,
        /// Name.
        name: String,
        /// Code of the office for which they acted.
        office: Option<String>,
        /// Code of the office that employs them.
        employer: String,
    },
    /// A resident, unnamed.
    Resident,
    /// The node itself.
    System,
}

impl Reporter {
    /// The actor of an entry, and the office for which they acted.
    pub fn of(actor: &Actor, office: Option<&OfficeCode>) -> Self {
        match actor {
            Actor::Staff { id, name, employer } => Self::Staff {
                id: id.0,
                name: name.clone(),
                office: office.map(ToString::to_string),
                employer: employer.to_string(),
            },
            Actor::Resident => Self::Resident,
            Actor::System => Self::System,
        }
    }
}

/// A report, for offices.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct OfficeReport {
    /// Id.
    pub id: Uuid,
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
    /// The witnesses for the place.
    pub evidence: Vec<Evidence>,
    /// Index of the chosen one.
    pub chosen: usize,
    /// Whose ground it is.
    pub place: Place,
    /// Edition of the boundaries that say so; it begins with 略図 where they are a sketch.
    pub boundaries: String,
    /// The hazard zones that the place lay in when the report was filed.
    pub zones: Vec<Zone>,
    /// Photos and videos.
    pub media: Vec<Medium>,
    /// Whether the reporter left contact details.
    pub has_contact: bool,
    /// Who reported.
    pub reporter: Reporter,
}

impl From<&FiledReport> for OfficeReport {
    fn from(filed: &FiledReport) -> Self {
        let report = &filed.report;
        Self {
            id: report.id.0,
            category: report.category,
            words: report.words.clone(),
            danger_to_life: report.danger_to_life,
            observed_at: report.observed_at,
            filed_at: filed.filed_at,
            evidence: report.evidence.iter().map(Evidence::from).collect(),
            chosen: report.chosen,
            place: (&report.place).into(),
            boundaries: report.boundaries.to_string(),
            zones: Zone::list(&report.zones),
            media: report
                .media
                .iter()
                .map(|m| Medium { id: m.id.to_string(), kind: m.kind, size: m.size, thumbnail: m.thumbnail })
                .collect(),
            has_contact: report.has_contact,
            reporter: Reporter::of(&filed.actor, filed.office.as_ref()),
        }
    }
}

/// An incident, for offices. Category, position and danger are those of its first report.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct OfficeIncident {
    /// Id.
    pub id: Uuid,
    /// The operation.
    pub operation: Uuid,
    /// What.
    pub category: Category,
    /// How far the handling is.
    pub status: Status,
    /// Where.
    pub position: LatLon,
    /// Any of its reports is marked as danger to life.
    pub danger_to_life: bool,
    /// Code of the office that answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responsible: Option<String>,
    /// The hazard zones that it lies in: those of its first report, until a new edition of a layer has it looked at
    /// again.
    pub zones: Vec<Zone>,
    /// When its first report was filed.
    #[schema(value_type = String, format = DateTime)]
    pub filed_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// Its reports, oldest first.
    pub reports: Vec<OfficeReport>,
}

/// An incident, for everybody: no words, no pictures, no names, and the position to 0.0001°.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PublicIncident {
    /// Id.
    pub id: Uuid,
    /// The operation.
    pub operation: Uuid,
    /// What.
    pub category: Category,
    /// How far the handling is.
    pub status: Status,
    /// Where, to 0.0001° (about 10 m).
    pub position: LatLon,
    /// Code of the office that answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responsible: Option<String>,
    /// When its first report was filed.
    #[schema(value_type = String, format = DateTime)]
    pub filed_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// An incident with its reports, as the world holds them: what the encodings are made from.
#[derive(Clone, Debug)]
pub struct IncidentView<'a> {
    /// The incident.
    pub incident: &'a domain::incident::Incident,
    /// Its reports, oldest first; at least one.
    pub reports: Vec<&'a FiledReport>,
}

impl IncidentView<'_> {
    /// The hazard zones that the incident lies in.
    pub fn zones(&self) -> &Zones {
        static NONE: Zones = Zones::none();
        let retagged = self.incident.zones.as_deref().map(Lww::get);
        retagged.or(self.reports.first().map(|first| &first.report.zones)).unwrap_or(&NONE)
    }

    fn updated_at(&self, filed_at: Timestamp) -> Timestamp {
        let changed_at = self.incident.changed().map(|stamp| stamp.hlc.timestamp());
        changed_at.map_or(filed_at, |at| at.max(filed_at))
    }
}

impl OfficeIncident {
    /// The office encoding; `None` for a view without a located report.
    pub fn of(view: &IncidentView<'_>) -> Option<Self> {
        let first = view.reports.first()?;
        Some(Self {
            id: view.incident.id.0,
            operation: view.incident.operation.0,
            category: first.report.category,
            status: *view.incident.status.get(),
            position: first.report.position()?.into(),
            danger_to_life: view.reports.iter().any(|r| r.report.danger_to_life),
            responsible: view.incident.responsible.as_ref().map(ToString::to_string),
            zones: Zone::list(view.zones()),
            filed_at: first.filed_at,
            updated_at: view.updated_at(first.filed_at),
            reports: view.reports.iter().map(|r| OfficeReport::from(*r)).collect(),
        })
    }
}

impl PublicIncident {
    /// The public encoding; `None` for a view without a located report.
    pub fn of(view: &IncidentView<'_>) -> Option<Self> {
        let first = view.reports.first()?;
        Some(Self {
            id: view.incident.id.0,
            operation: view.incident.operation.0,
            category: first.report.category,
            status: *view.incident.status.get(),
            position: first.report.position()?.coarse().into(),
            responsible: view.incident.responsible.as_ref().map(ToString::to_string),
            filed_at: first.filed_at,
            updated_at: view.updated_at(first.filed_at),
        })
    }
}

/// What a map draws of an incident, for offices and, with the position to 0.0001°, for everybody.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct IncidentSymbol {
    /// Id.
    pub id: Uuid,
    /// What.
    pub category: Category,
    /// How far the handling is.
    pub status: Status,
    /// Where.
    pub position: LatLon,
}

impl From<&(Symbol, Position)> for IncidentSymbol {
    fn from((symbol, position): &(Symbol, Position)) -> Self {
        Self { id: symbol.id.0, category: symbol.category, status: symbol.status, position: (*position).into() }
    }
}

/// An operator's change of an incident's status.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStatus {
    /// A UUIDv7 made by the sender, once for each change.
    pub id: Uuid,
    /// The new status.
    pub status: Status,
}

/// An operator's naming of the office that answers for an incident from now on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewResponsible {
    /// A UUIDv7 made by the sender, once for each change.
    pub id: Uuid,
    /// Code of the office: one's acting office, to take what nobody answers for; another one, to hand
    /// over what the acting office answers for.
    pub office: String,
}
