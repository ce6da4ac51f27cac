//! What drawing a tile of the live world costs, uncached.
//!
//! `cargo run --release -p sokuho --example live_tile_cost -- --data FOLDER`, with `DATABASE_URL` set for a log in
//! PostgreSQL: reads the log, draws random tiles of the region at zooms 10, 12 and 14 as both audiences see them, then
//! every tile at zooms 5 to 14. Prints a figure a line as `name: number`. CPU is user and system time of this process
//! from `/proc/self/stat` (proc(5): hundredths of a second). Linux only. Nothing is written.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Parser;
use sokuho::app::Storage;
use sokuho::database::PostgresUrl;
use sokuho::domain::clock::{SystemClock, SystemEntropy};
use sokuho::live::replay;
use sokuho::live::world::World;
use sokuho::tiles::drawing;
use sokuho::wire::Audience;
use sokuho_tiles::{Bounds, Tile, TileRange};

/// What drawing a tile of the live world costs.
#[derive(Parser)]
struct Args {
    /// The node's data folder.
    #[arg(long)]
    data: PathBuf,
    /// The node's database, if it is PostgreSQL.
    #[arg(long, env = "DATABASE_URL")]
    database: Option<PostgresUrl>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
    let storage = Storage::open(args.data, args.database, None, clock, entropy).await?;
    let replayed = replay::replay(&storage.log, &[]).await?;
    println!("entries: {}", replayed.head);
    let region = storage.region.bounds();
    let bounds = Bounds { west: region.west, south: region.south, east: region.east, north: region.north };
    for (name, side) in [("west", bounds.west), ("south", bounds.south), ("east", bounds.east), ("north", bounds.north)]
    {
        println!("{name}: {side}");
    }
    for (name, audience) in [("office", Audience::Office), ("public", Audience::Public)] {
        measure(&replayed.world, &bounds, name, audience)?;
    }
    Ok(())
}

fn measure(world: &World, bounds: &Bounds, name: &str, audience: Audience) -> Result<()> {
    let draw = |tile| drawing::draw(&world.map_tile(tile, audience), tile, audience);
    let mut dice = Dice(7);
    for z in [10, 12, 14] {
        let range = TileRange::covering(bounds, z);
        let (began, mut count, mut bytes) = (cpu_seconds()?, 0, 0);
        while count < 20 || cpu_seconds()? - began < 2.0 {
            // The clock is a file: not to be read for each tile.
            for _ in 0..20 {
                let x = range.west + dice.below(range.east - range.west + 1);
                let y = range.north + dice.below(range.south - range.north + 1);
                bytes += draw(Tile { z, x, y }).len();
            }
            count += 20;
        }
        println!("{name} zoom {z} CPU ms a tile: {}", (cpu_seconds()? - began) * 1000.0 / f64::from(count));
        println!("{name} zoom {z} bytes a tile: {}", bytes as f64 / f64::from(count));
    }
    let mut most = 0;
    for range in (5..=14).map(|z| TileRange::covering(bounds, z)) {
        for (x, y) in (range.west..=range.east).flat_map(|x| (range.north..=range.south).map(move |y| (x, y))) {
            most = most.max(draw(Tile { z: range.z, x, y }).len());
        }
    }
    println!("{name} most bytes of all: {most}");
    Ok(())
}

/// A linear congruential generator (Knuth, MMIX), its high bits.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (((self.0 >> 32) * u64::from(end)) >> 32) as u32
    }
}

/// CPU time of this process so far, user and system.
fn cpu_seconds() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let behind_name = stat.rsplit_once(')').context("stat")?.1;
    let ticks =
        |field: usize| behind_name.split_whitespace().nth(field).context("stat")?.parse::<f64>().context("stat");
    Ok((ticks(11)? + ticks(12)?) / 100.0)
}
