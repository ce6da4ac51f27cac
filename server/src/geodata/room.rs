//! The room on a disk that imports may take: the log lies there too, and must never starve.

use std::path::Path;

/// Bytes that imports leave free on a disk (256 MiB) …
const KEPT_FREE: u64 = 256 << 20;

/// … but never more than this part of it, so that a small disk can take anything at all.
const AT_MOST_ONE_IN: u64 = 10;

/// Bytes that may still be written to the disk of a folder (statvfs(3)); quick.
///
/// # Errors
/// The file system's, such as that there is no such folder.
pub fn room(folder: &Path) -> std::io::Result<u64> {
    let disk = rustix::fs::statvfs(folder)?;
    let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
    Ok(bytes(disk.f_bavail).saturating_sub(KEPT_FREE.min(bytes(disk.f_blocks) / AT_MOST_ONE_IN)))
}
