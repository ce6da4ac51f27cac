//! Backup and restore of a whole node: which database, which folder, in which order.

use std::fs;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};

use super::storage::{LOCK, Storage, lock, make_private_folder};
use crate::audit::By;
use crate::backup::archive::{Archive, put};
use crate::backup::{BackupError, KEY, Manifest, Tell, fill, make};
use crate::database::{Database, Location, PostgresUrl};
use crate::domain::clock::{Clock, Entropy};
use crate::domain::entry::Seq;
use crate::domain::ids::uuid_v7;
use crate::locate::Locator;
use crate::log::EntryLog;
use crate::log::backend::Log;
use crate::log::postgres::projection::Rebuilt;
use crate::shelters::Shelters;

/// Makes a backup of the node in `data`, which may run meanwhile.
///
/// # Errors
/// Whatever is wrong, as a sentence for the operator. There is no file then.
pub async fn backup(
    storage: &Storage,
    file: &Path,
    with_media: bool,
    by: By,
    clock: &dyn Clock,
    tell: Tell<'_>,
) -> anyhow::Result<Manifest> {
    let source = make::Source { database: &storage.database, data: &storage.data, with_media };
    let made = make::make(source, file, by, clock, tell).await;
    storage.log.close().await;
    storage.database.close().await;
    Ok(made?)
}

/// How long a rebuild waits before it looks whom it waits for, and again.
const WAITS: Duration = Duration::from_secs(2);

/// Makes the projection anew from the log, and writes down what is known of offices and shelters, as a start does.
/// `None` where there is no projection, in SQLite. `waits_for` is told of whoever holds the tables meanwhile.
///
/// # Errors
/// Whatever is wrong, as a sentence for the operator.
pub async fn rebuild(storage: &Storage, mut waits_for: impl FnMut(&str)) -> anyhow::Result<Option<Rebuilt>> {
    let (log, region) = (&storage.log, &storage.region);
    let shelters = Shelters::in_force(&storage.data, region, &Locator::new(region))?;
    let mut work = pin!(log.rebuild(region.offices(), region.boundaries()));
    let mut told = None;
    let made = loop {
        match tokio::time::timeout(WAITS, &mut work).await {
            Ok(made) => break made?,
            Err(_) => {
                // The rebuild itself says what is wrong with the database.
                let holder = log.held_up_by().await.unwrap_or_default();
                if let Some(holder) = holder.filter(|holder| told.as_ref() != Some(holder)) {
                    waits_for(&holder);
                    told = Some(holder);
                }
            }
        }
    };
    if made.is_some() {
        log.describe_shelters(shelters.all(), shelters.is_demonstration()).await?;
    }
    log.close().await;
    Ok(made)
}

/// What a restore made.
#[derive(Debug)]
pub struct Restored {
    /// What the backup said of itself.
    pub manifest: Manifest,
    /// The name of the restored history.
    pub epoch: uuid::Uuid,
    /// Its last entry.
    pub head: Seq,
}

