//! A reader that gives up after a number of bytes, so that a file that lies about its boxes cannot make a
//! metadata parser read, or hold, the whole of it.

use std::io::{self, Read, Seek, SeekFrom};

/// Reads at most so many bytes altogether, seeks included or not.
#[derive(Debug)]
pub struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R> Bounded<R> {
    /// At most `bytes` will be read from `inner`.
    pub fn new(inner: R, bytes: u64) -> Self {
        Self { inner, left: bytes }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && !buffer.is_empty() {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the metadata is longer than allowed"));
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let n = self.inner.read(&mut buffer[..most])?;
        self.left -= n as u64;
        Ok(n)
    }
}

impl<R: Seek> Seek for Bounded<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn going_back_and_reading_again_counts_again() {
        let mut reader = Bounded::new(io::Cursor::new(vec![7_u8; 100]), 12);
        let mut ten = [0; 10];
        reader.read_exact(&mut ten).unwrap();
        reader.rewind().unwrap();
        let refused = reader.read_exact(&mut ten).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::FileTooLarge);
    }
}
