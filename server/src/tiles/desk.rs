//! Who draws the tiles.

use std::sync::Arc;

use sokuho_tiles::drawers::Drawers;

/// Tiles that may wait for their turn: some seconds' work.
const TILES_WAIT: usize = 256;

/// Layers that may wait to be read: all that a node has.
const LAYERS_WAIT: usize = 64;

/// Draws tiles of all sources, as many at once as the machine has cores. Layers that are read when their first tile is
/// asked for are read beside that, one after the other: each takes seconds and memory, and no tile waits for another's.
#[derive(Clone, Debug)]
pub struct Desk {
    /// For tiles.
    pub tiles: Arc<Drawers>,
    /// For layers.
    pub layers: Arc<Drawers>,
}

impl Desk {
    /// For a machine of so many cores.
    pub fn new(cores: usize) -> Self {
        Self { tiles: Arc::new(Drawers::new(cores, TILES_WAIT)), layers: Arc::new(Drawers::new(1, LAYERS_WAIT)) }
    }
}
