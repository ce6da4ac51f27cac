//! Shelters: designated places to go to, what each is fit for, and what its office says of it now.

use serde::{Deserialize, Serialize};

use super::ids::ShelterId;
use super::office::OfficeCode;
use super::position::Position;
use super::word::word;

/// What a place of refuge can be fit for: the eight kinds of disaster of the Disaster Countermeasures Basic Act's
/// enforcement order, article 20-3 (指定緊急避難場所).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", remote = "Self")]
pub enum Danger {
    /// 洪水
    Flood,
    /// 崖崩れ、土石流及び地滑り
    Landslide,
    /// 高潮
    StormSurge,
    /// 地震
    Earthquake,
    /// 津波
    Tsunami,
    /// 大規模な火事
    Fire,
    /// 内水氾濫
    InlandFlood,
    /// 火山現象
    Volcano,
}

word!(Danger);

impl Danger {
    /// All of them, in the order of the act.
    pub const ALL: [Self; 8] = [
        Self::Flood,
        Self::Landslide,
        Self::StormSurge,
        Self::Earthquake,
        Self::Tsunami,
        Self::Fire,
        Self::InlandFlood,
        Self::Volcano,
    ];
}

/// A set of dangers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Vec<Danger>", into = "Vec<Danger>")]
pub struct Dangers(u8);

impl Dangers {
    /// Adds one.
    pub fn insert(&mut self, danger: Danger) {
        self.0 |= 1 << danger as u8;
    }

    /// Whether it is in the set.
    pub fn contains(self, danger: Danger) -> bool {
        self.0 & (1 << danger as u8) != 0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those in the set, in the order of the act.
    pub fn iter(self) -> impl Iterator<Item = Danger> {
        Danger::ALL.into_iter().filter(move |danger| self.contains(*danger))
    }
}

impl From<Vec<Danger>> for Dangers {
    fn from(list: Vec<Danger>) -> Self {
        let mut dangers = Self::default();
        list.into_iter().for_each(|danger| dangers.insert(danger));
        dangers
    }
}

impl From<Dangers> for Vec<Danger> {
    fn from(dangers: Dangers) -> Self {
        dangers.iter().collect()
    }
}

/// What a place is designated as. One place may be both.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShelterKind {
    /// 指定緊急避難場所: to get away from the danger at once.
    EmergencySite,
    /// 指定避難所: to stay for a while.
    Shelter,
}

/// A designated place, as the list in force has it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Shelter {
    /// Id; the same in every edition of the list.
    pub id: ShelterId,
    /// Name.
    pub name: String,
    /// English name, if the list has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub english: Option<String>,
    /// Address; empty if the list has none.
    pub address: String,
    /// The municipality that answers for it.
    pub municipality: OfficeCode,
    /// Where, degrees WGS 84.
    pub position: Position,
    /// What it is designated as; at least one.
    pub kinds: Box<[ShelterKind]>,
    /// What it is fit for; `None`: the list does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fit: Option<Dangers>,
    /// People it holds indoors, if the list says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u32>,
    /// Whom alone it takes in (受入対象者), if not everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepts: Option<String>,
}

/// What an office says of a shelter.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", remote = "Self")]
pub enum ShelterState {
    /// 開設
    Open,
    /// 満員: open, and takes nobody more.
    Full,
    /// 閉鎖
    Closed,
}

word!(ShelterState);

/// An office's word.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// Open, full or closed.
    pub state: ShelterState,
    /// People who were counted there.
    pub people: Option<u32>,
    /// For colleagues.
    pub note: Option<String>,
    /// The office.
    pub office: Option<OfficeCode>,
    /// Who, for colleagues.
    pub by: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_dangers_is_written_as_their_words_in_the_order_of_the_act() {
        let dangers = Dangers::from(vec![Danger::InlandFlood, Danger::Flood, Danger::Flood]);
        assert_eq!(serde_json::to_string(&dangers).unwrap(), r#"["flood","inland_flood"]"#);
        assert_eq!(serde_json::from_str::<Dangers>(r#"["inland_flood","flood"]"#).unwrap(), dangers);
        assert!(dangers.contains(Danger::Flood) && !dangers.contains(Danger::Tsunami) && !dangers.is_empty());
        assert_eq!(Dangers::from(Danger::ALL.to_vec()).iter().count(), 8);
    }
}
