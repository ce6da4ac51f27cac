//! Draws a photo with a place in its EXIF and writes it to standard output: what the browser journeys send.

use std::io::Write;

use anyhow::Result;
use clap::Parser;
use sokuho_tests::pictures::{GpsTags, Scene, draw, jpeg, with_gps};

/// Draws a photo of a broken road, JPEG.
#[derive(Parser)]
struct Args {
    /// Degrees north, WGS 84.
    #[arg(long)]
    lat: f64,
    /// Degrees east, WGS 84.
    #[arg(long)]
    lon: f64,
    /// Another number gives another picture.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let photo = with_gps(&jpeg(&draw(Scene::Road, args.seed))?, &GpsTags::at(args.lat, args.lon, 90))?;
    Ok(std::io::stdout().lock().write_all(&photo)?)
}
