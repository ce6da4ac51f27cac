//! Tiles of the live world.

use std::sync::Arc;

use anyhow::Context;
use sokuho_tiles::Tile;
use sokuho_tiles::cache::{Cache, Made};
use sokuho_tiles::points::Spot;

use super::drawing;
use crate::domain::position::Position;
use crate::live::Live;
use crate::wire::Audience;

/// Bytes of tiles that are kept.
const KEPT: usize = 64 << 20;

/// The deepest zoom that is served; maps enlarge it beyond.
pub const DEEPEST: u8 = 16;

/// Draws tiles of the world, and keeps them until a change empties their place.
#[derive(Clone)]
pub struct LiveTiles {
    live: Arc<Live>,
    cache: Arc<Cache<Audience>>,
}

impl LiveTiles {
    /// Of this world; nothing is drawn yet.
    pub fn new(live: Arc<Live>) -> Self {
        Self { live, cache: Arc::new(Cache::new(KEPT)) }
    }

    /// The tile as an audience sees it; its version is the number of the last entry that is in it.
    ///
    /// # Errors
    /// If the tile cannot be written.
    pub async fn get(&self, tile: Tile, audience: Audience) -> anyhow::Result<Arc<Made>> {
        let draw = async || {
            let live = Arc::clone(&self.live);
            let drawing = tokio::task::spawn_blocking(move || {
                // The lock is held while things are gathered, not while they are written.
                let shown = live.read().map_tile(tile, audience);
                drawing::draw(&shown, tile, audience).map(|plain| Made::new(plain, shown.seq))
            });
            metrics::counter!("sokuho_live_tiles_drawn_total").increment(1);
            Ok::<_, anyhow::Error>(drawing.await.context("drawing a tile")??)
        };
        self.cache.get(tile, audience, draw).await
    }

    /// Something changed at these places. To be called after the world knows and before anybody is told.
    pub fn changed(&self, places: &[Position]) {
        for exact in places {
            let coarse = exact.coarse();
            self.cache.empty_at(Spot::at(exact.lat(), exact.lon()));
            // The public's form may show it in the tile beside.
            self.cache.empty_at(Spot::at(coarse.lat(), coarse.lon()));
        }
    }

    /// Whole operations came or went.
    pub fn changed_everywhere(&self) {
        self.cache.empty();
    }
}
