//! Tiles from elsewhere on our own disk: a file for each, with a budget. What was used longest ago goes first; what was
//! fetched ahead goes last, and only where it alone is too much, such as under a smaller budget.
//!
//! A file begins with a few words of ours: when the tile was fetched, how long it is, a check sum. A file that was cut
//! short by a power cut is as good as none.

use std::fs::{self, File, FileTimes};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use flate2::Crc;

use crate::Tile;

const MAGIC: &[u8; 4] = b"SkT1";

/// Bytes of our words before the tile.
const WORDS: usize = 20;

/// What a file takes of the disk at least: a block, and its place in a folder.
const BLOCK: u64 = 4_096;

/// What lies in the folder is counted anew when this part of the budget was written since: another program, such as
/// one that fetches ahead, may write into it too.
const COUNTED_AFTER: u64 = 16;

/// The folder of what was fetched ahead, beside those of the sources: no source's id has this letter.
const AHEAD: &str = "_ahead";

/// What was fetched ahead takes all of the budget but one in so many parts. It is more than what is made free at once,
/// so that whatever else is kept never has to push it out.
const NOT_AHEAD: u64 = 4;

/// One in so many parts of the budget is made free at once.
const FREED: u64 = 8;

/// How far apart two notes of a tile's use are, seconds: a note is a write.
const NOTED_EVERY: i64 = 3_600;

/// A tile that is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    /// When it was fetched, seconds since 1970.
    pub fetched: i64,
    /// The tile; empty: the source has none there.
    pub bytes: Vec<u8>,
}

/// The folder.
#[derive(Debug)]
pub struct Disk {
    folder: PathBuf,
    /// Bytes that the folder may take.
    budget: u64,
    /// Bytes of the disk that are left to others.
    keep_free: u64,
    used: AtomicU64,
    /// Bytes of these that were fetched ahead.
    ahead: AtomicU64,
    /// Bytes that were written since the folder was counted.
    uncounted: AtomicU64,
    written: AtomicU64,
    counting: Mutex<()>,
}

impl Disk {
    /// Opens a folder, or makes it, and counts what is in it.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn open(folder: &Path, budget: u64, keep_free: u64) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let files = all(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            budget,
            keep_free,
            used: AtomicU64::new(sum(&files, |_| true)),
            ahead: AtomicU64::new(sum(&files, |file| file.ahead)),
            uncounted: AtomicU64::new(0),
            written: AtomicU64::new(0),
            counting: Mutex::new(()),
        })
    }

    /// Bytes that the folder takes.
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Bytes that what was fetched ahead may take: three quarters of the budget.
    fn budget_ahead(&self) -> u64 {
        self.budget - self.budget / NOT_AHEAD
    }

    /// Counts a tile that is kept among those that were fetched ahead. `false`: they would have too much, or the tile is
    /// not kept, because the disk is full.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn keep_ahead(&self, source: &str, tile: Tile) -> io::Result<bool> {
        let (from, to) = (self.path(source, tile), self.path_ahead(source, tile));
        let size = match fs::metadata(&from) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(to.exists()),
            about => taken_by(about?.len()),
        };
        if self.ahead.load(Ordering::Relaxed) + size > self.budget_ahead() {
            return Ok(false);
        }
        fs::create_dir_all(to.parent().unwrap_or(&self.folder))?;
        fs::rename(&from, &to)?;
        self.ahead.fetch_add(size, Ordering::Relaxed);
        Ok(true)
    }

    /// The tile of a source, if it is kept and whole. `now` is noted as its last use.
    pub fn read(&self, source: &str, tile: Tile, now: i64) -> Option<Kept> {
        let (ahead, other) = (self.path_ahead(source, tile), self.path(source, tile));
        let ahead = File::open(&ahead).map(|file| (file, ahead));
        let (mut file, path) = ahead.or_else(|_| File::open(&other).map(|file| (file, other))).ok()?;
        let mut words = [0; WORDS];
        file.read_exact(&mut words).ok()?;
        let mut bytes = Vec::new();
        let length = u32::from_le_bytes(words[12..16].try_into().ok()?);
        Read::take(&file, u64::from(length) + 1).read_to_end(&mut bytes).ok()?;
        let fetched = i64::from_le_bytes(words[4..12].try_into().ok()?);
        let kept = Kept { fetched, bytes };
        if words_of(&kept) != words {
            // Somebody will fetch it again.
            if fs::remove_file(&path).is_ok() {
                self.give_back(taken(&kept));
            }
            return None;
        }
        let used = file.metadata().and_then(|about| about.modified()).ok().and_then(seconds);
        if used.is_none_or(|used| now - used > NOTED_EVERY) {
            note_use(&path, now);
        }
        Some(kept)
    }

    /// Keeps a tile; a newer one of those that were fetched ahead is one of them too. May take long, for it looks through
    /// the whole folder now and then. Makes room if there is none; keeps nothing where the disk itself has none left.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn write(&self, source: &str, tile: Tile, kept: &Kept) -> io::Result<()> {
        let size = taken(kept);
        let disk = rustix::fs::statvfs(&self.folder)?;
        if disk.f_bavail.saturating_mul(disk.f_frsize) < self.keep_free.saturating_add(size) || size > self.budget {
            return Ok(());
        }
        let ahead = Some(self.path_ahead(source, tile)).filter(|path| path.exists());
        let path = ahead.unwrap_or_else(|| self.path(source, tile));
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder)?;
        // A name of its own, then the real one at once: nobody reads half a tile.
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let new = folder.join(format!(".{}-{number}.new", std::process::id()));
        let before = fs::metadata(&path).ok().map_or(0, |about| taken_by(about.len()));
        let write = || {
            let mut file = File::create(&new)?;
            file.write_all(&words_of(kept))?;
            file.write_all(&kept.bytes)?;
            drop(file);
            note_use(&new, kept.fetched);
            fs::rename(&new, &path)
        };
        write().inspect_err(|_| _ = fs::remove_file(&new))?;
        self.used.fetch_add(size, Ordering::Relaxed);
        self.give_back(before);
        let uncounted = self.uncounted.fetch_add(size, Ordering::Relaxed) + size;
        if self.used() > self.budget || uncounted > self.budget / COUNTED_AFTER { self.count() } else { Ok(()) }
    }

    fn give_back(&self, bytes: u64) {
        let less = |used: u64| Some(used.saturating_sub(bytes));
        _ = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// Counts what lies in the folder; if it is too much, removes what was used longest ago until an eighth is free.
    fn count(&self) -> io::Result<()> {
        // Whoever comes second finds it done.
        let Ok(_alone) = self.counting.try_lock() else { return Ok(()) };
        self.uncounted.store(0, Ordering::Relaxed);
        let mut files = all(&self.folder)?;
        let (mut used, mut ahead) = (sum(&files, |_| true), sum(&files, |file| file.ahead));
        if used > self.budget {
            files.sort();
            for file in files {
                if used <= self.budget - self.budget / FREED {
                    break;
                }
                match fs::remove_file(&file.path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => used -= file.size,
                }
                ahead -= if file.ahead { file.size } else { 0 };
            }
        }
        self.used.store(used, Ordering::Relaxed);
        self.ahead.store(ahead, Ordering::Relaxed);
        Ok(())
    }

    fn path(&self, source: &str, tile: Tile) -> PathBuf {
        self.folder.join(below(source, tile))
    }

    fn path_ahead(&self, source: &str, tile: Tile) -> PathBuf {
        self.folder.join(AHEAD).join(below(source, tile))
    }
}

