//! What asking for zones costs, on polygons made by rule ([`zone_rule`]), and the same polygons for PostGIS.
//!
//! - `zone_cost measure --zones 200000 --points 1000000`: builds the index, asks it, and prints a figure a line as
//!   `name: number`. CPU is user and system time of this process from `/proc/self/stat`, all threads (proc(5):
//!   hundredths of a second). Linux only.
//! - `zone_cost tiles --zones 200000`: makes a layer for tiles of the same polygons and draws tiles, uncached; figures
//!   as above, then the largest of all tiles of the box at zooms 5 to 14.
//! - `zone_cost zones --zones 200000`: the polygons as rows for `COPY`: number, EWKB in hexadecimal.
//! - `zone_cost asked --zones 200000 --points 100000`: points and our answers as rows for `COPY`: what kind of point,
//!   EWKB, numbers of the zones.

mod zone_rule;

use std::fs;
use std::hint::black_box;
use std::io::{self, BufWriter, Write};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};
use geo_types::{Coord, Geometry, MultiPolygon};
use sokuho::locate::ZoneIndex;
use sokuho_tiles::properties::Value;
use sokuho_tiles::shapes::{self, LayerBuilder};
use sokuho_tiles::{Bounds, Tile, TileRange};
use zone_rule::{Dice, is_dyadic, zone};

/// Classes of a layer's zones.
const CLASSES: u32 = 7;

/// What asking for zones costs.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    what: What,
    /// Polygons.
    #[arg(long, global = true, default_value_t = 200_000)]
    zones: u32,
    /// Points.
    #[arg(long, global = true, default_value_t = 1_000_000)]
    points: usize,
}

#[derive(Subcommand)]
enum What {
    /// Builds and asks.
    Measure,
    /// Draws tiles.
    Tiles,
    /// Writes the polygons.
    Zones,
    /// Writes points with our answers.
    Asked,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let zones = || (0..args.zones).map(|number| (number, zone(number)));
    let mut out = BufWriter::new(io::stdout().lock());
    match args.what {
        What::Measure => measure(zones, args.points, &mut out)?,
        What::Tiles => tiles(zones(), &mut out)?,
        What::Zones => {
            for (number, zone) in zones() {
                writeln!(out, "{number}\t{}", hex::encode(ewkb(&zone)))?;
            }
        }
        What::Asked => asked(&ZoneIndex::build(zones())?, args.zones, args.points, &mut out)?,
    }
    Ok(out.flush()?)
}

fn measure<I: Iterator<Item = (u32, MultiPolygon<f64>)>>(
    zones: impl Fn() -> I,
    points: usize,
    out: &mut impl Write,
) -> Result<()> {
    // First in one go, so that what is resident is the index and nothing else.
    let before = status("VmRSS:")?;
    let index = ZoneIndex::build(zones())?;
    writeln!(out, "zones: {}", index.len())?;
    writeln!(out, "corners: {}", index.corners())?;
    writeln!(out, "bytes: {}", index.bytes())?;
    writeln!(out, "resident bytes: {}", status("VmRSS:")?.saturating_sub(before))?;
    writeln!(out, "peak bytes: {}", status("VmHWM:")?.saturating_sub(before))?;

    let mut dice = Dice::new(1);
    let points: Vec<_> = (0..points).map(|_| dice.place()).collect();
    let mut found = Vec::new();
    let began = cpu_seconds()?;
    let mut answers = 0;
    for point in &points {
        index.at(point.x, point.y, &mut found);
        answers += black_box(&found).len();
    }
    writeln!(out, "CPU ns a point: {}", (cpu_seconds()? - began) * 1e9 / points.len() as f64)?;
    writeln!(out, "zones a point: {}", answers as f64 / points.len() as f64)?;
    // Once more with a clock, which costs some 50 ns itself.
    let mut took = Vec::with_capacity(points.len());
    for point in &points {
        let began = Instant::now();
        index.at(point.x, point.y, &mut found);
        black_box(&found);
        took.push(began.elapsed().as_nanos());
    }
    took.sort_unstable();
    for (name, of) in [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("most", 1.0)] {
        let at = ((took.len() - 1) as f64 * of) as usize;
        writeln!(out, "{name} ns: {}", took.get(at).context("no points")?)?;
    }
    drop(index);

    let made: Vec<_> = zones().collect();
    let (began, wall) = (cpu_seconds()?, Instant::now());
    let index = ZoneIndex::build(made)?;
    writeln!(out, "build seconds: {}", wall.elapsed().as_secs_f64())?;
    writeln!(out, "build CPU seconds: {}", cpu_seconds()? - began)?;
    black_box(index);
    Ok(())
}

