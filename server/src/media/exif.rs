//! What a photo says of itself: EXIF place, direction, time and orientation (CIPA DC-008, "Exif 2.32").
//!
//! Nothing here is an error: a photo without EXIF, or with absurd EXIF, is still a photo. What cannot be
//! believed is left out.

use std::io::{BufRead, BufReader, Read, Seek};

use exif::{Exif, In, Reader, Tag, Value};
use jiff::Timestamp;
use jiff::civil;

use super::bounded::Bounded;
use crate::domain::position::{Evidence, EvidenceSource, Position};
use crate::domain::report::MediaKind;

/// Bytes that are read at most for a photo's metadata. Large enough for the EXIF at the end of a HEIC,
/// which is reached by seeking, and for every APP segment in front of a JPEG's picture.
const MOST_BYTES: u64 = 8 << 20;

/// Stated radii beyond this are not witnesses for a street, metres.
const MOST_ACCURACY_M: f64 = 100_000.0;

/// What a file says of itself.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Facts {
    /// Where it was taken.
    pub evidence: Option<Evidence>,
    /// When, if the file says so in UTC or with an offset. A time without a zone is not guessed at.
    pub taken_at: Option<Timestamp>,
    /// How the stored pixels must be turned to stand upright.
    pub orientation: Orientation,
}

/// EXIF orientation: 1 to 8, as the standard numbers them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Orientation(u8);

impl Orientation {
    /// From the number in the file; anything but 2 to 8 is upright.
    pub fn new(number: u32) -> Self {
        Self(u8::try_from(number).ok().filter(|n| (1..=8).contains(n)).unwrap_or(1))
    }

    /// 1 to 8.
    pub fn number(self) -> u8 {
        self.0
    }

    /// Whether width and height change places.
    pub fn is_sideways(self) -> bool {
        self.0 >= 5
    }
}

impl Default for Orientation {
    fn default() -> Self {
        Self(1)
    }
}

/// Reads what a photo says of itself. `open` gives a fresh reader at the start of the file.
pub fn read<R: Read + Seek, F: Fn() -> std::io::Result<R>>(open: F, kind: MediaKind) -> Facts {
    let Ok(file) = open() else { return Facts::default() };
    let mut reader = BufReader::new(Bounded::new(file, MOST_BYTES));
    let facts = parse(&mut reader).map(|exif| facts(&exif)).unwrap_or_default();
    if kind == MediaKind::Heic && facts.evidence.is_none() {
        // Some HEIC files keep their EXIF where only the other parser looks.
        if let Some(evidence) = open().ok().and_then(second_try) {
            return Facts { evidence: Some(evidence), ..facts };
        }
    }
    facts
}

fn parse<R: BufRead + Seek>(reader: &mut R) -> Option<Exif> {
    Reader::new()
        .continue_on_error(true)
        .read_from_container(reader)
        .or_else(|error| error.distill_partial_result(|_| {}))
        .ok()
}

fn second_try<R: Read + Seek>(file: R) -> Option<Evidence> {
    let source = nom_exif::MediaSource::seekable(Bounded::new(file, MOST_BYTES)).ok()?;
    let exif: nom_exif::Exif = nom_exif::MediaParser::new().parse_exif(source).ok()?.into();
    let gps = exif.gps_info()?;
    let position = Position::new(gps.latitude_decimal()?, gps.longitude_decimal()?).ok()?;
    Some(Evidence { source: EvidenceSource::Media, position, accuracy_m: None, heading_deg: None, at: None })
}

fn facts(exif: &Exif) -> Facts {
    let fixed_at = gps_time(exif);
    let taken_at = shutter_time(exif).or(fixed_at);
    let evidence = position(exif).map(|position| Evidence {
        source: EvidenceSource::Media,
        position,
        accuracy_m: number(exif, Tag::GPSHPositioningError).filter(|m| *m > 0.0 && *m <= MOST_ACCURACY_M),
        heading_deg: heading(exif),
        at: fixed_at.or(taken_at),
    });
    let orientation = exif.get_field(Tag::Orientation, In::PRIMARY).and_then(|f| f.value.get_uint(0));
    Facts { evidence, taken_at, orientation: Orientation::new(orientation.unwrap_or(1)) }
}

fn position(exif: &Exif) -> Option<Position> {
    let lat = degrees(exif, Tag::GPSLatitude)? * sign(exif, Tag::GPSLatitudeRef, b'N', b'S')?;
    let lon = degrees(exif, Tag::GPSLongitude)? * sign(exif, Tag::GPSLongitudeRef, b'E', b'W')?;
    Position::new(lat, lon).ok()
}

/// Degrees, minutes and seconds as one number. Writers that put everything into degrees leave out the rest.
fn degrees(exif: &Exif, tag: Tag) -> Option<f64> {
    let Value::Rational(parts) = &exif.get_field(tag, In::PRIMARY)?.value else { return None };
    let part = |i: usize| parts.get(i).map_or(0.0, exif::Rational::to_f64);
    let sum = parts.first()?.to_f64() + part(1) / 60.0 + part(2) / 3600.0;
    sum.is_finite().then_some(sum)
}

fn sign(exif: &Exif, tag: Tag, plus: u8, minus: u8) -> Option<f64> {
    match text(exif, tag)?.first()?.to_ascii_uppercase() {
        letter if letter == plus => Some(1.0),
        letter if letter == minus => Some(-1.0),
        _ => None,
    }
}

