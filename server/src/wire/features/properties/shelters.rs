//! Shelters, for everybody and for offices.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::shelter::{Danger, ShelterKind, ShelterState};
use crate::wire::Audience;
use crate::wire::features::{Feature, Geometry};
use crate::wire::shelter::{OfficeShelterStatus, Shelter};

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
