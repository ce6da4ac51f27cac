//! Writes the archive: under another name, until it is whole and on the disk.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::{BackupError, MANIFEST, Manifest, Part};

/// Bytes of the seal: a SHA-256, hexadecimal.
pub(super) const SEAL: usize = 64;

/// Bytes copied at a time.
const CHUNK: usize = 64 * 1024;

/// An archive on its way.
pub(super) struct Packer {
    zip: ZipWriter<BufWriter<File>>,
    target: PathBuf,
    /// Removed if the archive does not become whole.
    draft: Draft,
    parts: Vec<Part>,
    open: Option<Open>,
}

struct Open {
    name: String,
    rows: u64,
    bytes: u64,
    hash: Sha256,
}

struct Draft(Option<PathBuf>);

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // It says of itself by its name that it is not whole.
            let _ = fs::remove_file(path);
        }
    }
}

impl Packer {
    /// Begins an archive that is to be `target`, readable by its owner alone.
    pub(super) fn create(target: &Path) -> Result<Self, BackupError> {
        if target.exists() {
            return Err(BackupError::Exists(target.to_owned()));
        }
        let mut name = target.as_os_str().to_owned();
        name.push(".unfinished");
        let path = PathBuf::from(name);
        let mut options = fs::OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        // One that was broken off lies there still.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(BackupError::File(path, error)),
            _ => {}
        }
        let file = options.open(&path).map_err(BackupError::file(&path))?;
        Ok(Self {
            zip: ZipWriter::new(BufWriter::new(file)),
            target: target.to_owned(),
            draft: Draft(Some(path)),
            parts: Vec::new(),
            open: None,
        })
    }

    /// Begins a part.
    pub(super) fn begin(&mut self, name: &str) -> Result<(), BackupError> {
        self.zip.start_file(name, options(CompressionMethod::Deflated)).map_err(zip_failed)?;
        self.open = Some(Open { name: name.to_owned(), rows: 0, bytes: 0, hash: Sha256::new() });
        Ok(())
    }

    /// Writes so many rows of the part.
    pub(super) fn write(&mut self, bytes: &[u8], rows: u64) -> Result<(), BackupError> {
        self.zip.write_all(bytes).map_err(failed)?;
        if let Some(open) = &mut self.open {
            open.rows += rows;
            open.bytes += bytes.len() as u64;
            open.hash.update(bytes);
        }
        Ok(())
    }

    /// Ends the part.
    pub(super) fn end(&mut self) {
        let Some(Open { name, rows, bytes, hash }) = self.open.take() else { return };
        self.parts.push(Part { name, rows, bytes, sha256: hex::encode(hash.finalize()) });
    }

    /// A part that is a file on the disk, open, and where it lies.
    pub(super) fn file(&mut self, name: &str, path: &Path, mut file: File) -> Result<(), BackupError> {
        self.begin(name)?;
        let mut chunk = vec![0; CHUNK];
        loop {
            match file.read(&mut chunk).map_err(BackupError::file(path))? {
                0 => break,
                read => self.write(&chunk[..read], 0)?,
            }
        }
        self.end();
        Ok(())
    }

    /// A photo, a video or what lies beside one; not packed any tighter. With a hash: `false`, and nothing is
    /// in the archive, if the file has another.
    pub(super) fn medium(&mut self, name: &str, path: &Path, sha256: Option<&str>) -> Result<bool, BackupError> {
        let mut file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            other => other.map_err(BackupError::file(path))?,
        };
        self.zip.start_file(name, options(CompressionMethod::Stored)).map_err(zip_failed)?;
        let mut hash = Sha256::new();
        let mut chunk = vec![0; CHUNK];
        loop {
            let read = file.read(&mut chunk).map_err(BackupError::file(path))?;
            if read == 0 {
                break;
            }
            hash.update(&chunk[..read]);
            self.zip.write_all(&chunk[..read]).map_err(failed)?;
        }
        if sha256.is_some_and(|promised| promised != hex::encode(hash.finalize())) {
            self.zip.abort_file().map_err(zip_failed)?;
            return Ok(false);
        }
        Ok(true)
    }

    /// Writes the manifest and the seal, and gives the archive its name once all is on the disk.
    pub(super) fn finish(mut self, manifest: Manifest) -> Result<Manifest, BackupError> {
        let manifest = Manifest { parts: std::mem::take(&mut self.parts), ..manifest };
        self.zip.start_file(MANIFEST, options(CompressionMethod::Deflated)).map_err(zip_failed)?;
        serde_json::to_writer_pretty(&mut self.zip, &manifest).map_err(|error| failed(error.into()))?;
        self.zip.set_comment("0".repeat(SEAL)).map_err(zip_failed)?;
        let mut file = self.zip.finish().map_err(zip_failed)?.into_inner().map_err(|e| failed(e.into_error()))?;
        seal(&mut file).and_then(|()| file.sync_all()).map_err(failed)?;
        if let Some(draft) = self.draft.0.take() {
            fs::rename(&draft, &self.target).map_err(BackupError::file(&self.target))?;
        }
        sync_folder_of(&self.target)?;
        Ok(manifest)
    }
}

fn options(method: CompressionMethod) -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(method).large_file(true).unix_permissions(0o600)
}

fn seal(file: &mut File) -> io::Result<()> {
    let body = file.metadata()?.len() - SEAL as u64;
    let sum = sum_of(file, body, |_| {})?;
    file.seek(SeekFrom::Start(body))?;
    file.write_all(sum.as_bytes())
}

/// The SHA-256, hexadecimal, of the first `body` bytes of the file; `tell` hears how many were read.
pub(super) fn sum_of(file: &mut File, body: u64, mut tell: impl FnMut(u64)) -> io::Result<String> {
    file.seek(SeekFrom::Start(0))?;
    let (mut hash, mut chunk, mut done) = (Sha256::new(), vec![0; CHUNK], 0);
    let mut rest = file.take(body);
    loop {
        let read = rest.read(&mut chunk)?;
        if read == 0 {
            return Ok(hex::encode(hash.finalize()));
        }
        hash.update(&chunk[..read]);
        done += read as u64;
        tell(done);
    }
}

/// A name outlives a power cut once its folder is on the disk.
pub(super) fn sync_folder_of(path: &Path) -> Result<(), BackupError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(BackupError::file(folder))
}

fn failed(error: io::Error) -> BackupError {
    BackupError::Pack(error.into())
}

fn zip_failed(error: zip::result::ZipError) -> BackupError {
    BackupError::Pack(error.into())
}
