//! PMTiles version 3: one file that is read in places, never mapped into memory, so that one that is cut short while
//! it is read gives an error and nothing worse.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::directory::{self, Entry};
use super::{About, ArchiveError, METADATA, TILE, bounds_of, layers, text};
use crate::Tile;
use crate::format::{Format, unpack};

/// Bytes of the header.
const HEADER: usize = 127;

/// Bytes of a directory at most, packed and unpacked.
const DIRECTORY: usize = 8 << 20;

/// Directories on the way to a tile: the root, and leaves below leaves. More would be a loop.
const DEEP: usize = 4;

/// Entries of directories that are kept in memory.
const KEPT: usize = 1_000_000;

/// An archive.
#[derive(Debug)]
pub struct PmTiles {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    file: File,
    about: About,
    packing: Packing,
    leaves: Section,
    tiles: Section,
    root: Arc<[Entry]>,
    kept: Mutex<HashMap<u64, Arc<[Entry]>>>,
}

/// How directories and metadata are packed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Packing {
    None,
    Gzip,
}

/// A part of the file.
#[derive(Clone, Copy, Debug)]
struct Section {
    offset: u64,
    length: u64,
}

impl Section {
    /// The part of this section that an entry names, as a part of the file.
    fn part(self, entry: Entry) -> Option<Self> {
        let end = entry.offset.checked_add(u64::from(entry.length))?;
        let offset = self.offset.checked_add(entry.offset)?;
        (end <= self.length).then_some(Self { offset, length: u64::from(entry.length) })
    }
}

impl PmTiles {
    pub(super) async fn open(path: &Path) -> Result<Self, ArchiveError> {
        let path = path.to_owned();
        let opening = tokio::task::spawn_blocking(move || Inner::open(&path));
        Ok(Self { inner: Arc::new(opening.await.map_err(io::Error::other)??) })
    }

    pub(super) fn about(&self) -> &About {
        &self.inner.about
    }

    /// The bytes of a tile as they lie in the file.
    pub(super) async fn tile(&self, tile: Tile) -> Result<Option<Vec<u8>>, ArchiveError> {
        let (least, most) = self.inner.about.zooms;
        if !(least..=most).contains(&tile.z) {
            return Ok(None);
        }
        let inner = Arc::clone(&self.inner);
        let reading = tokio::task::spawn_blocking(move || inner.tile(tile));
        reading.await.map_err(io::Error::other)?
    }
}

fn untrue(what: &str) -> ArchiveError {
    ArchiveError::Untrue(what.to_owned())
}

impl Inner {
    fn open(path: &Path) -> Result<Self, ArchiveError> {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        let mut header = [0; HEADER];
        file.read_exact_at(&mut header, 0).map_err(|_| untrue("it ends within its header"))?;
        if header[7] != 3 {
            return Err(ArchiveError::Unsupported(format!("PMTiles version {}", header[7])));
        }
        let section = |at: usize, name: &str| {
            let (offset, length) = (u64_at(&header, at), u64_at(&header, at + 8));
            let end = offset.checked_add(length).filter(|end| *end <= size);
            end.map(|_| Section { offset, length }).ok_or_else(|| untrue(&format!("the {name} lies past its end")))
        };
        let (root, metadata) = (section(8, "root directory")?, section(24, "metadata")?);
        let (leaves, tiles) = (section(40, "leaf directories")?, section(56, "tile data")?);
        let packing = match header[97] {
            1 => Packing::None,
            2 => Packing::Gzip,
            other => return Err(ArchiveError::Unsupported(packed("directories", other))),
        };
        // Tiles say by themselves whether they are gzip; what could not be given to a browser is refused here.
        if !(0..=2).contains(&header[98]) {
            return Err(ArchiveError::Unsupported(packed("tiles", header[98])));
        }
        let format = match header[99] {
            1 => Format::Mvt,
            2 => Format::Png,
            3 => Format::Jpeg,
            4 => Format::Webp,
            other => return Err(ArchiveError::Unsupported(format!("tiles of type {other}"))),
        };
        let zooms = (header[100], header[101]);
        if zooms.0 > zooms.1 || zooms.1 > directory::DEEPEST.min(crate::MAX_ZOOM) {
            return Err(untrue(&format!("its zooms are {} to {}", zooms.0, zooms.1)));
        }
        let metadata = read(&file, metadata, METADATA, packing).map_err(|error| named(error, "metadata"))?;
        let metadata: serde_json::Value = match metadata.is_empty() {
            true => serde_json::Value::Null,
            false => serde_json::from_slice(&metadata).map_err(|_| untrue("the metadata is no JSON"))?,
        };
        let word = |key: &str| text(metadata.get(key).and_then(|value| value.as_str()).unwrap_or_default());
        let degrees = |at: usize| f64::from(i32_at(&header, at)) / 1e7;
        let about = About {
            name: word("name"),
            attribution: word("attribution"),
            format,
            zooms,
            bounds: bounds_of(degrees(102), degrees(106), degrees(110), degrees(114)),
            layers: layers(metadata.get("vector_layers")),
        };
        let root = read(&file, root, DIRECTORY, packing).map_err(|error| named(error, "root directory"))?;
        let root = directory::read(&root).ok_or_else(|| untrue("the root directory is none"))?.into();
        Ok(Self { file, about, packing, leaves, tiles, root, kept: Mutex::default() })
    }

