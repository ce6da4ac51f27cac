//! Frames from the server, built once, with the WebSocket header before the text and, for those who ask,
//! the SSE form.

use std::sync::OnceLock;

use bytes::Bytes;
use jiff::Timestamp;
use uuid::Uuid;

use super::websocket::{put_close, put_text, text_header};
use crate::domain::entry::Seq;
use crate::wire::live::{GoodbyeReason, PublicEntry, ResyncReason, ServerFrame};

/// Where a snapshot is that holds everything up to the entry: a shared one may be a little older, and what
/// lies between the two would be lost.
fn snapshot_at(seq: Seq) -> String {
    format!("/api/snapshot?at_least={seq}")
}

/// A frame without entries.
pub type Plain = ServerFrame<PublicEntry>;

/// An `entries` frame, shared by everybody who stands at its beginning.
#[derive(Debug)]
pub struct Frame {
    /// Where it begins, this entry excluded: a position that each of its viewers has been told. Nothing
    /// of interest lies between it and the cursor for which the frame was built.
    pub after: Seq,
    /// The viewer's position after it.
    pub seq: Seq,
    /// Header and text, to be written as they are.
    pub websocket: Bytes,
    header: usize,
    sse: OnceLock<Bytes>,
}

impl Frame {
    /// A frame of the entries' texts, copied once into one buffer of exact size.
    pub fn new(after: Seq, seq: Seq, texts: &[Bytes]) -> Self {
        let head = format!(r#"{{"type":"entries","after":{after},"seq":{seq},"entries":["#);
        let commas = texts.len().saturating_sub(1);
        let payload = head.len() + texts.iter().map(Bytes::len).sum::<usize>() + commas + 2;
        let (prefix, header) = text_header(payload);
        let mut out = Vec::with_capacity(header + payload);
        out.extend_from_slice(&prefix[..header]);
        out.extend_from_slice(head.as_bytes());
        for (index, text) in texts.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(text);
        }
        out.extend_from_slice(b"]}");
        Self { after, seq, websocket: out.into(), header, sse: OnceLock::new() }
    }

    /// The JSON text.
    pub fn text(&self) -> &[u8] {
        &self.websocket[self.header..]
    }

    /// The SSE form, built when the first asks for it.
    pub fn sse(&self, epoch: Uuid) -> Bytes {
        self.sse.get_or_init(|| sse("entries", epoch, Some(self.seq), self.text())).clone()
    }
}

/// A frame's text as an SSE event (WHATWG HTML, 9.2); `id` is what `Last-Event-ID` brings back.
pub fn sse(event: &str, epoch: Uuid, position: Option<Seq>, text: &[u8]) -> Bytes {
    let id = position.map_or_else(String::new, |seq| format!("id: {epoch}:{seq}\n"));
    let head = format!("event: {event}\n{id}data: ");
    Bytes::from([head.as_bytes(), text, b"\n\n"].concat())
}

/// A small frame's JSON text.
#[expect(clippy::expect_used, reason = "a frame without entries is numbers, ids and fixed words")]
pub fn text(frame: &Plain) -> Vec<u8> {
    serde_json::to_vec(frame).expect("a plain frame is JSON")
}

/// Adds a small frame, framed for WebSocket.
pub fn put(out: &mut Vec<u8>, frame: &Plain) {
    put_text(out, &text(frame));
}

/// A small frame, framed for WebSocket.
pub fn websocket(frame: &Plain) -> Bytes {
    let mut out = Vec::new();
    put(&mut out, frame);
    out.into()
}

/// "Fetch the snapshot."
pub fn snapshot(epoch: Uuid, seq: Seq) -> Plain {
    Plain::Snapshot { epoch, seq, href: snapshot_at(seq) }
}

/// "Start over."
pub fn resync(reason: ResyncReason, epoch: Uuid, seq: Seq) -> Plain {
    Plain::Resync { reason, epoch, seq, href: snapshot_at(seq) }
}

/// "Nothing new", and where `ping` is set, a ping behind it.
pub fn heartbeat(seq: Seq, now: Timestamp, ping: bool) -> Bytes {
    let mut out = Vec::with_capacity(96);
    put(&mut out, &Plain::Heartbeat { seq, now });
    if ping {
        out.extend_from_slice(&super::websocket::PING);
    }
    out.into()
}

/// The last words: goodbye and close.
pub fn farewell(reason: GoodbyeReason, retry_after_ms: Option<u64>) -> Bytes {
    let mut out = Vec::with_capacity(96);
    put(&mut out, &Plain::Goodbye { reason, retry_after_ms });
    put_close(&mut out, reason.close_code());
    out.into()
}

/// When to come back, unless said otherwise: at once where a new connection mends it, later where the
/// node is full, and not at all where the same would fail again.
pub fn retry_after_ms(reason: GoodbyeReason) -> Option<u64> {
    match reason {
        GoodbyeReason::Slow | GoodbyeReason::NoPong | GoodbyeReason::NoSubscribe => Some(0),
        GoodbyeReason::Shutdown | GoodbyeReason::TokenNotYetKnown => Some(1_000),
        GoodbyeReason::Full => Some(15_000),
        GoodbyeReason::BadFrame
        | GoodbyeReason::FrameTooLarge
        | GoodbyeReason::TooManyFrames
        | GoodbyeReason::TokenInvalid
        | GoodbyeReason::TokenExpired
        | GoodbyeReason::TokenRevoked => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entries_frame_reads_as_the_wire_says() {
        let entry = |seq: Seq| PublicEntry {
            seq,
            kind: "status_changed".into(),
            at: Timestamp::UNIX_EPOCH,
            incident: None,
            shelter: None,
            operation: None,
        };
        let texts: Vec<Bytes> = [4, 6].map(|seq| serde_json::to_vec(&entry(seq)).unwrap().into()).into();
        let frame = Frame::new(3, 7, &texts);
        let read: Plain = serde_json::from_slice(frame.text()).unwrap();
        assert_eq!(read, Plain::Entries { after: 3, seq: 7, entries: vec![entry(4), entry(6)] });
        assert_eq!(serde_json::to_vec(&read).unwrap(), frame.text(), "byte for byte what serde writes");
        let epoch = Uuid::from_u128(5);
        let sse = String::from_utf8(frame.sse(epoch).to_vec()).unwrap();
        assert!(
            sse.starts_with(&format!("event: entries\nid: {epoch}:7\ndata: {{\"type\"")) && sse.ends_with("]}\n\n")
        );
    }
}
