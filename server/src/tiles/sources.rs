//! The sources of tiles that a node has, by their ids.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use sokuho_tiles::Tile;
use sokuho_tiles::cache::Made;
use sokuho_tiles::shapes::{self, Layer};

use super::drawing;
use super::live::{self, LiveTiles};
use super::still::{self, StillTiles};
use crate::domain::position::Bounds;
use crate::live::map::{REPORTS_FROM, STATUSES};
use crate::region::Region;
use crate::wire::Audience;
use crate::wire::tiles::{TileKind, VectorLayer};

/// Changed when tiles of the same data come out in another way, so that nobody keeps the old ones.
const DRAWN_AS: u32 = 1;

/// Where a source's tiles come from.
#[derive(Clone)]
pub enum Origin {
    /// The live world.
    Live(LiveTiles),
    /// Layers that do not change while the node runs.
    Still(StillTiles),
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
    /// Changes with what the tiles are made from; the live world's tiles have versions of their own instead.
    pub edition: String,
}

/// A tile, as it is kept.
pub enum Given {
    /// Drawn here.
    Drawn(Arc<Made>),
    /// From a file or another server: bytes, media type, and whether they are compressed with gzip.
    Stored(Bytes, &'static str, bool),
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
            edition: String::new(),
        }
    }

    /// The region's boundaries.
    pub fn boundaries(region: &Region) -> Self {
        let layers = vec![still::boundaries(region)];
        Self::still("市町村境界", region.attribution(), region.edition(), region.bounds(), layers)
    }

    /// Layers of shapes; `bounds` is taken where they are empty.
    pub fn still(name: &str, attribution: &str, edition: &str, bounds: Bounds, layers: Vec<Layer>) -> Self {
        let extent = layers.iter().filter_map(Layer::bounds).map(|b| Bounds {
            west: b.west,
            south: b.south,
            east: b.east,
            north: b.north,
        });
        let mut hash = Sha256::new();
        hash.update(format!("{DRAWN_AS} {name} {edition}"));
        for layer in &layers {
            hash.update(format!(" {} {} {}", layer.name(), layer.figures(), layer.corners()));
        }
        Self {
            name: name.to_owned(),
            attribution: attribution.to_owned(),
            kind: TileKind::Vector,
            zooms: (0, shapes::DEEPEST),
            bounds: extent.reduce(|a, b| a.with(&b)).unwrap_or(bounds),
            layers: layers.iter().map(described).collect(),
            edition: hex::encode(&hash.finalize()[..8]),
            origin: Origin::Still(StillTiles::new(layers)),
        }
    }

    /// The tile; `None` where there is nothing.
    ///
    /// # Errors
    /// If the tile cannot be made.
    pub async fn tile(&self, tile: Tile, audience: Audience) -> anyhow::Result<Option<Given>> {
        let drawn = |made: Arc<Made>| Some(Given::Drawn(made));
        match &self.origin {
            Origin::Live(live) => Ok(drawn(live.get(tile, audience).await?)),
            Origin::Still(still) => Ok(drawn(still.get(tile).await?)),
        }
    }

    /// Whether its tiles differ by audience.
    pub fn is_live(&self) -> bool {
        matches!(self.origin, Origin::Live(_))
    }
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
