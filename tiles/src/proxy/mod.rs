//! Tiles of listed sources, through this node: the browser never asks a third party, what was fetched once is kept,
//! and it is still given out when the line is cut.
//!
//! A tile at hand is given at once; if it is old, another is fetched meanwhile. Of many who ask for the same tile one
//! fetches it. A source that fails is left alone for a while, so that nobody waits for a line that is cut, and no source
//! is asked more often than it would like, however many ask us.

pub mod disk;
mod pace;
pub mod prefetch;
pub mod source;
mod upstream;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};

use self::disk::{Disk, Kept};
use self::pace::Pace;
use self::source::Source;
pub use self::upstream::UpstreamError;
use self::upstream::{Fetched, Upstream};
use crate::Tile;
use crate::cache::Made;
use crate::format::{Format, is_gzip, unpack};

/// Tiles that are fetched at the same time, of all sources together: public servers ask to be spared.
const AT_ONCE: usize = 8;

/// Requests that may wait for their turn to fetch.
const WAITING: usize = 256;

/// How old a tile may be before another is fetched, seconds: a week.
const OLD: i64 = 7 * 24 * 3_600;

/// The same for a place where the source has no tile, or no more: a day.
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
    /// How often each source is asked at once, after a rest.
    pub burst: u32,
    /// After which time it may be asked once more.
    pub between: Duration,
}

impl Default for Limits {
    /// 1 GiB, 256 MiB left free, 5 s, 15 s, 4 MiB; 200 tiles at once and 50 a second, which is some screens that nobody
    /// has looked at before.
    fn default() -> Self {
        let (connect, patience) = (Duration::from_secs(5), Duration::from_secs(15));
        let (burst, between) = (200, Duration::from_millis(20));
        Self { disk: 1 << 30, keep_free: 256 << 20, connect, patience, tile: 4 << 20, burst, between }
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
    /// Too many wait for tiles of slow sources, or the source is asked as often as it may be.
    #[error("too many tiles are asked for that are not at hand")]
    Busy,
}

/// A tile of a source, and what it is; `None`: the source has none there.
pub type Given = Option<(Arc<Made>, Format)>;

/// What is known of a place of a source.
#[derive(Clone, Debug)]
struct Found {
    /// When it was fetched, seconds since 1970.
    fetched: i64,
    given: Given,
}

impl Found {
    /// What was kept was looked at before; an answer that is no tile is never kept. Unpacks what is packed and packs
    /// what is not, which takes milliseconds for a large one.
    fn of(kept: Kept, at_most: usize) -> Self {
        let Kept { fetched, bytes } = kept;
        let vector = |made: Made| (Arc::new(made), Format::Mvt);
        let given = match Format::of(&bytes) {
            _ if bytes.is_empty() => None,
            None if is_gzip(&bytes) => unpack(&bytes, at_most).ok().map(|plain| vector(Made::packed(plain, bytes))),
            None => None,
            Some(Format::Mvt) => Some(vector(Made::new(bytes, 0))),
            Some(picture) => Some((Arc::new(Made::picture(bytes)), picture)),
        };
        Self { fetched, given }
    }

    /// As it is kept: packed, if that is shorter.
    fn kept(&self) -> Kept {
        let bytes = self.given.as_ref().map(|(made, _)| made.gzip.as_ref().unwrap_or(&made.plain).to_vec());
        Kept { fetched: self.fetched, bytes: bytes.unwrap_or_default() }
    }
}

/// A tile that is being fetched: what came of it, as soon as that is known.
type Fetching = watch::Receiver<Option<Result<Found, ProxyError>>>;

/// A source, and how it is with it.
struct Known {
    source: Source,
    /// Seconds since 1970.
    left_alone_until: AtomicI64,
    pace: Pace,
}

/// The sources that this node takes tiles from, and what it keeps of them.
pub struct Proxy {
    sources: BTreeMap<String, Known>,
    upstream: Upstream,
    disk: Disk,
    /// Bytes of a tile at most.
    largest: usize,
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
        let known = |source: Source| {
            let pace = Pace::new(limits.burst, limits.between);
            (source.id.clone(), Known { source, left_alone_until: AtomicI64::new(i64::MIN), pace })
        };
        Ok(Arc::new(Self {
            sources: sources.into_iter().map(known).collect(),
            upstream: Upstream::new(limits)?,
            disk: Disk::open(folder, limits.disk, limits.keep_free)?,
            largest: limits.tile,
            now,
            turns: Semaphore::new(AT_ONCE),
            waiting: AtomicUsize::new(0),
            fetching: Mutex::default(),
        }))
    }