/// Direction of view, only where it is stated from true north (`T`). A compass direction (`M`) is off by
/// the declination of that place and year (about 8° in Aizu), for which the node has no model; a heading
/// that is plainly missing does less harm than one that is wrong by a street.
fn heading(exif: &Exif) -> Option<f64> {
    let from_true_north = text(exif, Tag::GPSImgDirectionRef)?.first()?.eq_ignore_ascii_case(&b'T');
    let direction = number(exif, Tag::GPSImgDirection).filter(|d| (0.0..=360.0).contains(d))?;
    from_true_north.then_some(direction % 360.0)
}

fn number(exif: &Exif, tag: Tag) -> Option<f64> {
    let Value::Rational(parts) = &exif.get_field(tag, In::PRIMARY)?.value else { return None };
    parts.first().map(exif::Rational::to_f64).filter(|n| n.is_finite())
}

fn text(exif: &Exif, tag: Tag) -> Option<&[u8]> {
    let Value::Ascii(lines) = &exif.get_field(tag, In::PRIMARY)?.value else { return None };
    lines.first().map(Vec::as_slice)
}

/// `DateTimeOriginal` with `OffsetTimeOriginal`; without an offset it is the time of an unknown zone.
fn shutter_time(exif: &Exif) -> Option<Timestamp> {
    let mut time = exif::DateTime::from_ascii(text(exif, Tag::DateTimeOriginal)?).ok()?;
    time.parse_offset(text(exif, Tag::OffsetTimeOriginal)?).ok()?;
    if let Some(fraction) = text(exif, Tag::SubSecTimeOriginal) {
        let _ = time.parse_subsec(fraction); // a fraction that cannot be read is no reason to lose the time
    }
    let offset = jiff::tz::Offset::from_seconds(i32::from(time.offset?) * 60).ok()?;
    offset.to_timestamp(civil_time(&time)?).ok()
}

/// `GPSDateStamp` and `GPSTimeStamp`, UTC.
fn gps_time(exif: &Exif) -> Option<Timestamp> {
    let date = std::str::from_utf8(text(exif, Tag::GPSDateStamp)?).ok()?;
    let mut numbers = date.trim_end_matches(['\0', ' ']).split([':', '-']).map(|n| n.parse::<i16>().ok());
    let (year, month, day) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let Value::Rational(time) = &exif.get_field(Tag::GPSTimeStamp, In::PRIMARY)?.value else { return None };
    let [hour, minute, second] = time.get(..3)? else { return None };
    let (hour, minute, second) = (hour.to_f64(), minute.to_f64(), second.to_f64());
    let in_day = hour * 3600.0 + minute * 60.0 + second;
    if !in_day.is_finite() || !(0.0..86_401.0).contains(&in_day) {
        return None;
    }
    let date = civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    let midnight = jiff::tz::Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "checked above: within a day")]
    let millis = (in_day * 1000.0) as i64;
    midnight.checked_add(jiff::SignedDuration::from_millis(millis)).ok()
}

fn civil_time(time: &exif::DateTime) -> Option<civil::DateTime> {
    civil::DateTime::new(
        i16::try_from(time.year).ok()?,
        i8::try_from(time.month).ok()?,
        i8::try_from(time.day).ok()?,
        i8::try_from(time.hour).ok()?,
        i8::try_from(time.minute).ok()?,
        i8::try_from(time.second).ok()?,
        i32::try_from(time.nanosecond.unwrap_or(0)).ok()?,
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use rstest::rstest;

    use super::*;
    use crate::media::samples::jpeg_with_gps;

    fn facts_of(file: &[u8]) -> Facts {
        read(|| Ok(Cursor::new(file)), MediaKind::Jpeg)
    }

    #[test]
    fn place_direction_accuracy_and_time_are_read() {
        let facts = facts_of(&jpeg_with_gps((374_947, 10_000), (1_399_298, 10_000)));
        let evidence = facts.evidence.unwrap();
        assert!((evidence.position.lat() - 37.4947).abs() < 1e-9);
        assert!((evidence.position.lon() - 139.9298).abs() < 1e-9);
        assert_eq!((evidence.heading_deg, evidence.accuracy_m), (Some(0.0), Some(8.5)));
        assert_eq!(facts.taken_at, Some("2026-07-01T12:30:00Z".parse().unwrap()));
    }

    #[rstest]
    #[case::not_a_number((0, 0), (139, 1))]
    #[case::infinite((1, 0), (139, 1))]
    #[case::beyond_the_pole((91, 1), (139, 1))]
    #[case::null_island((0, 1), (0, 1))]
    #[case::exchanged((1_399_298, 10_000), (374_947, 10_000))]
    #[case::huge((u32::MAX, 1), (u32::MAX, 1))]
    fn an_absurd_place_is_no_evidence_and_no_error(#[case] lat: (u32, u32), #[case] lon: (u32, u32)) {
        let facts = facts_of(&jpeg_with_gps(lat, lon));
        assert_eq!(facts.evidence, None);
        assert!(facts.taken_at.is_some(), "the rest is still read");
    }

    #[test]
    fn a_photo_without_exif_says_nothing() {
        assert_eq!(facts_of(b"\xFF\xD8\xFF\xD9"), Facts::default());
        assert_eq!(facts_of(b""), Facts::default());
    }
}
