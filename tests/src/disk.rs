//! Small disks that tests fill.

use crate::skipped::skipped;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};
use tempfile::TempDir;

/// A small disk in memory; it is unmounted when dropped.
#[derive(Debug)]
pub struct Disk(TempDir);

impl Disk {
    /// Mounts one of so many mebibytes. `None`, and a line that says why: here nobody may mount.
    ///
    /// # Errors
    /// If there is no folder to mount it on.
    pub fn mount(mebibytes: u32) -> Result<Option<Self>> {
        let folder = tempfile::Builder::new().prefix("sokuho-disk-").tempdir()?;
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={mebibytes}m"), "none"])
            .arg(folder.path())
            .output();
        match mount {
            Ok(done) if done.status.success() => Ok(Some(Self(folder))),
            Ok(done) => {
                let why = String::from_utf8_lossy(&done.stderr);
                skipped(&format!("a small disk cannot be mounted: {}", why.trim()));
                Ok(None)
            }
            Err(error) => {
                skipped(&format!("a small disk cannot be mounted: {error}"));
                Ok(None)
            }
        }
    }

    /// Where it is. Everybody may write there.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// A new folder on it.
    ///
    /// # Errors
    /// If there is no room for one.
    pub fn folder(&self) -> Result<TempDir> {
        Ok(tempfile::tempdir_in(self.0.path())?)
    }

    /// Bytes that are free on it.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn free(&self) -> Result<u64> {
        let output = Command::new("df").args(["--output=avail", "-B1"]).arg(self.0.path()).output()?;
        let said = String::from_utf8(output.stdout)?;
        Ok(said.lines().last().unwrap_or_default().trim().parse()?)
    }

    /// Fills it, but for so many bytes.
    ///
    /// # Errors
    /// If it has less room than that.
    pub fn fill(&self, but: u64) -> Result<Ballast> {
        let path = self.0.path().join("ballast");
        let mut file = std::fs::File::create(&path)?;
        let block = vec![0; 64 * 1024];
        // To the last byte: after the first block that does not fit, smaller ones.
        for size in [64 * 1024, 4096] {
            while file.write_all(&block[..size]).is_ok() {}
        }
        let size = file.metadata()?.len();
        ensure!(size > but, "the disk has less room than is to be left");
        file.set_len(size - but)?;
        Ok(Ballast(path))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: the kernel lets go of it when the last file is closed.
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

/// What fills a disk; removed when dropped.
#[derive(Debug)]
pub struct Ballast(PathBuf);

impl Drop for Ballast {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
