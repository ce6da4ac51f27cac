//! A reader that gives up when its time is over, so that no file, however it is made, keeps a decoder for
//! long.

use std::io::{self, Read, Seek, SeekFrom};
use std::time::Instant;

/// Reads until a moment.
#[derive(Debug)]
pub(super) struct Deadline<R> {
    inner: R,
    until: Instant,
}

impl<R> Deadline<R> {
    /// From this moment on every reading fails.
    pub(super) fn new(inner: R, until: Instant) -> Self {
        Self { inner, until }
    }
}

impl<R: Read> Read for Deadline<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if Instant::now() >= self.until {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "decoding takes too long"));
        }
        self.inner.read(buffer)
    }
}

impl<R: Seek> Seek for Deadline<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn when_the_time_is_over_nothing_more_is_read() {
        let now = Instant::now();
        let mut text = String::new();
        let mut in_time = Deadline::new(io::Cursor::new(b"abc"), now + Duration::from_secs(3_600));
        assert_eq!(in_time.read_to_string(&mut text).unwrap(), 3);
        let late = Deadline::new(io::Cursor::new(b"abc"), now).read_to_string(&mut text).unwrap_err();
        assert_eq!(late.kind(), io::ErrorKind::TimedOut);
    }
}
