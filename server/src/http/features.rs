//! Door: OGC API – Features, Part 1 Core (OGC 17-069r4), with GeoJSON: what GIS programs connect to. Served
//! from memory. docs/gis.md says how to connect.
//!
//! `landing` is where a program begins, `collections` says which there are, and each collection has a file
//! of its own: `incidents`, `offices` and `shelters` for everybody, `reports` and `check_ins` for staff and walls.
//! `query` reads what is asked for, `page` writes features slice by slice.

mod check_ins;
mod collections;
mod definition;
mod incidents;
mod landing;
mod offices;
mod page;
mod query;
mod reports;
mod shelters;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::offices::OfficeFeature;
use super::export::ExportDoor;
use crate::domain::clock::Clock;
use crate::domain::ids::OperationId;
use crate::domain::position::{Bounds, Position};
use crate::live::Live;
use crate::live::world::World;
use crate::region::Region;
use crate::shelters::Shelters;
use crate::wire::Audience;
use crate::wire::operation::Operation;

/// Where it begins.
const ROOT: &str = "/ogc";

/// How old what is told of a collection's extent may be, by the steady clock: it goes through all reports.
const FRESH: Duration = Duration::from_secs(5);

/// What this door needs.
#[derive(Clone)]
pub struct FeaturesState(Arc<Inner>);

struct Inner {
    live: Arc<Live>,
    clock: Arc<dyn Clock>,
    exports: ExportDoor,
    name: String,
    bounds: Bounds,
    attribution: String,
    sketch: bool,
    offices: Vec<OfficeFeature>,
    shelters: Arc<Shelters>,
    shelter_bounds: Bounds,
    definition: serde_json::Value,
    office_extent: Mutex<Option<(Instant, Bounds)>>,
    public_extent: Mutex<Option<(Instant, Bounds)>>,
}

impl FeaturesState {
    /// The door to this world in this region.
    ///
    /// # Errors
    /// If an office cannot be written as JSON; a verified region's can.
    pub fn new(
        region: &Region,
        shelters: Arc<Shelters>,
        live: Arc<Live>,
        clock: Arc<dyn Clock>,
        exports: ExportDoor,
    ) -> Result<Self, serde_json::Error> {
        // A point of the list may lie a little outside of the boundaries.
        let at = |at: Position| Bounds { west: at.lon(), south: at.lat(), east: at.lon(), north: at.lat() };
        let boxes = shelters.all().iter().map(|shelter| at(shelter.position));
        let shelter_bounds = boxes.fold(region.bounds(), |all, one| all.with(&one));
        Ok(Self(Arc::new(Inner {
            live,
            clock,
            exports,
            name: region.about().name.clone(),
            bounds: region.bounds(),
            attribution: region.attribution().to_owned(),
            sketch: region.is_sketch(),
            offices: offices::features(region)?,
            shelters,
            shelter_bounds,
            definition: definition::document(&region.about().name)?,
            office_extent: Mutex::default(),
            public_extent: Mutex::default(),
        })))
    }

    /// The box that holds the region and every report, as the audience sees their positions.
    fn extent(&self, audience: Audience) -> Bounds {
        let kept = match audience {
            Audience::Office => &self.0.office_extent,
            Audience::Public => &self.0.public_extent,
        };
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((made_at, extent)) = *kept
            && made_at.elapsed() < FRESH
        {
            return extent;
        }
        let reports = self.0.live.read().extent(audience);
        let extent = reports.map_or(self.0.bounds, |reports| self.0.bounds.with(&reports));
        *kept = Some((Instant::now(), extent));
        extent
    }
}

/// The operation as it travels, if its beginning has arrived.
fn operation(world: &World, id: OperationId) -> Option<Operation> {
    world.operation(id).map(|(operation, open)| Operation::of(operation, open))
}

/// The door's routes.
pub fn routes() -> OpenApiRouter<FeaturesState> {
    OpenApiRouter::new()
        .routes(routes!(landing::landing))
        .routes(routes!(landing::landing_with_slash))
        .routes(routes!(landing::api))
        .routes(routes!(landing::conformance))
        .routes(routes!(collections::list))
        .routes(routes!(incidents::collection))
        .routes(routes!(incidents::items))
        .routes(routes!(incidents::item))
        .routes(routes!(reports::collection))
        .routes(routes!(reports::items))
        .routes(routes!(reports::item))
        .routes(routes!(offices::collection))
        .routes(routes!(offices::items))
        .routes(routes!(offices::item))
        .routes(routes!(check_ins::collection))
        .routes(routes!(check_ins::items))
        .routes(routes!(check_ins::item))
        .routes(routes!(shelters::collection))
        .routes(routes!(shelters::items))
        .routes(routes!(shelters::item))
}

#[cfg(test)]
mod tests;
