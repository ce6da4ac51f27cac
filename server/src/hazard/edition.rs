//! An edition: one import of a layer. One file, so that one rename puts it in force: the zones, then what must be known
//! about them as JSON, its length, and the SHA-256 of all before it.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use geo::BoundingRect;
use geo_types::MultiPolygon;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::catalogue::Class;
use super::{HazardError, codec};
use crate::domain::position::Bounds;
use crate::domain::zone::Hazard;

/// How such a file begins.
const MAGIC: &[u8; 8] = b"SOKUZON1";
/// The length of what is about the zones, and the sum.
const TAIL: u64 = 8 + 32;
/// Different classes that a layer has at most: more are no legend.
pub const MOST_CLASSES: usize = 256;

/// What must be known about an edition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// Its own id: another import is another edition.
    pub id: Uuid,
    /// The layer's id.
    pub layer: String,
    /// Japanese name of the layer.
    pub name: String,
    /// English name of the layer.
    pub english: String,
    /// What threatens in its zones.
    pub hazard: Hazard,
    /// Which edition, for people.
    pub edition: String,
    /// The imported files' names.
    pub source: String,
    /// Their SHA-256, hexadecimal, in the same order; that of the one of there is only one.
    pub source_sha256: String,
    /// Under which terms.
    pub licence: String,
    /// What to write on the map.
    pub attribution: String,
    /// Invented, for demonstration and drills (架空・訓練用).
    pub demonstration: bool,
    /// When it was imported.
    pub imported_at: Timestamp,
    /// The classes that zones have, by their index; the most severe has the greatest `severity`.
    pub classes: Vec<Legend>,
    /// How many zones there are.
    pub zones: u32,
    /// Corners of all rings together.
    pub vertices: u64,
    /// The box that holds all zones; `None` without any.
    pub bounds: Option<Bounds>,
}

/// A class, and how severe it is among those of its layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Legend {
    /// The class.
    pub class: Class,
    /// The greater, the more severe.
    pub severity: u32,
    /// Whether the catalogue knows it.
    pub known: bool,
}

/// Writes an edition.
pub struct Writer<W: Write> {
    out: Hashing<BufWriter<W>>,
    zones: u32,
    vertices: u64,
    bounds: Option<Bounds>,
}

impl<W: Write> Writer<W> {
    /// Begins.
    ///
    /// # Errors
    /// What the file system says.
    pub fn begin(out: W) -> std::io::Result<Self> {
        let mut out = Hashing { inner: BufWriter::with_capacity(1 << 16, out), hash: Sha256::new() };
        out.write_all(MAGIC)?;
        Ok(Self { out, zones: 0, vertices: 0, bounds: None })
    }

    /// Writes a zone of a class.
    ///
    /// # Errors
    /// What the file system says.
    pub fn zone(&mut self, class: u16, shape: &MultiPolygon<f64>) -> std::io::Result<()> {
        codec::write(&mut self.out, class, shape)?;
        self.zones += 1;
        self.vertices += crate::geodata::rings::all(shape).map(|ring| ring.0.len() as u64).sum::<u64>();
        if let Some(rect) = shape.bounding_rect() {
            let (min, max) = (rect.min(), rect.max());
            let all = self.bounds.get_or_insert(Bounds { west: min.x, south: min.y, east: max.x, north: max.y });
            (all.west, all.south) = (all.west.min(min.x), all.south.min(min.y));
            (all.east, all.north) = (all.east.max(max.x), all.north.max(max.y));
        }
        Ok(())
    }

    /// How many zones were written.
    pub fn zones(&self) -> u32 {
        self.zones
    }

    /// Writes what is about them, whose counts and bounds are those of what was written.
    ///
    /// # Errors
    /// What the file system says.
    pub fn finish(mut self, about: About) -> std::io::Result<(W, About)> {
        let about = About { zones: self.zones, vertices: self.vertices, bounds: self.bounds, ..about };
        let text = serde_json::to_vec(&about)?;
        self.out.write_all(&text)?;
        self.out.write_all(&(text.len() as u64).to_le_bytes())?;
        let Hashing { mut inner, hash } = self.out;
        inner.write_all(&hash.finalize())?;
        let out = inner.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        Ok((out, about))
    }
}

/// An edition that can be read.
#[derive(Debug, Clone)]
pub struct Edition {
    /// What must be known about it.
    pub about: Arc<About>,
    body: Body,
    /// Bytes from the beginning to the end of the zones.
    end: u64,
}

#[derive(Debug, Clone)]
enum Body {
    /// Held open: an import may put another edition under the same name while this one is in use.
    File(PathBuf, Arc<File>),
    Memory(Arc<[u8]>),
}

