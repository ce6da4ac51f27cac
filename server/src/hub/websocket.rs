//! The WebSocket framing (RFC 6455) that a server needs, without a buffer for an idle viewer: frames out
//! are built once and shared, frames in are taken apart as they arrive.

use bytes::Bytes;

use super::settings::MESSAGE_BYTES;
use crate::wire::live::GoodbyeReason;

/// Largest payload of a control frame (RFC 6455, 5.5).
const CONTROL_BYTES: usize = 125;

/// A final, unmasked text frame's header for a payload of this length (RFC 6455, 5.2): how the server
/// writes. Returns the bytes and how many of them count.
pub fn text_header(payload: usize) -> ([u8; 10], usize) {
    header(0x81, payload)
}

fn header(first: u8, payload: usize) -> ([u8; 10], usize) {
    let mut header = [0_u8; 10];
    header[0] = first;
    let long = (payload as u64).to_be_bytes();
    match payload {
        0..=125 => {
            header[1] = long[7];
            (header, 2)
        }
        126..=0xFFFF => {
            header[1] = 126;
            header[2..4].copy_from_slice(&long[6..]);
            (header, 4)
        }
        _ => {
            header[1] = 127;
            header[2..10].copy_from_slice(&long);
            (header, 10)
        }
    }
}

/// An empty ping.
pub const PING: [u8; 2] = [0x89, 0];

/// Adds a text frame.
pub fn put_text(out: &mut Vec<u8>, payload: &[u8]) {
    let (header, len) = text_header(payload.len());
    out.extend_from_slice(&header[..len]);
    out.extend_from_slice(payload);
}

/// A pong with the ping's payload, at most 125 bytes of it.
pub fn pong(payload: &[u8]) -> Bytes {
    let payload = &payload[..payload.len().min(CONTROL_BYTES)];
    let (header, len) = header(0x8A, payload.len());
    Bytes::from([&header[..len], payload].concat())
}

/// Adds a close frame with this code.
pub fn put_close(out: &mut Vec<u8>, code: u16) {
    out.extend_from_slice(&[0x88, 2]);
    out.extend_from_slice(&code.to_be_bytes());
}

/// What a viewer sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// A whole text message.
    Text(String),
    /// A ping with its payload; wants a pong.
    Ping(Vec<u8>),
    /// A pong.
    Pong,
    /// A part of a message; nothing to do yet.
    Part,
    /// A close frame with its code; 1000 where it has none.
    Close(u16),
}

/// Takes a viewer's bytes apart. Between messages it holds no memory.
#[derive(Debug, Default)]
pub struct Decoder {
    raw: Vec<u8>,
    message: Vec<u8>,
    in_message: bool,
}

/// Frames in the bytes: FIN, opcode, payload, and how many bytes the frame took.
struct RawFrame {
    fin: bool,
    opcode: u8,
    start: usize,
    end: usize,
    mask: [u8; 4],
}

impl Decoder {
    /// Takes bytes in. Call [`Decoder::next`] until it has nothing more.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.raw.extend_from_slice(bytes);
    }

    /// The next thing in what was fed.
    ///
    /// # Errors
    /// [`GoodbyeReason::BadFrame`] for what is no text message of RFC 6455 without extensions,
    /// [`GoodbyeReason::FrameTooLarge`] beyond [`MESSAGE_BYTES`], told by the header alone.
    #[expect(clippy::should_implement_trait, reason = "it is no iterator: more may be fed after None")]
    pub fn next(&mut self) -> Result<Option<Event>, GoodbyeReason> {
        let Some(frame) = raw_frame(&self.raw)? else {
            return Ok(None);
        };
        let mut payload = self.raw[frame.start..frame.end].to_vec();
        payload.iter_mut().zip(frame.mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
        if self.raw.len() == frame.end {
            self.raw = Vec::new();
        } else {
            self.raw.drain(..frame.end);
        }
        match frame.opcode {
            0x0 if self.in_message => self.part(&payload, frame.fin).map(Some),
            0x1 if !self.in_message => self.part(&payload, frame.fin).map(Some),
            0x8 => match payload.as_slice() {
                [] => Ok(Some(Event::Close(1000))),
                [high, low, ..] => Ok(Some(Event::Close(u16::from_be_bytes([*high, *low])))),
                [_] => Err(GoodbyeReason::BadFrame),
            },
            0x9 => Ok(Some(Event::Ping(payload))),
            0xA => Ok(Some(Event::Pong)),
            _ => Err(GoodbyeReason::BadFrame),
        }
    }

    fn part(&mut self, payload: &[u8], fin: bool) -> Result<Event, GoodbyeReason> {
        if self.message.len() + payload.len() > MESSAGE_BYTES {
            return Err(GoodbyeReason::FrameTooLarge);
        }
        self.message.extend_from_slice(payload);
        self.in_message = !fin;
        if !fin {
            return Ok(Event::Part);
        }
        String::from_utf8(std::mem::take(&mut self.message)).map(Event::Text).map_err(|_| GoodbyeReason::BadFrame)
    }
}

