//! Archives are made by hand here, honest ones and liars.

mod mbtiles;
mod pmtiles;

use std::io::Write;
use std::path::Path;
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::directory::{Entry, number};
use super::*;

/// A vector tile with one layer whose bytes are `x`.
const MVT: &[u8] = &[0x1a, 3, b'x', b'x', b'x'];

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and so on";

/// Tsuruga castle and some kilometres around it.
const AROUND: Bounds = Bounds { west: 139.85, south: 37.45, east: 140.0, north: 37.55 };

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::new(9));
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

/// More nothing than any part of an archive may unpack to, in some kilobytes.
fn bomb() -> Vec<u8> {
    static BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| gzip(&vec![0; 10 << 20]));
    BOMB.clone()
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn directory(entries: &[Entry]) -> Vec<u8> {
    let mut out = Vec::new();
    put_varint(&mut out, entries.len() as u64);
    let mut last = 0;
    for entry in entries {
        put_varint(&mut out, entry.first - last);
        last = entry.first;
    }
    entries.iter().for_each(|entry| put_varint(&mut out, entry.run.into()));
    entries.iter().for_each(|entry| put_varint(&mut out, entry.length.into()));
    entries.iter().for_each(|entry| put_varint(&mut out, entry.offset + 1));
    out
}

/// What a test writes into an honest header.
type Lie = Box<dyn Fn(&mut [u8])>;

/// A PMTiles file in its parts, so that a test can make one of them lie.
struct Made {
    root: Vec<u8>,
    metadata: Vec<u8>,
    leaves: Vec<u8>,
    tiles: Vec<u8>,
    header: Lie,
}

impl Made {
    /// Vector tiles, gzip, and directories packed alike.
    fn with(tiles: &[(Tile, &[u8])]) -> Self {
        let mut data = Vec::new();
        let mut entries: Vec<Entry> = tiles
            .iter()
            .map(|(tile, bytes)| {
                let (offset, length) = (data.len() as u64, u32::try_from(bytes.len()).unwrap());
                data.extend_from_slice(bytes);
                Entry { first: number(*tile), offset, length, run: 1 }
            })
            .collect();
        entries.sort_by_key(|entry| entry.first);
        let metadata = br#"{"name":"Test","attribution":"<a href=\"x\">GSI</a>","vector_layers":[{"id":"road","fields":{"ref":"String"}}]}"#;
        Self {
            root: gzip(&directory(&entries)),
            metadata: gzip(metadata),
            leaves: vec![],
            tiles: data,
            header: Box::new(|_| {}),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut header = vec![0; 127];
        header[..8].copy_from_slice(b"PMTiles\x03");
        let mut at = 127;
        for (place, part) in [(8, &self.root), (24, &self.metadata), (40, &self.leaves), (56, &self.tiles)] {
            header[place..place + 8].copy_from_slice(&(at as u64).to_le_bytes());
            header[place + 8..place + 16].copy_from_slice(&(part.len() as u64).to_le_bytes());
            at += part.len();
        }
        // Directories gzip, tiles gzip, vector, zooms 0 to 14, and what Aizu covers.
        header[96..102].copy_from_slice(&[1, 2, 2, 1, 0, 14]);
        for (place, degrees) in [(102, 139.15), (106, 36.85), (110, 140.25), (114, 37.85)] {
            header[place..place + 4].copy_from_slice(&((degrees * 1e7) as i32).to_le_bytes());
        }
        (self.header)(&mut header);
        [&header[..], &self.root, &self.metadata, &self.leaves, &self.tiles].concat()
    }

    fn file(&self) -> tempfile::NamedTempFile {
        file(&self.bytes())
    }
}

fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

const HERE: Tile = Tile { z: 10, x: 910, y: 396 };
const NOWHERE: Tile = Tile { z: 10, x: 0, y: 0 };

async fn opened(path: impl AsRef<Path>) -> Archive {
    Archive::open(path.as_ref()).await.unwrap()
}

async fn refusal(path: impl AsRef<Path>) -> String {
    Archive::open(path.as_ref()).await.unwrap_err().to_string()
}

async fn refused_tile(path: impl AsRef<Path>) -> String {
    opened(path).await.tile(HERE).await.unwrap_err().to_string()
}

#[tokio::test]
async fn what_is_no_archive_is_refused() {
    for bytes in [&b""[..], b"PMT", b"PK\x03\x04", b"{}"] {
        assert!(matches!(Archive::open(file(bytes).path()).await, Err(ArchiveError::Neither)), "{bytes:?}");
    }
    assert!(refusal(file(b"PMTiles\x03")).await.contains("ends within its header"));
    assert!(matches!(Archive::open(Path::new("/nowhere/at.all")).await, Err(ArchiveError::Io(_))));
    assert!(refusal(file(b"SQLite format 3\0 and nothing behind")).await.contains("MBTiles archive cannot be read"));
}
