//! `sokuho prefetch`: the tiles of an area, ahead of the night in which the line is cut.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::bail;
use sokuho::app::maps::{self, Remotes};
use sokuho::domain::clock::SystemClock;
use sokuho_tiles::proxy::prefetch;

use super::out::say;

/// Which tiles, and how gently.
#[derive(clap::Args)]
pub struct Prefetch {
    /// Folder of the log, the media and the keys.
    #[arg(long, env = "SOKUHO_DATA", default_value = "var")]
    data: PathBuf,
    /// The source: std, pale, photo, hillshade, flood-max, …
    #[arg(long)]
    source: String,
    /// The area: west, south, east and north, degrees, comma-separated: 139.15,36.85,140.25,37.85
    #[arg(long, value_parser = bounds)]
    bounds: [f64; 4],
    /// The zooms: 5-15
    #[arg(long, value_parser = zooms)]
    zoom: (u8, u8),
    /// Tiles a second at most; public servers ask to be spared.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=20))]
    rate: u32,
    /// A list of tile sources of one's own, instead of the built-in one.
    #[arg(long, env = "SOKUHO_MAP_SOURCE_LIST")]
    map_source_list: Option<PathBuf>,
    /// Mebibytes of the disk that tiles may take.
    #[arg(long, env = "SOKUHO_MAP_CACHE_MIB", default_value_t = 1_024)]
    map_cache_mib: u64,
    /// Mebibytes of the disk that are left free.
    #[arg(long, env = "SOKUHO_KEEP_FREE_MIB", default_value_t = 256)]
    keep_free_mib: u64,
}

/// Fetches them and says how many there are.
pub async fn run(order: Prefetch, clock: Arc<SystemClock>) -> anyhow::Result<()> {
    let Prefetch { data, source, bounds, zoom, rate, map_source_list, map_cache_mib, keep_free_mib } = order;
    let remotes = Remotes { data, ids: vec![], list: map_source_list, cache_mib: map_cache_mib, keep_free_mib };
    let mut last = Instant::now();
    let tell = move |progress: prefetch::Progress| {
        if last.elapsed() >= Duration::from_secs(1) || progress.done == progress.of {
            last = Instant::now();
            eprintln!("{} of {} tiles, {} bytes fetched", progress.done, progress.of, progress.bytes);
        }
    };
    let done = maps::prefetch(remotes, &source, bounds, zoom, rate, clock, tell).await?;
    say!(
        "{source}: {} tiles, of which {} were at hand and {} are empty; {} failed; {} bytes fetched",
        done.done,
        done.at_hand,
        done.nothing,
        done.failed,
        done.bytes
    )?;
    if done.failed > 0 {
        bail!("{} tiles failed; run it again to fetch them", done.failed)
    }
    Ok(())
}

fn bounds(text: &str) -> Result<[f64; 4], String> {
    let numbers: Vec<f64> = text.split(',').filter_map(|number| number.trim().parse().ok()).collect();
    let bounds: Option<[f64; 4]> = numbers.try_into().ok().filter(|_| text.split(',').count() == 4);
    let good = |[west, south, east, north]: &[f64; 4]| {
        west < east
            && south < north
            && west.abs() <= 180.0
            && east.abs() <= 180.0
            && south.abs() <= 90.0
            && north.abs() <= 90.0
    };
    bounds.filter(good).ok_or_else(|| "west,south,east,north in degrees".to_owned())
}

fn zooms(text: &str) -> Result<(u8, u8), String> {
    let (least, most) = text.split_once('-').unwrap_or((text, text));
    let zooms = least.trim().parse::<u8>().ok().zip(most.trim().parse::<u8>().ok());
    zooms.filter(|(least, most)| least <= most).ok_or_else(|| "5-15".to_owned())
}
