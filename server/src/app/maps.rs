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
use crate::config::Config;
use crate::domain::clock::Clock;
use crate::hazard::InForce;
use crate::region::Region;
use crate::tiles::desk::Desk;
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

/// The base map in force. Looking through an archive takes minutes where it was not looked through before.
///
/// # Errors
/// What is wrong with it.
pub(super) async fn base(config: &Config, region: &Region) -> anyhow::Result<Base> {
    let (folder, data, code) = (config.region.clone(), config.data.clone(), region.code().to_owned());
    let loading = tokio::task::spawn_blocking(move || Base::in_force(folder.as_deref(), &code, &data));
    Ok(loading.await.context("reading the base map")??)
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
    desk: &Desk,
    remotes: Remotes,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<Sources> {
    let mut sources = Sources::from([
        ("live".to_owned(), Source::live(region, live)),
        ("boundaries".to_owned(), Source::boundaries(region, desk)),
    ]);
    for (number, layer) in hazard.layers().iter().enumerate() {
        let zones = Source::zones(hazard, number, region.bounds(), desk);
        sources.extend(zones.map(|zones| (format!("hazard-{}", layer.about().layer), zones)));
    }
    let base = match &base.content {
        Content::Archive(file) => archive(file, base).await,
        _ => Source::base(base, region.bounds(), desk),
    };
    sources.extend(base.map(|base| ("base".to_owned(), base)));
    if !remotes.ids.is_empty() {
        let proxy = remotes.open(clock)?;
        let proxied =
            |remote: &Remote| (format!("proxy-{}", remote.id), Source::proxied(&proxy, remote, region.bounds()));
        sources.extend(proxy.sources().map(proxied));
    }
    Ok(sources)
}

async fn archive(file: &Path, base: &Base) -> Option<Source> {
    // A base map is kept under its SHA-256.
    let sha256 = file.file_stem().unwrap_or_default().to_string_lossy();
    match Archive::open(file).await {
        Ok(archive) => Some(Source::archive(archive, &base.origin.attribution, &sha256)),
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use geo_types::Point;

    use super::*;
    use crate::base::kept::store_archive;
    use crate::base::{Feature, Kind, Layer, Origin};
    use crate::hazard::InForce;

    const BOUNDS: crate::domain::position::Bounds =
        crate::domain::position::Bounds { west: 139.0, south: 37.0, east: 140.0, north: 38.0 };

    /// An archive of no tiles, and its name.
    fn archive(name: &str) -> Vec<u8> {
        let metadata = format!(r#"{{"name":"{name}"}}"#);
        let mut bytes = vec![0; 127];
        bytes[..8].copy_from_slice(b"PMTiles\x03");
        for (place, offset, length) in [(8, 127, 1), (24, 128, metadata.len() as u64)] {
            bytes[place..place + 8].copy_from_slice(&u64::to_le_bytes(offset));
            bytes[place + 8..place + 16].copy_from_slice(&length.to_le_bytes());
        }
        // Nothing is packed, vector tiles of zoom 0; then a directory of none.
        bytes[97..100].fill(1);
        bytes.push(0);
        [bytes, metadata.into_bytes()].concat()
    }

    #[tokio::test]
    async fn a_new_base_map_under_the_old_name_is_another_edition_of_its_tiles() {
        let data = tempfile::tempdir().unwrap();
        let desk = Desk::new(1);
        let mut editions = Vec::new();
        for name in ["old", "new", "old"] {
            let file = data.path().join("tohoku.pmtiles");
            std::fs::write(&file, archive(name)).unwrap();
            let origin =
                Origin { edition: "tohoku".to_owned(), attribution: "somebody".to_owned(), ..Origin::default() };
            store_archive(data.path(), "aizu", &file, &origin).unwrap();
            let base = Base::in_force(None, "aizu", data.path()).unwrap();
            let Content::Archive(file) = &base.content else { panic!("an archive") };
            editions.push(super::archive(file, &base).await.unwrap().edition);
        }
        assert!(editions[0] != editions[1] && editions[0] == editions[2], "{editions:?}");

        let station = |lon: f64| Feature {
            layer: Layer::Station,
            name: Some("会津若松".to_owned()),
            english: None,
            reference: None,
            kind: None::<Kind>,
            rank: 1,
            sketch: false,
            geometry: Point::new(lon, 37.5).into(),
        };
        let of = |lon: f64| {
            let content = Content::Features(Arc::new(vec![station(lon)]));
            Source::base(&Base { origin: Origin::default(), content }, BOUNDS, &desk).unwrap().edition
        };
        assert_eq!(of(139.93), of(139.93));
        assert_ne!(of(139.93), of(139.94), "as many features, but elsewhere");
    }

    #[test]
    fn another_demonstration_is_another_edition_of_its_tiles() {
        let data = tempfile::tempdir().unwrap();
        let hazard = Arc::new(InForce::load(data.path(), "aizu").unwrap());
        assert!(!hazard.layers().is_empty());
        for layer in hazard.layers() {
            // All else that the edition of the tiles is made from is the same in every release.
            assert!(layer.about().demonstration && layer.about().source_sha256.len() == 64);
        }
    }
}
