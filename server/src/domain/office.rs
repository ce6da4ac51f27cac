//! Offices: the municipalities and prefectural branch offices of a region, all equal partners.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Characters of an office code's digits.
const DIGITS: usize = 5;

/// Characters of a branch office's suffix at most.
const SUFFIX: usize = 24;

/// Bytes of the longest code: the suffix follows a hyphen.
const LONGEST: usize = DIGITS + 1 + SUFFIX;

/// An office's code: five digits of JIS X 0402 with the prefecture (`07202`), and for a branch
/// office of the prefecture a suffix of our own (`07000-aizu-shinko`).
///
/// Lies in place: every report in memory names a few.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OfficeCode {
    /// ASCII; behind the code zeros, which stand before every character, as the end of a text does.
    text: [u8; LONGEST],
    length: u8,
}

/// The text is not an office code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an office code is five digits, for a branch office with a suffix of 1 to 24 of a-z, 0-9 and '-'")]
pub struct NotAnOfficeCode;

impl OfficeCode {
    /// The code as text.
    pub fn as_str(&self) -> &str {
        // It is ASCII, as it was made.
        std::str::from_utf8(&self.text[..usize::from(self.length)]).unwrap_or_default()
    }
}

impl std::str::FromStr for OfficeCode {
    type Err = NotAnOfficeCode;
    fn from_str(text: &str) -> Result<Self, NotAnOfficeCode> {
        let (digits, suffix) = text.split_at_checked(DIGITS).ok_or(NotAnOfficeCode)?;
        let suffix_is_good = suffix.is_empty()
            || suffix.strip_prefix('-').is_some_and(|s| {
                (1..=SUFFIX).contains(&s.len())
                    && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            });
        if digits.bytes().all(|b| b.is_ascii_digit()) && suffix_is_good {
            let mut code = Self { text: [0; LONGEST], length: text.len() as u8 };
            code.text[..text.len()].copy_from_slice(text.as_bytes());
            Ok(code)
        } else {
            Err(NotAnOfficeCode)
        }
    }
}

impl Serialize for OfficeCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for OfficeCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl std::fmt::Display for OfficeCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::fmt::Debug for OfficeCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What an office is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OfficeKind {
    /// A city, town or village; it answers for the ground within its boundary.
    Municipality,
    /// A branch office of the prefecture.
    Prefecture,
}

/// An office of the region.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Office {
    /// Its code.
    pub code: OfficeCode,
    /// What it is.
    pub kind: OfficeKind,
    /// Japanese name.
    pub name: String,
    /// Reading in hiragana.
    pub kana: String,
    /// English name.
    pub english: String,
    /// Where to write the name on the map, degrees WGS 84.
    pub label: super::position::Position,
    /// Codes of the municipalities that share a border with it; for a branch office empty.
    #[serde(default)]
    pub neighbours: Vec<OfficeCode>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_ordered_and_written_as_their_text() {
        let texts =
            ["07202", "07000-aizu-shinko", "07000-a", "07000", "07000-aizu", "07421", "07000-a-longest-suffix-of-24"];
        let codes: Vec<OfficeCode> = texts.iter().map(|text| text.parse().unwrap()).collect();
        for (a, a_text) in codes.iter().zip(texts) {
            assert_eq!(serde_json::to_value(a).unwrap(), a_text);
            assert_eq!(serde_json::from_value::<OfficeCode>(a_text.into()).unwrap(), *a);
            for (b, b_text) in codes.iter().zip(texts) {
                assert_eq!(a.cmp(b), a_text.cmp(b_text), "{a} {b}");
            }
        }
        assert!(serde_json::from_str::<OfficeCode>("\"0720\"").is_err());
    }

    #[test]
    fn accepts_codes_and_nothing_else() {
        for good in ["07202", "07000-aizu-shinko"] {
            assert_eq!(good.parse::<OfficeCode>().unwrap().as_str(), good);
        }
        for bad in ["", "7202", "072021", "07202-", "0720２", "07202-Aizu", "会津若松市", "07202/../x"] {
            assert!(bad.parse::<OfficeCode>().is_err(), "{bad}");
        }
    }
}
