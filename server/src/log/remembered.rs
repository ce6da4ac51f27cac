//! What a file in the data folder remembers of the log: its epoch and its greatest number. A database that
//! says less was restored from a backup: what viewers have seen of the lost entries is another history, so
//! the log gets another epoch.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use super::LogError;
use super::losses::Losses;
use crate::domain::entry::Seq;

const FILE: &str = "sokuho.head";

/// Entries that were there and are gone: the log's tail was torn off, or an older copy was put in its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lost {
    /// The last entry that was written.
    pub remembered: Seq,
    /// The last entry that is there.
    pub head: Seq,
}

/// The file. Written after each commit, without a sync of its own: it may say less than the database, but
/// never more.
#[derive(Debug)]
pub(super) struct Remembered {
    kept: Mutex<Kept>,
    losses: Losses,
}

#[derive(Debug, Default)]
struct Kept {
    /// `None`: only looked at.
    file: Option<File>,
    known: Option<(Uuid, Seq)>,
    /// Found by a look, and perhaps not written down by any start yet.
    seen_by_look: Option<Lost>,
    /// The file could not be written the last time.
    failing: bool,
}

impl Remembered {
    /// Opens the file in the node's folder, or makes it. To be called before the database is asked, which
    /// another process may be writing to.
    pub(super) fn open(data: &Path) -> Result<Self, LogError> {
        let kept = Kept::open(&data.join(FILE)).map_err(failed)?;
        Ok(Self { kept: Mutex::new(kept), losses: Losses::of(data) })
    }

    /// Reads the file, if it is there, and will not write to it.
    pub(super) fn look(data: &Path) -> Self {
        let known = File::open(data.join(FILE)).ok().and_then(|mut file| read(&mut file));
        Self { kept: Mutex::new(Kept { known, ..Kept::default() }), losses: Losses::of(data) }
    }

    /// The greatest number of which the file knows; 0 for none.
    pub(super) fn head(&self) -> Seq {
        self.kept().known.map_or(0, |(_, head)| head)
    }

    /// Looks whether something of this epoch is remembered and not there any more, or whether nothing is there at all,
    /// not even the epoch. A start writes that down, durably, before the file forgets it.
    pub(super) fn compare(&self, epoch: Uuid, head: Seq) -> Result<(), LogError> {
        let mut kept = self.kept();
        let Some((known, remembered)) = kept.known else { return Ok(()) };
        if (known == epoch || head == 0) && remembered > head {
            let lost = Lost { remembered, head };
            if kept.file.is_some() {
                return self.losses.note(known, lost).map_err(failed);
            }
            kept.seen_by_look = Some(lost);
        }
        Ok(())
    }

    /// Losses that nobody has acknowledged.
    pub(super) fn losses(&self) -> io::Result<Vec<Lost>> {
        let mut losses = self.losses.unseen()?;
        let by_look = self.kept().seen_by_look;
        losses.extend(by_look.filter(|lost| !losses.contains(lost)));
        Ok(losses)
    }

    /// Whether a database with this epoch and head goes on where the file left off. An empty one always
    /// does where nothing is remembered.
    pub(super) fn agrees(&self, epoch: Uuid, head: Seq) -> bool {
        self.kept().known.map_or(head == 0, |(known, least)| known == epoch && least <= head)
    }

    /// Takes note of a head at the start.
    pub(super) fn write(&self, epoch: Uuid, head: Seq) -> Result<(), LogError> {
        self.kept().write(epoch, head).map_err(failed)
    }

    /// Takes note of the head of a batch. It is durable, so a file that cannot be written must not undo it: the
    /// epoch is at stake, at a restore, and no entry.
    pub(super) fn note(&self, epoch: Uuid, head: Seq) {
        let mut kept = self.kept();
        let written = kept.write(epoch, head);
        let failed_before = std::mem::replace(&mut kept.failing, written.is_err());
        if let Err(error) = written
            && !failed_before
        {
            tracing::warn!(error = %error, "the head cannot be remembered");
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn failed(error: io::Error) -> LogError {
    let is_full = error.kind() == io::ErrorKind::StorageFull;
    let error = anyhow::Error::new(error).context("what the log remembers of itself cannot be written");
    if is_full { LogError::Full(error) } else { LogError::Storage(error) }
}

impl Kept {
    fn open(file: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(file)?;
        let known = read(&mut file);
        Ok(Self { file: Some(file), known, ..Self::default() })
    }

    fn write(&mut self, epoch: Uuid, head: Seq) -> io::Result<()> {
        if self.known == Some((epoch, head)) {
            return Ok(());
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        // Of one length, in place, with one call.
        file.seek(SeekFrom::Start(0))?;
        file.write_all(format!("{epoch} {head:020}\n").as_bytes())?;
        self.known = Some((epoch, head));
        Ok(())
    }
}

/// What cannot be read is as good as absent.
fn read(file: &mut File) -> Option<(Uuid, Seq)> {
    let mut text = String::new();
    file.take(128).read_to_string(&mut text).ok()?;
    let (epoch, head) = text.trim().split_once(' ')?;
    Some((epoch.parse().ok()?, head.parse().ok()?))
}
