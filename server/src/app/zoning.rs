//! Hazard zones: what is in force at the start, the import, and open incidents looked at again by other editions.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::storage::{Storage, lock, make_private_folder};
use crate::database::{Database, Location, PostgresUrl};
use crate::domain::clock::{Clock, Entropy, HlcSource};
use crate::domain::entry::{Actor, Body, Entry, ZonesChanged};
use crate::domain::ids::{EntryId, uuid_v7};
use crate::domain::position::Bounds;
use crate::hazard::catalogue::Mapping;
use crate::hazard::edition::{About, Edition};
use crate::hazard::import::{self, Counts, Origin, Progress, Replacing};
use crate::hazard::{HazardError, InForce, folder, table};
use crate::live::replay;
use crate::log::{Draft, EntryLog, History, digest_of};

/// Entries that a retag appends at once.
const BATCH: usize = 512;

/// The zones that are in force: with PostgreSQL the tables and the data folder say the same first.
///
/// # Errors
/// [`HazardError`] with the edition that cannot be read.
pub async fn load(database: &Database, data: &Path, region: &str) -> Result<InForce, HazardError> {
    if let Database::Postgres(pool) = database {
        table::join_folder(pool, data).await?;
    }
    let (data, region) = (data.to_owned(), region.to_owned());
    off_the_runtime(move || InForce::load(&data, &region)).await
}

/// What an import put in force, from the next start.
#[derive(Debug)]
pub struct Imported {
    /// The editions.
    pub editions: Vec<Arc<About>>,
    /// What they took the place of.
    pub replacing: Vec<Replacing>,
    /// What was read.
    pub counts: Counts,
    /// How long it took.
    pub took: Duration,
}

/// A line for each thing that the operator must know.
impl fmt::Display for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { editions, replacing, counts, took } = self;
        write!(f, "{counts}")?;
        for about in editions {
            let invented = if about.demonstration { " (架空・訓練用)" } else { "" };
            let About { layer, name, edition, zones, vertices, source, source_sha256, attribution, .. } =
                about.as_ref();
            writeln!(f, "{layer} {name}: {edition}{invented}, {zones} zones, {vertices} corners")?;
            writeln!(f, "{layer} from {source}; sha256 {source_sha256}; on the map: {attribution}")?;
        }
        for layer in replacing {
            writeln!(f, "{layer}")?;
        }
        let Counts { features, refused, mended, ignored, .. } = counts;
        let seconds = took.as_secs_f64();
        write!(
            f,
            "{features} features in {seconds:.1} s ({:.0}/s): {refused} refused, {mended} mended, {ignored} of no known \
             schema",
            *features as f64 / seconds
        )
    }
}

/// What an import is asked to do.
#[derive(Debug, Clone)]
pub struct Order {
    /// The files.
    pub files: Vec<PathBuf>,
    /// What files of other schemas are.
    pub mapping: Mapping,
    /// What is said of where they come from.
    pub origin: Origin,
    /// The box of the region that the node serves, degrees WGS 84.
    pub region: Bounds,
    /// Take them in although the region loses zones.
    pub anyway: bool,
}

