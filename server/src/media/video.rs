//! What a video says of itself: place (ISO 6709, in `©xyz` or `com.apple.quicktime.location.ISO6709`) and
//! time (`mvhd`, or QuickTime's `creationdate`), read from the boxes; the frames are not touched.

use std::io::{Read, Seek};

use jiff::Timestamp;
use nom_exif::{EntryValue, MediaParser, MediaSource, TrackInfo, TrackInfoTag};

use super::bounded::Bounded;
use super::exif::Facts;
use crate::domain::position::{Evidence, EvidenceSource, Position};

/// Bytes that are read at most. The index of an hour of video takes a few megabytes.
const MOST_BYTES: u64 = 32 << 20;

/// Reads what a video says of itself. Nothing here is an error.
pub fn read<R: Read + Seek>(file: R) -> Facts {
    let track = MediaSource::seekable(Bounded::new(file, MOST_BYTES))
        .and_then(|source| MediaParser::new().parse_track(source))
        .unwrap_or_default();
    let taken_at = created(&track);
    let evidence = position(&track).map(|position| Evidence {
        source: EvidenceSource::Media,
        position,
        accuracy_m: None,
        heading_deg: None,
        at: taken_at,
    });
    Facts { evidence, taken_at, ..Facts::default() }
}

fn position(track: &TrackInfo) -> Option<Position> {
    let gps = track.gps_info()?;
    Position::new(gps.latitude_decimal()?, gps.longitude_decimal()?).ok()
}

/// `mvhd` counts seconds since 1904 in UTC (ISO/IEC 14496-12, 8.2.2); 0 means that the device did not know,
/// and anything before 1970 is taken for the same.
fn created(track: &TrackInfo) -> Option<Timestamp> {
    let EntryValue::DateTime(time) = track.get(TrackInfoTag::CreateDate)? else { return None };
    Timestamp::from_millisecond(time.timestamp_millis()).ok().filter(|at| *at > Timestamp::UNIX_EPOCH)
}
