//! A viewer of the live stream with expectations. It keeps its position as docs/wire.md asks of every
//! client, and checks each frame against it: nothing may be left out between two frames.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// How long an expectation may take to come true, also on a machine that is busy with other tests.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A position in a log: its epoch and the last entry that the viewer has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Position {
    /// The log's epoch.
    pub epoch: String,
    /// The last entry.
    pub seq: u64,
}

/// What a viewer asks for in its first frame.
#[derive(Clone, Debug, Default)]
pub struct Subscribe {
    /// Access or wall token.
    pub token: Option<String>,
    /// From where to resume.
    pub since: Option<Position>,
    /// What it wants to hear of; `null` for everything.
    pub interest: Value,
}

impl Subscribe {
    /// Everything of this interest, from now on.
    pub fn to(interest: Value) -> Self {
        Self { interest, ..Self::default() }
    }

    /// Everything after a position.
    pub fn since(position: &Position) -> Self {
        Self { since: Some(position.clone()), ..Self::default() }
    }

    /// The frame as it travels.
    pub fn frame(&self) -> Value {
        let mut frame = json!({ "type": "subscribe" });
        if let Some(token) = &self.token {
            frame["token"] = json!(token);
        }
        if let Some(position) = &self.since {
            frame["epoch"] = json!(position.epoch);
            frame["since"] = json!(position.seq);
        }
        if !self.interest.is_null() {
            frame["interest"] = self.interest.clone();
        }
        frame
    }
}

/// How a stream ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Farewell {
    /// The goodbye frame's reason, if one came.
    pub reason: Option<String>,
    /// When to come back, milliseconds, if it says so.
    pub retry_after_ms: Option<u64>,
    /// The WebSocket close code, if one came.
    pub code: Option<u16>,
}

/// The stream ended, which a viewer may meet at any time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LineEnded(pub Farewell);

impl std::fmt::Display for LineEnded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the stream ended: {:?}", self.0)
    }
}

impl std::error::Error for LineEnded {}

/// A viewer.
#[derive(Debug)]
pub struct Viewer {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// The first frame.
    pub hello: Value,
    /// Frames with a snapshot's position (`snapshot` and `resync`), in order.
    pub starts: Vec<Value>,
    position: Position,
    waiting: VecDeque<Value>,
    seen: u64,
}

impl Viewer {
    /// Connects, subscribes, and reads the hello and, unless the subscription resumes, the snapshot
    /// position.
    ///
    /// # Errors
    /// If the server does not answer so.
    pub async fn connect(base: &str, subscribe: Subscribe) -> Result<Self> {
        let mut socket = open(base).await?;
        socket.send(Message::text(subscribe.frame().to_string())).await?;
        let hello = match next_frame(&mut socket).await? {
            Ok(frame) => frame,
            Err(farewell) => bail!(LineEnded(farewell)),
        };
        ensure!(hello["type"] == "hello", "the first frame is not a hello: {hello}");
        let epoch = hello["epoch"].as_str().context("no epoch")?.to_owned();
        let resumes = subscribe.since.is_some();
        let seq = subscribe.since.map_or_else(|| hello["seq"].as_u64().unwrap_or_default(), |position| position.seq);
        let position = Position { epoch, seq };
        let mut viewer = Self { socket, hello, starts: Vec::new(), position, waiting: VecDeque::new(), seen: 0 };
        if !resumes {
            while viewer.starts.is_empty() {
                viewer.read().await?;
            }
        }
        Ok(viewer)
    }

    /// Its position.
    pub fn position(&self) -> Position {
        self.position.clone()
    }

    /// How many entries it has got.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Waits for an entry; those before it pass by.
    ///
    /// # Errors
    /// If none comes in time, or the stream breaks its promises.
    pub async fn expect(&mut self, what: &str, matches: impl Fn(&Value) -> bool) -> Result<Value> {
        let wait = async {
            loop {
                let entry = self.next_entry().await?;
                if matches(&entry) {
                    return Ok(entry);
                }
            }
        };
        let outcome = tokio::time::timeout(PATIENCE, wait).await;
        outcome.map_err(|_| anyhow!("no entry came that is {what}"))?
    }

    /// The next entry.
    ///
    /// # Errors
    /// If none comes in time, or the stream breaks its promises.
    pub async fn next_entry(&mut self) -> Result<Value> {
        loop {
            if let Some(entry) = self.waiting.pop_front() {
                return Ok(entry);
            }
            self.read().await?;
        }
    }

    /// Waits until the stream has brought the position to `seq`, and returns the entries on the way.
    ///
    /// # Errors
    /// If it does not come so far in time, or the stream breaks its promises.
    pub async fn entries_until(&mut self, seq: u64) -> Result<Vec<Value>> {
        while self.position.seq < seq {
            self.read().await?;
        }
        Ok(self.waiting.drain(..).collect())
    }

    /// Waits for a resync and returns it.
    ///
    /// # Errors
    /// If none comes in time.
    pub async fn expect_resync(&mut self) -> Result<Value> {
        loop {
            if let Some(frame) = self.starts.iter().find(|frame| frame["type"] == "resync") {
                return Ok(frame.clone());
            }
            self.read().await?;
        }
    }