/// Where it is restored, and by whom.
pub struct Target {
    /// The data folder: absent, or without a node in it.
    pub data: PathBuf,
    /// The empty PostgreSQL database, if it is to lie there.
    pub postgres: Option<PostgresUrl>,
    /// Who restores.
    pub by: By,
    /// Wall clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// The folder in which a restore works: while it is there, none was finished.
pub(super) const RESTORING: &str = "restoring";

/// Restores a backup into an empty place. Everything is verified before anything is written.
///
/// # Errors
/// Whatever is wrong, as a sentence for the operator. Then there is no log, no secret and no boundaries that were not
/// there before; photos that were laid down already stay, for the next attempt needs them as they are. What a kill
/// leaves behind, the next attempt with the same backup replaces.
pub async fn restore(file: &Path, target: Target, tell: Tell<'_>) -> anyhow::Result<Restored> {
    // It blocks, and nothing else runs yet.
    let mut archive = tokio::task::block_in_place(|| {
        let mut archive = Archive::open(file, tell)?;
        archive.verify(tell).map(|()| archive)
    })?;
    let key = archive.key()?;
    must_be_empty(&target.data, target.postgres.is_none(), &key)?;
    let (data, was_there) = (target.data.clone(), target.data.exists());
    make_private_folder(&data)?;
    let _only_one = lock(&data)?;
    let restored = restore_alone(archive, &key, target, tell).await;
    if restored.is_err() && !was_there {
        // Only what is empty goes: photos that were laid down stay for the next attempt.
        let _ = fs::remove_file(data.join(LOCK)).and_then(|()| fs::remove_dir(&data));
    }
    restored
}

/// Restores into a folder that nobody else uses.
async fn restore_alone(archive: Archive, key: &[u8], target: Target, tell: Tell<'_>) -> anyhow::Result<Restored> {
    let Target { data, postgres, by, clock, entropy } = target;
    // A SQLite file is filled in a folder of its own, and comes to its place whole.
    let staging = data.join(RESTORING);
    remove(&staging)?;
    make_private_folder(&staging)?;
    let location = match &postgres {
        Some(url) => Location::Postgres(url.clone()),
        None => Location::File(staging.join("sokuho.sqlite")),
    };
    let place = Place { location: &location, data: &data, staging: &staging, key };
    let mut laid = Laid::default();
    let filled = place.fill(archive, &mut laid, by, clock.as_ref(), entropy.as_ref(), tell).await;
    remove(&staging)?;
    let manifest = filled.inspect_err(|_| laid.take_back())?;

    // Opened and claimed as at every start: it takes note of the restored history.
    let location = postgres.map_or_else(|| Location::File(data.join("sokuho.sqlite")), Location::Postgres);
    let database = Database::open(&location).await?;
    let log = Log::open(&database, &data, clock.as_ref(), entropy.as_ref()).await?;
    log.claim().await?;
    let restored = Restored { manifest, epoch: log.epoch(), head: log.head().await? };
    log.close().await;
    database.close().await;
    Ok(restored)
}

/// Files that a restore laid where none was: if it fails they must go, or the next attempt, with another backup, would
/// find another node's secret.
#[derive(Default)]
struct Laid(Vec<PathBuf>);

impl Laid {
    fn put(
        &mut self,
        place: PathBuf,
        write: impl FnOnce(&mut fs::File) -> Result<(), BackupError>,
    ) -> anyhow::Result<()> {
        let is_new = !place.exists();
        put(&place, write)?;
        if is_new {
            self.0.push(place);
        }
        Ok(())
    }

    fn take_back(&self) {
        for place in &self.0 {
            // The restore has failed already, and says why; an empty folder may stay.
            let _ = fs::remove_file(place);
        }
    }
}

/// Where a restore works.
struct Place<'a> {
    location: &'a Location,
    data: &'a Path,
    staging: &'a Path,
    key: &'a [u8],
}

impl Place<'_> {
    /// Fills the database, lays the files beside it, and last of all makes both be there.
    async fn fill(
        &self,
        archive: Archive,
        laid: &mut Laid,
        by: By,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
        tell: Tell<'_>,
    ) -> anyhow::Result<Manifest> {
        let database = Database::open(self.location).await?;
        // Before the log is opened: a log that is there would think that it was restored, and change its name.
        fill::must_be_empty(&database).await?;
        // It makes the node's row; and no other node may write to the database meanwhile.
        let log = Log::open(&database, self.staging, clock, entropy).await?;
        log.claim().await?;
        let epoch = uuid_v7(clock.now(), entropy);
        let (mut archive, transaction) = fill::fill(archive, &database, epoch, by, clock, tell).await?;
        tokio::task::block_in_place(|| {
            archive.restore_media(&self.data.join("media"), tell)?;
            for part in archive.imported() {
                laid.put(self.data.join(&part.name), |file| archive.copy(&part, file))?;
            }
            let write = |file: &mut fs::File| {
                use std::io::Write;
                file.write_all(self.key).map_err(|error| BackupError::File(self.data.join(KEY), error))
            };
            laid.put(self.data.join(KEY), write)
        })?;
        transaction.commit().await.context("the database failed")?;
        log.close().await;
        database.close().await;
        if let Location::File(file) = self.location {
            let target = self.data.join("sokuho.sqlite");
            // What is left of its log has been moved into it when the last connection was closed.
            if fs::metadata(file.with_extension("sqlite-wal")).is_ok_and(|wal| wal.len() > 0) {
                bail!("{} could not be closed", file.display());
            }
            fs::rename(file, &target).with_context(|| format!("{} cannot be put in its place", target.display()))?;
            fs::File::open(self.data)?.sync_all()?;
        }
        Ok(archive.manifest().clone())
    }
}

