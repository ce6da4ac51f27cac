//! What travels: request and response bodies, live frames, problems. The OpenAPI document and the
//! TypeScript types are made from these. Ids are UUIDs, times RFC 3339 in UTC, positions degrees WGS 84.
//!
//! Knows the domain; each conversion from it stands beside the type that it makes.

pub mod accounts;
pub mod base;
pub mod check_in;
pub mod features;
pub mod hazard;
pub mod incident;
pub mod live;
pub mod media;
pub mod operation;
pub mod problem;
pub mod region;
pub mod report;
pub mod shelter;
pub mod tiles;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain;

/// For whom something is encoded. What the public sees is made from the public encoding alone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Audience {
    /// Staff and wall displays of every office.
    Office,
    /// Everybody.
    Public,
}

/// Degrees WGS 84.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LatLon {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
}

impl From<domain::position::Position> for LatLon {
    fn from(position: domain::position::Position) -> Self {
        Self { lat: position.lat(), lon: position.lon() }
    }
}