/// The first frame, if it is whole.
fn raw_frame(raw: &[u8]) -> Result<Option<RawFrame>, GoodbyeReason> {
    let [first, second, rest @ ..] = raw else {
        return Ok(None);
    };
    let (fin, opcode, control) = (first & 0x80 != 0, first & 0x0F, first & 0x08 != 0);
    let (reserved, masked) = (first & 0x70 != 0, second & 0x80 != 0);
    let short = usize::from(second & 0x7F);
    if reserved || !masked || (control && (!fin || short > CONTROL_BYTES)) {
        return Err(GoodbyeReason::BadFrame);
    }
    let (length, start) = match (short, rest) {
        (0..=125, _) => (short, 2),
        (126, [a, b, ..]) => (usize::from(u16::from_be_bytes([*a, *b])), 4),
        (126, _) => return Ok(None),
        // A length in 64 bits is for more than 65,535 bytes.
        _ => return Err(GoodbyeReason::FrameTooLarge),
    };
    if length > MESSAGE_BYTES {
        return Err(GoodbyeReason::FrameTooLarge);
    }
    let end = start + 4 + length;
    if raw.len() < end {
        return Ok(None);
    }
    let mask = [raw[start], raw[start + 1], raw[start + 2], raw[start + 3]];
    Ok(Some(RawFrame { fin, opcode, start: start + 4, end, mask }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
        let (mut header, len) = header(first, payload.len());
        header[1] |= 0x80;
        let mask = [0x37, 0xFA, 0x21, 0x3D];
        let body = payload.iter().zip(mask.iter().cycle()).map(|(b, m)| b ^ m);
        header[..len].iter().copied().chain(mask).chain(body).collect()
    }

    fn events(bytes: &[u8], chunk: usize) -> Result<Vec<Event>, GoodbyeReason> {
        let mut decoder = Decoder::default();
        let mut events = Vec::new();
        for part in bytes.chunks(chunk) {
            decoder.feed(part);
            while let Some(event) = decoder.next()? {
                events.push(event);
            }
        }
        assert!(decoder.raw.capacity() == 0 || !decoder.raw.is_empty(), "an idle decoder holds no memory");
        Ok(events)
    }

    #[test]
    fn reads_the_same_however_the_bytes_arrive() {
        let bytes = [
            masked(0x81, "会津".as_bytes()),
            masked(0x01, b"{\"a\":"),
            masked(0x89, b"hey"),
            masked(0x80, b"1}"),
            masked(0x8A, b""),
            masked(0x81, &[b'x'; 300]),
            masked(0x88, &[0x03, 0xE9, b'b', b'y', b'e']),
        ]
        .concat();
        let expected = vec![
            Event::Text("会津".into()),
            Event::Part,
            Event::Ping(b"hey".to_vec()),
            Event::Text("{\"a\":1}".into()),
            Event::Pong,
            Event::Text("x".repeat(300)),
            Event::Close(1001),
        ];
        for chunk in [1, 2, 3, 7, 64, 10_000] {
            assert_eq!(events(&bytes, chunk), Ok(expected.clone()), "{chunk}");
        }
    }

    #[test]
    fn refuses_what_is_no_text_message() {
        let unmasked = [0x81, 0x02, b'h', b'i'].to_vec();
        let cases = [
            ("unmasked", unmasked),
            ("binary", masked(0x82, b"x")),
            ("reserved bit", masked(0xC1, b"x")),
            ("unknown opcode", masked(0x83, b"x")),
            ("continuation of nothing", masked(0x80, b"x")),
            ("message within a message", [masked(0x01, b"x"), masked(0x81, b"y")].concat()),
            ("fragmented ping", masked(0x09, b"x")),
            ("long ping", masked(0x89, &[0; 126])),
            ("half a close code", masked(0x88, &[3])),
            ("not UTF-8", masked(0x81, &[0xFF, 0xFE])),
            ("an HTTP request", b"GET / HTTP/1.1\r\n\r\n".to_vec()),
        ];
        for (name, bytes) in cases {
            assert_eq!(events(&bytes, 1), Err(GoodbyeReason::BadFrame), "{name}");
        }
    }

    #[test]
    fn refuses_what_is_too_large_by_its_header_alone() {
        let large = masked(0x81, &[b'x'; MESSAGE_BYTES + 1]);
        assert_eq!(events(&large[..4], 4), Err(GoodbyeReason::FrameTooLarge));
        let huge = [0x81, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
        assert_eq!(events(&huge, 10), Err(GoodbyeReason::FrameTooLarge));
        let parts = [masked(0x01, &[b'x'; MESSAGE_BYTES]), masked(0x80, b"x")].concat();
        assert_eq!(events(&parts, 4_096), Err(GoodbyeReason::FrameTooLarge));
    }

    #[test]
    fn writes_headers_that_tungstenite_reads() {
        for len in [0, 125, 126, 65_535, 65_536] {
            let mut frame = Vec::new();
            put_text(&mut frame, &vec![b'x'; len]);
            let role = tungstenite::protocol::Role::Client;
            let stream = std::io::Cursor::new(frame);
            let mut socket = tungstenite::WebSocket::from_raw_socket(stream, role, None);
            assert_eq!(socket.read().unwrap().into_text().unwrap().len(), len);
        }
    }
}
