//! What stands behind the question mark of an address: read in one way by every door, and refused in our own words.

use axum::extract::Query;
use axum::http::Uri;
use serde::de::DeserializeOwned;

use crate::domain::position::Bounds;

/// What is said of a box that is none.
pub const BOUNDS_RULE: &str = "must be west,south,east,north in degrees WGS 84, in this order";

/// Characters of a parameter's name that are repeated.
const NAME: usize = 40;

/// Why a query cannot be read. The text is one sentence.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WrongQuery {
    /// No such parameter.
    #[error("The query parameter {0} is not known here.")]
    Unknown(String),
    /// A parameter is there twice.
    #[error("The query parameter {0} is there twice.")]
    Twice(String),
    /// A parameter must be there.
    #[error("The query parameter {0} is missing.")]
    Missing(String),
    /// A parameter's value is not of its kind.
    #[error("The query parameter {0} has a value that is not allowed.")]
    Value(String),
    /// It is no list of parameters.
    #[error("The query of the address cannot be read.")]
    Unreadable,
}

/// Reads the parameters of an address.
///
/// # Errors
/// [`WrongQuery`].
pub fn read<T: DeserializeOwned>(address: &Uri) -> Result<T, WrongQuery> {
    let read = Query::try_from_uri(address);
    read.map(|Query(params)| params).map_err(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        WrongQuery::of(&cause.unwrap_or_default())
    })
}

impl WrongQuery {
    /// From what serde says, which names a parameter's path or, in backticks, the parameter.
    fn of(said: &str) -> Self {
        let short = |name: &str| name.chars().take(NAME).collect();
        let quoted = |before: &str| said.split_once(before)?.1.split_once('`').map(|(name, _)| short(name));
        type Kind = fn(String) -> WrongQuery;
        let kinds: [(&str, Kind); 3] = [
            ("unknown field `", Self::Unknown),
            ("duplicate field `", Self::Twice),
            ("missing field `", Self::Missing),
        ];
        if let Some(kind) = kinds.iter().find_map(|(before, kind)| quoted(before).map(kind)) {
            return kind;
        }
        let name = said.split_once(": ").map(|(name, _)| name);
        let is_name = |name: &&str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        name.filter(is_name).map_or(Self::Unreadable, |name| Self::Value(short(name)))
    }
}

/// Numbers with commas between them.
pub fn numbers(text: &str) -> Option<Vec<f64>> {
    text.split(',').map(|number| number.trim().parse().ok()).collect()
}

/// West, south, east, north in degrees WGS 84, in range and in order ([`BOUNDS_RULE`]).
pub fn bounds(text: &str) -> Option<Bounds> {
    let &[west, south, east, north] = numbers(text)?.as_slice() else { return None };
    Some(Bounds { west, south, east, north }).filter(Bounds::is_valid)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Form {
        Full,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Question {
        limit: u32,
        form: Option<Form>,
        time: Option<jiff::Timestamp>,
    }

    #[test]
    fn each_mistake_has_a_sentence_of_ours_with_the_parameters_name() {
        let said = |query: &str| {
            let address: Uri = format!("/api/incidents?{query}").parse().unwrap();
            read::<Question>(&address).unwrap_err().to_string()
        };
        for (query, sentence) in [
            ("limit=1&colour=red", "The query parameter colour is not known here."),
            ("limit=1&limit=2", "The query parameter limit is there twice."),
            ("form=full", "The query parameter limit is missing."),
            ("", "The query parameter limit is missing."),
            ("limit=many", "The query parameter limit has a value that is not allowed."),
            ("limit=-1", "The query parameter limit has a value that is not allowed."),
            ("limit=1&form=brief", "The query parameter form has a value that is not allowed."),
            ("limit=1&time=yesterday", "The query parameter time has a value that is not allowed."),
        ] {
            assert_eq!(said(query), sentence, "{query}");
        }
        let long = said(&format!("limit=1&{}=1", "x".repeat(1_000)));
        assert!(long.len() < 100 && long.ends_with("is not known here."), "{long}");
        let good: Uri = "/?limit=7&form=full".parse().unwrap();
        assert_eq!(read::<Question>(&good), Ok(Question { limit: 7, form: Some(Form::Full), time: None }));
    }

    #[test]
    fn a_box_has_four_numbers_in_range_and_in_order() {
        assert_eq!(bounds("139.5, 37,140,38"), Some(Bounds { west: 139.5, south: 37.0, east: 140.0, north: 38.0 }));
        for wrong in
            ["", "1,2,3", "1,2,3,4,5", "140,37,139,38", "139,38,140,37", "139,37,nan,38", "0,0,0,91", "a,b,c,d"]
        {
            assert_eq!(bounds(wrong), None, "{wrong}");
        }
    }
}
