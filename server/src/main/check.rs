//! `sokuho check`: looks through what a node keeps.

use anyhow::bail;
use sokuho::app::inspection;
use sokuho::domain::clock::Clock;
use sokuho::inspect::Finding;

use super::out::say;
use super::place::Place;

/// How far it looks.
#[derive(clap::Args)]
pub struct Check {
    #[command(flatten)]
    place: Place,
    /// Read every photo and video that a report names, and compare it with its SHA-256.
    #[arg(long)]
    media: bool,
    /// Say that you have seen that the log lost its tail, so that the node tells of it no more (the only thing that
    /// is written).
    #[arg(long)]
    acknowledge: bool,
}

/// Prints a line for each finding.
///
/// # Errors
/// If there is any.
pub async fn run(order: Check, clock: &dyn Clock) -> anyhow::Result<()> {
    let Check { place, media, acknowledge } = order;
    if acknowledge {
        for seen in inspection::acknowledge(&place.data, clock)? {
            say!("acknowledged: {seen}")?;
        }
    }
    let (mut findings, mut told) = (0_u64, Ok(()));
    let tell = |finding: Finding| {
        findings += 1;
        if told.is_ok() {
            told = say!("{}: {finding}", finding.code());
        }
    };
    let looked = inspection::check(&place.data, place.database, media, clock, tell).await;
    told?;
    let entries = looked.entries;
    match (findings, media) {
        (0, true) => say!("sound: {entries} entries, {} media of {} bytes", looked.media, looked.bytes),
        (0, false) => say!("sound: {entries} entries, media not read (--media reads them)"),
        (_, true) => bail!("{findings} findings in {entries} entries and {} media", looked.media),
        (_, false) => bail!("{findings} findings in {entries} entries; media not read"),
    }
}
