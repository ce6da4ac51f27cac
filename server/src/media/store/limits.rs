//! The numbers that bound the store.

use crate::domain::report::MediaKind;
use crate::media::ledger::{AtOnce, Share};

/// Numbers that bound the store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Bytes of a photo.
    pub photo_bytes: u64,
    /// Bytes of a video.
    pub video_bytes: u64,
    /// Uploads that no report names, with those under way.
    pub unreferenced: Share,
    /// Uploads at the same time.
    pub at_once: AtOnce,
    /// Pixels that strangers of one address may have decoded in a minute.
    pub pixels_a_minute: u64,
    /// Bytes of the disk that are left to the log, see [`Reserve`](crate::media::reserve::Reserve).
    pub keep_free: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            photo_bytes: 40 << 20,
            video_bytes: 500 << 20,
            unreferenced: Share {
                bytes: 5 << 30,
                files: 100_000,
                strangers_bytes: 2 << 30,
                strangers_files: 50_000,
                // The largest video and a few photos at a time.
                address_bytes: 600 << 20,
            },
            // Each holds a file and some 100 kB. A shelter's phones behind one address are done one after the other.
            at_once: AtOnce { staff: 64, strangers: 192, address: 16 },
            // Eighty photos of 12 megapixels; or five of the worst pictures, each of which takes some seconds.
            pixels_a_minute: 1_000_000_000,
            keep_free: 256 << 20,
        }
    }
}

impl Limits {
    /// Bytes that a file of this kind may have.
    pub fn of(&self, kind: MediaKind) -> u64 {
        if kind.is_video() { self.video_bytes } else { self.photo_bytes }
    }

    /// Bytes that no file may exceed, whatever it is.
    pub fn most(&self) -> u64 {
        self.photo_bytes.max(self.video_bytes)
    }
}
