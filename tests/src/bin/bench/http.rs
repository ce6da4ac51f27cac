//! A minimal HTTP/1.1 client over one kept-alive line, so that the client costs little.

use std::io::Write;
use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A kept-alive line.
pub struct HttpLine {
    address: SocketAddr,
    socket: TcpStream,
    headers: String,
    head: String,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl HttpLine {
    /// Opens a line for POSTs to one path, with headers that are the same each time (each ends in CRLF).
    pub async fn open(address: SocketAddr, path: &str, headers: &str) -> Result<Self> {
        let socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        let head = format!("POST {path} HTTP/1.1\r\nHost: {address}\r\n{headers}");
        Ok(Self { address, socket, headers: headers.to_owned(), head, request: Vec::new(), answer: Vec::new() })
    }

    /// The same line, in the runtime that this is called in.
    pub fn moved(mut self) -> Result<Self> {
        self.socket = TcpStream::from_std(self.socket.into_std()?)?;
        Ok(self)
    }

    /// Sends a body and returns the answer's, which must be 2xx.
    pub async fn post(&mut self, body: &[u8]) -> Result<&[u8]> {
        self.request.clear();
        self.request.extend_from_slice(self.head.as_bytes());
        self.request.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
        self.request.extend_from_slice(body);
        self.ask().await
    }

    /// Asks for a path and returns the answer's body; the answer must be 2xx.
    pub async fn get(&mut self, path: &str) -> Result<&[u8]> {
        let Self { address, headers, request, .. } = self;
        request.clear();
        write!(request, "GET {path} HTTP/1.1\r\nHost: {address}\r\n{headers}\r\n")?;
        self.ask().await
    }

    /// A header of the last answer.
    pub fn header(&self, name: &str) -> Option<String> {
        let end = memmem::find(&self.answer, b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&self.answer[..end]).into_owned();
        let mut headers = head.lines().filter_map(|line| line.split_once(':'));
        headers.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    }

    async fn ask(&mut self) -> Result<&[u8]> {
        // The server ends a line that was idle for long; a report's id makes sending it again harmless.
        if self.exchange().await.is_err() && self.answer.is_empty() {
            self.socket = TcpStream::connect(self.address).await?;
            self.socket.set_nodelay(true)?;
            self.exchange().await?;
        }
        let end = memmem::find(&self.answer, b"\r\n\r\n").context("the line ended")? + 4;
        let length = length(&self.answer[..end]).context("an answer without a length")?;
        while self.answer.len() < end + length {
            ensure!(self.socket.read_buf(&mut self.answer).await? > 0, "the line ended");
        }
        let good = self.answer.starts_with(b"HTTP/1.1 2");
        ensure!(good, "refused: {}", String::from_utf8_lossy(&self.answer));
        Ok(&self.answer[end..end + length])
    }

    /// Sends the request and reads as far as the answer's head.
    async fn exchange(&mut self) -> Result<()> {
        self.answer.clear();
        self.socket.write_all(&self.request).await?;
        while memmem::find(&self.answer, b"\r\n\r\n").is_none() {
            ensure!(self.socket.read_buf(&mut self.answer).await? > 0, "the line ended");
        }
        Ok(())
    }
}

/// The length of the body, from a head as servers write it.
fn length(head: &[u8]) -> Option<usize> {
    if head.starts_with(b"HTTP/1.1 204") {
        return Some(0);
    }
    let found = [&b"content-length:"[..], b"Content-Length:"].into_iter().find_map(|name| {
        let at = memmem::find(head, name)?;
        head.get(at + name.len()..)
    })?;
    let digits = found.trim_ascii_start().split(|byte| !byte.is_ascii_digit()).next()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}
