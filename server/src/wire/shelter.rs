//! Shelters: the list, and what offices say of each.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::LatLon;
use crate::domain;
use crate::domain::entry::Stamp;
use crate::domain::ids::{OperationId, ShelterId};
use crate::domain::shelter::{Danger, Dangers, Said, ShelterKind, ShelterState};

/// A designated place, as the list in force has it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Shelter {
    /// Id; the same in every edition of the list.
    pub id: Uuid,
    /// Name.
    pub name: String,
    /// English name, if the list has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub english: Option<String>,
    /// Address; empty if the list has none.
    pub address: String,
    /// Code of the municipality that answers for it.
    pub municipality: String,
    /// Where.
    pub position: LatLon,
    /// What it is designated as; at least one.
    pub kinds: Vec<ShelterKind>,
    /// What it is fit for; left out where the list does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fit: Option<Vec<Danger>>,
    /// People it holds indoors, if the list says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u32>,
    /// Whom alone it takes in (受入対象者), if not everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepts: Option<String>,
}

impl From<&domain::shelter::Shelter> for Shelter {
    fn from(shelter: &domain::shelter::Shelter) -> Self {
        Self {
            id: shelter.id.0,
            name: shelter.name.clone(),
            english: shelter.english.clone(),
            address: shelter.address.clone(),
            municipality: shelter.municipality.to_string(),
            position: shelter.position.into(),
            kinds: shelter.kinds.to_vec(),
            fit: shelter.fit.map(Dangers::into),
            capacity: shelter.capacity,
            accepts: shelter.accepts.clone(),
        }
    }
}

/// What an office says of a shelter, for offices.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct OfficeShelterStatus {
    /// The shelter.
    pub shelter: Uuid,
    /// The drill (訓練) in which alone this is so, which every screen must say; left out: in earnest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drill: Option<Uuid>,
    /// Open, full or closed.
    pub state: ShelterState,
    /// People who were counted there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<u32>,
    /// For colleagues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Since when, UTC.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Code of the office that says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub office: Option<String>,
    /// Who, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// What an office says of a shelter in earnest, for everybody. No head count, no names, no words.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PublicShelterStatus {
    /// The shelter.
    pub shelter: Uuid,
    /// Open, full or closed.
    pub state: ShelterState,
    /// Since when, UTC.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

impl OfficeShelterStatus {
    /// What is said of a shelter, as it travels; `drill`: in that alone.
    pub fn of(shelter: ShelterId, drill: Option<OperationId>, stamp: Stamp, said: &Said) -> Self {
        Self {
            shelter: shelter.0,
            drill: drill.map(|drill| drill.0),
            state: said.state,
            people: said.people,
            note: said.note.clone(),
            at: stamp.hlc.timestamp(),
            office: said.office.as_ref().map(ToString::to_string),
            by: said.by.clone(),
        }
    }
}

impl PublicShelterStatus {
    /// What everybody is told of it; `None`: nothing, for it is so in a drill alone.
    pub fn of(status: &OfficeShelterStatus) -> Option<Self> {
        status.drill.is_none().then_some(Self { shelter: status.shelter, state: status.state, at: status.at })
    }
}

/// The list in force with what offices say, for whoever asks: `S` is [`OfficeShelterStatus`] or
/// [`PublicShelterStatus`].
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ShelterList<S> {
    /// Which edition, for people.
    pub edition: String,
    /// Whom to name where it is shown.
    pub attribution: String,
    /// Whether the shelters are invented (架空・訓練用), which every screen must say.
    pub demonstration: bool,
    /// The shelters, by municipality and name.
    pub shelters: Vec<Shelter>,
    /// What offices say, of those in the list of which anybody has said something. For offices, what is said in open
    /// drills stands beside what is real.
    pub statuses: Vec<S>,
}

/// An office opens, fills or closes a shelter, or counts the people there. It says all of it each time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewShelterState {
    /// A UUIDv7 made by the sender.
    pub id: Uuid,
    /// The operation; left out, everyday care. In a drill (訓練) it is said to offices alone, beside what is real.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<Uuid>,
    /// Open, full or closed.
    pub state: ShelterState,
    /// People counted there, at most 100,000; left out: not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 100_000)]
    pub people: Option<u32>,
    /// For colleagues, at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub note: Option<String>,
}

/// The answer to a change of a shelter's state, given after the commit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ShelterReceipt {
    /// Sequence number of the entry on this node.
    pub seq: u64,
    /// What is said of the shelter now; if it was said in a drill, in that.
    pub status: OfficeShelterStatus,
}
