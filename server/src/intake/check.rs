//! The first step: is the report well-formed? Looks at nothing but the report.

use super::Refusal;
use crate::domain::ids::MediaId;
use crate::domain::position::{Evidence, Position};
use crate::domain::text::is_forbidden;
use crate::log::ContactDetails;
use crate::wire::report::{Contact, NewReport};

/// Characters of a report's words.
pub const WORDS: usize = 2_000;
/// Characters of each contact detail.
pub const CONTACT: usize = 200;
/// Witnesses for the place.
pub const EVIDENCE: usize = 16;
/// Photos and videos.
pub const MEDIA: usize = 10;
/// A stated accuracy beyond this says nothing: half the earth's circumference in metres.
const ACCURACY_M: f64 = 20_037_508.0;

/// What the check has read out of the report.
#[derive(Debug)]
pub struct Checked {
    /// Trimmed words.
    pub words: String,
    /// Witnesses.
    pub evidence: Vec<Evidence>,
    /// The chosen witness's place.
    pub position: Position,
    /// Media ids, each once.
    pub media: Vec<MediaId>,
    /// Contact details, if any were given.
    pub contact: Option<ContactDetails>,
}

/// Checks a report.
///
/// # Errors
/// [`Refusal`] names the first rule that is broken.
pub fn check(new: &NewReport) -> Result<Checked, Refusal> {
    sender_made(new.id)?;
    let words = text("words", &new.words, WORDS)?;
    let evidence = evidence(new)?;
    let Some(chosen) = evidence.get(new.chosen) else {
        return Err(Refusal::Field { field: "chosen", rule: "must be the index of a witness".to_owned() });
    };
    let position = chosen.position;
    Ok(Checked { words, position, evidence, media: media(&new.media)?, contact: contact(new.contact.as_ref())? })
}

/// Ids that senders make are UUIDv7 (RFC 9562): unique without asking, and in the order of time.
///
/// # Errors
/// [`Refusal::Field`].
pub fn sender_made(id: uuid::Uuid) -> Result<(), Refusal> {
    match id.get_version() {
        Some(uuid::Version::SortRand) => Ok(()),
        _ => Err(Refusal::Field { field: "id", rule: "must be a UUIDv7".to_owned() }),
    }
}

fn evidence(new: &NewReport) -> Result<Vec<Evidence>, Refusal> {
    if new.evidence.is_empty() {
        return Err(Refusal::PositionMissing);
    }
    if new.evidence.len() > EVIDENCE {
        return Err(Refusal::Field { field: "evidence", rule: format!("must have at most {EVIDENCE} witnesses") });
    }
    let within = |value: Option<f64>, field, limit: f64, rule: &str| match value {
        Some(v) if !(v.is_finite() && (0.0..=limit).contains(&v)) => {
            Err(Refusal::Field { field, rule: rule.to_owned() })
        }
        other => Ok(other),
    };
    let witness = |(index, e): (usize, &crate::wire::report::Evidence)| {
        let position = Position::new(e.position.lat, e.position.lon);
        Ok(Evidence {
            source: e.source,
            position: position.map_err(|cause| Refusal::Position { index, cause })?,
            accuracy_m: within(e.accuracy_m, "accuracy_m", ACCURACY_M, "must be a distance in metres")?,
            heading_deg: within(e.heading_deg, "heading_deg", 360.0, "must be 0 to 360 degrees")?.map(|d| d % 360.0),
            at: e.at,
        })
    };
    new.evidence.iter().enumerate().map(witness).collect()
}

fn media(ids: &[String]) -> Result<Vec<MediaId>, Refusal> {
    if ids.len() > MEDIA {
        return Err(Refusal::Field { field: "media", rule: format!("must have at most {MEDIA} files") });
    }
    let mut media: Vec<MediaId> = Vec::with_capacity(ids.len());
    for id in ids {
        let id: MediaId = id.parse().map_err(|cause: crate::domain::ids::NotAMediaId| Refusal::Field {
            field: "media",
            rule: cause.to_string(),
        })?;
        if media.contains(&id) {
            return Err(Refusal::Field { field: "media", rule: "must name each file once".to_owned() });
        }
        media.push(id);
    }
    Ok(media)
}

fn contact(contact: Option<&Contact>) -> Result<Option<ContactDetails>, Refusal> {
    let Some(contact) = contact else { return Ok(None) };
    let detail = |field, value: &Option<String>| match value {
        Some(value) => text(field, value, CONTACT).map(|v| Some(v).filter(|v| !v.is_empty())),
        None => Ok(None),
    };
    let details = ContactDetails {
        name: detail("contact.name", &contact.name)?,
        phone: detail("contact.phone", &contact.phone)?,
        email: detail("contact.email", &contact.email)?,
    };
    Ok(Some(details).filter(|d| *d != ContactDetails::default()))
}

