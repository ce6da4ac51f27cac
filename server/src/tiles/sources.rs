//! The sources of tiles that a node has, by their ids.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use sha2::{Digest, Sha256};
use sokuho_tiles::archive::{Archive, ArchiveError};
use sokuho_tiles::cache::Made;
use sokuho_tiles::drawers::NotDone;
use sokuho_tiles::proxy::source::{Kind, Source as Remote};
use sokuho_tiles::proxy::{Proxy, ProxyError};
use sokuho_tiles::shapes::{self, Layer};
use sokuho_tiles::{Tile, TileRange};

use super::desk::Desk;
use super::drawing;
use super::live::{self, LiveTiles};
use super::still::{self, StillTiles};
use crate::base::{Base, Content};
use crate::domain::position::Bounds;
use crate::hazard::InForce;
use crate::live::map::{REPORTS_FROM, STATUSES};
use crate::region::Region;
use crate::wire::Audience;
use crate::wire::tiles::{TileKind, VectorLayer};

/// Media type of a Mapbox Vector Tile (IANA).
pub const MVT: &str = "application/vnd.mapbox-vector-tile";

/// Changed when tiles of the same data come out in another way, so that nobody keeps the old ones.
const DRAWN_AS: u32 = 2;

/// Where a source's tiles come from.
#[derive(Clone)]
pub enum Origin {
    /// The live world.
    Live(LiveTiles),
    /// Layers that do not change while the node runs.
    Still(StillTiles),
    /// A file with many tiles.
    Archive(Arc<Archive>),
    /// Another server, through this node: the proxy and the source's id there.
    Proxy(Arc<Proxy>, String),
}

/// A source of tiles.
#[derive(Clone)]
pub struct Source {
    /// Where they come from.
    pub origin: Origin,
    /// Name, Japanese.
    pub name: String,
    /// What must be shown beside the map.
    pub attribution: String,
    /// What the tiles hold.
    pub kind: TileKind,
    /// The outermost and the deepest zoom.
    pub zooms: (u8, u8),
    /// What it covers.
    pub bounds: Bounds,
    /// The layers of a vector tile.
    pub layers: Vec<VectorLayer>,
    /// Changes with what the tiles are made from and with how they are drawn; the live world's tiles have versions of
    /// their own besides, those of other servers none of ours.
    pub edition: String,
    /// Media type of the tiles; those of another server say their own.
    pub content_type: &'static str,
}

/// A tile, as it is kept.
pub enum Given {
    /// Drawn here.
    Drawn(Arc<Made>),
    /// From another server, with its media type.
    Fetched(Arc<Made>, &'static str),
}

/// Why there is no tile.
#[derive(Debug, thiserror::Error)]
pub enum TileError {
    /// It cannot be made.
    #[error("{0:#}")]
    Drawing(anyhow::Error),
    /// Too many wait for tiles to be drawn.
    #[error("too many wait for tiles to be drawn")]
    Busy,
    /// The file does not hold what it says.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The other server failed.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
}

impl From<NotDone<anyhow::Error>> for TileError {
    fn from(error: NotDone<anyhow::Error>) -> Self {
        match error {
            NotDone::Busy => Self::Busy,
            NotDone::Broken => Self::Drawing(anyhow::anyhow!("drawing ended before its end")),
            NotDone::Failed(error) => Self::Drawing(error),
        }
    }
}

impl Source {
    /// The live world: incidents for everybody, reports for offices.
    pub fn live(region: &Region, tiles: LiveTiles) -> Self {
        Self {
            origin: Origin::Live(tiles),
            name: "通報と事案".to_owned(),
            attribution: region.about().name.clone(),
            kind: TileKind::Vector,
            zooms: (0, live::DEEPEST),
            bounds: region.bounds(),
            layers: live_layers(),
            edition: digest(|_| {}),
            content_type: MVT,
        }
    }

