//! `sokuho retag`: open incidents by the hazard zones that are in force.

use std::sync::Arc;

use sokuho::app::zoning;
use sokuho::domain::clock::{SystemClock, SystemEntropy};

use super::out::say;
use super::place::Place;

/// Looks at them and says how many lie elsewhere now.
pub async fn run(place: Place, clock: Arc<SystemClock>, entropy: Arc<SystemEntropy>) -> anyhow::Result<()> {
    let storage = place.open(clock.clone(), entropy.clone()).await?;
    let looked = zoning::retag(&storage, clock.as_ref(), entropy.as_ref()).await;
    storage.log.close().await;
    let zoning::Retagged { open, changed } = looked?;
    say!("{open} open incidents were looked at; {changed} lie in other zones now")
}
