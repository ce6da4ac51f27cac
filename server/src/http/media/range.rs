//! `Range` of one part (RFC 9110, section 14). Several parts at once are not served: the whole is.

use std::ops::Range;

use crate::media::MediaError;

/// The part that a `Range` header asks for; `None`: all of it.
///
/// # Errors
/// [`MediaError::RangeNotSatisfiable`] if the part begins behind the end.
pub(super) fn part(header: &str, size: u64) -> Result<Option<Range<u64>>, MediaError> {
    let Some((unit, ranges)) = header.split_once('=') else { return Ok(None) };
    if !unit.trim().eq_ignore_ascii_case("bytes") || ranges.contains(',') {
        return Ok(None);
    }
    let Some((first, last)) = ranges.trim().split_once('-') else { return Ok(None) };
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    let part = match (first, last) {
        ("", suffix) => {
            let Some(suffix) = number(suffix) else { return Ok(None) };
            size.saturating_sub(suffix)..if suffix == 0 { 0 } else { size }
        }
        (first, "") => {
            let Some(first) = number(first) else { return Ok(None) };
            first..size
        }
        (first, last) => {
            let (Some(first), Some(last)) = (number(first), number(last)) else { return Ok(None) };
            if last < first {
                return Ok(None);
            }
            first..last.saturating_add(1).min(size)
        }
    };
    if part.start < part.end { Ok(Some(part)) } else { Err(MediaError::RangeNotSatisfiable { size }) }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("bytes=0-99", Some(0..99 + 1))]
    #[case("bytes=900-", Some(900..1000))]
    #[case("bytes=-1", Some(999..1000))]
    #[case("bytes=-5000", Some(0..1000))]
    #[case("bytes=990-5000", Some(990..1000))]
    #[case("bytes=0-0,5-9", None)]
    #[case("pages=1-2", None)]
    #[case("bytes=9-3", None)]
    #[case("bytes=+1-5", None)]
    #[case("bytes=--5", None)]
    #[case("nonsense", None)]
    fn understands_one_part_and_ignores_what_it_does_not_know(#[case] header: &str, #[case] want: Option<Range<u64>>) {
        assert_eq!(part(header, 1000).unwrap(), want);
    }

    #[rstest]
    #[case("bytes=1000-")]
    #[case("bytes=5000-6000")]
    #[case("bytes=-0")]
    fn refuses_what_lies_behind_the_end(#[case] header: &str) {
        assert!(matches!(part(header, 1000), Err(MediaError::RangeNotSatisfiable { size: 1000 })));
    }
}