    /// The region's boundaries.
    pub fn boundaries(region: &Region, desk: &Desk) -> Self {
        let layers = vec![still::boundaries(region)];
        Self::still("市町村境界", region.attribution(), region.edition(), region.bounds(), layers, desk)
    }

    /// Layers of shapes; `bounds` is taken where they are empty.
    pub fn still(
        name: &str,
        attribution: &str,
        edition: &str,
        bounds: Bounds,
        layers: Vec<Layer>,
        desk: &Desk,
    ) -> Self {
        let extent = layers.iter().filter_map(Layer::bounds).map(|b| Bounds {
            west: b.west,
            south: b.south,
            east: b.east,
            north: b.north,
        });
        let edition = digest(|sum| {
            sum.update(edition);
            layers.iter().for_each(|layer| layer.content(|piece| sum.update(piece)));
        });
        Self {
            name: name.to_owned(),
            attribution: attribution.to_owned(),
            kind: TileKind::Vector,
            zooms: (0, shapes::DEEPEST),
            bounds: extent.reduce(|a, b| a.with(&b)).unwrap_or(bounds),
            layers: layers.iter().map(described).collect(),
            edition,
            content_type: MVT,
            origin: Origin::Still(StillTiles::new(layers, desk)),
        }
    }

    /// The features of a base map; `None` if it has none.
    pub fn base(base: &Base, bounds: Bounds, desk: &Desk) -> Option<Self> {
        let layers = (!base.features().is_empty()).then(|| still::base(base))?;
        let name = match (&base.content, base.is_sketch()) {
            (Content::Sketch(_), _) => "基本図（略図）",
            (_, true) => "基本図（一部は略図）",
            (_, false) => "基本図",
        };
        Some(Self::still(name, &base.origin.attribution, &base.origin.edition, bounds, layers, desk))
    }

    /// The zones of a layer of hazards, which are read when the first tile is asked for. `bounds` is taken where there
    /// are none.
    pub fn zones(hazard: &Arc<InForce>, number: usize, bounds: Bounds, desk: &Desk) -> Option<Self> {
        let about = Arc::clone(hazard.layers().get(number)?.about());
        let hazard = Arc::clone(hazard);
        let making = move || {
            let layer = hazard.layers().get(number).context("the layer is gone")?;
            Ok(vec![still::zones(layer)?])
        };
        let fields = BTreeMap::from([("class".to_owned(), "String".to_owned())]);
        Some(Self {
            name: about.name.clone(),
            attribution: about.attribution.clone(),
            kind: TileKind::Vector,
            zooms: (0, shapes::DEEPEST),
            bounds: about.bounds.unwrap_or(bounds),
            layers: vec![VectorLayer { id: still::ZONES.to_owned(), fields, minzoom: None }],
            edition: digest(|sum| sum.update(format!("{} {} {}", about.id, about.edition, about.source_sha256))),
            content_type: MVT,
            origin: Origin::Still(StillTiles::made_by(Arc::new(making), desk)),
        })
    }

    /// A file with many tiles. What the operator wrote down when it was imported goes before what the file says.
    /// `sha256`: of the file, or the beginning of it.
    pub fn archive(archive: Archive, attribution: &str, sha256: &str) -> Self {
        let about = archive.about().clone();
        let layer = |(id, fields)| VectorLayer { id, fields, minzoom: None };
        let bounds = about.bounds;
        Self {
            name: if about.name.is_empty() { "基本図".to_owned() } else { about.name },
            attribution: if attribution.is_empty() { about.attribution } else { attribution.to_owned() },
            kind: if about.format.is_raster() { TileKind::Raster } else { TileKind::Vector },
            zooms: about.zooms,
            bounds: Bounds { west: bounds.west, south: bounds.south, east: bounds.east, north: bounds.north },
            layers: about.layers.into_iter().map(layer).collect(),
            edition: digest(|sum| sum.update(sha256)),
            content_type: about.format.content_type(),
            origin: Origin::Archive(Arc::new(archive)),
        }
    }

