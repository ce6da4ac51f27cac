//! Tiles of the live world.

use std::sync::Arc;

use sokuho_tiles::Tile;
use sokuho_tiles::cache::{Cache, Made};
use sokuho_tiles::points::Spot;

use super::desk::Desk;
use super::drawing;
use super::sources::TileError;
use crate::domain::position::Position;
use crate::live::Live;
use crate::live::map::Places;
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
    pub fn new(live: Arc<Live>, desk: &Desk) -> Self {
        Self { live, cache: Arc::new(Cache::new(KEPT, Arc::clone(&desk.tiles))) }
    }

    /// The tile as an audience sees it; its version is the number of the last entry of the log when it was drawn.
    ///
    /// # Errors
    /// If too many wait.
    pub async fn get(&self, tile: Tile, audience: Audience) -> Result<Arc<Made>, TileError> {
        let live = Arc::clone(&self.live);
        let draw = move || {
            metrics::counter!("sokuho_live_tiles_drawn_total").increment(1);
            // The lock is held while things are gathered, not while they are written.
            let shown = live.read().map_tile(tile, audience);
            let plain = drawing::draw(&shown, tile, audience);
            Ok::<_, anyhow::Error>(Made::new(plain, shown.seq))
        };
        Ok(self.cache.get(tile, audience, draw).await?)
    }

    /// Something changed at these places. To be called after the world knows and before anybody is told.
    ///
    /// The public's form is emptied where the public sees it alone: were it drawn anew at the exact place too, its tag
    /// would tell on which side of a tile's edge that lies.
    pub fn changed(&self, places: &Places) {
        let empty = |place: Position, form| self.cache.empty_at(Spot::at(place.lat(), place.lon()), form);
        for exact in &places.incidents {
            empty(*exact, Audience::Office);
            // Outer zooms are drawn from coarse places for offices too.
            empty(exact.coarse(), Audience::Office);
            empty(exact.coarse(), Audience::Public);
        }
        for exact in &places.reports {
            empty(*exact, Audience::Office);
        }
    }

    /// Whole operations came or went.
    pub fn changed_everywhere(&self) {
        self.cache.empty();
    }
}

#[cfg(test)]
mod tests {
    use sokuho_tiles::points::ONE_BY_ONE;

    use super::*;
    use crate::domain::entry::Entry;
    use crate::domain::incident::Status;
    use crate::log::samples::{filed_at, status};

    /// Where the exact place lies in other tiles than the coarse one, at every zoom from 10 on.
    const EXACT: (f64, f64) = (37.4878, 139.570_33);

    fn tile(at: Position, z: u8) -> Tile {
        Spot::at(at.lat(), at.lon()).tile(z)
    }

    struct Rig {
        live: Arc<Live>,
        tiles: LiveTiles,
        seq: u64,
    }

    impl Rig {
        fn new() -> Self {
            let live = Arc::new(Live::default());
            let tiles = LiveTiles::new(Arc::clone(&live), &Desk::new(2));
            Self { live, tiles, seq: 0 }
        }

        fn learn(&mut self, entry: &Entry) {
            self.seq += 1;
            let touched = self.live.write().apply(self.seq, entry);
            self.tiles.changed(&touched.places);
        }

        async fn version(&self, at: Position, z: u8, audience: Audience) -> u64 {
            self.tiles.get(tile(at, z), audience).await.unwrap().version
        }
    }

    #[tokio::test]
    async fn the_publics_tile_of_the_exact_place_stays_as_it_is_and_every_tile_that_shows_a_change_is_drawn_anew() {
        let exact = Position::new(EXACT.0, EXACT.1).unwrap();
        let coarse = exact.coarse();
        assert_ne!(tile(exact, 10), tile(coarse, 10));
        let mut rig = Rig::new();
        rig.learn(&filed_at(1, exact));
        for z in [10, ONE_BY_ONE, 16] {
            for (place, audience) in
                [Audience::Office, Audience::Public].map(|form| [(exact, form), (coarse, form)]).concat()
            {
                assert_eq!(rig.version(place, z, audience).await, 1);
            }
        }
        rig.learn(&status(2, 1, Status::InProgress));
        for z in [10, ONE_BY_ONE, 16] {
            assert_eq!(rig.version(exact, z, Audience::Public).await, 1, "zoom {z} tells where it is");
            assert_eq!(rig.version(coarse, z, Audience::Public).await, 2, "zoom {z}");
            let shows_it = if z < ONE_BY_ONE { coarse } else { exact };
            assert_eq!(rig.version(shows_it, z, Audience::Office).await, 2, "zoom {z}");
        }
    }

    #[tokio::test]
    async fn what_is_kept_is_what_would_be_drawn_whatever_happens_beside_the_edge_of_a_tile() {
        let mut rig = Rig::new();
        let step = |n: u64| Position::new(EXACT.0, EXACT.1 + (n as f64 - 4.0) * 0.000_02).unwrap();
        for n in 1..=8_u64 {
            rig.learn(&filed_at(n, step(n)));
            rig.learn(&status(100 + n, n, Status::InProgress));
            for z in 0..=DEEPEST {
                for audience in [Audience::Office, Audience::Public] {
                    for place in [step(1), step(8)] {
                        let kept = rig.tiles.get(tile(place, z), audience).await.unwrap();
                        let shown = rig.live.read().map_tile(tile(place, z), audience);
                        let anew = drawing::draw(&shown, tile(place, z), audience);
                        assert!(kept.plain == anew, "zoom {z} after {n}");
                    }
                }
            }
        }
    }
}
