//! Tiles of listed sources, through this node: the browser never asks a third party, what was fetched once is kept,
//! and it is still given out when the line is cut.
//!
//! A tile at hand is given at once; if it is old, another is fetched meanwhile. Of many who ask for the same tile one
//! fetches it. A source that fails is left alone for a while, so that nobody waits for a line that is cut.

pub mod disk;
pub mod prefetch;
pub mod source;
mod upstream;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OnceCell, Semaphore};

use self::disk::{Disk, Kept};
use self::source::Source;
pub use self::upstream::UpstreamError;
use self::upstream::{Fetched, Upstream};
use crate::Tile;
use crate::format::Format;

/// Tiles that are fetched at the same time, of all sources together: public servers ask to be spared.
const AT_ONCE: usize = 8;

/// Requests that may wait for their turn to fetch.
const WAITING: usize = 256;

/// How old a tile may be before another is fetched, seconds: a week.
const OLD: i64 = 7 * 24 * 3_600;

/// The same for a place where the source has no tile: a day.
const OLD_NOTHING: i64 = 24 * 3_600;

/// How long a source is left alone after it failed, seconds.
const LEFT_ALONE: i64 = 30;

/// The time now, seconds since 1970.
pub type Now = Arc<dyn Fn() -> i64 + Send + Sync>;

/// How the proxy behaves towards its sources and the disk.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the disk that kept tiles may take.
    pub disk: u64,
    /// Bytes of the disk that are left to others.
    pub keep_free: u64,
    /// How long a connection may take.
    pub connect: Duration,
    /// How long a whole tile may take.
    pub patience: Duration,
    /// Bytes of a tile at most, as it comes and unpacked.
    pub tile: usize,
}

impl Default for Limits {
    /// 1 GiB, 256 MiB left free, 5 s, 15 s, 4 MiB.
    fn default() -> Self {
        let (connect, patience) = (Duration::from_secs(5), Duration::from_secs(15));
        Self { disk: 1 << 30, keep_free: 256 << 20, connect, patience, tile: 4 << 20 }
    }
}

/// Why a tile of a source cannot be given out.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ProxyError {
    /// The source is not among those that this node takes tiles from.
    #[error("no source has this id")]
    NoSource,
    /// The source failed, now or a moment ago, and there is no older tile.
    #[error("{0}")]
    Upstream(Arc<UpstreamError>),
    /// The source failed a moment ago and is left alone.
    #[error("the source failed a moment ago and is left alone for a while")]
    LeftAlone,
    /// Too many wait for tiles of slow sources.
    #[error("too many requests wait for tiles")]
    Busy,
}

/// A tile of a source: its bytes and what they are; `None`: the source has none there.
pub type Given = Option<(Bytes, Format)>;

type Fetching = Arc<OnceCell<Result<Arc<Kept>, ProxyError>>>;

/// The sources that this node takes tiles from, and what it keeps of them.
pub struct Proxy {
    sources: BTreeMap<String, (Source, AtomicI64)>,
    upstream: Upstream,
    disk: Disk,
    now: Now,
    turns: Semaphore,
    waiting: AtomicUsize,
    fetching: Mutex<HashMap<(String, Tile), Fetching>>,
}