    /// A source of another server, as far as the region and its surroundings go: nobody is to see the world through this
    /// node.
    pub fn proxied(proxy: &Arc<Proxy>, remote: &Remote, region: Bounds) -> Self {
        Self {
            origin: Origin::Proxy(Arc::clone(proxy), remote.id.clone()),
            name: remote.name.clone(),
            attribution: remote.attribution.clone(),
            kind: if remote.kind == Kind::Raster { TileKind::Raster } else { TileKind::Vector },
            zooms: remote.zooms,
            bounds: region.with_surroundings(),
            layers: vec![],
            edition: String::new(),
            content_type: MVT,
        }
    }

    /// Whether it gives this tile at all. What is made here is empty beyond its bounds; of another server's nobody is
    /// asked for what lies there.
    pub fn reaches(&self, tile: Tile) -> bool {
        let Bounds { west, south, east, north } = self.bounds;
        let bounds = sokuho_tiles::Bounds { west, south, east, north };
        !matches!(self.origin, Origin::Proxy(..)) || TileRange::covering(&bounds, tile.z).contains(tile)
    }

    /// The tile; `None` where there is nothing.
    ///
    /// # Errors
    /// [`TileError`]
    pub async fn tile(&self, tile: Tile, audience: Audience) -> Result<Option<Given>, TileError> {
        Ok(match &self.origin {
            Origin::Live(live) => Some(Given::Drawn(live.get(tile, audience).await?)),
            Origin::Still(still) => Some(Given::Drawn(still.get(tile).await?)),
            Origin::Archive(archive) => archive.tile(tile).await?.map(|made| Given::Drawn(Arc::new(made))),
            Origin::Proxy(proxy, id) => {
                let fetched = proxy.tile(id, tile).await?;
                fetched.map(|(made, format)| Given::Fetched(made, format.content_type()))
            }
        })
    }

    /// Whether its tiles differ by audience.
    pub fn is_live(&self) -> bool {
        matches!(self.origin, Origin::Live(_))
    }
}

/// A short name for what tiles are made from.
fn digest(said: impl FnOnce(&mut Sha256)) -> String {
    let mut sum = Sha256::new_with_prefix(DRAWN_AS.to_le_bytes());
    said(&mut sum);
    hex::encode(&sum.finalize()[..8])
}

/// All sources, by id.
pub type Sources = BTreeMap<String, Source>;

fn described(layer: &Layer) -> VectorLayer {
    let fields = layer.fields().into_iter().map(|(name, kind)| (name, kind.to_owned())).collect();
    VectorLayer { id: layer.name().to_owned(), fields, minzoom: None }
}

fn live_layers() -> Vec<VectorLayer> {
    let fields = |all: &[(&str, &str)]| {
        all.iter().map(|(name, kind)| ((*name).to_owned(), (*kind).to_owned())).collect::<BTreeMap<_, _>>()
    };
    let common = [
        ("id", "String"),
        ("category", "String"),
        ("filed_at", "Number"),
        ("drill", "Boolean"),
        ("danger_to_life", "Mixed"),
        ("count", "Number"),
    ];
    let mut incidents = fields(&common);
    incidents.insert("status".to_owned(), "String".to_owned());
    incidents.extend(drawing::words().into_iter().map(|word| (word, "Number".to_owned())));
    let mut reports = fields(&common);
    reports.insert("incident".to_owned(), "String".to_owned());
    let statuses: Vec<String> = drawing::words().into_iter().rev().take(STATUSES.len()).collect();
    let categories = drawing::words().into_iter().filter(|word| !statuses.contains(word));
    reports.extend(categories.map(|word| (word, "Number".to_owned())));
    vec![
        VectorLayer { id: drawing::INCIDENTS.to_owned(), fields: incidents, minzoom: None },
        VectorLayer { id: drawing::REPORTS.to_owned(), fields: reports, minzoom: Some(REPORTS_FROM) },
    ]
}
