//! Reports on their way in, and the receipt.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::LatLon;
use super::incident::{Place, Zone};
use crate::domain::incident::Status;
use crate::domain::position::EvidenceSource;
use crate::domain::report::Category;

/// A report as a phone sends it. Sending the same again gives the same receipt.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReport {
    /// A UUIDv7 made by the sender, once for each report.
    pub id: Uuid,
    /// The operation; left out, everyday care.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<Uuid>,
    /// What.
    pub category: Category,
    /// In the reporter's words, at most 2,000 characters; may be empty.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub words: String,
    /// Marked as danger to life; only staff may.
    #[serde(default)]
    pub danger_to_life: bool,
    /// When it was seen, as the device says.
    #[schema(value_type = String, format = DateTime)]
    pub observed_at: Timestamp,
    /// The witnesses for the place, 1 to 16.
    #[schema(min_items = 1, max_items = 16)]
    pub evidence: Vec<Evidence>,
    /// Index of the witness that was chosen.
    #[serde(default)]
    pub chosen: usize,
    /// Ids of uploaded photos and videos, at most 10.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub media: Vec<String>,
    /// How to reach the reporter. Only an operator of the responsible office can read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
}

/// How to reach a resident. At most 200 characters each.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub name: Option<String>,
    /// Telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub phone: Option<String>,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub email: Option<String>,
}

impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Contact(redacted)")
    }
}

/// One witness for a place.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Who says so.
    pub source: EvidenceSource,
    /// Where.
    pub position: LatLon,
    /// Radius of uncertainty, metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy_m: Option<f64>,
    /// Direction of view, degrees clockwise from true north, 0 to 360; 360 is taken as 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heading_deg: Option<f64>,
    /// When the source took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
}

impl From<&crate::domain::position::Evidence> for Evidence {
    fn from(evidence: &crate::domain::position::Evidence) -> Self {
        Self {
            source: evidence.source,
            position: evidence.position.into(),
            accuracy_m: evidence.accuracy_m,
            heading_deg: evidence.heading_deg,
            at: evidence.at,
        }
    }
}

/// The answer to a report, given after the commit: it is safe now.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Receipt {
    /// The report's id.
    pub id: Uuid,
    /// Its sequence number on this node.
    pub seq: u64,
    /// The incident that it opened.
    pub incident: Uuid,
    /// When the server wrote it down.
    #[schema(value_type = String, format = DateTime)]
    pub filed_at: Timestamp,
    /// Whose ground it is.
    pub place: Place,
    /// Edition of the boundaries that say so; it begins with 略図 where they are a sketch.
    pub boundaries: String,
    /// Code of the office that answers for it, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responsible: Option<String>,
    /// Code of the office for which the sender acted; for residents none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub office: Option<String>,
    /// For staff who filed it, the hazard zones that the place lies in; a resident is told nothing of them, for they
    /// are not told of any incident's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zones: Option<Vec<Zone>>,
    /// Unguessable key of the page that shows what became of it: `/receipt#KEY`.
    pub key: String,
}

/// What became of a report, for whoever holds the receipt's key.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReceiptStatus {
    /// What.
    pub category: Category,
    /// How far the handling is.
    pub status: Status,
    /// When that was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub status_at: Timestamp,
    /// When the server wrote the report down.
    #[schema(value_type = String, format = DateTime)]
    pub filed_at: Timestamp,
    /// Where.
    pub position: LatLon,
    /// Whose ground it is.
    pub place: Place,
    /// Edition of the boundaries that say so; it begins with 略図 where they are a sketch.
    pub boundaries: String,
    /// Code of the office that answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responsible: Option<String>,
    /// The words that were sent.
    pub words: String,
    /// Thumbnails of the pictures that were sent, by media id: `/api/receipts/KEY/thumbnails/ID`.
    pub thumbnails: Vec<String>,
    /// How many photos and videos were sent; not all of them have a thumbnail.
    pub media: usize,
    /// Whether it belongs to a drill.
    pub drill: bool,
}
