//! Incidents, for everybody and for offices.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::zones;
use crate::domain::incident::Status;
use crate::domain::operation::OperationKind;
use crate::domain::report::Category;
use crate::wire::features::{Feature, Geometry};
use crate::wire::incident::{OfficeIncident, PublicIncident};
use crate::wire::operation::Operation;

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
