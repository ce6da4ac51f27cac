//! Tiles from elsewhere on our own disk: a file for each, with a budget. What was used longest ago goes first.
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
        let used = all(folder)?.iter().map(|(_, size, _)| size).sum();
        Ok(Self {
            folder: folder.to_owned(),
            budget,
            keep_free,
            used: AtomicU64::new(used),
            uncounted: AtomicU64::new(0),
            written: AtomicU64::new(0),
            counting: Mutex::new(()),
        })
    }

    /// Bytes that the folder takes.
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Bytes that it may take.
    pub fn budget(&self) -> u64 {
        self.budget
    }

    /// The tile of a source, if it is kept and whole. `now` is noted as its last use.
    pub fn read(&self, source: &str, tile: Tile, now: i64) -> Option<Kept> {
        let path = self.path(source, tile);
        let mut file = File::open(&path).ok()?;
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

    /// Keeps a tile. May take long, for it looks through the whole folder now and then. Makes room if there is none; keeps nothing where the disk itself has none left.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn write(&self, source: &str, tile: Tile, kept: &Kept) -> io::Result<()> {
        let size = taken(kept);
        let disk = rustix::fs::statvfs(&self.folder)?;
        if disk.f_bavail.saturating_mul(disk.f_frsize) < self.keep_free.saturating_add(size) || size > self.budget {
            return Ok(());
        }
        let path = self.path(source, tile);
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
        let mut used: u64 = files.iter().map(|(_, size, _)| size).sum();
        if used > self.budget {
            files.sort();
            for (_, size, path) in files {
                if used <= self.budget - self.budget / 8 {
                    break;
                }
                match fs::remove_file(&path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => used -= size,
                }
            }
        }
        self.used.store(used, Ordering::Relaxed);
        Ok(())
    }

    fn path(&self, source: &str, tile: Tile) -> PathBuf {
        self.folder.join(source).join(tile.z.to_string()).join(tile.x.to_string()).join(tile.y.to_string())
    }
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

/// All files, with their last use and what they take.
fn all(folder: &Path) -> io::Result<Vec<(Option<i64>, u64, PathBuf)>> {
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
                found.push((about.modified().ok().and_then(seconds), taken_by(about.len()), entry.path()));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tile(x: u32) -> Tile {
        Tile { z: 14, x, y: 7 }
    }

    fn kept(fetched: i64, length: usize) -> Kept {
        Kept { fetched, bytes: vec![7; length] }
    }

    #[test]
    fn a_tile_is_kept_and_counted_and_found_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::open(folder.path(), 1 << 20, 0).unwrap();
        assert_eq!(disk.read("std", tile(1), 100), None);
        disk.write("std", tile(1), &kept(100, 5_000)).unwrap();
        disk.write("std", tile(2), &kept(100, 0)).unwrap();
        disk.write("std", tile(1), &kept(200, 3_000)).unwrap();
        assert_eq!((disk.read("std", tile(1), 300), disk.used()), (Some(kept(200, 3_000)), 2 * BLOCK));
        let again = Disk::open(folder.path(), 1 << 20, 0).unwrap();
        assert_eq!((again.read("std", tile(2), 300), again.used()), (Some(kept(100, 0)), 2 * BLOCK));
        assert_eq!(again.read("pale", tile(1), 300), None, "another source has another tile");
    }

    #[test]
    fn a_file_that_was_cut_short_or_changed_is_as_good_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::open(folder.path(), 1 << 20, 0).unwrap();
        for spoil in [
            (|bytes: &mut Vec<u8>| bytes.truncate(50)) as fn(&mut Vec<u8>),
            |bytes| bytes.truncate(3),
            |bytes| bytes[100] ^= 1,
            |bytes| bytes[5] ^= 1,
            |bytes| bytes.push(0),
        ] {
            disk.write("std", tile(1), &kept(100, 500)).unwrap();
            let path = disk.path("std", tile(1));
            let mut bytes = fs::read(&path).unwrap();
            spoil(&mut bytes);
            fs::write(&path, bytes).unwrap();
            assert_eq!(disk.read("std", tile(1), 100), None);
        }
    }

    #[test]
    fn the_folder_stays_within_its_budget_and_what_was_used_longest_ago_goes() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::open(folder.path(), 64 * BLOCK, 0).unwrap();
        for n in 0..200_u32 {
            let now = i64::from(n) * (NOTED_EVERY + 1);
            disk.write("std", tile(n), &kept(now, 1_000)).unwrap();
            assert!(disk.read("std", tile(0), now).is_some(), "it is used again and again");
            assert!(disk.used() <= 64 * BLOCK, "{}", disk.used());
        }
        assert_eq!(all(folder.path()).unwrap().iter().map(|(_, size, _)| size).sum::<u64>(), disk.used());
        assert!(disk.read("std", tile(1), 0).is_none() && disk.read("std", tile(199), 0).is_some());
    }

    #[test]
    fn two_who_write_into_one_folder_stay_near_the_budget_together() {
        let folder = tempfile::tempdir().unwrap();
        let budget = 64 * BLOCK;
        let both = [0, 1].map(|_| Disk::open(folder.path(), budget, 0).unwrap());
        for n in 0..200_u32 {
            for (x, disk) in both.iter().enumerate() {
                disk.write("std", Tile { z: 14, x: u32::try_from(x).unwrap(), y: n }, &kept(n.into(), 1_000)).unwrap();
            }
            let taken: u64 = all(folder.path()).unwrap().iter().map(|(_, size, _)| size).sum();
            assert!(taken <= budget + budget / 8, "{} blocks", taken / BLOCK);
        }
    }

    #[test]
    fn nothing_is_kept_where_the_disk_has_no_room_or_the_tile_no_place() {
        let folder = tempfile::tempdir().unwrap();
        let full = Disk::open(folder.path(), 1 << 20, u64::MAX).unwrap();
        full.write("std", tile(1), &kept(100, 500)).unwrap();
        let small = Disk::open(folder.path(), BLOCK, 0).unwrap();
        small.write("std", tile(1), &kept(100, 5_000)).unwrap();
        assert_eq!(small.read("std", tile(1), 100), None);
        assert!(all(folder.path()).unwrap().is_empty());
    }
}
