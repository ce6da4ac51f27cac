//! What one import of a base map replaces: each theme by itself. A theme is a layer, or the part of a layer that one
//! kind of official file brings, so that expressways alone (N06) do not take the other roads away.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Feature, Kind, Layer};

/// A part of a base map that comes from one source and is replaced whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// Lakes.
    Water,
    /// Rivers.
    Waterway,
    /// Railways.
    Railway,
    /// Expressways: roads of rank 1.
    Expressway,
    /// All other roads.
    Road,
    /// Stations.
    Station,
    /// Names of settlements, and of what no kind is said of.
    Settlement,
    /// Town halls and other offices.
    Office,
    /// Interchanges of expressways.
    Interchange,
    /// Summits.
    Peak,
}

impl Theme {
    /// All of them, in the order in which they are drawn.
    pub const ALL: [Self; 10] = [
        Self::Water,
        Self::Waterway,
        Self::Railway,
        Self::Expressway,
        Self::Road,
        Self::Station,
        Self::Settlement,
        Self::Office,
        Self::Interchange,
        Self::Peak,
    ];

    /// The theme to which a feature belongs.
    pub fn of(feature: &Feature) -> Self {
        match (feature.layer, feature.kind) {
            (Layer::Water, _) => Self::Water,
            (Layer::Waterway, _) => Self::Waterway,
            (Layer::Railway, _) => Self::Railway,
            (Layer::Road, _) if feature.rank == 1 => Self::Expressway,
            (Layer::Road, _) => Self::Road,
            (Layer::Station, _) => Self::Station,
            (Layer::Place, None | Some(Kind::Settlement)) => Self::Settlement,
            (Layer::Place, Some(Kind::Office)) => Self::Office,
            (Layer::Place, Some(Kind::Interchange)) => Self::Interchange,
            (Layer::Place, Some(Kind::Peak)) => Self::Peak,
        }
    }

    /// Its name for operators, and in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Water => "water",
            Self::Waterway => "waterway",
            Self::Railway => "railway",
            Self::Expressway => "expressway",
            Self::Road => "road",
            Self::Station => "station",
            Self::Settlement => "settlement",
            Self::Office => "office",
            Self::Interchange => "interchange",
            Self::Peak => "peak",
        }
    }

    /// Its Japanese name, for what is written on the map.
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::Water => "湖",
            Self::Waterway => "川",
            Self::Railway => "鉄道",
            Self::Expressway => "高速道路",
            Self::Road => "道路",
            Self::Station => "駅",
            Self::Settlement => "地名",
            Self::Office => "庁舎",
            Self::Interchange => "インターチェンジ",
            Self::Peak => "山",
        }
    }
}

impl fmt::Display for Theme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