    /// Waits for a heartbeat and returns it.
    ///
    /// # Errors
    /// If none comes in time.
    pub async fn expect_heartbeat(&mut self) -> Result<Value> {
        loop {
            let frame = self.read().await?;
            if frame["type"] == "heartbeat" {
                return Ok(frame);
            }
        }
    }

    /// Changes the interest of the running stream and waits until the change counts.
    ///
    /// # Errors
    /// If it does not count in time.
    pub async fn change_interest(&mut self, interest: Value) -> Result<()> {
        let starts = self.starts.len();
        self.send(&Subscribe::to(interest).frame()).await?;
        while self.starts.len() == starts {
            self.read().await?;
        }
        Ok(())
    }

    /// Sends a frame.
    ///
    /// # Errors
    /// If the line is cut.
    pub async fn send(&mut self, frame: &Value) -> Result<()> {
        Ok(self.socket.send(Message::text(frame.to_string())).await?)
    }

    /// Reads to the end of the stream and tells how it ended.
    ///
    /// # Errors
    /// If it does not end in time.
    pub async fn expect_farewell(mut self) -> Result<Farewell> {
        farewell(&mut self.socket).await
    }

    /// The entries that came and that nobody has asked for yet.
    pub fn take_entries(&mut self) -> Vec<Value> {
        self.waiting.drain(..).collect()
    }

    /// Reads one frame and takes note of it.
    ///
    /// # Errors
    /// [`LineEnded`]; anything else if none comes in time, or the stream breaks its promises.
    pub async fn read(&mut self) -> Result<Value> {
        let frame = match next_frame(&mut self.socket).await? {
            Ok(frame) => frame,
            Err(farewell) => bail!(LineEnded(farewell)),
        };
        let seq = frame["seq"].as_u64().with_context(|| format!("a frame without seq: {frame}"))?;
        match frame["type"].as_str() {
            Some("entries") => self.take(&frame, seq)?,
            Some("heartbeat") => {
                let own = self.position.seq;
                ensure!(seq >= own, "a heartbeat goes back from {own} to {seq}");
                self.position.seq = seq;
            }
            Some("snapshot" | "resync") => {
                self.position.seq = seq;
                frame["epoch"].as_str().context("no epoch")?.clone_into(&mut self.position.epoch);
                self.starts.push(frame.clone());
            }
            _ => bail!("a frame of an unknown type: {frame}"),
        }
        Ok(frame)
    }

    fn take(&mut self, frame: &Value, seq: u64) -> Result<()> {
        let after = frame["after"].as_u64().context("entries without after")?;
        ensure!(after <= self.position.seq, "a gap: at {} came a frame after {after}", self.position.seq);
        let mut last = after;
        for entry in frame["entries"].as_array().context("entries without entries")? {
            let number = entry["seq"].as_u64().with_context(|| format!("an entry without seq: {entry}"))?;
            ensure!(last < number && number <= seq, "entry {number} stands after {last} in a frame to {seq}");
            last = number;
            // A shared frame may begin before this viewer's position.
            if number > self.position.seq {
                self.seen += 1;
                self.waiting.push_back(entry.clone());
            }
        }
        self.position.seq = seq.max(self.position.seq);
        Ok(())
    }
}

/// Opens a socket to the live stream without saying anything.
///
/// # Errors
/// If the server does not take it.
pub async fn open(base: &str) -> Result<WebSocketStream<MaybeTlsStream<TcpStream>>> {
    let url = format!("{}/api/live", base.replacen("http://", "ws://", 1));
    let (socket, _) = connect_async(url).await.context("connecting to the live stream")?;
    Ok(socket)
}

/// Reads a socket to its end and tells how it ended.
///
/// # Errors
/// If it does not end in time.
pub async fn farewell(socket: &mut WebSocketStream<MaybeTlsStream<TcpStream>>) -> Result<Farewell> {
    loop {
        if let Err(farewell) = next_frame(socket).await? {
            return Ok(farewell);
        }
    }
}

async fn next_frame(
    socket: &mut WebSocketStream<MaybeTlsStream<TcpStream>>,
) -> Result<std::result::Result<Value, Farewell>> {
    let mut farewell = Farewell { reason: None, retry_after_ms: None, code: None };
    loop {
        let message = tokio::time::timeout(PATIENCE, socket.next()).await.context("no frame came in time")?;
        match message {
            Some(Ok(Message::Text(text))) => {
                let frame: Value = serde_json::from_str(&text).with_context(|| format!("not JSON: {text}"))?;
                if frame["type"] != "goodbye" {
                    return Ok(Ok(frame));
                }
                farewell.reason = frame["reason"].as_str().map(str::to_owned);
                farewell.retry_after_ms = frame["retry_after_ms"].as_u64();
            }
            Some(Ok(Message::Close(frame))) => farewell.code = frame.map(|CloseFrame { code, .. }| code.into()),
            Some(Ok(Message::Binary(_))) => bail!("a binary frame"),
            Some(Ok(_)) => {}
            // A server that ends the line after its close frame is in its right.
            Some(Err(_)) | None => return Ok(Err(farewell)),
        }
    }
}
