//! What is asked for: query parameters and the wanted media type, read as strictly as the standard
//! demands (OGC 17-069r4, 7.6 to 7.15). What is wrong is a 400.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;
use uuid::Uuid;

use super::ROOT;
use super::collections::Which;
use crate::domain::clock::Hlc;
use crate::domain::position::Bounds;
use crate::http::cursor;
use crate::http::error::{ApiError, ApiResult};
use crate::http::query;
use crate::wire::features::Link;
use crate::wire::problem::Code;

/// Features on a page if nothing else is asked for.
pub(super) const LIMIT: usize = 100;

/// Features on a page at most.
pub(super) const MOST: usize = 10_000;

pub(super) const JSON: &str = "application/json";
pub(super) const GEOJSON: &str = "application/geo+json";
pub(super) const OPENAPI: &str = "application/vnd.oai.openapi+json;version=3.0";

/// Query parameters: an unknown one, one that is there twice, or a wrong value is [`Code::MalformedRequest`]
/// (/req/core/query-param-unknown and -invalid).
pub(super) struct Asked<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> ApiResult<Self> {
        query::read(&parts.uri).map(Self).map_err(|error| wrong(error.to_string()))
    }
}

fn wrong(detail: impl Into<String>) -> ApiError {
    ApiError::new(Code::MalformedRequest).detail(detail)
}

/// The format alone.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct FormatQuery {
    /// `json`; goes before the `Accept` header.
    pub(super) f: Option<String>,
}

/// Which features of a collection.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ItemsQuery {
    /// West, south, east, north in degrees WGS 84, comma-separated; west may be greater than east, across
    /// the antimeridian. Of six numbers the third and the sixth (heights) do not count.
    bbox: Option<String>,
    /// A time (RFC 3339) or `FROM/TO`, with `..` for an open end. Incidents and reports: when they were
    /// filed; check-ins: when they lasted; offices have no time and always match.
    datetime: Option<String>,
    /// How many at most; above 10,000 counts as 10,000.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 10_000, default = 100)]
    limit: Option<String>,
    /// Where the page before ended. Take it from the `next` link.
    cursor: Option<String>,
    /// `json`; goes before the `Accept` header.
    f: Option<String>,
}

/// What is asked for, understood.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// Boxes that do not overlap; `None` is everywhere.
    pub(super) boxes: Option<Vec<Bounds>>,
    /// Then or later.
    pub(super) from: Option<Timestamp>,
    /// Then or earlier.
    pub(super) to: Option<Timestamp>,
    /// Features at most.
    pub(super) limit: usize,
    /// Where the page before ended.
    pub(super) cursor: Option<String>,
    /// As what to answer.
    pub(super) media_type: &'static str,
    collection: String,
    query: String,
}

impl Wanted {
    /// Reads it.
    pub(super) fn read(base: &str, which: Which, headers: &HeaderMap, query: &ItemsQuery) -> ApiResult<Self> {
        let media_type = media_type(headers, query.f.as_deref(), &[GEOJSON, JSON])?;
        let (from, to) = query.datetime.as_deref().map_or(Ok((None, None)), read_datetime)?;
        let limit = query.limit.as_deref().map_or(Ok(LIMIT), read_limit)?;
        let mut kept = String::new();
        for (name, value) in [("bbox", &query.bbox), ("datetime", &query.datetime)] {
            kept.extend(value.iter().map(|value| format!("{name}={}&", encoded(value))));
        }
        Ok(Self {
            boxes: query.bbox.as_deref().map(read_bbox).transpose()?,
            from,
            to,
            limit,
            cursor: query.cursor.clone(),
            media_type,
            collection: format!("{base}{}", which.path()),
            query: format!("{kept}limit={limit}"),
        })
    }

    /// Whether nothing is filtered.
    pub(super) fn is_everything(&self) -> bool {
        self.boxes.is_none() && self.from.is_none() && self.to.is_none()
    }

    /// The page before ended at this key.
    pub(super) fn after(&self) -> ApiResult<Option<(Hlc, Uuid)>> {
        let after = self.cursor.as_deref().map(|text| cursor::read(text).ok_or_else(no_cursor));
        after.transpose()
    }

    /// The links of the page; `next` is where it ended, if there is more.
    pub(super) fn links(&self, next: Option<&str>) -> Vec<Link> {
        let page = |cursor: Option<&str>| {
            let cursor = cursor.map(|cursor| format!("&cursor={}", encoded(cursor))).unwrap_or_default();
            format!("{}/items?{}{cursor}", self.collection, self.query)
        };
        let mut links = vec![
            link(page(self.cursor.as_deref()), "self", GEOJSON, None),
            link(self.collection.clone(), "collection", JSON, None),
        ];
        links.extend(next.map(|next| link(page(Some(next)), "next", GEOJSON, None)));
        links
    }
}

pub(super) fn no_cursor() -> ApiError {
    wrong(cursor::RULE)
}

