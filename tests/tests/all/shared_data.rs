//! Real photos that lie beside the project and are not part of it.

use sokuho_tests::skipped::skipped;
use std::path::{Path, PathBuf};

/// A file of the shared data; `None`, told on the test's last line, where that is absent.
pub fn shared_file(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("SOKUHO_SHARED_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"), PathBuf::from);
    let file = folder.join(name);
    if file.is_file() {
        return Some(file);
    }
    skipped("shared data is absent");
    None
}
