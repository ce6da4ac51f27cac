//! Reports: one observation each.

use std::borrow::Cow;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::entry::Actor;
use super::ids::{IncidentId, MediaId, OperationId, ReportId};
use super::office::OfficeCode;
use super::place::Place;
use super::position::{Evidence, Position};
use super::word::word;
use super::zone::Zones;

/// What is reported.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", remote = "Self")]
pub enum Category {
    /// 道路損傷
    RoadDamage,
    /// 水道の漏水
    WaterLeak,
    /// 街路灯
    StreetLight,
    /// 災害・危険箇所
    Hazard,
    /// その他
    Other,
}

word!(Category);

impl Category {
    /// All of them, in the order in which people see them.
    pub const ALL: [Self; 5] = [Self::RoadDamage, Self::WaterLeak, Self::StreetLight, Self::Hazard, Self::Other];
}

/// What a stored file is, told by its content.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    /// JPEG photo.
    Jpeg,
    /// PNG picture.
    Png,
    /// WebP picture.
    Webp,
    /// HEIC/HEIF photo: stored and passed on.
    Heic,
    /// MP4 video.
    Mp4,
    /// QuickTime video.
    Mov,
}

impl MediaKind {
    /// The media type to serve it with (IANA).
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Heic => "image/heic",
            Self::Mp4 => "video/mp4",
            Self::Mov => "video/quicktime",
        }
    }

    /// Whether it is a video.
    pub fn is_video(self) -> bool {
        matches!(self, Self::Mp4 | Self::Mov)
    }
}

/// A photo or video of a report.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Medium {
    /// Content address.
    pub id: MediaId,
    /// What it is.
    pub kind: MediaKind,
    /// Bytes.
    pub size: u64,
    /// Whether there is a thumbnail (480 px, JPEG, without metadata).
    pub thumbnail: bool,
}

/// The edition of the boundaries by which a report was placed, for people.
///
/// There are few in a region's life and every report names one, so each is kept in memory once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edition(Arc<str>);

/// Editions that are kept once; what comes after so many is kept as often as it is named.
const EDITIONS: usize = 64;

impl Edition {
    /// The edition of this name.
    pub fn named(name: &str) -> Self {
        static KNOWN: RwLock<Vec<Edition>> = RwLock::new(Vec::new());
        let find = |known: &[Self]| known.iter().find(|edition| edition.as_str() == name).cloned();
        if let Some(edition) = find(&KNOWN.read().unwrap_or_else(PoisonError::into_inner)) {
            return edition;
        }
        let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
        find(&known).unwrap_or_else(|| {
            let edition = Self(name.into());
            if known.len() < EDITIONS {
                known.push(edition.clone());
            }
            edition
        })
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Edition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Edition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Edition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(deserializer).map(|name| Self::named(&name))
    }
}

/// One observation. Immutable: later changes are entries of their own.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Report {
    /// Id; the entry's too.
    pub id: ReportId,
    /// The incident that it opens.
    pub incident: IncidentId,
    /// What.
    pub category: Category,
    /// In the reporter's words, at most 2,000 characters.
    pub words: String,
    /// Marked as danger to life.
    pub danger_to_life: bool,
    /// When it was seen, as the sender's device says.
    pub observed_at: Timestamp,
    /// The witnesses for the place, at least one.
    pub evidence: Box<[Evidence]>,
    /// Index of the witness that was chosen.
    pub chosen: usize,
    /// Whose ground that is, by the boundaries of that day.
    pub place: Place,
    /// Edition of those boundaries.
    pub boundaries: Edition,
    /// The hazard zones that the place lay in when the report was filed. Reports of before have none.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub zones: Zones,
    /// Photos and videos.
    pub media: Box<[Medium]>,
    /// Whether the reporter left contact details (they lie elsewhere).
    pub has_contact: bool,
}

impl Report {
    /// The chosen position. `None` only if a stored report lies about its own evidence.
    pub fn position(&self) -> Option<Position> {
        self.evidence.get(self.chosen).map(|e| e.position)
    }
}

/// A report as the world holds it: with who filed it, for whom and when.
#[derive(Clone, PartialEq, Debug)]
pub struct FiledReport {
    /// The observation, shared with the entry that filed it.
    pub report: Arc<Report>,
    /// Who filed it.
    pub actor: Actor,
    /// The office for which they acted; for residents none.
    pub office: Option<OfficeCode>,
    /// The operation.
    pub operation: OperationId,
    /// When it was filed, UTC.
    pub filed_at: Timestamp,
}