/// Trims a text and checks its length in characters and what it is made of ([`is_forbidden`]).
pub fn text(field: &'static str, value: &str, limit: usize) -> Result<String, Refusal> {
    let value = value.replace("\r\n", "\n");
    let value = value.trim();
    if value.chars().count() > limit {
        return Err(Refusal::TextTooLong { field, limit });
    }
    if value.chars().any(is_forbidden) {
        return Err(Refusal::TextNotAllowed { field });
    }
    Ok(value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::position::{EvidenceSource, NotAPosition};
    use crate::domain::report::Category;
    use crate::wire::LatLon;

    fn report() -> NewReport {
        NewReport {
            id: "0190f3a0-0000-7000-8000-000000000001".parse().unwrap(),
            operation: None,
            category: Category::RoadDamage,
            words: "路肩が崩れています".to_owned(),
            danger_to_life: false,
            observed_at: jiff::Timestamp::UNIX_EPOCH,
            evidence: vec![witness(37.5, 139.9)],
            chosen: 0,
            media: Vec::new(),
            contact: None,
        }
    }

    fn witness(lat: f64, lon: f64) -> crate::wire::report::Evidence {
        crate::wire::report::Evidence {
            source: EvidenceSource::Pin,
            position: LatLon { lat, lon },
            accuracy_m: None,
            heading_deg: None,
            at: None,
        }
    }

    #[test]
    fn a_plain_report_passes() {
        let checked = check(&report()).unwrap();
        assert_eq!(checked.words, "路肩が崩れています");
        assert!(checked.contact.is_none());
    }

    #[test]
    fn each_bad_place_is_refused_by_name() {
        let cases = [
            (f64::NAN, 139.9, NotAPosition::NotFinite),
            (139.9, 37.5, NotAPosition::Swapped),
            (95.0, 200.0, NotAPosition::OutOfRange),
            (0.0, 0.0, NotAPosition::NullIsland),
        ];
        for (lat, lon, expected) in cases {
            let new = NewReport { evidence: vec![witness(37.5, 139.9), witness(lat, lon)], ..report() };
            match check(&new) {
                Err(Refusal::Position { index: 1, cause }) => assert_eq!(cause, expected),
                other => panic!("{lat},{lon}: {other:?}"),
            }
        }
        assert!(matches!(check(&NewReport { evidence: vec![], ..report() }), Err(Refusal::PositionMissing)));
    }

    #[test]
    fn control_characters_and_direction_marks_are_refused_line_breaks_are_not() {
        for bad in ["a\u{0}b", "a\u{1b}[31m", "a\u{202e}b", "a\u{2067}b", "a\u{200f}b", "\u{7f}"] {
            let new = NewReport { words: bad.to_owned(), ..report() };
            assert!(matches!(check(&new), Err(Refusal::TextNotAllowed { field: "words" })), "{bad:?}");
        }
        let new = NewReport { words: "一行目\r\n二行目\t終わり\n".to_owned(), ..report() };
        assert_eq!(check(&new).unwrap().words, "一行目\n二行目\t終わり");
    }

    #[test]
    fn length_is_counted_in_characters() {
        let longest = NewReport { words: "字".repeat(WORDS), ..report() };
        assert!(check(&longest).is_ok());
        let longer = NewReport { words: "字".repeat(WORDS + 1), ..report() };
        assert!(matches!(check(&longer), Err(Refusal::TextTooLong { field: "words", limit: WORDS })));
    }

    #[test]
    fn an_id_of_another_version_a_missing_witness_and_a_repeated_medium_are_refused() {
        let v4 = NewReport { id: "936da01f-9abd-4d9d-80c7-02af85c822a8".parse().unwrap(), ..report() };
        assert!(matches!(check(&v4), Err(Refusal::Field { field: "id", .. })));
        let chosen = NewReport { chosen: 1, ..report() };
        assert!(matches!(check(&chosen), Err(Refusal::Field { field: "chosen", .. })));
        let twice = NewReport { media: vec!["ab".repeat(32), "ab".repeat(32)], ..report() };
        assert!(matches!(check(&twice), Err(Refusal::Field { field: "media", .. })));
    }

    #[test]
    fn empty_contact_details_are_no_contact_details() {
        let blank = Contact { name: Some("  ".to_owned()), phone: None, email: None };
        assert!(check(&NewReport { contact: Some(blank), ..report() }).unwrap().contact.is_none());
        let given = Contact { phone: Some(" 0242-00-0000 ".to_owned()), ..Contact::default() };
        let contact = check(&NewReport { contact: Some(given), ..report() }).unwrap().contact.unwrap();
        assert_eq!(contact.phone.as_deref(), Some("0242-00-0000"));
    }
}
