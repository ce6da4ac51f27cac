//! Reads a backup, and trusts nothing in it: every number that it claims bounds what is read, and everything is
//! checked before anything is used.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};
use zip::ZipArchive;
use zip::read::ZipFile;

use super::imported::is_imported;
use super::pack::{SEAL, sum_of};
use super::tables::{TABLES, Table, read_entry};
use super::{
    BackupError, FORMAT, KEY, MANIFEST, MEDIA, Manifest, MediaLine, Part, Progress, Tell, VERSION, media_names,
};
use crate::database::value::Value;
use crate::domain::ids::MediaId;
use crate::media::store;

/// Bytes of the longest row. A body comes through a door that takes 256 KiB; escaped twice it is not much more.
const LINE: u64 = 8 << 20;

/// Bytes of the longest manifest.
const MANIFEST_BYTES: u64 = 1 << 20;

/// Bytes of the longest record of a medium, and of the key file.
const SMALL: u64 = 64 * 1024;

/// So many times its packed size a part may have. Rows hold hashes and ids, which do not pack: 30 times is much.
const RATIO: u64 = 200;

/// A backup that was opened.
pub struct Archive {
    zip: ZipArchive<BufReader<File>>,
    manifest: Manifest,
    /// Whether the seal is right.
    sealed: bool,
    /// The media of which the manifest's part tells, once it was verified.
    media: HashSet<MediaId>,
}

impl std::fmt::Debug for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Archive").field("manifest", &self.manifest).finish_non_exhaustive()
    }
}

type Result<T> = std::result::Result<T, BackupError>;

fn damaged(what: impl Into<String>) -> BackupError {
    BackupError::Damaged(what.into())
}

impl Archive {
    /// Opens a backup and reads what it says of itself. Blocking.
    ///
    /// # Errors
    /// [`BackupError::NoBackup`], [`BackupError::Version`], [`BackupError::Damaged`], [`BackupError::File`].
    pub fn open(path: &Path, tell: Tell<'_>) -> Result<Self> {
        let mut file = File::open(path).map_err(BackupError::file(path))?;
        let bytes = file.metadata().map_err(BackupError::file(path))?.len();
        let body = bytes.checked_sub(SEAL as u64).ok_or_else(|| BackupError::NoBackup(path.to_owned()))?;
        let told = |done| tell(Progress { step: "bytes looked at", done, of: Some(body) });
        let sum = sum_of(&mut file, body, told).map_err(BackupError::file(path))?;
        let mut seal = [0; SEAL];
        file.seek(SeekFrom::Start(body)).and_then(|_| file.read_exact(&mut seal)).map_err(BackupError::file(path))?;
        let mut magic = [0; 4];
        file.seek(SeekFrom::Start(0)).and_then(|_| file.read_exact(&mut magic)).map_err(BackupError::file(path))?;
        file.seek(SeekFrom::Start(0)).map_err(BackupError::file(path))?;
        let begins_as_zip = magic == *b"PK\x03\x04";
        let mut zip = ZipArchive::new(BufReader::new(file)).map_err(|error| match begins_as_zip {
            true => damaged(format!("it is cut short, or its table of contents is lost ({error})")),
            false => BackupError::NoBackup(path.to_owned()),
        })?;
        let manifest = manifest(&mut zip, path)?;
        Ok(Self { zip, manifest, sealed: sum.as_bytes() == seal, media: HashSet::new() })
    }

    /// What it says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Reads and checks everything. Blocking.
    ///
    /// # Errors
    /// [`BackupError::Damaged`] names the part that is damaged; [`BackupError::File`].
    pub fn verify(&mut self, tell: Tell<'_>) -> Result<()> {
        for table in TABLES {
            let mut done = 0;
            let of = Some(self.manifest.rows(table.name));
            self.rows(table, &mut |row| {
                done += 1;
                if table.name == "entry" {
                    read_entry(done, &row).map_err(damaged)?;
                }
                tell(Progress { step: table.name, done, of });
                Ok(())
            })?;
        }
        if self.manifest.rows("entry") != self.manifest.head {
            return Err(damaged("it does not hold as many entries as it says"));
        }
        let mut media = HashSet::new();
        let part = self.part(MEDIA)?;
        self.lines(&part, &mut |line| {
            let MediaLine(medium) =
                serde_json::from_slice(line).map_err(|_| damaged(format!("a line of {MEDIA} cannot be read")))?;
            media.insert(medium.id);
            Ok(())
        })?;
        self.media = media;
        self.key()?;
        for part in self.imported() {
            self.copy(&part, &mut io::sink())?;
        }
        let packed = self.verify_media(tell)?;
        self.verify_names(packed)?;
        if self.sealed { Ok(()) } else { Err(damaged("bytes outside of its parts were changed")) }
    }

