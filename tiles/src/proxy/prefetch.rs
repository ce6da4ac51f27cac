//! Fetching an area ahead, while there is a line: politely, and no more than makes sense.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::{Proxy, ProxyError};
use crate::{Bounds, Tile, TileRange};

/// Tiles of one run at most: some thirteen hours at four a second.
pub const MOST: u64 = 200_000;

/// A run ends when so many tiles in a row fail.
const PATIENCE: u64 = 5;

/// The same where a source answers, but has something against each of the tiles: some answer 403 wherever they have
/// none, and others to whom they want to be rid of.
const PATIENCE_WITH_TILES: u64 = 200;

/// Why a run does not begin, or ends early.
#[derive(Debug, thiserror::Error)]
pub enum PrefetchError {
    /// The area has too many tiles.
    #[error("the area has {tiles} tiles; at most {MOST} are fetched in one run: take fewer zooms or a smaller area")]
    TooMany {
        /// How many.
        tiles: u64,
    },
    /// The source has none of the zooms, or the area is none.
    #[error("the source has no tiles in this area at these zooms")]
    Nothing,
    /// What was fetched ahead has all the room that it may have, or the disk is full.
    #[error(
        "the room for tiles fetched ahead is used up after {done} tiles: raise the budget, or make room on the disk"
    )]
    NoRoom {
        /// Tiles that were gone through.
        done: u64,
    },
    /// The source fails again and again.
    #[error("too many tiles in a row failed, the last because: {0}")]
    Failing(ProxyError),
}

/// How far a run is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Progress {
    /// Tiles of the area.
    pub of: u64,
    /// Tiles that were gone through.
    pub done: u64,
    /// Of these, tiles that were at hand already.
    pub at_hand: u64,
    /// Places where the source has nothing.
    pub nothing: u64,
    /// Tiles that failed.
    pub failed: u64,
    /// Bytes that were fetched.
    pub bytes: u64,
}

/// The tiles of an area, from the outermost zoom inwards.
fn tiles(bounds: &Bounds, zooms: (u8, u8)) -> impl Iterator<Item = Tile> {
    let ranges = (zooms.0..=zooms.1).map(|z| TileRange::covering(bounds, z));
    ranges.flat_map(|range| {
        let columns = range.west..=range.east;
        columns.flat_map(move |x| (range.north..=range.south).map(move |y| Tile { z: range.z, x, y }))
    })
}

fn count(bounds: &Bounds, zooms: (u8, u8)) -> u64 {
    let side = |least: u32, most: u32| u64::from(most.saturating_sub(least)) + 1;
    let ranges = (zooms.0..=zooms.1).map(|z| TileRange::covering(bounds, z));
    ranges.fold(0_u64, |sum, range| {
        sum.saturating_add(side(range.west, range.east).saturating_mul(side(range.north, range.south)))
    })
}

/// Fetches the tiles of an area that are not at hand, at most so many a second, and says after each how far it is. What
/// is asked for later pushes none of them out, nor those that were at hand.
/// Zooms that the source has not are passed over.
///
/// # Errors
/// [`PrefetchError`]. What was fetched before stays.
pub async fn prefetch(
    proxy: &Arc<Proxy>,
    source: &str,
    bounds: &Bounds,
    zooms: (u8, u8),
    a_second: u32,
    mut tell: impl FnMut(Progress),
) -> Result<Progress, PrefetchError> {
    let (least, most) = proxy.sources.get(source).ok_or(PrefetchError::Failing(ProxyError::NoSource))?.source.zooms;
    let zooms = (zooms.0.max(least), zooms.1.min(most));
    if zooms.0 > zooms.1 || bounds.west > bounds.east || bounds.south > bounds.north {
        return Err(PrefetchError::Nothing);
    }
    let mut progress = Progress { of: count(bounds, zooms), ..Progress::default() };
    if progress.of > MOST {
        return Err(PrefetchError::TooMany { tiles: progress.of });
    }
    let mut pace = interval(Duration::from_secs(1) / a_second.max(1));
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut failed_in_a_row, mut refused_in_a_row) = (0, 0);
    for tile in tiles(bounds, zooms) {
        let kept = proxy.kept(source, tile).await;
        let mut is_there = true;
        if kept.is_some_and(|kept| !proxy.is_old(&kept)) {
            progress.at_hand += 1;
        } else {
            pace.tick().await;
            match proxy.fetch(source, tile).await {
                Ok(found) => {
                    progress.nothing += u64::from(found.given.is_none());
                    progress.bytes += found.given.map_or(0, |(made, _)| made.plain.len() as u64);
                    (failed_in_a_row, refused_in_a_row) = (0, 0);
                }
                Err(error) => {
                    is_there = false;
                    progress.failed += 1;
                    match &error {
                        ProxyError::Upstream(why) if why.is_of_one_tile() => refused_in_a_row += 1,
                        _ => failed_in_a_row += 1,
                    }
                    if failed_in_a_row >= PATIENCE || refused_in_a_row >= PATIENCE_WITH_TILES {
                        return Err(PrefetchError::Failing(error));
                    }
                    proxy.forgive(source);
                }
            }
        }
        if is_there && !proxy.keep_ahead(source, tile).await {
            return Err(PrefetchError::NoRoom { done: progress.done });
        }
        progress.done += 1;
        tell(progress);
    }
    Ok(progress)
}
