//! What a node does before it can serve: opens what lies on disk, becomes the only writer, and makes the world from the
//! log.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;

use super::storage::Storage;
use crate::config::Config;
use crate::domain::clock::{Clock, Entropy};
use crate::live::replay::{self, Replayed};
use crate::log::History;

/// What a node begins with.
pub(super) struct Begun {
    pub(super) storage: Storage,
    pub(super) history: History,
    pub(super) replayed: Replayed,
}

/// Opens, claims, replays. What goes wrong lets everything go again.
///
/// # Errors
/// Whatever is in the way, as a sentence for the operator.
pub(super) async fn begin(config: &Config, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> anyhow::Result<Begun> {
    let started = Instant::now();
    let (data, postgres) = (config.data.clone(), config.database.clone());
    let storage = Storage::open(data, postgres, config.region.as_deref(), clock, entropy).await?;
    storage.log.claim().await?;
    storage.log.describe(storage.region.offices(), storage.region.boundaries()).await?;
    // From the log to the world, by the same `apply` as in life.
    let history = History::new(storage.database.clone());
    let operations = history.operations().await.context("the log cannot be read")?;
    let replayed = replay::replay(&storage.log, &operations).await.context("the log cannot be replayed")?;
    tracing::info!(entry.seq = replayed.head, duration_ms = started.elapsed().as_secs_f64() * 1e3, "replayed");
    Ok(Begun { storage, history, replayed })
}
