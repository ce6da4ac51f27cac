//! What always holds of a region that was loaded.

use std::collections::BTreeSet;

use geo::{BoundingRect, Contains};
use geo_types::Point;

use super::{About, Boundaries};
use crate::domain::office::{Office, OfficeCode, OfficeKind};
use crate::domain::position::Bounds;
use crate::geodata::rings::{self, RingFlaw};

/// A region's parts do not fit together.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Flaw {
    /// The region's short name could not be a folder's name.
    #[error("the region's code {0:?} is not 1 to 32 of a-z, 0-9 and '-'")]
    BadCode(String),
    /// The bounds are out of order or range, or do not hold the centre.
    #[error("the region's bounds are not valid, or do not hold its centre")]
    BadBounds,
    /// The zoom is not a number from 0 to 24.
    #[error("the default zoom {0} is not within 0 to 24")]
    BadZoom(f64),
    /// The time zone is not of the form of an IANA name.
    #[error("{0:?} is not the name of a time zone")]
    BadTimeZone(String),
    /// There is no municipality.
    #[error("there is no municipality")]
    NoMunicipality,
    /// Two offices have the same code.
    #[error("the code {0} stands for two offices")]
    CodeTwice(OfficeCode),
    /// A municipality has no boundary.
    #[error("municipality {0} has no boundary")]
    NoBoundary(OfficeCode),
    /// A boundary belongs to no municipality.
    #[error("the boundary {0} belongs to no municipality")]
    StrayBoundary(OfficeCode),
    /// A neighbour is no municipality of the region, or the office itself.
    #[error("{0} names the neighbour {1}, which is no other municipality of the region")]
    UnknownNeighbour(OfficeCode, OfficeCode),
    /// A neighbour does not name it back.
    #[error("{0} names the neighbour {1}, but not the other way round")]
    OneSidedNeighbour(OfficeCode, OfficeCode),
    /// A boundary's rings are not sound.
    #[error("the boundary of {0} is not sound: {1}")]
    UnsoundBoundary(OfficeCode, RingFlaw),
    /// A municipality's label is not within its own boundary.
    #[error("the label of {0} does not lie within its own boundary")]
    LabelOutside(OfficeCode),
    /// A municipality's label lies within somebody else's boundary too.
    #[error("the label of {0} lies within the boundary of {1}")]
    LabelTaken(OfficeCode, OfficeCode),
    /// Something sticks out of the region's bounds.
    #[error("{0} sticks out of the region's bounds")]
    OutOfBounds(OfficeCode),
}

/// Verifies a region's parts together.
///
/// # Errors
/// The first [`Flaw`] that is found.
pub fn verify(about: &About, offices: &[Office], boundaries: &Boundaries) -> Result<(), Flaw> {
    verify_about(about)?;
    verify_offices(about, offices)?;
    for (code, shape) in boundaries {
        rings::check(shape).map_err(|flaw| Flaw::UnsoundBoundary(code.clone(), flaw))?;
        if !envelope(shape).is_some_and(|e| holds(&about.bounds, &e)) {
            return Err(Flaw::OutOfBounds(code.clone()));
        }
    }
    verify_fit(offices, boundaries)
}

/// Every municipality has a boundary and the other way round, and the labels lie where they should.
///
/// # Errors
/// The first [`Flaw`] that is found.
pub fn verify_fit(offices: &[Office], boundaries: &Boundaries) -> Result<(), Flaw> {
    let municipality = |code: &OfficeCode| {
        offices.iter().any(|office| office.kind == OfficeKind::Municipality && office.code == *code)
    };
    if let Some(stray) = boundaries.keys().find(|code| !municipality(code)) {
        return Err(Flaw::StrayBoundary(stray.clone()));
    }
    for office in offices.iter().filter(|office| office.kind == OfficeKind::Municipality) {
        let Some(own) = boundaries.get(&office.code) else { return Err(Flaw::NoBoundary(office.code.clone())) };
        let label = Point::new(office.label.lon(), office.label.lat());
        if !own.contains(&label) {
            return Err(Flaw::LabelOutside(office.code.clone()));
        }
        for (code, shape) in boundaries {
            if *code != office.code && shape.contains(&label) {
                return Err(Flaw::LabelTaken(office.code.clone(), code.clone()));
            }
        }
    }
    Ok(())
}

/// The box around a shape; `None` if it is empty.
pub fn envelope(shape: &geo_types::MultiPolygon<f64>) -> Option<Bounds> {
    let rect = shape.bounding_rect()?;
    Some(Bounds { west: rect.min().x, south: rect.min().y, east: rect.max().x, north: rect.max().y })
}

fn holds(outer: &Bounds, inner: &Bounds) -> bool {
    outer.west <= inner.west && inner.east <= outer.east && outer.south <= inner.south && inner.north <= outer.north
}

fn verify_about(about: &About) -> Result<(), Flaw> {
    let sound_code = (1..=32).contains(&about.code.len())
        && about.code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !sound_code {
        return Err(Flaw::BadCode(about.code.clone()));
    }
    if !about.bounds.is_valid() || !about.bounds.contains(about.centre) {
        return Err(Flaw::BadBounds);
    }
    if !(0.0..=24.0).contains(&about.default_zoom) {
        return Err(Flaw::BadZoom(about.default_zoom));
    }
    // By form only: a machine without a time zone database must still start; the browser has its own.
    let sound_zone = (1..=64).contains(&about.time_zone.len())
        && about.time_zone.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_+-".contains(&b));
    if !sound_zone {
        return Err(Flaw::BadTimeZone(about.time_zone.clone()));
    }
    Ok(())
}

fn verify_offices(about: &About, offices: &[Office]) -> Result<(), Flaw> {
    let mut seen = BTreeSet::new();
    if let Some(twice) = offices.iter().find(|office| !seen.insert(&office.code)) {
        return Err(Flaw::CodeTwice(twice.code.clone()));
    }
    let municipality =
        |code: &OfficeCode| offices.iter().find(|o| o.kind == OfficeKind::Municipality && o.code == *code);
    if !offices.iter().any(|office| office.kind == OfficeKind::Municipality) {
        return Err(Flaw::NoMunicipality);
    }
    for office in offices {
        if !about.bounds.contains(office.label) {
            return Err(Flaw::OutOfBounds(office.code.clone()));
        }
        for neighbour in &office.neighbours {
            let other = municipality(neighbour).filter(|other| other.code != office.code);
            let Some(other) = other else {
                return Err(Flaw::UnknownNeighbour(office.code.clone(), neighbour.clone()));
            };
            if !other.neighbours.contains(&office.code) {
                return Err(Flaw::OneSidedNeighbour(office.code.clone(), neighbour.clone()));
            }
        }
    }
    Ok(())
}
