//! A viewer of the live stream over server-sent events (WHATWG HTML, "Server-sent events").

use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use serde_json::Value;

use crate::viewer::PATIENCE;

/// One event.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    /// Its `event:` field: the frame's type.
    pub name: String,
    /// Its `id:` field, if it has one.
    pub id: Option<String>,
    /// Its `data:` field: the frame.
    pub frame: Value,
}

/// A viewer over SSE.
pub struct EventViewer {
    bytes: BoxStream<'static, reqwest::Result<Bytes>>,
    text: Vec<u8>,
}

impl std::fmt::Debug for EventViewer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventViewer").field("text", &String::from_utf8_lossy(&self.text)).finish_non_exhaustive()
    }
}

impl EventViewer {
    /// Opens the stream.
    ///
    /// # Errors
    /// If the answer is not an event stream.
    pub async fn open(request: reqwest::RequestBuilder) -> Result<Self> {
        let response = request.header("accept", "text/event-stream").send().await?;
        let status = response.status();
        ensure!(status.is_success(), "refused with {status}: {}", response.text().await?);
        let kind = response.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        ensure!(kind.starts_with("text/event-stream"), "an event stream of type {kind:?}");
        Ok(Self { bytes: response.bytes_stream().boxed(), text: Vec::new() })
    }

    /// The next event.
    ///
    /// # Errors
    /// If none comes in time.
    pub async fn next(&mut self) -> Result<Event> {
        loop {
            if let Some(end) = self.text.windows(2).position(|pair| pair == b"\n\n") {
                let block: Vec<u8> = self.text.drain(..end + 2).collect();
                if let Some(event) = Event::parse(std::str::from_utf8(&block)?)? {
                    return Ok(event);
                }
                continue;
            }
            let chunk = within(PATIENCE, self.bytes.next()).await?;
            self.text.extend_from_slice(&chunk.context("the event stream ended")??);
        }
    }

    /// Waits for an entry.
    ///
    /// # Errors
    /// If none comes in time.
    pub async fn expect(&mut self, matches: impl Fn(&Value) -> bool) -> Result<Value> {
        loop {
            let event = self.next().await?;
            ensure!(event.frame["type"] == event.name.as_str(), "event and type differ: {event:?}");
            let entries = event.frame["entries"].as_array().into_iter().flatten();
            if let Some(entry) = entries.into_iter().find(|entry| matches(entry)) {
                return Ok(entry.clone());
            }
        }
    }
}

async fn within<T>(patience: Duration, future: impl Future<Output = T>) -> Result<T> {
    tokio::time::timeout(patience, future).await.map_err(|_| anyhow!("no event came in time"))
}

impl Event {
    /// Reads one block of lines; `None` for a comment alone.
    fn parse(block: &str) -> Result<Option<Self>> {
        let (mut name, mut id, mut data) = (String::new(), None, Vec::new());
        for line in block.lines() {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(&mut name),
                "id" => id = Some(value.to_owned()),
                "data" => data.push(value),
                _ => {}
            }
        }
        if data.is_empty() {
            return Ok(None);
        }
        let frame = serde_json::from_str(&data.join("\n")).context("an event's data is not JSON")?;
        Ok(Some(Self { name, id, frame }))
    }
}
