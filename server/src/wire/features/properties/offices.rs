//! Offices, with their ground.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::office::OfficeKind;
use crate::wire::features::{Feature, Geometry};
use crate::wire::region::Office;

/// An office, for everybody.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct OfficeProperties {
    /// What it is.
    pub kind: OfficeKind,
    /// Japanese name.
    pub name: String,
    /// Reading in hiragana.
    pub kana: String,
    /// English name.
    pub english: String,
    /// Codes of the municipalities that share a border with it, comma-separated.
    pub neighbours: String,
    /// Whether the boundary is a sketch (略図), which every map must say; `null` for an office that is a point.
    pub sketch: Option<bool>,
    /// The boundary's edition.
    pub edition: Option<String>,
    /// What to write on the map for the boundary.
    pub attribution: Option<String>,
}

/// Where a municipality's boundary comes from.
#[derive(Clone, Copy, Debug)]
pub struct BoundarySource<'a> {
    /// Whether it is a sketch.
    pub sketch: bool,
    /// Its edition.
    pub edition: &'a str,
    /// What to write on the map.
    pub attribution: &'a str,
}

/// An office as a feature: its ground, or for an office without ground the point where its name stands.
pub fn office(office: Office, ground: Option<(Geometry, BoundarySource<'_>)>) -> Feature<OfficeProperties> {
    let (geometry, source) = match ground {
        Some((geometry, source)) => (geometry, Some(source)),
        None => (Geometry::from(office.label), None),
    };
    let properties = OfficeProperties {
        kind: office.kind,
        name: office.name,
        kana: office.kana,
        english: office.english,
        neighbours: office.neighbours.join(","),
        sketch: source.map(|source| source.sketch),
        edition: source.map(|source| source.edition.to_owned()),
        attribution: source.map(|source| source.attribution.to_owned()),
    };
    Feature::new(office.code, Some(geometry), properties)
}
