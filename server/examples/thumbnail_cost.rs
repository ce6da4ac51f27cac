//! What a thumbnail costs: our way beside `image` with Lanczos, on a 12-megapixel JPEG drawn by code.
//!
//! `cargo run --release -p sokuho --example thumbnail_cost`. Prints the median of five samples of CPU
//! milliseconds a picture, all threads, from `/proc/self/stat` (proc(5): hundredths of a second, so that a sample
//! is many pictures), and how far the resident memory rises above where it stood before. Linux only.

use std::fmt::Display;
use std::fs;
use std::hint::black_box;
use std::io::Cursor;

use anyhow::{Context, Result};
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{ExtendedColorType, ImageFormat};
use sokuho::domain::report::MediaKind;
use sokuho::media::exif::Orientation;
use sokuho::media::thumbnail;

const WIDTH: u32 = 4000;
const HEIGHT: u32 = 3000;
/// A phone's photo of this size.
const BYTES: usize = 3_800_000;
const PICTURES_A_SAMPLE: u32 = 20;
const SAMPLES: usize = 5;

fn main() -> Result<()> {
    let photo = photo()?;
    println!("a photo of {WIDTH} × {HEIGHT} pixels, {} bytes as JPEG", photo.len());
    let draw = |file: &[u8], kind| {
        let drawn = thumbnail::make(Cursor::new(file), kind, Orientation::default(), &|_| Ok(()))?;
        drawn.context("no thumbnail").map(drop)
    };
    let ours = measure("JPEG, sokuho", || draw(&photo, MediaKind::Jpeg))?;
    let lanczos = measure("JPEG, image with Lanczos", || {
        let whole = image::load_from_memory_with_format(&photo, ImageFormat::Jpeg)?;
        let small = whole.resize(480, 480, FilterType::Lanczos3).into_rgb8();
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, 80).encode_image(&small)?;
        black_box(bytes);
        Ok(())
    })?;
    println!("ratio: {:.2}", ours / lanczos);
    let pixels = image::load_from_memory_with_format(&photo, ImageFormat::Jpeg)?.into_rgb8();
    for (name, kind, format) in
        [("PNG", MediaKind::Png, ImageFormat::Png), ("WebP", MediaKind::Webp, ImageFormat::WebP)]
    {
        let mut file = Cursor::new(Vec::new());
        pixels.write_to(&mut file, format)?;
        measure(format!("{name}, sokuho"), || draw(file.get_ref(), kind))?;
    }
    Ok(())
}

/// Measures a way of drawing, prints it, and answers CPU milliseconds a picture.
fn measure(name: impl Display, draw: impl Fn() -> Result<()>) -> Result<f64> {
    // Writing 5 resets the high-water mark (proc(5), clear_refs); where that is not allowed the figure says so.
    let reset = fs::write("/proc/self/clear_refs", "5").is_ok();
    let before = status("VmRSS:")?;
    draw()?;
    let peak = status("VmHWM:")?.saturating_sub(before);
    let mut samples = Vec::with_capacity(SAMPLES);
    for _ in 0..SAMPLES {
        let began = cpu_ms()?;
        for _ in 0..PICTURES_A_SAMPLE {
            draw()?;
        }
        samples.push((cpu_ms()? - began) / f64::from(PICTURES_A_SAMPLE));
    }
    samples.sort_by(f64::total_cmp);
    let median = samples[SAMPLES / 2];
    let peak = if reset { format!("{:.1} MB", peak as f64 / 1000.0) } else { "not measurable here".to_owned() };
    println!("{name}: {median:.1} ms of CPU, memory rises by {peak}");
    Ok(median)
}

/// CPU time of this process so far, user and system, milliseconds.
fn cpu_ms() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let behind_name = stat.rsplit_once(')').context("stat")?.1;
    let ticks =
        |field: usize| behind_name.split_whitespace().nth(field).context("stat")?.parse::<f64>().context("stat");
    Ok((ticks(11)? + ticks(12)?) * 10.0)
}

/// A line of `/proc/self/status`, kilobytes.
fn status(name: &str) -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).context("status")?;
    line.trim().trim_end_matches(" kB").trim().parse().context("status")
}

/// Gradients, edges and noise, at the quality that comes nearest to a phone's size.
fn photo() -> Result<Vec<u8>> {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut rgb = Vec::with_capacity(WIDTH as usize * HEIGHT as usize * 3);
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let noise = (state % 12) as u32;
            let sky = 190 * (HEIGHT - y) / HEIGHT;
            let roof = if (x / 97 + y / 61) % 3 == 0 { 45 } else { 0 };
            for light in [sky + noise, 110 * x / WIDTH + roof + noise, 60 + roof + noise] {
                rgb.push(u8::try_from(light.min(255))?);
            }
        }
    }
    let mut best = Vec::new();
    for quality in (40..=95).step_by(5) {
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, quality).encode(&rgb, WIDTH, HEIGHT, ExtendedColorType::Rgb8)?;
        if best.is_empty() || bytes.len().abs_diff(BYTES) < best.len().abs_diff(BYTES) {
            best = bytes;
        }
    }
    Ok(best)
}
