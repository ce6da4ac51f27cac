//! Where a file, its thumbnail and its record lie.

use std::path::PathBuf;

use object_store::path::Path;

use crate::domain::ids::MediaId;

/// Where a file, its thumbnail and its record lie below the store's folder; for a backup, which is made beside a
/// running node. The record comes last: without one the file is not there.
pub fn places(folder: &std::path::Path, id: &MediaId) -> [PathBuf; 3] {
    [file_path(id), thumbnail_path(id), record_path(id)].map(|path| folder.join(path.as_ref()))
}

fn path(id: &MediaId, suffix: &str) -> Path {
    let hex = id.as_str();
    Path::from(format!("sha256/{}/{}/{hex}{suffix}", &hex[..2], &hex[2..4]))
}

pub(super) fn file_path(id: &MediaId) -> Path {
    path(id, "")
}

pub(super) fn thumbnail_path(id: &MediaId) -> Path {
    path(id, ".thumbnail.jpg")
}

pub(super) fn record_path(id: &MediaId) -> Path {
    path(id, ".json")
}

pub(super) fn id_of(location: &Path) -> Option<MediaId> {
    location.filename()?.split('.').next()?.parse().ok()
}
