//! The demonstration of the built-in region: invented zones, marked 架空・訓練用, in force while nothing is imported.

use std::sync::Arc;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::HazardError;
use super::catalogue::{Catalogue, Mapping};
use super::edition::{About, Edition};
use super::import::{Drafts, Made, Origin};
use crate::geodata::features_of_geojson;

/// The region that has one, and its zones, which `data/hazard/aizu-demo.py` makes.
const DEMO: (&str, &str) = ("aizu", include_str!("../../../data/hazard/aizu-demo.geojson"));

/// What is told of where it comes from.
const EDITION: &str = "架空・訓練用（会津）";

/// The demonstration's editions; none for a region without.
pub(super) fn editions(region: &str) -> Result<Vec<Edition>, HazardError> {
    let (of, text) = DEMO;
    if region != of {
        return Ok(Vec::new());
    }
    let file = "data/hazard/aizu-demo.geojson";
    let origin = Origin {
        edition: Some(EDITION.to_owned()),
        source: Some("Sokuho（架空）".to_owned()),
        licence: Some("MIT OR Apache-2.0".to_owned()),
        attribution: Some("架空・訓練用のハザード区域（実在の区域ではありません）".to_owned()),
    };
    let mut drafts = Drafts::new(Catalogue::built_in()?, Mapping::default(), origin, None);
    features_of_geojson(file, text.as_bytes(), |feature| drafts.take(file, feature))?;
    let mut editions = Vec::new();
    for (_, made) in drafts.finish(Timestamp::UNIX_EPOCH, &mut Uuid::nil)? {
        if let Made::Memory(bytes) = made {
            let mut edition = Edition::in_memory(bytes)?;
            // Its id is always the same: this tells one demonstration from the next.
            let source_sha256 = hex::encode(Sha256::digest(text));
            edition.about = Arc::new(About { source_sha256, ..(*edition.about).clone() });
            editions.push(edition);
        }
    }
    Ok(editions)
}
