//! Looks into a stored file once, on a thread for blocking work: what it says of itself, and its thumbnail.
//! Parsers of other people's formats may panic on broken files; it stops here.

use std::fs::File;
use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use super::deadline::Deadline;
use super::exif::Facts;
use super::thumbnail::Admit;
use super::{MediaError, boxes, exif, thumbnail, video};
use crate::domain::report::MediaKind;

/// What was found.
#[derive(Debug, Default)]
pub struct Examined {
    /// What the file says of itself.
    pub facts: Facts,
    /// The thumbnail (JPEG), where one could be made.
    pub thumbnail: Option<Vec<u8>>,
}

/// Decoding a picture may take so long; the largest that is allowed takes some seconds. Pictures are decoded
/// one after another, so that one that takes forever would keep all others.
const DECODE_WITHIN: Duration = Duration::from_secs(20);

/// Examines the file; `admit` is asked before a picture is decoded. Blocking: tens of milliseconds of CPU for a photo.
///
/// # Errors
/// [`MediaError::PictureTooLarge`], [`MediaError::Damaged`] for what cannot be shown,
/// [`MediaError::Io`] if the disk fails, what `admit` says.
pub fn examine(path: &Path, kind: MediaKind, admit: Admit<'_>) -> Result<Examined, MediaError> {
    if kind.is_video() || kind == MediaKind::Heic {
        boxes::check(File::open(path)?, kind)?;
    }
    if kind.is_video() {
        let file = File::open(path)?;
        let facts = catch_unwind(AssertUnwindSafe(|| video::read(file))).unwrap_or_default();
        return Ok(Examined { facts, thumbnail: None });
    }
    let facts = catch_unwind(|| exif::read(|| File::open(path), kind)).unwrap_or_default();
    let until = Instant::now() + DECODE_WITHIN;
    let file = BufReader::with_capacity(64 << 10, Deadline::new(File::open(path)?, until));
    let thumbnail = catch_unwind(AssertUnwindSafe(|| thumbnail::make(file, kind, facts.orientation, admit)))
        .unwrap_or_else(|_| Err(MediaError::Damaged("the decoder gave up".to_owned())));
    let thumbnail = match thumbnail {
        Err(MediaError::Io(_)) if Instant::now() >= until => {
            return Err(MediaError::Damaged("decoding it takes too long".to_owned()));
        }
        other => other?,
    };
    Ok(Examined { facts, thumbnail })
}
