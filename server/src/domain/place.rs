//! A position's answer to "whose ground is this?".

use serde::{Deserialize, Serialize};

use super::office::OfficeCode;

/// Where a position lies with regard to the region's municipalities.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "standing", rename_all = "snake_case")]
pub enum Place {
    /// Within one municipality.
    Inside {
        /// The municipality.
        municipality: OfficeCode,
    },
    /// Exactly on a border. The lowest code answers, so that the answer is the same everywhere.
    OnBorder {
        /// The municipality that answers.
        municipality: OfficeCode,
        /// The others whose border it is.
        others: Box<[OfficeCode]>,
    },
    /// In no municipality of the region. Accepted and marked, not an error.
    Outside {
        /// The municipality whose border is nearest.
        nearest: OfficeCode,
        /// Metres to that border.
        distance_m: f64,
    },
}

impl Place {
    /// The municipality that answers for the ground, if it is in the region.
    pub fn municipality(&self) -> Option<&OfficeCode> {
        match self {
            Self::Inside { municipality } | Self::OnBorder { municipality, .. } => Some(municipality),
            Self::Outside { .. } => None,
        }
    }
}
