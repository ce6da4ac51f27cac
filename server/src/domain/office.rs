//! Offices: the municipalities and prefectural branch offices of a region, all equal partners.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// An office's code: five digits of JIS X 0402 with the prefecture (`07202`), and for a branch
/// office of the prefecture a suffix of our own (`07000-aizu-shinko`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OfficeCode(Arc<str>);

/// The text is not an office code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an office code is five digits, for a branch office with a suffix of 1 to 24 of a-z, 0-9 and '-'")]
pub struct NotAnOfficeCode;

impl OfficeCode {
    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for OfficeCode {
    type Error = NotAnOfficeCode;
    fn try_from(text: String) -> Result<Self, NotAnOfficeCode> {
        text.parse()
    }
}

impl std::str::FromStr for OfficeCode {
    type Err = NotAnOfficeCode;
    fn from_str(text: &str) -> Result<Self, NotAnOfficeCode> {
        let (digits, suffix) = text.split_at_checked(5).ok_or(NotAnOfficeCode)?;
        let suffix_is_good = suffix.is_empty()
            || suffix.strip_prefix('-').is_some_and(|s| {
                (1..=24).contains(&s.len())
                    && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            });
        if digits.bytes().all(|b| b.is_ascii_digit()) && suffix_is_good {
            Ok(Self(text.into()))
        } else {
            Err(NotAnOfficeCode)
        }
    }
}

impl From<OfficeCode> for String {
    fn from(code: OfficeCode) -> Self {
        code.0.as_ref().to_owned()
    }
}

impl std::fmt::Display for OfficeCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::fmt::Debug for OfficeCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
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
    fn accepts_codes_and_nothing_else() {
        for good in ["07202", "07000-aizu-shinko"] {
            assert_eq!(good.parse::<OfficeCode>().unwrap().as_str(), good);
        }
        for bad in ["", "7202", "072021", "07202-", "0720２", "07202-Aizu", "会津若松市", "07202/../x"] {
            assert!(bad.parse::<OfficeCode>().is_err(), "{bad}");
        }
    }
}