    fn tile(&self, tile: Tile) -> Result<Option<Vec<u8>>, ArchiveError> {
        let refused = |why: &str| ArchiveError::Tile { tile, why: why.to_owned() };
        let number = directory::number(tile);
        let mut entries = Arc::clone(&self.root);
        for _ in 0..DEEP {
            let Some(entry) = directory::find(&entries, number) else { return Ok(None) };
            if entry.run == 0 {
                entries = self.leaf(entry).map_err(|why| refused(&why))?;
                continue;
            }
            let part = self.tiles.part(entry).ok_or_else(|| refused("it lies past the end of the tiles"))?;
            if entry.length as usize > TILE {
                return Err(refused("it is too large"));
            }
            let stored = read(&self.file, part, TILE, Packing::None);
            return stored.map(Some).map_err(|error| refused(&error.to_string()));
        }
        Err(refused("its directories lead on and on"))
    }

    fn leaf(&self, entry: Entry) -> Result<Arc<[Entry]>, String> {
        let part = self.leaves.part(entry).ok_or("its directory lies past the end of the directories")?;
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(leaf) = kept().get(&part.offset) {
            return Ok(Arc::clone(leaf));
        }
        let bytes =
            read(&self.file, part, DIRECTORY, self.packing).map_err(|error| format!("its directory: {error}"))?;
        let leaf: Arc<[Entry]> = directory::read(&bytes).ok_or("its directory is none")?.into();
        let mut kept = kept();
        if kept.values().map(|leaf| leaf.len()).sum::<usize>() + leaf.len() > KEPT {
            kept.clear();
        }
        kept.insert(part.offset, Arc::clone(&leaf));
        Ok(leaf)
    }
}

fn packed(what: &str, how: u8) -> String {
    let how = match how {
        0 => "in an unknown way",
        3 => "with Brotli",
        4 => "with Zstandard",
        _ => "in a way that the format does not know",
    };
    format!("{what} packed {how}")
}

fn named(error: io::Error, what: &str) -> ArchiveError {
    match error.kind() {
        io::ErrorKind::FileTooLarge => untrue(&format!("the {what} is larger than any honest one")),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
            untrue(&format!("the {what} cannot be unpacked"))
        }
        _ => error.into(),
    }
}

/// Reads a part of the file, of at most so many bytes, packed and unpacked.
fn read(file: &File, part: Section, at_most: usize, packing: Packing) -> io::Result<Vec<u8>> {
    let length = usize::try_from(part.length).ok().filter(|length| *length <= at_most);
    let mut bytes = vec![0; length.ok_or(io::ErrorKind::FileTooLarge)?];
    file.read_exact_at(&mut bytes, part.offset)?;
    match packing {
        Packing::Gzip if !bytes.is_empty() => unpack(&bytes, at_most),
        _ => Ok(bytes),
    }
}

fn u64_at(header: &[u8; HEADER], at: usize) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&header[at..at + 8]);
    u64::from_le_bytes(bytes)
}

fn i32_at(header: &[u8; HEADER], at: usize) -> i32 {
    let mut bytes = [0; 4];
    bytes.copy_from_slice(&header[at..at + 4]);
    i32::from_le_bytes(bytes)
}
