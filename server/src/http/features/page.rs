//! Writes features slice by slice: each is copied out of the world under its lock, encoded after, and sent
//! before the next is made. So a page of ten thousand holds the lock briefly, and however slowly a client
//! reads, it costs one slice of memory.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use serde::Serialize;

use super::FeaturesState;
use super::query::{GEOJSON, JSON, Wanted, address, link, media_type};
use crate::http::error::{ApiError, ApiResult};
use crate::wire::features::{Feature, PageEnd};

/// Features in a slice.
const SLICE: usize = 500;

/// Features, encoded; each begins with a comma.
pub(super) struct Slice {
    pub(super) text: Bytes,
    pub(super) count: usize,
    /// The cursor after the last, if there are more.
    pub(super) more: Option<String>,
}

impl Slice {
    /// Encodes features.
    pub(super) fn of<P: Serialize>(features: &[Feature<P>], more: Option<String>) -> serde_json::Result<Self> {
        let mut text = Vec::new();
        for feature in features {
            text.push(b',');
            serde_json::to_writer(&mut text, feature)?;
        }
        Ok(Self { text: text.into(), count: features.len(), more })
    }
}

/// A collection's features, read from where the last slice ended.
pub(super) trait Source: Send + 'static {
    /// At most so many more.
    fn next(&mut self, at_most: usize) -> serde_json::Result<Slice>;

    /// How many match on all pages, if that is known.
    fn matched(&self) -> Option<usize>;
}

struct Writing<S> {
    source: S,
    state: FeaturesState,
    wanted: Wanted,
    written: usize,
}

enum Step<S> {
    Slice(Writing<S>),
    End,
}

/// The page that is wanted.
pub(super) fn answer(state: FeaturesState, wanted: Wanted, source: impl Source) -> Response {
    let content_type = wanted.media_type;
    let first = Step::Slice(Writing { source, state, wanted, written: 0 });
    let body = stream::try_unfold(first, |step| async move {
        match step {
            Step::Slice(writing) => writing.step().map(Some),
            Step::End => Ok(None),
        }
    });
    with_headers(Body::from_stream(body).into_response(), content_type)
}

impl<S: Source> Writing<S> {
    fn step(mut self) -> serde_json::Result<(Bytes, Step<S>)> {
        let slice = self.source.next(SLICE.min(self.wanted.limit - self.written))?;
        let mut text = Vec::with_capacity(slice.text.len() + 1_024);
        let mut features = slice.text;
        if self.written == 0 {
            text.extend_from_slice(b"{\"type\":\"FeatureCollection\",\"features\":[");
            let _comma = features.split_to(features.len().min(1));
        }
        text.extend_from_slice(&features);
        self.written += slice.count;
        if slice.more.is_some() && slice.count > 0 && self.written < self.wanted.limit {
            return Ok((text.into(), Step::Slice(self)));
        }
        let end = PageEnd {
            links: self.wanted.links(slice.more.as_deref()),
            time_stamp: self.state.0.clock.now(),
            number_matched: self.source.matched(),
            number_returned: self.written,
        };
        let end = serde_json::to_vec(&end)?;
        text.extend_from_slice(b"],");
        text.extend_from_slice(end.get(1..).unwrap_or_default());
        Ok((text.into(), Step::End))
    }
}

/// One feature alone, with links to itself and its collection.
pub(super) fn single<P: Serialize>(
    base: &str,
    collection: &str,
    headers: &HeaderMap,
    f: Option<&str>,
    mut feature: Feature<P>,
) -> ApiResult<Response> {
    let content_type = media_type(headers, f, &[GEOJSON, JSON])?;
    let collection = address(base, &format!("/collections/{collection}"));
    feature.links = vec![
        link(format!("{collection}/items/{}", feature.id), "self", GEOJSON, None),
        link(collection, "collection", JSON, None),
    ];
    json(content_type, &feature)
}

/// An answer of another kind.
pub(super) fn json(content_type: &'static str, value: &impl Serialize) -> ApiResult<Response> {
    let text = serde_json::to_vec(value).map_err(ApiError::internal)?;
    Ok(with_headers(text.into_response(), content_type))
}

/// Answers hold addresses that depend on how the node was reached, and what depends on who asks.
fn with_headers(mut response: Response, content_type: &'static str) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
