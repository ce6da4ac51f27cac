//! What an edition takes the place of: so that one mistyped file does not take the zones of a region away.

use std::fmt;

use geo::{BoundingRect as _, Intersects as _};
use geo_types::{Coord, Rect};

use super::super::HazardError;
use super::super::edition::Edition;
use crate::domain::position::Bounds;
use crate::geodata::is_loss;

/// An edition that is to come into force, and the one before. Of a zone that lies in the region its box and the region's
/// meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacing {
    /// The layer's id.
    pub layer: String,
    /// Zones.
    pub zones: u32,
    /// Of these, in the region.
    pub here: u32,
    /// What is in force; `None` where nothing was imported.
    pub before: Option<Before>,
}

/// An edition that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    /// Which edition, for people.
    pub edition: String,
    /// Zones.
    pub zones: u32,
    /// Of these, in the region.
    pub here: u32,
}

impl Before {
    /// An imported edition, and how much of it lies in the region.
    ///
    /// # Errors
    /// [`HazardError`] if it cannot be read.
    pub fn of(edition: &Edition, region: Bounds) -> Result<Self, HazardError> {
        let about = &edition.about;
        Ok(Self { edition: about.edition.clone(), zones: about.zones, here: here(edition, region)? })
    }
}

impl Replacing {
    /// What becomes of a layer.
    ///
    /// # Errors
    /// [`HazardError`] if the edition cannot be read.
    pub fn of(edition: &Edition, before: Option<Before>, region: Bounds) -> Result<Self, HazardError> {
        let about = &edition.about;
        Ok(Self { layer: about.layer.clone(), zones: about.zones, here: here(edition, region)?, before })
    }

    /// Whether the region would be left without zones, or with fewer than half of those before.
    pub fn is_loss(&self) -> bool {
        is_loss(self.here as usize, self.before.as_ref().map(|before| before.here as usize))
    }
}

impl fmt::Display for Replacing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { layer, zones, here, before } = self;
        write!(f, "{layer}: {here} of {zones} zones lie in the region; ")?;
        match before {
            Some(Before { edition, zones, here }) => write!(f, "before, in {edition}, {here} of {zones}"),
            None => write!(f, "nothing was imported before"),
        }
    }
}

/// How many zones lie in the region.
fn here(edition: &Edition, region: Bounds) -> Result<u32, HazardError> {
    let Bounds { west, south, east, north } = region;
    let region = Rect::new(Coord { x: west, y: south }, Coord { x: east, y: north });
    let mut here = 0;
    for zone in edition.zones() {
        let (_, shape) = zone?;
        here += u32::from(shape.bounding_rect().is_some_and(|reach| reach.intersects(&region)));
    }
    Ok(here)
}
