//! The numbers that bound the hub.

use std::time::Duration;

/// A heartbeat interval is cut into so many beats; each viewer has its heartbeat in one of them, so
/// that ten thousand do not fall on one moment.
pub const BEATS: u32 = 15;

/// Entries in one frame at most.
pub const FRAME_ENTRIES: usize = 256;

/// Bytes of entries in one frame at most; a single larger entry still makes a frame.
pub const FRAME_BYTES: usize = 64 * 1024;

/// Largest message from a viewer, bytes.
pub const MESSAGE_BYTES: usize = 16 * 1024;

/// Frames from a viewer within [`FRAMES_WINDOW`] at most, pings and pongs included.
pub const FRAMES_LIMIT: u32 = 20;

/// See [`FRAMES_LIMIT`].
pub const FRAMES_WINDOW: Duration = Duration::from_secs(10);

/// How long the hub waits for viewers to go when it stops.
pub const STOP: Duration = Duration::from_secs(5);

/// How long a viewer may take to close after the goodbye.
pub const LINGER: Duration = Duration::from_secs(2);

/// Latest time at which a viewer is told to come back after a stop, milliseconds.
pub const RETRY_SPREAD_MS: u64 = 5_000;

/// What can be set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Entries that the ring holds at most.
    pub ring_entries: usize,
    /// Bytes of encoded entries that the ring holds at most.
    pub ring_bytes: usize,
    /// Bytes of frames kept for viewers who stand at the same cursor.
    pub frame_cache_bytes: usize,
    /// Viewers at most.
    pub max_viewers: usize,
    /// Of them, places that the public cannot take: they are for whoever shows a token.
    pub kept_for_offices: usize,
    /// Viewers of the public from one address at most, and as many connections that have not said yet who they are.
    /// Who shows a token does not count: all the screens of a town hall can be one address. `None`: no limit.
    pub max_public_per_address: Option<usize>,
    /// Writers; one per core serves best.
    pub writers: usize,
    /// Time between heartbeats. Every second one carries a ping.
    pub heartbeat: Duration,
    /// A viewer that was silent for so long is gone.
    pub silence: Duration,
    /// The first frame must come within this.
    pub subscribe_within: Duration,
    /// A viewer must take a frame within this.
    pub frame_within: Duration,
}

impl Settings {
    /// The usual ones for so many viewers, a fifth of the places kept for offices, and so many of the public from one
    /// address; 0 is no limit.
    pub fn for_viewers(max_viewers: usize, public_per_address: usize) -> Self {
        let max_public_per_address = (public_per_address > 0).then_some(public_per_address);
        Self { max_viewers, kept_for_offices: max_viewers / 5, max_public_per_address, ..Self::default() }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            ring_entries: 65_536,
            ring_bytes: 64 * 1024 * 1024,
            frame_cache_bytes: 16 * 1024 * 1024,
            max_viewers: 20_000,
            kept_for_offices: 4_000,
            // A shelter, or the many subscribers that a mobile carrier has behind one address.
            max_public_per_address: Some(1_000),
            writers: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            heartbeat: Duration::from_secs(15),
            silence: Duration::from_secs(75),
            subscribe_within: Duration::from_secs(10),
            frame_within: Duration::from_secs(30),
        }
    }
}
