//! The sources of tiles of a node, and fetching tiles ahead.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use sokuho_tiles::Bounds;
use sokuho_tiles::archive::Archive;
use sokuho_tiles::proxy::prefetch::{self, Progress};
use sokuho_tiles::proxy::source::{self, Source as Remote};
use sokuho_tiles::proxy::{Limits, Proxy};

use crate::base::{Base, Content};
use crate::domain::clock::Clock;
use crate::hazard::InForce;
use crate::region::Region;
use crate::tiles::live::LiveTiles;
use crate::tiles::sources::{Source, Sources};

/// Where tiles of other servers are kept, below the data folder.
const FOLDER: &str = "map-cache";

/// Which tiles of other servers a node takes, and how much it keeps of them.
#[derive(Clone, Debug)]
pub struct Remotes {
    /// The data folder.
    pub data: PathBuf,
    /// Ids of the sources.
    pub ids: Vec<String>,
    /// A list of one's own instead of the built-in one.
    pub list: Option<PathBuf>,
    /// Mebibytes of the disk for what is kept.
    pub cache_mib: u64,
    /// Mebibytes of the disk that are left to others.
    pub keep_free_mib: u64,
}

impl Remotes {
    /// The proxy for these sources.
    ///
    /// # Errors
    /// A list that is none, an id that is not in it, a folder that cannot be made.
    pub fn open(self, clock: Arc<dyn Clock>) -> anyhow::Result<Arc<Proxy>> {
        let known = match &self.list {
            None => source::built_in()?,
            Some(file) => {
                let json = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
                source::read(&json, true).with_context(|| file.display().to_string())?
            }
        };
        if let Some(id) = self.ids.iter().find(|id| !known.iter().any(|one| one.id == **id)) {
            let all: Vec<&str> = known.iter().map(|one| one.id.as_str()).collect();
            bail!("no tile source is called {id}; there are {}", all.join(", "));
        }
        let chosen: Vec<Remote> = known.into_iter().filter(|one| self.ids.contains(&one.id)).collect();
        let limits = Limits { disk: self.cache_mib << 20, keep_free: self.keep_free_mib << 20, ..Limits::default() };
        let now = Arc::new(move || clock.now().as_second());
        Proxy::open(chosen, &self.data.join(FOLDER), limits, now).context("tiles of other servers cannot be kept")
    }
}

/// All sources of a node.
///
/// # Errors
/// What is wrong with the sources of other servers. A file of tiles that is refused is told in the log, and the map
/// does without it.
pub(super) async fn sources(
    region: &Region,
    live: LiveTiles,
    base: &Base,
    hazard: &Arc<InForce>,
    remotes: Remotes,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<Sources> {
    let mut sources = Sources::from([
        ("live".to_owned(), Source::live(region, live)),
        ("boundaries".to_owned(), Source::boundaries(region)),
    ]);
    for (number, layer) in hazard.layers().iter().enumerate() {
        let zones = Source::zones(hazard, number, region.bounds());
        sources.extend(zones.map(|zones| (format!("hazard-{}", layer.about().layer), zones)));
    }
    let base = match &base.content {
        Content::Archive(file) => archive(file, base).await,
        _ => Source::base(base, region.bounds()),
    };
    sources.extend(base.map(|base| ("base".to_owned(), base)));
    if !remotes.ids.is_empty() {
        let proxy = remotes.open(clock)?;
        let proxied = |remote: &Remote| (format!("proxy-{}", remote.id), Source::proxied(&proxy, remote));
        sources.extend(proxy.sources().map(proxied));
    }
    Ok(sources)
}

async fn archive(file: &Path, base: &Base) -> Option<Source> {
    match Archive::open(file).await {
        Ok(archive) => Some(Source::archive(archive, &base.origin.attribution, &base.origin.edition)),
        Err(error) => {
            tracing::error!(error = %error, file = %file.display(), "the base map is refused");
            None
        }
    }
}

/// Fetches an area ahead: west, south, east and north in degrees, and the outermost and the deepest zoom.
///
/// # Errors
/// What is wrong with the sources, the area, or the run.
pub async fn prefetch(
    remotes: Remotes,
    source: &str,
    [west, south, east, north]: [f64; 4],
    zooms: (u8, u8),
    a_second: u32,
    clock: Arc<dyn Clock>,
    tell: impl FnMut(Progress),
) -> anyhow::Result<Progress> {
    let proxy = Remotes { ids: vec![source.to_owned()], ..remotes }.open(clock)?;
    let bounds = Bounds { west, south, east, north };
    Ok(prefetch::prefetch(&proxy, source, &bounds, zooms, a_second, tell).await?)
}
