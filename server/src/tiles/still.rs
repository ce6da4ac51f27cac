//! Tiles of layers that stay as they are while the node runs: boundaries, hazard zones, a base map.

use std::sync::Arc;

use anyhow::Context;
use geo_types::Geometry;
use sokuho_tiles::Tile;
use sokuho_tiles::cache::{Cache, Made};
use sokuho_tiles::properties::Value;
use sokuho_tiles::shapes::{self, Layer, LayerBuilder};

use crate::region::Region;

/// Bytes of tiles that are kept, of each set of layers.
const KEPT: usize = 16 << 20;

/// Layers that are drawn together, and the tiles that were drawn.
#[derive(Clone)]
pub struct StillTiles {
    layers: Arc<[Layer]>,
    cache: Arc<Cache<()>>,
}

impl StillTiles {
    /// Of these layers; nothing is drawn yet.
    pub fn new(layers: Vec<Layer>) -> Self {
        Self { layers: layers.into(), cache: Arc::new(Cache::new(KEPT)) }
    }

    /// The layers.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The tile.
    ///
    /// # Errors
    /// If the tile cannot be written.
    pub async fn get(&self, tile: Tile) -> anyhow::Result<Arc<Made>> {
        let draw = async || {
            let layers = Arc::clone(&self.layers);
            let drawing = tokio::task::spawn_blocking(move || shapes::draw(&layers, tile));
            Ok::<_, anyhow::Error>(Made::new(drawing.await.context("drawing a tile")??, 0))
        };
        self.cache.get(tile, (), draw).await
    }
}

/// The layer `boundaries`: municipalities with `code` and `name`.
pub fn boundaries(region: &Region) -> Layer {
    let mut layer = LayerBuilder::new("boundaries");
    for (code, shape) in region.boundaries() {
        let name = region.office(code).map(|office| office.name.clone()).unwrap_or_default();
        let properties = [("code", Value::Text(code.to_string())), ("name", Value::Text(name))];
        // A verified region has no shape that would not be taken.
        layer.add(&Geometry::MultiPolygon(shape.clone()), &properties, 0);
    }
    layer.build()
}