/// Random tiles of the box at each zoom, then all.
fn tiles(zones: impl Iterator<Item = (u32, MultiPolygon<f64>)>, out: &mut impl Write) -> Result<()> {
    let (before, began, wall) = (status("VmRSS:")?, cpu_seconds()?, Instant::now());
    let mut layer = LayerBuilder::new("zones");
    for (number, zone) in zones {
        let class = Value::Text(format!("{}", number % CLASSES));
        ensure!(layer.add(&Geometry::MultiPolygon(zone), &[("class", class)], 0), "zone {number} is not taken");
    }
    let layers = [layer.build()];
    writeln!(out, "layer seconds: {}", wall.elapsed().as_secs_f64())?;
    writeln!(out, "layer CPU seconds: {}", cpu_seconds()? - began)?;
    writeln!(out, "layer resident bytes: {}", status("VmRSS:")?.saturating_sub(before))?;
    writeln!(out, "layer corners: {}", layers[0].corners())?;
    let [low, high] = zone_rule::BOX;
    let bounds = Bounds { west: low.x, south: low.y, east: high.x, north: high.y };
    let mut dice = Dice::new(3);
    for z in [10, 12, 14] {
        let range = TileRange::covering(&bounds, z);
        let (began, mut count, mut bytes, mut most) = (cpu_seconds()?, 0, 0, 0);
        while count < 20 || cpu_seconds()? - began < 2.0 {
            let x = range.west + dice.below(u64::from(range.east - range.west + 1)) as u32;
            let y = range.north + dice.below(u64::from(range.south - range.north + 1)) as u32;
            let drawn = shapes::draw(&layers, Tile { z, x, y });
            (count, bytes, most) = (count + 1, bytes + drawn.len(), most.max(drawn.len()));
        }
        writeln!(out, "zoom {z} CPU ms a tile: {}", (cpu_seconds()? - began) * 1000.0 / f64::from(count))?;
        writeln!(out, "zoom {z} bytes a tile: {}", bytes as f64 / f64::from(count))?;
        writeln!(out, "zoom {z} most bytes: {most}")?;
    }
    let mut most = 0;
    for range in (5..=14).map(|z| TileRange::covering(&bounds, z)) {
        for (x, y) in (range.west..=range.east).flat_map(|x| (range.north..=range.south).map(move |y| (x, y))) {
            most = most.max(shapes::draw(&layers, Tile { z: range.z, x, y }).len());
        }
    }
    writeln!(out, "most bytes of all: {most}")?;
    Ok(())
}

/// Half of the points anywhere, a quarter exactly on corners, an eighth exactly on sides, an eighth as near to a
/// side as numbers allow.
fn asked(index: &ZoneIndex, zones: u32, points: usize, out: &mut impl Write) -> Result<()> {
    let (mut dice, mut found) = (Dice::new(2), Vec::new());
    for at in 0..points {
        let mut number = dice.below(u64::from(zones)) as u32;
        let (kind, point) = match at % 8 {
            0..4 => ("anywhere", dice.place()),
            4..6 => ("corner", side(number, &mut dice)?.0),
            6 => {
                while !is_dyadic(number) {
                    number = dice.below(u64::from(zones)) as u32;
                }
                let (a, b) = side(number, &mut dice)?;
                ("side", Coord { x: (a.x + b.x) / 2.0, y: (a.y + b.y) / 2.0 })
            }
            _ => {
                let ((a, b), t) = (side(number, &mut dice)?, dice.even());
                ("near", Coord { x: a.x + t * (b.x - a.x), y: a.y + t * (b.y - a.y) })
            }
        };
        index.at(point.x, point.y, &mut found);
        let numbers: Vec<_> = found.iter().map(u32::to_string).collect();
        let mut place = header(1);
        put(&mut place, point);
        writeln!(out, "{kind}\t{}\t{{{}}}", hex::encode(place), numbers.join(","))?;
    }
    Ok(())
}

/// Any side of a zone.
fn side(number: u32, dice: &mut Dice) -> Result<(Coord<f64>, Coord<f64>)> {
    let zone = zone(number);
    let polygon = zone.0.first().context("a zone without polygon")?;
    let rings: Vec<_> = std::iter::once(polygon.exterior()).chain(polygon.interiors()).collect();
    let ring = &rings[dice.below(rings.len() as u64) as usize].0;
    let at = dice.below(ring.len() as u64 - 1) as usize;
    Ok((ring[at], ring[at + 1]))
}

/// EWKB as PostGIS documents it: little endian, with SRID 4326.
fn header(kind: u32) -> Vec<u8> {
    let mut bytes = vec![1];
    bytes.extend((kind | 0x2000_0000).to_le_bytes());
    bytes.extend(4326_u32.to_le_bytes());
    bytes
}

fn put(bytes: &mut Vec<u8>, c: Coord<f64>) {
    bytes.extend(c.x.to_le_bytes());
    bytes.extend(c.y.to_le_bytes());
}

fn ewkb(zone: &MultiPolygon<f64>) -> Vec<u8> {
    let mut bytes = header(6);
    let count = |bytes: &mut Vec<u8>, count: usize| bytes.extend((count as u32).to_le_bytes());
    count(&mut bytes, zone.0.len());
    for polygon in zone {
        bytes.push(1);
        bytes.extend(3_u32.to_le_bytes());
        count(&mut bytes, 1 + polygon.interiors().len());
        for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
            count(&mut bytes, ring.0.len());
            ring.0.iter().for_each(|corner| put(&mut bytes, *corner));
        }
    }
    bytes
}

/// CPU time of this process so far, user and system.
fn cpu_seconds() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let behind_name = stat.rsplit_once(')').context("stat")?.1;
    let ticks =
        |field: usize| behind_name.split_whitespace().nth(field).context("stat")?.parse::<f64>().context("stat");
    Ok((ticks(11)? + ticks(12)?) / 100.0)
}

/// A line of `/proc/self/status`, bytes.
fn status(name: &str) -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).context("status")?;
    Ok(line.trim().trim_end_matches(" kB").trim().parse::<u64>().context("status")? * 1024)
}
