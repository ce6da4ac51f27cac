//! The node's signing keys: one random secret in a file made on first run, and keys derived from it.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::error::IdentityError;
use crate::domain::clock::Entropy;

/// Name of the key file in the folder of keys.
pub const FILE: &str = "token.key";

/// A 256-bit secret that never leaves this room.
#[derive(Clone)]
pub(super) struct Secret([u8; 32]);

impl Secret {
    /// Reads the key file, or makes it (readable by its owner only).
    pub(super) fn load_or_make(folder: &Path, entropy: &dyn Entropy) -> Result<Self, IdentityError> {
        let path = folder.join(FILE);
        let failed = |cause| IdentityError::KeyFile { path: path.clone(), cause };
        let text = match fs::read_to_string(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                make(folder, &path, entropy).map_err(failed)?;
                fs::read_to_string(&path).map_err(failed)?
            }
            other => other.map_err(failed)?,
        };
        warn_if_others_may_read(&path);
        let mut secret = [0; 32];
        hex::decode_to_slice(text.trim_end(), &mut secret).map_err(|_| IdentityError::KeyFileDamaged(path.clone()))?;
        Ok(Self(secret))
    }

    /// HMAC-SHA-256 (RFC 2104) over the parts, which are told apart by their lengths.
    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
    pub(super) fn derive(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.0).expect("any length will do");
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

/// Writes beside and links into place, so that of two programs that start at once only one makes the
/// key and none reads half of it.
fn make(folder: &Path, path: &Path, entropy: &dyn Entropy) -> io::Result<()> {
    private_folder(folder)?;
    let mut random = [0_u8; 40];
    entropy.fill(&mut random);
    let draft = folder.join(format!("{FILE}.{}", hex::encode(&random[32..])));
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    let written = writeln!(file, "{}", hex::encode(&random[..32])).and_then(|()| file.sync_all());
    let linked = written.and_then(|()| fs::hard_link(&draft, path));
    // Also where the disk is full, or each new attempt would leave one.
    fs::remove_file(&draft)?;
    match linked {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
        other => other?,
    }
    // The name must outlive a power cut as well: without the key all tokens and receipts are worthless.
    for made in [Some(folder), folder.parent()].into_iter().flatten() {
        let made = if made.as_os_str().is_empty() { Path::new(".") } else { made };
        fs::File::open(made)?.sync_all()?;
    }
    Ok(())
}

fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(unix)]
fn warn_if_others_may_read(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let open = fs::metadata(path).is_ok_and(|m| m.permissions().mode() & 0o077 != 0);
    if open {
        tracing::warn!(file = %path.display(), "the key file can be read by others; set its mode to 0600");
    }
}

#[cfg(not(unix))]
fn warn_if_others_may_read(_path: &Path) {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::SystemEntropy;

    #[test]
    fn the_key_is_made_once_and_only_its_owner_may_read_it() {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().join("keys");
        let first = Secret::load_or_make(&folder, &SystemEntropy).unwrap();
        let second = Secret::load_or_make(&folder, &SystemEntropy).unwrap();
        assert_eq!(first.0, second.0);
        assert_ne!(first.0, [0; 32]);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "no draft is left behind");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(folder.join(FILE)).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_damaged_key_file_is_named_and_not_replaced() {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join(FILE), "not hex").unwrap();
        let made = Secret::load_or_make(data.path(), &SystemEntropy);
        assert!(matches!(made, Err(IdentityError::KeyFileDamaged(_))));
        assert_eq!(fs::read_to_string(data.path().join(FILE)).unwrap(), "not hex");
    }
}
