//! How what was imported comes into force: beside the old, then in its place in one rename, both synced to the disk.

use std::fs::{File, TryLockError};
use std::io::{self, Write as _};
use std::path::Path;

/// Writes a file in the place of the one before, if there is one; makes the folder.
///
/// # Errors
/// The file system's; the file before is then untouched, and nothing is left of the new one.
pub fn put(target: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = target.with_file_name(name);
    std::fs::create_dir_all(folder_of(target))?;
    File::create(&beside)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| put_finished(&beside, target))
        .inspect_err(|_| drop(std::fs::remove_file(&beside)))
}

/// Puts a finished file, which lies in the same folder, in the place of the one before.
///
/// # Errors
/// The file system's; the file before is then untouched.
pub fn put_finished(finished: &Path, target: &Path) -> io::Result<()> {
    File::open(finished)?.sync_all()?;
    std::fs::rename(finished, target)?;
    File::open(folder_of(target))?.sync_all()
}

fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The only import into a folder, as long as the file is held; `None` if another one runs.
///
/// # Errors
/// The file system's.
pub fn alone_in(folder: &Path) -> io::Result<Option<File>> {
    let file = File::create(folder.join(LOCK))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// The file that an import holds. It stays; what counts is who holds it.
pub const LOCK: &str = "import.lock";