fn below(source: &str, tile: Tile) -> PathBuf {
    [source, &tile.z.to_string(), &tile.x.to_string(), &tile.y.to_string()].iter().collect()
}

fn words_of(kept: &Kept) -> [u8; WORDS] {
    let mut crc = Crc::new();
    crc.update(&kept.fetched.to_le_bytes());
    crc.update(&kept.bytes);
    let mut words = [0; WORDS];
    words[..4].copy_from_slice(MAGIC);
    words[4..12].copy_from_slice(&kept.fetched.to_le_bytes());
    words[12..16].copy_from_slice(&u32::try_from(kept.bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    words[16..].copy_from_slice(&crc.sum().to_le_bytes());
    words
}

fn taken(kept: &Kept) -> u64 {
    taken_by((WORDS + kept.bytes.len()) as u64)
}

fn taken_by(length: u64) -> u64 {
    length.div_ceil(BLOCK) * BLOCK
}

fn seconds(time: SystemTime) -> Option<i64> {
    time.duration_since(SystemTime::UNIX_EPOCH).ok().and_then(|since| i64::try_from(since.as_secs()).ok())
}

/// Not noting it costs the tile its place in the order, no more.
fn note_use(path: &Path, now: i64) {
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(now.max(0).unsigned_abs());
    _ = File::options().write(true).open(path).and_then(|file| file.set_times(FileTimes::new().set_modified(at)));
}

/// A file, in the order in which they go.
#[derive(PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Lying {
    ahead: bool,
    /// Seconds since 1970.
    used: Option<i64>,
    /// What it takes.
    size: u64,
    path: PathBuf,
}

fn sum(files: &[Lying], of: impl Fn(&&Lying) -> bool) -> u64 {
    files.iter().filter(of).map(|file| file.size).sum()
}

/// All files.
fn all(folder: &Path) -> io::Result<Vec<Lying>> {
    let ahead = folder.join(AHEAD);
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            // What went away meanwhile takes no room.
            let Ok(about) = entry.metadata() else { continue };
            if about.is_dir() {
                open.push(entry.path());
            } else if about.is_file() {
                let (used, path) = (about.modified().ok().and_then(seconds), entry.path());
                found.push(Lying { ahead: path.starts_with(&ahead), used, size: taken_by(about.len()), path });
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
