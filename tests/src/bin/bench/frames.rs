//! WebSocket frames (RFC 6455) as cheaply as a client can read them: no JSON is parsed, entries are found
//! by how they begin.

use memchr::memmem;

/// How an entry begins on the wire, and nothing else does.
pub const ENTRY: &[u8] = b"{\"seq\":";

/// How a report of the publisher begins its words: the time at which it was sent follows.
pub const SENT: &[u8] = b"\"words\":\"t";

/// What a frame is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Text or binary data.
    Data,
    /// To be answered.
    Ping,
    /// The end.
    Close,
    /// Anything else.
    Other,
}

/// One frame from a server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Frame<'a> {
    /// What it is.
    pub kind: Kind,
    /// Its payload.
    pub payload: &'a [u8],
}

/// The first frame of the bytes and what comes after it; `None` where it is not whole yet.
pub fn split(bytes: &[u8]) -> Option<(Frame<'_>, &[u8])> {
    let (&first, &second) = (bytes.first()?, bytes.get(1)?);
    let (length, head) = match second & 0x7F {
        126 => (u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?).into(), 4),
        127 => (usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?, 10),
        short => (usize::from(short), 2),
    };
    let payload = bytes.get(head..head + length)?;
    let kind = match first & 0x0F {
        0..=2 => Kind::Data,
        8 => Kind::Close,
        9 => Kind::Ping,
        _ => Kind::Other,
    };
    Some((Frame { kind, payload }, &bytes[head + length..]))
}

/// A frame from a client. The mask is zero: it hides nothing on a line of our own.
pub fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    match u16::try_from(payload.len()) {
        Ok(length @ 0..126) => frame.push(0x80 | length as u8),
        Ok(length) => {
            frame.push(0x80 | 126);
            frame.extend(length.to_be_bytes());
        }
        Err(_) => {
            frame.push(0x80 | 127);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

/// Numbers and sending times (nanoseconds of the bench's clock) of the entries in a payload.
pub fn entries(payload: &[u8]) -> impl Iterator<Item = (u64, u64)> + '_ {
    memmem::find_iter(payload, ENTRY).map(|at| {
        let rest = &payload[at + ENTRY.len()..];
        let sent = memmem::find(rest, SENT).map_or(0, |at| digits(&rest[at + SENT.len()..]));
        (digits(rest), sent)
    })
}

/// The number after a field's name, 0 where it is missing.
pub fn field(payload: &[u8], name: &[u8]) -> u64 {
    memmem::find(payload, name).map_or(0, |at| digits(&payload[at + name.len()..]))
}

fn digits(bytes: &[u8]) -> u64 {
    bytes.iter().take_while(|byte| byte.is_ascii_digit()).fold(0, |n, byte| n * 10 + u64::from(byte - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_split_off_once_it_is_whole() {
        let payload = vec![b'x'; 300];
        let mut bytes = vec![0x81, 126, 1, 44];
        bytes.extend(&payload);
        assert_eq!(split(&bytes[..200]), None);
        bytes.extend([0x89, 0]);
        let (frame, rest) = split(&bytes).unwrap();
        assert_eq!(frame, Frame { kind: Kind::Data, payload: &payload });
        assert_eq!(split(rest).unwrap().0.kind, Kind::Ping);
    }

    #[test]
    fn entries_are_found_with_their_numbers_and_times() {
        let payload = br#"{"type":"entries","after":6,"seq":8,"entries":[{"seq":7,"words":"t12 x"},{"seq":8}]}"#;
        assert_eq!(entries(payload).collect::<Vec<_>>(), [(7, 12), (8, 0)]);
        assert_eq!((field(payload, b"\"after\":"), field(payload, b"\"seq\":")), (6, 8));
    }
}
