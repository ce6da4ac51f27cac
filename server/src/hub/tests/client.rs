//! The other end of the wire.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex};

use super::*;

/// A socket that takes a few bytes at a time and is often full.
struct Choppy {
    inner: DuplexStream,
    dice: Dice,
}
impl AsyncRead for Choppy {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}
impl AsyncWrite for Choppy {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        if self.dice.roll(4) == 0 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let some = 1 + self.dice.roll(buf.len() as u64) as usize;
        Pin::new(&mut self.inner).poll_write(cx, &buf[..some])
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[derive(Debug, PartialEq)]
pub(super) enum Heard {
    Frame(Value),
    Ping,
    Pong(Vec<u8>),
    Close(u16),
    Nothing,
}

/// The other end of the wire.
pub(super) struct Client {
    pub(super) wire: DuplexStream,
}

impl Client {
    pub(super) fn connect(hub: &Arc<Hub>, buffer: usize) -> Self {
        let (wire, theirs) = duplex(buffer);
        hub.serve(hub.ticket(None), theirs, &[]);
        Self { wire }
    }

    pub(super) fn connect_choppy(hub: &Arc<Hub>, buffer: usize, seed: u64) -> Self {
        let (wire, inner) = duplex(buffer);
        hub.serve(hub.ticket(None), Choppy { inner, dice: Dice(seed) }, &[]);
        Self { wire }
    }

    pub(super) async fn send_raw(&mut self, first: u8, payload: &[u8]) {
        let mut frame = vec![first];
        match payload.len() {
            len @ 0..=125 => frame.push(0x80 | len as u8),
            len => frame.extend([&[0x80 | 126][..], &(len as u16).to_be_bytes()].concat()),
        }
        frame.extend([1, 2, 3, 4]);
        frame.extend(payload.iter().zip([1, 2, 3, 4].iter().cycle()).map(|(b, m)| b ^ m));
        let _ = self.wire.write_all(&frame).await;
    }

    pub(super) async fn subscribe(&mut self, subscribe: Value) {
        let mut frame = json!({ "type": "subscribe" });
        frame.as_object_mut().unwrap().extend(subscribe.as_object().unwrap().clone());
        self.send_raw(0x81, frame.to_string().as_bytes()).await;
    }

    pub(super) async fn next(&mut self) -> Heard {
        self.read().await.unwrap_or(Heard::Nothing)
    }

    pub(super) async fn read(&mut self) -> std::io::Result<Heard> {
        let (first, second) = (self.wire.read_u8().await?, self.wire.read_u8().await?);
        let len = match second {
            126 => usize::from(self.wire.read_u16().await?),
            127 => self.wire.read_u64().await? as usize,
            len => usize::from(len),
        };
        let mut payload = vec![0; len];
        self.wire.read_exact(&mut payload).await?;
        Ok(match first {
            0x81 => Heard::Frame(serde_json::from_slice(&payload).expect("a whole frame of JSON")),
            0x88 => Heard::Close(u16::from_be_bytes([payload[0], payload[1]])),
            0x89 => Heard::Ping,
            0x8A => Heard::Pong(payload),
            other => panic!("first byte {other:#x} begins no frame: frames were interleaved"),
        })
    }

    /// The next frame of this type; others are passed over.
    pub(super) async fn frame(&mut self, kind: &str) -> Value {
        loop {
            match self.next().await {
                Heard::Frame(frame) if frame["type"] == kind => return frame,
                Heard::Nothing => panic!("the stream ended before {kind}"),
                _ => {}
            }
        }
    }

    /// Reads to the end; returns the reason of the goodbye and the close code.
    pub(super) async fn last_words(&mut self) -> (String, u16) {
        let goodbye = self.frame("goodbye").await;
        let Heard::Close(code) = self.next().await else { panic!("no close after the goodbye") };
        (goodbye["reason"].as_str().unwrap().to_owned(), code)
    }
}