pub(super) fn link(href: String, rel: &str, media_type: &str, title: Option<&str>) -> Link {
    Link { href, rel: rel.to_owned(), r#type: media_type.to_owned(), title: title.map(str::to_owned) }
}

/// The address of a resource of this door.
pub(super) fn address(base: &str, path: &str) -> String {
    format!("{base}{ROOT}{path}")
}

/// Percent-encodes a query value (RFC 3986, 2.1); what may stand in a query and needs no care stays.
fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~,:/".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// The box or, across the antimeridian, the two.
fn read_bbox(text: &str) -> ApiResult<Vec<Bounds>> {
    let (west, south, east, north) = match query::numbers(text).as_deref() {
        Some(&[west, south, east, north]) => (west, south, east, north),
        // Features have no height, so no height excludes any.
        Some(&[west, south, low, east, north, high]) if low <= high => (west, south, east, north),
        _ => return Err(wrong("bbox must be west,south,east,north, or six numbers with heights")),
    };
    let boxes = if west <= east {
        vec![Bounds { west, south, east, north }]
    } else {
        vec![Bounds { west, south, east: 180.0, north }, Bounds { west: -180.0, south, east, north }]
    };
    if boxes.iter().all(Bounds::is_valid) {
        Ok(boxes)
    } else {
        Err(wrong("bbox must lie within ±180 and ±90 degrees, south below north"))
    }
}

type Ends = (Option<Timestamp>, Option<Timestamp>);

/// /req/core/fc-time-definition: a time, or two of which one may be open.
fn read_datetime(text: &str) -> ApiResult<Ends> {
    let open = |text: &str| text.is_empty() || text == "..";
    match text.split_once('/') {
        None => read_time(text).map(|time| (Some(time), Some(time))),
        Some((from, to)) if open(from) && open(to) => Err(wrong("datetime must not be open at both ends")),
        Some((from, to)) => {
            let end = |text: &str| if open(text) { Ok(None) } else { read_time(text).map(Some) };
            let (from, to) = (end(from)?, end(to)?);
            if from.zip(to).is_some_and(|(from, to)| from > to) {
                return Err(wrong("datetime must not end before it begins"));
            }
            Ok((from, to))
        }
    }
}

/// A date-time of RFC 3339, 5.6.
fn read_time(text: &str) -> ApiResult<Timestamp> {
    let shape = b"dddd-dd-ddtdd:dd:dd";
    let fits = |(b, shape): (u8, &u8)| match shape {
        b'd' => b.is_ascii_digit(),
        b't' => matches!(b, b'T' | b't'),
        other => b == *other,
    };
    let rest = text.bytes().skip(shape.len());
    let good = text.len() > shape.len()
        && text.bytes().zip(shape).all(fits)
        && rest.into_iter().all(|b| b.is_ascii_digit() || b".Zz+-:".contains(&b));
    let time = if good { text.to_ascii_uppercase().parse().ok().or_else(|| end_of_time(text)) } else { None };
    time.ok_or_else(|| wrong("datetime must be like 2026-11-22T03:04:05Z, FROM/TO, FROM/.. or ../TO; write + as %2B"))
}

/// "For ever" as programs write it, 9999-12-31, is a day behind the last time that we can hold: nothing lies between.
fn end_of_time(text: &str) -> Option<Timestamp> {
    let day = text.strip_prefix("9999-12-3")?;
    let a_year_before = format!("9998-12-3{day}").to_ascii_uppercase().parse::<Timestamp>();
    a_year_before.is_ok().then_some(Timestamp::MAX)
}

/// /req/core/fc-limit-response-1: more than the most is the most, no error.
fn read_limit(text: &str) -> ApiResult<usize> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let limit = if digits { text.parse().unwrap_or(MOST).min(MOST) } else { 0 };
    if limit == 0 { Err(wrong("limit must be a whole number, 1 or more")) } else { Ok(limit) }
}

/// As what to answer: the first of the offered types that `f` or, without it, `Accept` allows (RFC 9110,
/// 12.5.1). Weights do not count: there is one representation under two names.
///
/// # Errors
/// [`Code::MalformedRequest`] for another `f` than `json`, [`Code::NotAcceptable`].
pub(super) fn media_type(headers: &HeaderMap, f: Option<&str>, offered: &[&'static str]) -> ApiResult<&'static str> {
    if f.is_some_and(|f| f != "json") {
        return Err(wrong("f must be json"));
    }
    let first = offered.first().copied().unwrap_or(JSON);
    let accept: Vec<&str> = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    if f.is_some() || accept.is_empty() {
        return Ok(first);
    }
    let ranges = || accept.iter().flat_map(|line| line.split(',')).map(Range::read).filter(|range| range.wanted);
    let allowed = offered.iter().find(|offered| ranges().any(|range| range.holds(offered)));
    allowed.copied().ok_or_else(|| Code::NotAcceptable.into())
}

struct Range<'a> {
    name: &'a str,
    wanted: bool,
}

impl<'a> Range<'a> {
    fn read(text: &'a str) -> Self {
        let mut parts = text.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q="));
        Self { name, wanted: weight.is_none_or(|weight| weight.parse::<f32>().is_ok_and(|weight| weight > 0.0)) }
    }

    fn holds(&self, media_type: &str) -> bool {
        let media_type = media_type.split(';').next().unwrap_or_default();
        matches!(self.name, "*/*" | "application/*") || self.name.eq_ignore_ascii_case(media_type)
    }
}

#[cfg(test)]
#[path = "query_tests.rs"]
mod tests;