/// A node that is there stays: neither its log nor its secret is replaced.
fn must_be_empty(data: &Path, in_file: bool, key: &[u8]) -> Result<(), BackupError> {
    let log = data.join("sokuho.sqlite");
    if in_file && fs::metadata(&log).is_ok_and(|file| file.len() > 0) {
        return Err(BackupError::NotEmpty(log.display().to_string()));
    }
    // The same secret may lie there: of an attempt that was killed, or of the node that is being moved.
    match fs::read(data.join(KEY)) {
        Ok(there) if there != key => Err(BackupError::NotEmpty(data.join("keys").display().to_string())),
        _ => Ok(()),
    }
}

fn remove(folder: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be removed", folder.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::Progress;
    use crate::log::samples::{Counting, Midnight, draft, filed};

    /// A backup of a node with this secret.
    async fn backup_of(folder: &Path, secret: &str) -> PathBuf {
        let data = folder.join(secret);
        for below in ["keys", "region/aizu"] {
            fs::create_dir_all(data.join(below)).unwrap();
        }
        let database = Database::open(&Location::File(data.join("sokuho.sqlite"))).await.unwrap();
        let log = Log::open(&database, &data, &Midnight, &Counting::default()).await.unwrap();
        log.append(&[draft(filed(1))]).await.unwrap();
        fs::write(data.join(KEY), secret.repeat(32)).unwrap();
        fs::write(data.join("region/aizu/boundaries.geojson"), "{}").unwrap();
        let file = folder.join(format!("{secret}.zip"));
        let source = make::Source { database: &database, data: &data, with_media: false };
        make::make(source, &file, By::node(), &Midnight, &mut |_: Progress<'_>| {}).await.unwrap();
        file
    }

    async fn restored(file: &Path, data: &Path, tell: Tell<'_>) -> anyhow::Result<Restored> {
        let (clock, entropy) = (Arc::new(Midnight), Arc::new(Counting::default()));
        let target = Target { data: data.to_owned(), postgres: None, by: By::node(), clock, entropy };
        restore(file, target, tell).await
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_restore_that_fails_at_its_very_end_leaves_no_secret_in_the_way_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (backup_of(folder.path(), "ab").await, backup_of(folder.path(), "cd").await);
        let data = folder.path().join("data");
        // While the database is being filled, something gets into the place where it is to lie at last.
        let in_the_way = data.join("sokuho.sqlite").join("something");
        let mut spoil = |_: Progress<'_>| {
            if data.join(RESTORING).exists() {
                fs::create_dir_all(&in_the_way).unwrap();
            }
        };
        let failed = restored(&one, &data, &mut spoil).await.unwrap_err();
        assert!(failed.to_string().contains("cannot be put in its place"), "{failed}");
        assert!(!data.join(KEY).exists() && !data.join("region/aizu/boundaries.geojson").exists());

        fs::remove_dir_all(data.join("sokuho.sqlite")).unwrap();
        assert_eq!(restored(&other, &data, &mut |_: Progress<'_>| {}).await.unwrap().head, 1);
        assert_eq!(fs::read_to_string(data.join(KEY)).unwrap(), "cd".repeat(32));
    }
}
