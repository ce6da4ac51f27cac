//! `sokuho rebuild`: the projection anew.

use std::sync::Arc;

use anyhow::bail;
use sokuho::app::keeping;
use sokuho::domain::clock::{SystemClock, SystemEntropy};

use super::out::say;
use super::place::Place;

/// Makes it and says how much is in it.
pub async fn run(place: Place, clock: Arc<SystemClock>, entropy: Arc<SystemEntropy>) -> anyhow::Result<()> {
    let storage = place.open(clock, entropy).await?;
    let waits = |holder: &str| eprintln!("waiting for {holder}, which holds the tables");
    let Some(made) = keeping::rebuild(&storage, waits).await? else {
        bail!("SQLite has no projection; it comes with PostgreSQL (--database)");
    };
    say!("{} reports, {} incidents, {} check-ins", made.reports, made.incidents, made.check_ins)
}