impl Proxy {
    /// A proxy for these sources; what is kept lies in the folder.
    ///
    /// # Errors
    /// Those of the disk, and if the system has no certificates of authorities to trust.
    pub fn open(sources: Vec<Source>, folder: &Path, limits: Limits, now: Now) -> io::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            sources: sources.into_iter().map(|one| (one.id.clone(), (one, AtomicI64::new(i64::MIN)))).collect(),
            upstream: Upstream::new(limits)?,
            disk: Disk::open(folder, limits.disk, limits.keep_free)?,
            now,
            turns: Semaphore::new(AT_ONCE),
            waiting: AtomicUsize::new(0),
            fetching: Mutex::default(),
        }))
    }

    /// The sources.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.sources.values().map(|(source, _)| source)
    }

    /// Bytes of the disk that kept tiles take.
    pub fn used(&self) -> u64 {
        self.disk.used()
    }

    /// The tile of a source.
    ///
    /// # Errors
    /// [`ProxyError`]
    pub async fn tile(self: &Arc<Self>, source: &str, tile: Tile) -> Result<Given, ProxyError> {
        let (known, _) = self.sources.get(source).ok_or(ProxyError::NoSource)?;
        if !(known.zooms.0..=known.zooms.1).contains(&tile.z) {
            return Ok(None);
        }
        if let Some(kept) = self.kept(source, tile).await {
            if self.is_old(&kept) && !self.is_left_alone(source) {
                let (proxy, source) = (Arc::clone(self), source.to_owned());
                // Nobody waits for it; if it fails the old one is still there.
                tokio::spawn(async move { _ = proxy.fetch(&source, tile).await });
            }
            return Ok(given(kept.bytes));
        }
        if self.is_left_alone(source) {
            return Err(ProxyError::LeftAlone);
        }
        Ok(given(self.fetch(source, tile).await?.bytes.clone()))
    }

    /// Fetches a tile and keeps it. Who asks for one that is being fetched waits for that one.
    async fn fetch(self: &Arc<Self>, source: &str, tile: Tile) -> Result<Arc<Kept>, ProxyError> {
        let key = (source.to_owned(), tile);
        let fetching = Arc::clone(self.fetching().entry(key.clone()).or_default());
        let fetched = fetching.get_or_init(async || {
            let (proxy, source) = (Arc::clone(self), source.to_owned());
            // In a task of its own: it is kept even if whoever asked has gone.
            let fetching = tokio::spawn(async move { proxy.fetch_now(&source, tile).await });
            fetching.await.unwrap_or(Err(ProxyError::Busy))
        });
        let fetched = fetched.await.clone();
        let mut all = self.fetching();
        if all.get(&key).is_some_and(|other| Arc::ptr_eq(other, &fetching)) {
            all.remove(&key);
        }
        fetched
    }

    async fn fetch_now(&self, id: &str, tile: Tile) -> Result<Arc<Kept>, ProxyError> {
        let (source, left_alone_until) = self.sources.get(id).ok_or(ProxyError::NoSource)?;
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= WAITING {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(ProxyError::Busy);
        }
        let turn = self.turns.acquire().await;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        let _turn = turn.map_err(|_| ProxyError::Busy)?;
        if self.is_left_alone(id) {
            return Err(ProxyError::LeftAlone);
        }
        let fetched = self.upstream.fetch(source, tile).await;
        let kept = match fetched {
            Ok(fetched) => Kept {
                fetched: (self.now)(),
                bytes: match fetched {
                    Fetched::Tile(bytes) => bytes,
                    Fetched::Nothing => vec![],
                },
            },
            Err(error) => {
                // Also one that sends pages instead of tiles: the line may end at a portal that wants a password.
                left_alone_until.store((self.now)() + LEFT_ALONE, Ordering::Relaxed);
                tracing::warn!(source = id, error = %error, "a tile cannot be fetched");
                return Err(ProxyError::Upstream(Arc::new(error)));
            }
        };
        // A full disk keeps nobody from seeing the tile.
        let written = self.disk.write(id, tile, &kept);
        if let Err(error) = written {
            tracing::warn!(error = %error, "a tile cannot be kept");
        }
        Ok(Arc::new(kept))
    }

    async fn kept(self: &Arc<Self>, source: &str, tile: Tile) -> Option<Kept> {
        let (proxy, source) = (Arc::clone(self), source.to_owned());
        let reading = tokio::task::spawn_blocking(move || proxy.disk.read(&source, tile, (proxy.now)()));
        reading.await.ok().flatten()
    }

    fn is_old(&self, kept: &Kept) -> bool {
        let old = if kept.bytes.is_empty() { OLD_NOTHING } else { OLD };
        (self.now)().saturating_sub(kept.fetched) > old
    }

    fn is_left_alone(&self, source: &str) -> bool {
        self.sources.get(source).is_some_and(|(_, until)| (self.now)() < until.load(Ordering::Relaxed))
    }

    /// The source is tried again although it failed a moment ago: a run that fetches ahead keeps its own pace.
    fn forgive(&self, source: &str) {
        if let Some((_, until)) = self.sources.get(source) {
            until.store(i64::MIN, Ordering::Relaxed);
        }
    }

    fn fetching(&self) -> MutexGuard<'_, HashMap<(String, Tile), Fetching>> {
        self.fetching.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was kept was looked at before; a source's answer that is no tile is never kept.
fn given(bytes: Vec<u8>) -> Given {
    let format = if bytes.is_empty() { None } else { Format::of(&bytes) };
    format.map(|format| (bytes.into(), format))
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxy").field("sources", &self.sources.keys()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
