//! Archives: files with many tiles, made elsewhere. PMTiles and MBTiles, with vector tiles or pictures.
//!
//! Nothing that an archive says of itself is believed: places and lengths are compared with the file, what is packed
//! is unpacked up to a limit, and a tile that is not what the archive says it holds is refused.

mod directory;
mod mbtiles;
mod pmtiles;
mod trial;

use std::collections::BTreeMap;
use std::path::Path;

use crate::cache::Made;
use crate::format::{Format, is_gzip, unpack};
use crate::{Bounds, MAX_LATITUDE, Tile};

/// Bytes of a tile at most, as it lies in the archive and unpacked.
const TILE: usize = 4 << 20;

/// Bytes of what an archive says of itself in words, at most, packed or not.
const METADATA: usize = 4 << 20;

/// Characters that are taken of a name or an attribution.
const TEXT: usize = 500;

/// What is wrong with an archive, or with a tile of it.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The file cannot be read.
    #[error("the archive cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// The file is neither PMTiles nor MBTiles.
    #[error("the file is neither PMTiles version 3 nor MBTiles")]
    Neither,
    /// What the archive says of itself is wrong.
    #[error("the archive says of itself what cannot be: {0}")]
    Untrue(String),
    /// It is packed or made in a way that is not read here.
    #[error("the archive has {0}, which is not read here")]
    Unsupported(String),
    /// The SQLite file of an MBTiles archive cannot be read.
    #[error("the MBTiles archive cannot be read: {0}")]
    Database(String),
    /// It has nothing to show.
    #[error("it has no tile that shows anything of the region, in {asked} places at all its zooms")]
    NoTiles {
        /// Tiles that were asked for.
        asked: usize,
    },
    /// One tile cannot be given out.
    #[error("tile {}/{}/{} of the archive is refused: {why}", tile.z, tile.x, tile.y)]
    Tile {
        /// Which.
        tile: Tile,
        /// Why.
        why: String,
    },
}

/// What an archive says of itself.
#[derive(Clone, PartialEq, Debug)]
pub struct About {
    /// Its name; may be empty.
    pub name: String,
    /// What must be shown beside the map, as text without marks; may be empty.
    pub attribution: String,
    /// What its tiles are.
    pub format: Format,
    /// The outermost and the deepest zoom.
    pub zooms: (u8, u8),
    /// What it covers.
    pub bounds: Bounds,
    /// The layers of its vector tiles, each with the names of its properties and what kind of value each has.
    pub layers: Vec<(String, BTreeMap<String, String>)>,
}

/// An archive that is open.
#[derive(Debug)]
pub enum Archive {
    /// PMTiles.
    PmTiles(pmtiles::PmTiles),
    /// MBTiles.
    MbTiles(mbtiles::MbTiles),
}

impl Archive {
    /// Opens a file, told by its first bytes.
    ///
    /// # Errors
    /// [`ArchiveError`]
    pub async fn open(path: &Path) -> Result<Self, ArchiveError> {
        let first = tokio::task::spawn_blocking({
            let path = path.to_owned();
            move || -> std::io::Result<Vec<u8>> {
                use std::io::Read;
                let mut first = Vec::new();
                std::fs::File::open(path)?.take(16).read_to_end(&mut first)?;
                Ok(first)
            }
        });
        let first = first.await.map_err(std::io::Error::other)??;
        if first.starts_with(b"PMTiles") {
            Ok(Self::PmTiles(pmtiles::PmTiles::open(path).await?))
        } else if first.starts_with(b"SQLite format 3\0") {
            Ok(Self::MbTiles(mbtiles::MbTiles::open(path).await?))
        } else {
            Err(ArchiveError::Neither)
        }
    }

    /// What it says of itself.
    pub fn about(&self) -> &About {
        match self {
            Self::PmTiles(archive) => archive.about(),
            Self::MbTiles(archive) => archive.about(),
        }
    }

    /// The tile; `None` if the archive has none there.
    ///
    /// # Errors
    /// [`ArchiveError::Tile`] for a tile that is damaged or not what the archive says it holds.
    pub async fn tile(&self, tile: Tile) -> Result<Option<Made>, ArchiveError> {
        let stored = match self {
            Self::PmTiles(archive) => archive.tile(tile).await?,
            Self::MbTiles(archive) => archive.tile(tile).await?,
        };
        let format = self.about().format;
        let Some(stored) = stored else { return Ok(None) };
        // Unpacking a large one takes milliseconds.
        let checking = tokio::task::spawn_blocking(move || checked(tile, stored, format));
        checking.await.map_err(std::io::Error::other)?.map(Some)
    }
}

/// A tile as it lies in the archive, if it is one.
fn checked(tile: Tile, stored: Vec<u8>, format: Format) -> Result<Made, ArchiveError> {
    let refused = |why: String| ArchiveError::Tile { tile, why };
    let (plain, gzip) = match is_gzip(&stored) {
        true => (unpack(&stored, TILE).map_err(|error| refused(error.to_string()))?, Some(stored)),
        false => (stored, None),
    };
    if plain.is_empty() || Format::of(&plain) == Some(format) {
        return Ok(match gzip {
            Some(gzip) => Made::packed(plain, gzip),
            None if format.is_raster() => Made::picture(plain),
            None => Made::new(plain, 0),
        });
    }
    let found = Format::of(&plain).map_or("no tile", Format::content_type);
    Err(refused(format!("it is {found}, not {}", format.content_type())))
}

/// A text that an archive brings, without marks of HTML, so that it can be shown as it is; entities stay.
fn text(value: &str) -> String {
    let mut plain = String::new();
    let mut in_mark = false;
    for c in value.chars() {
        match c {
            '<' => in_mark = true,
            '>' if in_mark => in_mark = false,
            c if !in_mark && !c.is_control() => plain.push(c),
            _ => {}
        }
    }
    plain.trim().chars().take(TEXT).collect()
}

/// The layers that a `vector_layers` list names (TileJSON 3.0.0, 3.3). What is no layer is passed over.
fn layers(list: Option<&serde_json::Value>) -> Vec<(String, BTreeMap<String, String>)> {
    /// Layers and properties that are taken.
    const MANY: usize = 256;
    let list = list.and_then(|list| list.as_array()).into_iter().flatten().take(MANY);
    let layer = |layer: &serde_json::Value| {
        let id = text(layer.get("id")?.as_str()?);
        let fields = layer.get("fields").and_then(|fields| fields.as_object()).into_iter().flatten().take(MANY);
        let kind = |kind: &serde_json::Value| text(kind.as_str().unwrap_or("Mixed"));
        Some((id, fields.map(|(name, value)| (text(name), kind(value))).collect()))
    };
    list.filter_map(layer).collect()
}

/// The box, if it is one; else the whole map.
fn bounds_of(west: f64, south: f64, east: f64, north: f64) -> Bounds {
    let world = Bounds { west: -180.0, south: -MAX_LATITUDE, east: 180.0, north: MAX_LATITUDE };
    let within = |value: f64, limit: f64| value.is_finite() && value.abs() <= limit;
    let sound = within(west, 180.0) && within(east, 180.0) && within(south, 90.0) && within(north, 90.0);
    if sound && west < east && south < north { Bounds { west, south, east, north } } else { world }
}

#[cfg(test)]
mod tests;