    /// Nothing is in it that is not accounted for.
    fn verify_names(&mut self, packed: u64) -> Result<()> {
        let expected = self.manifest.parts.len() as u64 + 1;
        let media = self.zip.file_names().filter(|name| name.as_ref().is_ok_and(|n| n.starts_with("media/"))).count();
        if self.zip.len() as u64 != expected + media as u64 || self.zip.has_duplicate_names() {
            return Err(damaged("it holds files that its manifest does not name"));
        }
        if packed != self.manifest.media.packed || self.media.len() as u64 != self.manifest.media.named {
            return Err(damaged("it does not hold as many photos and videos as it says"));
        }
        let overlap = self.zip.has_overlapping_entries();
        if overlap.map_err(|error| damaged(format!("its table of contents is wrong ({error})")))? {
            return Err(damaged("its files overlap"));
        }
        Ok(())
    }

    fn verify_media(&mut self, tell: Tell<'_>) -> Result<u64> {
        let (mut packed, of) = (0, Some(self.manifest.media.packed));
        let names: HashSet<String> = self.zip.file_names().filter_map(|name| Some(name.ok()?.into_owned())).collect();
        let mut known = 0;
        for id in std::mem::take(&mut self.media).into_iter() {
            let [file, thumbnail, record] = media_names(&id);
            if names.contains(&file) {
                if self.medium(&file, u64::MAX, &mut io::sink())? != id.as_str() {
                    return Err(damaged(format!("the medium {id} is not what its name says")));
                }
                let mut described = Vec::new();
                self.medium(&record, SMALL, &mut described)?;
                let described: store::Description = serde_json::from_slice(&described)
                    .map_err(|_| damaged(format!("the record of the medium {id} cannot be read")))?;
                let has_thumbnail = names.contains(&thumbnail);
                if described.id != id || has_thumbnail && !described.thumbnail {
                    return Err(damaged(format!("the record of the medium {id} belongs to another")));
                }
                known += 2;
                if has_thumbnail {
                    self.medium(&thumbnail, u64::MAX, &mut io::sink())?;
                    known += 1;
                }
                packed += 1;
                tell(Progress { step: "media", done: packed, of });
            }
            self.media.insert(id);
        }
        if names.iter().filter(|name| name.starts_with("media/")).count() != known {
            return Err(damaged("it holds photos or videos that no report names"));
        }
        Ok(packed)
    }

    /// The rows of a table, in order.
    pub(super) fn rows(&mut self, table: &Table, each: &mut dyn FnMut(Vec<Value>) -> Result<()>) -> Result<()> {
        let part = self.part(&table.part())?;
        let mut number = 0_u64;
        self.lines(&part, &mut |line| {
            number += 1;
            let wrong = || damaged(format!("row {number} of {} is not what was promised", part.name));
            each(table.read_line(line).ok_or_else(wrong)?)
        })?;
        match number == part.rows {
            true => Ok(()),
            false => Err(damaged(format!("{} has {number} rows and should have {}", part.name, part.rows))),
        }
    }

    /// The key file.
    ///
    /// # Errors
    /// [`BackupError::Damaged`].
    pub fn key(&mut self) -> Result<Vec<u8>> {
        let part = self.part(KEY)?;
        if part.bytes > SMALL {
            return Err(damaged(format!("{KEY} is no key")));
        }
        let mut key = Vec::new();
        self.copy(&part, &mut key)?;
        Ok(key)
    }

    /// The parts that were imported (boundaries, shelters, zones, base map), by their paths below a data folder.
    pub fn imported(&self) -> Vec<Part> {
        self.manifest.parts.iter().filter(|part| is_imported(&part.name)).cloned().collect()
    }

    /// Writes a part.
    ///
    /// # Errors
    /// [`BackupError::Damaged`], [`BackupError::Unpack`].
    pub fn copy(&mut self, part: &Part, to: &mut dyn Write) -> Result<()> {
        self.read(part, &mut |reader| {
            let mut chunk = vec![0; 64 * 1024];
            loop {
                match reader.read(&mut chunk).map_err(|error| unreadable(&part.name, &error))? {
                    0 => return Ok(()),
                    read => to.write_all(&chunk[..read]).map_err(BackupError::Unpack)?,
                }
            }
        })
    }

    /// Puts the packed media into the store's folder, each whole or not at all; those that are there stay.
    ///
    /// # Errors
    /// [`BackupError::File`], [`BackupError::Damaged`], [`BackupError::Unpack`].
    pub fn restore_media(&mut self, folder: &Path, tell: Tell<'_>) -> Result<()> {
        let (mut done, of) = (0, Some(self.manifest.media.packed));
        let ids: Vec<MediaId> = self.media.iter().cloned().collect();
        for id in ids {
            let mut any = false;
            for (name, place) in media_names(&id).iter().zip(store::places(folder, &id)) {
                if self.zip.index_for_name(name).is_none() || place.exists() {
                    continue;
                }
                any = true;
                put(&place, |file| self.medium(name, u64::MAX, file).map(drop))?;
            }
            done += u64::from(any);
            tell(Progress { step: "media", done, of });
        }
        Ok(())
    }

    fn part(&self, name: &str) -> Result<Part> {
        let part = self.manifest.parts.iter().find(|part| part.name == name);
        part.cloned().ok_or_else(|| damaged(format!("{name} is missing")))
    }

