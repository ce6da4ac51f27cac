//! `sokuho backup` and `sokuho restore`: a whole node in one file and back.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::bail;
use sokuho::app::keeping::{self, Target};
use sokuho::backup::{KEY, Progress};
use sokuho::domain::clock::{SystemClock, SystemEntropy};

use super::out::say;
use super::place::{Place, Why};

/// What is packed, and where.
#[derive(clap::Args)]
pub struct Backup {
    #[command(flatten)]
    place: Place,
    /// The file to be made; one that is there is not replaced.
    file: PathBuf,
    /// Pack the photos and videos too.
    #[arg(long)]
    media: bool,
    #[command(flatten)]
    why: Why,
}

/// What is restored, and where.
#[derive(clap::Args)]
pub struct Restore {
    #[command(flatten)]
    place: Place,
    /// The backup.
    file: PathBuf,
    #[command(flatten)]
    why: Why,
}

/// Packs it and says what is in the file.
pub async fn backup(order: Backup, clock: Arc<SystemClock>, entropy: Arc<SystemEntropy>) -> anyhow::Result<()> {
    let Backup { place, file, media, why } = order;
    if !place.data.join(KEY).exists() {
        bail!("there is no node in {}", place.data.display());
    }
    let storage = place.open(clock.clone(), entropy).await?;
    let made = keeping::backup(&storage, &file, media, why.into(), clock.as_ref(), &mut teller()).await?;
    let photos = match (media, made.media.named) {
        (_, 0) => "no report names a photo or video".to_owned(),
        (true, named) => format!("{} of {named} photos and videos", made.media.packed),
        (false, named) => format!("none of the {named} photos and videos: copy the folder media as well"),
    };
    say!(
        "{}: {} entries, {} accounts, {} wall tokens, {} rows of the audit; {photos}",
        file.display(),
        made.head,
        made.rows("account"),
        made.rows("wall_token"),
        made.rows("audit"),
    )?;
    if made.media.missing > 0 {
        eprintln!("sokuho: {} photos and videos are missing or damaged in the store", made.media.missing);
    }
    Ok(())
}

/// Restores it and says what is there now.
pub async fn restore(order: Restore, clock: Arc<SystemClock>, entropy: Arc<SystemEntropy>) -> anyhow::Result<()> {
    let Restore { place, file, why } = order;
    let Place { data, database, .. } = place;
    let target = Target { data, postgres: database, by: why.into(), clock, entropy };
    let restored = keeping::restore(&file, target, &mut teller()).await?;
    say!(
        "restored {} entries of {}; the history is called {} now, everybody signs in anew",
        restored.head,
        restored.manifest.made_at,
        restored.epoch
    )?;
    Ok(())
}

/// Says once a second how far it is.
fn teller() -> impl FnMut(Progress<'_>) + Send {
    let mut last = Instant::now();
    move |progress: Progress<'_>| {
        if last.elapsed() >= Duration::from_secs(1) {
            last = Instant::now();
            let of = progress.of.map_or(String::new(), |of| format!(" of {of}"));
            eprintln!("{}: {}{of}", progress.step, progress.done);
        }
    }
}
