//! The ground that a node stands on: what it knows of its region before anybody reports anything.

use std::sync::Arc;

use super::{maps, zoning};
use crate::base::Base;
use crate::config::Config;
use crate::database::Database;
use crate::hazard::InForce;
use crate::locate::Locator;
use crate::region::Region;
use crate::shelters::Shelters;

/// All of it as it is in force since this start.
pub(super) struct Ground {
    pub(super) region: Region,
    pub(super) base: Base,
    /// Whose ground a place is.
    pub(super) locator: Arc<Locator>,
    pub(super) shelters: Arc<Shelters>,
    /// Hazard zones.
    pub(super) hazard: Arc<InForce>,
}

impl Ground {
    /// What is in force in this region.
    ///
    /// # Errors
    /// What is wrong with any of it: a map that lacks a part must not look as if there were nothing.
    pub(super) async fn in_force(config: &Config, region: Region, database: &Database) -> anyhow::Result<Self> {
        let base = maps::base(config, &region).await?;
        let locator = Arc::new(Locator::new(&region));
        let shelters = Arc::new(Shelters::in_force(&config.data, &region, &locator)?);
        let hazard = Arc::new(zoning::load(database, &config.data, region.code()).await?);
        tracing::info!(layers = hazard.layers().len(), zones = hazard.len(), "hazard zones are in force");
        Ok(Self { region, base, locator, shelters, hazard })
    }
}