    fn lines(&mut self, part: &Part, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        self.read(part, &mut |reader| {
            let mut reader = BufReader::with_capacity(64 * 1024, reader);
            let mut line = Vec::new();
            loop {
                line.clear();
                let read = reader.by_ref().take(LINE).read_until(b'\n', &mut line);
                match read.map_err(|error| unreadable(&part.name, &error))? {
                    0 => return Ok(()),
                    _ if line.last() != Some(&b'\n') => {
                        return Err(damaged(format!("a row of {} has no end", part.name)));
                    }
                    _ => each(&line)?,
                }
            }
        })
    }

    /// Lets `work` read a part to its end, never more than it claims to have, and checks it.
    fn read(&mut self, part: &Part, work: &mut dyn FnMut(&mut dyn Read) -> Result<()>) -> Result<()> {
        let entry = self.zip.by_name(&part.name).map_err(|error| unreadable(&part.name, &error))?;
        if part.bytes > entry.compressed_size().saturating_mul(RATIO).saturating_add(SMALL) {
            return Err(damaged(format!("{} would unpack to more than a backup has", part.name)));
        }
        let mut hashing = Hashing { inner: entry.take(part.bytes.saturating_add(1)), hash: Sha256::new(), bytes: 0 };
        let worked = work(&mut hashing);
        // A damaged part is named as such, whatever else its rows led to.
        if worked.is_ok() || matches!(worked, Err(BackupError::Damaged(_))) {
            io::copy(&mut hashing, &mut io::sink()).map_err(|error| unreadable(&part.name, &error))?;
            if hashing.bytes != part.bytes || hex::encode(hashing.hash.finalize()) != part.sha256 {
                return Err(damaged(format!("{} has another SHA-256 than the manifest says", part.name)));
            }
        }
        worked
    }

    /// Writes a file of a medium, at most so many bytes; gives its SHA-256, hexadecimal.
    fn medium(&mut self, name: &str, most: u64, to: &mut dyn Write) -> Result<String> {
        let entry: ZipFile<'_, _> = self.zip.by_name(name).map_err(|error| unreadable(name, &error))?;
        let mut hashing = Hashing { inner: entry.take(most), hash: Sha256::new(), bytes: 0 };
        let mut chunk = vec![0; 64 * 1024];
        loop {
            match hashing.read(&mut chunk).map_err(|error| unreadable(name, &error))? {
                0 => return Ok(hex::encode(hashing.hash.finalize())),
                read => to.write_all(&chunk[..read]).map_err(BackupError::Unpack)?,
            }
        }
    }
}

/// Writes a file beside its place and lets it take it, synced.
///
/// # Errors
/// [`BackupError::File`], and what `write` fails with.
pub fn put(place: &Path, write: impl FnOnce(&mut File) -> Result<()>) -> Result<()> {
    if let Some(folder) = place.parent() {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(BackupError::file(folder))?;
    }
    let mut draft = place.as_os_str().to_owned();
    draft.push(".restoring");
    let draft = PathBuf::from(draft);
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft).map_err(BackupError::file(&draft))?;
    let written = write(&mut file).and_then(|()| file.sync_all().map_err(BackupError::file(&draft)));
    if written.is_err() {
        let _ = fs::remove_file(&draft);
        return written;
    }
    fs::rename(&draft, place).map_err(BackupError::file(place))?;
    super::pack::sync_folder_of(place)
}

fn unreadable(part: &str, error: &dyn std::error::Error) -> BackupError {
    damaged(format!("{part} cannot be read ({error})"))
}

fn manifest(zip: &mut ZipArchive<BufReader<File>>, path: &Path) -> Result<Manifest> {
    #[derive(Deserialize)]
    struct Head {
        format: String,
        version: u32,
    }
    let Ok(entry) = zip.by_name(MANIFEST) else { return Err(BackupError::NoBackup(path.to_owned())) };
    let mut text = Vec::new();
    entry.take(MANIFEST_BYTES).read_to_end(&mut text).map_err(|error| unreadable(MANIFEST, &error))?;
    let head: Head = serde_json::from_slice(&text).map_err(|error| unreadable(MANIFEST, &error))?;
    if head.format != FORMAT {
        return Err(BackupError::NoBackup(path.to_owned()));
    }
    if head.version != VERSION {
        return Err(BackupError::Version(head.version));
    }
    let manifest: Manifest = serde_json::from_slice(&text).map_err(|error| unreadable(MANIFEST, &error))?;
    let known = |part: &Part| {
        TABLES.iter().any(|table| table.part() == part.name) || [MEDIA, KEY].contains(&part.name.as_str())
    };
    match manifest.parts.iter().find(|part| !known(part) && !is_imported(&part.name)) {
        Some(part) => Err(damaged(format!("its manifest names {:?}, which no backup has", part.name))),
        None => Ok(manifest),
    }
}

struct Hashing<R> {
    inner: R,
    hash: Sha256,
    bytes: u64,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hash.update(&buffer[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}