    /// The sources.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.sources.values().map(|known| &known.source)
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
        let (least, most) = self.sources.get(source).ok_or(ProxyError::NoSource)?.source.zooms;
        if !(least..=most).contains(&tile.z) {
            return Ok(None);
        }
        if let Some(found) = self.kept(source, tile).await {
            if self.is_old(&found) && !self.is_left_alone(source) {
                // Nobody waits for it; if it fails the old one is still there.
                _ = self.begin(source, tile);
            }
            return Ok(found.given);
        }
        if self.is_left_alone(source) {
            return Err(ProxyError::LeftAlone);
        }
        Ok(self.fetch(source, tile).await?.given)
    }

    /// Fetches a tile and keeps it. Who asks for one that is being fetched waits for that one.
    async fn fetch(self: &Arc<Self>, source: &str, tile: Tile) -> Result<Found, ProxyError> {
        let mut fetching = self.begin(source, tile)?;
        let fetched = fetching.wait_for(Option::is_some).await;
        fetched.ok().and_then(|fetched| fetched.clone()).unwrap_or(Err(ProxyError::Busy))
    }

    /// Begins to fetch a tile, unless it is being fetched or the source is asked too often: in a task of its own, so that
    /// it is kept even if whoever asked has gone.
    fn begin(self: &Arc<Self>, source: &str, tile: Tile) -> Result<Fetching, ProxyError> {
        let known = self.sources.get(source).ok_or(ProxyError::NoSource)?;
        let key = (source.to_owned(), tile);
        let mut all = self.fetching();
        if let Some(fetching) = all.get(&key) {
            return Ok(fetching.clone());
        }
        if !known.pace.take() {
            return Err(ProxyError::Busy);
        }
        let (tell, told) = watch::channel(None);
        all.insert(key.clone(), told.clone());
        drop(all);
        let (proxy, source) = (Arc::clone(self), source.to_owned());
        tokio::spawn(async move {
            let _over = Over { proxy: &proxy, key };
            let fetched = proxy.fetch_now(&source, tile).await;
            tell.send_replace(Some(fetched));
        });
        Ok(told)
    }

    async fn fetch_now(self: &Arc<Self>, id: &str, tile: Tile) -> Result<Found, ProxyError> {
        let known = self.sources.get(id).ok_or(ProxyError::NoSource)?;
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
        // It may have come since somebody looked for it.
        let before = self.kept(id, tile).await;
        if let Some(found) = before.as_ref().filter(|found| !self.is_old(found)) {
            return Ok(found.clone());
        }
        let fetched = self.upstream.fetch(&known.source, tile).await.map_err(|error| {
            if error.is_of_one_tile() {
                tracing::debug!(source = id, error = %error, "a tile is not to be had");
            } else {
                // Also one that sends pages instead of tiles: the line may end at a portal that wants a password.
                known.left_alone_until.store((self.now)() + LEFT_ALONE, Ordering::Relaxed);
                tracing::warn!(source = id, error = %error, "a tile cannot be fetched");
            }
            ProxyError::Upstream(Arc::new(error))
        })?;
        let (proxy, id) = (Arc::clone(self), id.to_owned());
        let keeping = tokio::task::spawn_blocking(move || proxy.keep(&id, tile, fetched, before));
        keeping.await.map_err(|_| ProxyError::Busy)
    }

    /// Keeps what came, and gives it.
    fn keep(&self, id: &str, tile: Tile, fetched: Fetched, before: Option<Found>) -> Found {
        let now = (self.now)();
        let found = match (fetched, before) {
            (Fetched::Tile(bytes), _) => Found::of(Kept { fetched: now, bytes }, self.largest),
            // A source that has lost its tiles for a while must not empty what was fetched ahead: it is asked again
            // in a day.
            (Fetched::Nothing, Some(Found { given: given @ Some(_), .. })) => {
                Found { fetched: now - OLD + OLD_NOTHING, given }
            }
            (Fetched::Nothing, _) => Found { fetched: now, given: None },
        };
        // A full disk keeps nobody from seeing the tile.
        if let Err(error) = self.disk.write(id, tile, &found.kept()) {
            tracing::warn!(error = %error, "a tile cannot be kept");
        }
        found
    }

    async fn kept(self: &Arc<Self>, source: &str, tile: Tile) -> Option<Found> {
        let (proxy, source) = (Arc::clone(self), source.to_owned());
        let reading = tokio::task::spawn_blocking(move || {
            let kept = proxy.disk.read(&source, tile, (proxy.now)())?;
            Some(Found::of(kept, proxy.largest))
        });
        reading.await.ok().flatten()
    }

    /// Counts a tile that is kept among those that were fetched ahead; `false`: there is no room for it.
    async fn keep_ahead(self: &Arc<Self>, source: &str, tile: Tile) -> bool {
        let (proxy, source) = (Arc::clone(self), source.to_owned());
        let keeping = tokio::task::spawn_blocking(move || proxy.disk.keep_ahead(&source, tile)).await;
        keeping.map_err(io::Error::other).flatten().unwrap_or_else(|error| {
            tracing::warn!(error = %error, "a tile cannot be kept");
            false
        })
    }

    fn is_old(&self, found: &Found) -> bool {
        let old = if found.given.is_none() { OLD_NOTHING } else { OLD };
        (self.now)().saturating_sub(found.fetched) > old
    }

    fn is_left_alone(&self, source: &str) -> bool {
        self.sources.get(source).is_some_and(|known| (self.now)() < known.left_alone_until.load(Ordering::Relaxed))
    }

    /// The source is tried again although it failed a moment ago: a run that fetches ahead keeps its own pace.
    fn forgive(&self, source: &str) {
        if let Some(known) = self.sources.get(source) {
            known.left_alone_until.store(i64::MIN, Ordering::Relaxed);
        }
    }

    fn fetching(&self) -> MutexGuard<'_, HashMap<(String, Tile), Fetching>> {
        self.fetching.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a tile out of those that are being fetched, however fetching ends.
struct Over<'a> {
    proxy: &'a Proxy,
    key: (String, Tile),
}

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.proxy.fetching().remove(&self.key);
    }
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxy").field("sources", &self.sources.keys()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