impl Body {
    fn size(&self) -> std::io::Result<u64> {
        match self {
            Self::File(_, file) => Ok(file.metadata()?.len()),
            Self::Memory(bytes) => Ok(bytes.len() as u64),
        }
    }

    /// Its bytes from this one on.
    fn from(&self, at: u64) -> BodyReader {
        BodyReader { body: self.clone(), at }
    }

    fn path(&self) -> &Path {
        match self {
            Self::File(path, _) => path,
            Self::Memory(_) => Path::new("data/hazard"),
        }
    }
}

/// Reads a body; many may at the same time.
struct BodyReader {
    body: Body,
    at: u64,
}

impl Read for BodyReader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = match &self.body {
            Body::File(_, file) => file.read_at(buffer, self.at)?,
            Body::Memory(bytes) => {
                let at = usize::try_from(self.at).map_or(bytes.len(), |at| at.min(bytes.len()));
                (&bytes[at..]).read(buffer)?
            }
        };
        self.at += read as u64;
        Ok(read)
    }
}

impl Edition {
    /// Opens a file and checks its sum.
    ///
    /// # Errors
    /// [`HazardError::Storage`], [`HazardError::Damaged`].
    pub fn open(path: &Path) -> Result<Self, HazardError> {
        let file = File::open(path).map_err(|error| HazardError::storage(path, error))?;
        Self::check(Body::File(path.to_owned(), Arc::new(file)))
    }

    /// An edition in memory.
    ///
    /// # Errors
    /// [`HazardError::Damaged`].
    pub fn in_memory(bytes: Vec<u8>) -> Result<Self, HazardError> {
        Self::check(Body::Memory(bytes.into()))
    }

    fn check(body: Body) -> Result<Self, HazardError> {
        let damaged = |reason: &str| HazardError::Damaged { file: body.path().to_owned(), reason: reason.to_owned() };
        let storage = |source: std::io::Error| match source.kind() {
            std::io::ErrorKind::UnexpectedEof => damaged("it is cut short"),
            _ => HazardError::storage(body.path(), source),
        };
        let size = body.size().map_err(storage)?;
        let before_sum = size.checked_sub(32).filter(|_| size >= MAGIC.len() as u64 + TAIL);
        let before_sum = before_sum.ok_or_else(|| damaged("it is cut short"))?;
        let mut tail = [0; TAIL as usize];
        body.from(before_sum - 8).read_exact(&mut tail).map_err(storage)?;
        let (length, sum) = tail.split_at(8);
        let length = length.try_into().map(u64::from_le_bytes).unwrap_or_default();
        let mut hash = Sha256::new();
        let mut rest = body.from(0).take(before_sum);
        let mut buffer = vec![0; 1 << 16];
        let mut first = true;
        loop {
            let read = rest.read(&mut buffer).map_err(storage)?;
            if read == 0 {
                break;
            }
            if std::mem::take(&mut first) && !buffer[..read].starts_with(MAGIC) {
                return Err(damaged("it is no edition of hazard zones"));
            }
            hash.update(&buffer[..read]);
        }
        if hash.finalize().as_slice() != sum {
            return Err(damaged("its sum is another"));
        }
        let end = (before_sum - 8).checked_sub(length).filter(|end| *end >= MAGIC.len() as u64);
        let end = end.ok_or_else(|| damaged("it is cut short"))?;
        let about = serde_json::from_reader(BufReader::new(body.from(end).take(length)));
        let about: About = about.map_err(|error| damaged(&error.to_string()))?;
        Ok(Self { about: Arc::new(about), body, end })
    }

    /// Reads its zones, each with the index of its class, one after the other.
    ///
    /// # Errors
    /// In the stream: [`HazardError::Storage`], [`HazardError::Damaged`].
    pub fn zones(&self) -> impl Iterator<Item = Result<(u16, MultiPolygon<f64>), HazardError>> + Send + use<> {
        let path = self.body.path().to_owned();
        let start = MAGIC.len() as u64;
        let mut source = BufReader::with_capacity(1 << 16, self.body.from(start).take(self.end - start));
        let (zones, classes) = (self.about.zones, self.about.classes.len());
        (0..zones).map(move |_| {
            let (class, shape) = codec::read(&mut source).map_err(|error| HazardError::storage(&path, error))?;
            if usize::from(class) < classes {
                Ok((class, shape))
            } else {
                Err(HazardError::Damaged { file: path.clone(), reason: "a zone has no class".to_owned() })
            }
        })
    }
}

/// Hashes what is written.
struct Hashing<W> {
    inner: W,
    hash: Sha256,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}