/// Imports files and puts the editions in force, in the table and the folder. A node may run meanwhile; it takes them
/// at its next start. An edition by which the region loses zones is refused, if the order does not say otherwise.
///
/// # Errors
/// Whatever is wrong, as a sentence for the operator. Each layer is then as it was or has its new edition; with
/// PostgreSQL all are as they were.
pub async fn import(
    postgres: Option<PostgresUrl>,
    data: &Path,
    order: Order,
    (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>),
    mut tell: impl FnMut(Progress<'_>) + Send + 'static,
) -> anyhow::Result<Imported> {
    let begun = Instant::now();
    make_private_folder(data)?;
    let database = match postgres {
        Some(url) => Some(Database::open(&Location::Postgres(url)).await?),
        None => None,
    };
    let Order { files, mapping, origin, region, anyway } = order;
    let folder_of = data.to_owned();
    let finished = off_the_runtime(move || {
        let now = clock.now();
        let mut id = || uuid_v7(now, entropy.as_ref());
        import::read(&files, &folder_of, (mapping, origin), now, &mut id, &mut tell)
    })
    .await?;
    let editions = finished.editions().map(|(_, file)| Edition::open(file));
    let editions = editions.collect::<Result<Vec<_>, HazardError>>()?;
    let mut replacing = Vec::new();
    for edition in &editions {
        let layer = edition.about.layer.clone();
        let behind = match &database {
            Some(Database::Postgres(pool)) => table::before(pool, &layer, region).await?,
            _ => None,
        };
        let (folder_of, edition) = (data.to_owned(), edition.clone());
        let compare = move || {
            let before =
                behind.map_or_else(|| folder::before(&folder_of, &layer, region), |behind| Ok(Some(behind)))?;
            Replacing::of(&edition, before, region)
        };
        replacing.push(off_the_runtime(compare).await?);
    }
    if !anyway && replacing.iter().any(Replacing::is_loss) {
        replacing.retain(Replacing::is_loss);
        return Err(HazardError::Loss { replacing, counts: Box::new(finished.counts.clone()) }.into());
    }
    if let Some(Database::Postgres(pool)) = &database {
        table::put_in_force(pool, &editions).await?;
    }
    for (about, file) in finished.editions() {
        folder::put_in_force(data, file, &about.layer)?;
    }
    let editions = editions.into_iter().map(|edition| edition.about).collect();
    Ok(Imported { editions, replacing, counts: finished.counts.clone(), took: begun.elapsed() })
}

async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, HazardError> + Send + 'static,
) -> Result<T, HazardError> {
    let working = tokio::task::spawn_blocking(work);
    working.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

/// What a retag found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Retagged {
    /// Open incidents that were looked at.
    pub open: usize,
    /// Of these, those that lie in other zones now.
    pub changed: usize,
}

/// Looks at all open incidents again by the zones that are in force, and writes an entry for each that lies in others
/// than it carries. No node may run meanwhile: a node alone numbers entries.
///
/// # Errors
/// Whatever is wrong, as a sentence for the operator. What was written before it stays written, and the same command
/// goes on from there.
pub async fn retag(storage: &Storage, clock: &dyn Clock, entropy: &dyn Entropy) -> anyhow::Result<Retagged> {
    let _only_node = lock(&storage.data)?;
    let log = &storage.log;
    log.claim().await?;
    let in_force = load(&storage.database, &storage.data, storage.region.code()).await?;
    let operations = History::new(storage.database.clone()).operations().await.context("the log cannot be read")?;
    let replayed = replay::replay(log, &operations).await.context("the log cannot be replayed")?;
    let hlc = HlcSource::default();
    hlc.observe(replayed.hlc);
    let places = replayed.world.open_places();
    let open = places.len();
    let mut drafts = Vec::new();
    for (incident, operation, position, carried) in places {
        let zones = in_force.at(position);
        if zones == carried {
            continue;
        }
        let now = clock.now();
        let body = Body::ZonesChanged(ZonesChanged { incident, zones });
        let id = EntryId(uuid_v7(now, entropy));
        let digest = digest_of(&[body.kind().as_bytes(), body.encode()?.as_bytes()]);
        let (origin, hlc, actor) = (log.node(), hlc.tick(now), Actor::System);
        let entry = Entry { id, origin, hlc, actor, office: None, operation, body };
        drafts.push(Draft::new(entry, digest, None)?);
    }
    let changed = drafts.len();
    for batch in drafts.chunks(BATCH) {
        let appended = log.append(batch).await.context("the log did not take the entries")?;
        if appended.len() != batch.len() {
            bail!("the log took {} of {} entries", appended.len(), batch.len());
        }
    }
    Ok(Retagged { open, changed })
}
