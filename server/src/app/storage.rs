//! What lies on disk, and who may work on it.

use std::fs::{self, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};

use super::keeping;
use crate::database::{Database, Location, PostgresUrl};
use crate::domain::clock::{Clock, Entropy};
use crate::identity;
use crate::identity::registry::Registry;
use crate::log::EntryLog;
use crate::log::backend::Log;
use crate::region::Region;

/// Whoever holds a lock on this file of the data folder works on it alone.
pub(super) const LOCK: &str = "node.lock";

/// What lies on disk: the log, the accounts, the region. The command line needs no more.
pub struct Storage {
    /// Data folder.
    pub data: PathBuf,
    /// The database.
    pub database: Database,
    /// The log.
    pub log: Arc<Log>,
    /// Accounts and tokens.
    pub registry: Registry,
    /// The region.
    pub region: Region,
}

impl Storage {
    /// Opens what lies below `data`, or makes it. The log and the accounts lie in the PostgreSQL database, if
    /// one is given.
    ///
    /// # Errors
    /// Whatever is wrong, as a sentence for the operator.
    pub async fn open(
        data: PathBuf,
        postgres: Option<PostgresUrl>,
        region: Option<&Path>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> anyhow::Result<Self> {
        make_private_folder(&data)?;
        if data.join(keeping::RESTORING).exists() {
            bail!("a restore into {} was not finished: run it again", show(&data));
        }
        let region = region_of(region)?.with_imported(&data)?;
        let keys = data.join("keys");
        let location = location(&data, postgres);
        let had_keys = keys.join(identity::KEY_FILE).exists();
        // Half of a node is a loss that must be noticed, not a reason to begin anew in silence.
        if let Location::File(file) = &location
            && had_keys
            && fs::metadata(file).map_or(0, |file| file.len()) == 0
        {
            bail!("{location} is missing, but {} is there: put the log back, or move both away", show(&keys));
        }
        let database = Database::open(&location).await?;
        let log = Log::open(&database, &data, clock.as_ref(), entropy.as_ref()).await?;
        let head = log.head().await?;
        if !had_keys && head > 0 {
            bail!("{} is missing, but the log has entries: without it every receipt link dies", show(&keys));
        }
        let remembered = log.remembered();
        if matches!(location, Location::Postgres(_)) && head == 0 && remembered > 0 {
            let there = show(&data);
            bail!(
                "{location} has no entries, but the log of {there} had {remembered}: is it the right database? Restore \
                 a backup into it, or move {there} away to begin anew"
            );
        }
        let registry = Registry::open(database.clone(), &keys, log.node(), clock, entropy).await?;
        Ok(Self { data, database, log: Arc::new(log), registry, region })
    }
}

pub(super) fn location(data: &Path, postgres: Option<PostgresUrl>) -> Location {
    postgres.map_or_else(|| Location::File(data.join("sokuho.sqlite")), Location::Postgres)
}

/// Readable by its owner only: residents' photos lie in it, with all that their phones wrote into them.
pub(super) fn make_private_folder(folder: &Path) -> anyhow::Result<()> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("cannot make the folder {}", show(folder)))
}

fn show(path: &Path) -> std::path::Display<'_> {
    path.display()
}

/// The region in a folder, or the built-in one.
///
/// # Errors
/// What is wrong with the folder.
pub fn region_of(folder: Option<&Path>) -> anyhow::Result<Region> {
    Ok(folder.map_or_else(Region::built_in, Region::load)?)
}

/// Two nodes on one folder would write two histories into one log.
pub(super) fn lock(data: &Path) -> anyhow::Result<File> {
    let path = data.join(LOCK);
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => bail!("another node runs on the folder {}", data.display()),
        Err(fs::TryLockError::Error(error)) => Err(error).context("the data folder cannot be locked"),
    }
}
