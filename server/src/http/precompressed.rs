//! An answer that is encoded once and given to many: its bytes plain and as gzip, and its ETag. And what
//! the doors ask of a request's headers: does it take a coding, does it have the answer already.

use std::io::{self, Write};
use std::time::Duration;

use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, Version, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;

use super::listener::TakenWithin;

/// An encoded answer. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Precompressed {
    plain: Bytes,
    /// `None`: it gains nothing by compression.
    gzip: Option<Bytes>,
    kind: &'static str,
    etag: HeaderValue,
}

/// How an answer may be kept, and on what it depends.
#[derive(Clone, Copy, Debug)]
pub struct Keeping {
    /// `Cache-Control`.
    pub cache: &'static str,
    /// `Vary`.
    pub vary: &'static str,
}

/// How long an answer may take on its way. Its bytes are shared by all who asked for it, and kept until the last has
/// them: so a slow one keeps what is out of date for no longer than this. A megabyte in this time is 9 kB a second.
const TAKEN_WITHIN: Duration = Duration::from_secs(120);

/// Marks an answer that has the codings it should have: the compression layer leaves it alone.
#[derive(Clone, Copy, Debug)]
struct AsItIs;

/// Whether the compression layer may touch an answer.
pub fn may_be_compressed(_: StatusCode, _: Version, _: &HeaderMap, extensions: &Extensions) -> bool {
    extensions.get::<AsItIs>().is_none()
}

impl Precompressed {
    /// Encodes a value as JSON. `tag` makes the ETag from the JSON text; `level` is gzip's, 0 to 9.
    ///
    /// # Errors
    /// If the value cannot be written as JSON.
    pub fn json(value: &impl Serialize, level: u32, tag: impl FnOnce(&[u8]) -> String) -> io::Result<Self> {
        let plain = serde_json::to_vec(value)?;
        let mut gzip = GzEncoder::new(Vec::with_capacity(plain.len() / 6), Compression::new(level));
        gzip.write_all(&plain)?;
        let gzip = gzip.finish()?;
        // Weak: one tag for both codings (RFC 9110, 8.8.1).
        let etag = HeaderValue::try_from(format!("W/\"{}\"", tag(&plain))).map_err(io::Error::other)?;
        Ok(Self { plain: plain.into(), gzip: Some(gzip.into()), kind: JSON, etag })
    }

    /// Bytes of this media type, and the same as gzip where that is shorter, under a weak ETag. No bytes are the
    /// answer 204.
    pub fn bytes(plain: Bytes, gzip: Option<Bytes>, kind: &'static str, etag: HeaderValue) -> Self {
        Self { plain, gzip, kind, etag }
    }

    /// Bytes that it takes.
    pub fn size(&self) -> usize {
        self.plain.len() + self.gzip.as_ref().map_or(0, Bytes::len)
    }

    /// The answer to a request with these headers.
    pub fn answer(&self, headers: &HeaderMap, keeping: Keeping) -> Response {
        let mut response = if is_at_hand(headers, &self.etag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else if self.plain.is_empty() {
            StatusCode::NO_CONTENT.into_response()
        } else if let Some(gzip) = self.gzip.as_ref().filter(|_| accepts(headers, "gzip")) {
            ([(header::CONTENT_ENCODING, "gzip"), (header::CONTENT_TYPE, self.kind)], gzip.clone()).into_response()
        } else {
            ([(header::CONTENT_TYPE, self.kind)], self.plain.clone()).into_response()
        };
        let out = response.headers_mut();
        out.insert(header::CACHE_CONTROL, HeaderValue::from_static(keeping.cache));
        out.insert(header::VARY, HeaderValue::from_static(keeping.vary));
        out.insert(header::ETAG, self.etag.clone());
        response.extensions_mut().insert(AsItIs);
        response.extensions_mut().insert(TakenWithin(TAKEN_WITHIN));
        response
    }
}

const JSON: &str = "application/json";

/// Whether the request takes this coding (RFC 9110, 12.5.3). A coding with weight 0 is refused; one that is
/// not named counts as `*`.
pub fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let mut any = false;
    for item in list(headers, header::ACCEPT_ENCODING) {
        let mut parts = item.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let wanted = weight.is_none_or(|weight| weight.parse::<f32>().is_ok_and(|weight| weight > 0.0));
        if name.eq_ignore_ascii_case(coding) {
            return wanted;
        }
        any |= name == "*" && wanted;
    }
    any
}

/// Whether the request has the answer with this ETag already: the weak comparison of `If-None-Match`
/// (RFC 9110, 8.8.3.2 and 13.1.2).
pub fn is_at_hand(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let opaque = |tag: &str| tag.trim_start_matches("W/").to_owned();
    let own = etag.to_str().map(opaque).unwrap_or_default();
    list(headers, header::IF_NONE_MATCH).any(|tag| tag == "*" || opaque(tag) == own)
}

/// The members of a list that may be spread over several lines.
fn list(headers: &HeaderMap, name: header::HeaderName) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use http_body_util::BodyExt;
    use rstest::rstest;

    use super::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[rstest]
    #[case::plain("gzip, br", true)]
    #[case::weighted("br;q=1.0, GZIP;q=0.5", true)]
    #[case::refused("gzip;q=0, br", false)]
    #[case::refused_with_decimals("gzip; q=0.000", false)]
    #[case::anything("*", true)]
    #[case::anything_but("*, gzip;q=0", false)]
    #[case::nothing("*;q=0", false)]
    #[case::another("br", false)]
    #[case::malformed("gzip;q=much", false)]
    fn a_coding_is_taken_or_not(#[case] accept: &str, #[case] takes: bool) {
        assert_eq!(accepts(&headers(header::ACCEPT_ENCODING, accept), "gzip"), takes);
        assert!(!accepts(&HeaderMap::new(), "gzip"), "who says nothing gets it plain");
    }

    const KEEPING: Keeping = Keeping { cache: "no-cache", vary: "Accept-Encoding" };

    #[tokio::test]
    async fn both_codings_say_the_same_under_one_weak_tag() {
        let made = Precompressed::json(&["会津", "若松"], 9, |_| "7".to_owned()).unwrap();
        let plain = made.answer(&HeaderMap::new(), KEEPING);
        let gzip = made.answer(&headers(header::ACCEPT_ENCODING, "gzip"), KEEPING);
        assert_eq!((&plain.headers()[header::ETAG], &gzip.headers()[header::ETAG]), (&made.etag, &made.etag));
        assert_eq!(made.etag, "W/\"7\"");
        assert_eq!(gzip.headers()[header::CONTENT_ENCODING], "gzip");
        assert!(!plain.headers().contains_key(header::CONTENT_ENCODING));
        for response in [&plain, &gzip] {
            let (parts, _) = (response.status(), ());
            assert!(!may_be_compressed(parts, Version::HTTP_11, response.headers(), response.extensions()));
        }
        let plain = plain.into_body().collect().await.unwrap().to_bytes();
        let gzip = gzip.into_body().collect().await.unwrap().to_bytes();
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(&gzip[..]).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, plain);
    }

    #[rstest]
    #[case("W/\"7\"", 304)]
    #[case("\"7\"", 304)]
    #[case("\"6\", W/\"7\"", 304)]
    #[case("*", 304)]
    #[case("\"77\"", 200)]
    fn who_has_it_already_is_told_so(#[case] tag: &str, #[case] status: u16) {
        let made = Precompressed::json(&1, 1, |_| "7".to_owned()).unwrap();
        assert_eq!(made.answer(&headers(header::IF_NONE_MATCH, tag), KEEPING).status().as_u16(), status);
    }
}
