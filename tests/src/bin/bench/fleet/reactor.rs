//! One thread: its viewers, and the buffer that they share.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use super::{Line, Progress, Receipts, THREADS, Tally, lock, now_ns};
use crate::frames::{self, Kind};

/// Lines that are opened at once: more would overrun the server's listen queue.
const OPENING: usize = 64;

/// Its viewers.
pub(super) struct Reactor {
    pub(super) line: Line,
    pub(super) tally: Arc<Mutex<Tally>>,
    pub(super) progress: Arc<Progress>,
    pub(super) receipts: Arc<Receipts>,
    pub(super) buffer: RefCell<Vec<u8>>,
}

/// Opens the lines of a thread and reads them until it is told to stop.
pub(super) fn run(reactor: Reactor, viewers: usize, thread: usize, stopped: tokio::sync::oneshot::Receiver<()>) {
    let progress = Arc::clone(&reactor.progress);
    let outcome = tokio::runtime::Builder::new_current_thread().enable_all().build().map(|runtime| {
        tokio::task::LocalSet::new().block_on(&runtime, async move {
            let (reactor, opening) = (Rc::new(reactor), Rc::new(Semaphore::new(OPENING)));
            for index in 0..viewers {
                let (reactor, opening) = (Rc::clone(&reactor), Rc::clone(&opening));
                tokio::task::spawn_local(async move {
                    if let Err(error) = reactor.view(index, thread + index * THREADS, &opening).await {
                        reactor.fail(error);
                    }
                });
            }
            // Whether it is told or the fleet is gone: the end.
            let _ = stopped.await;
        });
    });
    if let Err(error) = outcome {
        *lock(&progress.failure) = Some(error.into());
        progress.changed.notify_one();
    }
}

impl Reactor {
    fn fail(&self, error: anyhow::Error) {
        *lock(&self.progress.failure) = Some(error);
        self.progress.changed.notify_one();
    }

    async fn view(&self, index: usize, number: usize, opening: &Semaphore) -> Result<()> {
        let permit = opening.acquire().await?;
        let mut socket = TcpStream::connect(self.line.address).await.context("connecting a viewer")?;
        socket.set_nodelay(true)?;
        let mut pending = self.upgrade(&mut socket).await?;
        if !self.line.first.is_empty() {
            let first = &self.line.first[number % self.line.first.len()];
            socket.write_all(&frames::masked(1, first)).await?;
        }
        let mut ready = self.line.ready.is_empty();
        if ready {
            self.is_ready();
        }
        let mut permit = Some(permit);
        if ready {
            permit.take();
        }
        loop {
            let mut answer = Vec::new();
            let open = self.take(index, &mut pending, &mut ready, &mut answer);
            if ready && permit.take().is_some() {
                self.is_ready();
            }
            if !answer.is_empty() {
                socket.write_all(&answer).await?;
            }
            if !open || !self.read(index, &mut socket, &mut pending, &mut ready).await {
                let mut tally = lock(&self.tally);
                tally.ended += 1;
                tally.viewers[index].told = true;
                ensure!(ready, "a line ended before its subscription stood");
                return Ok(());
            }
        }
    }

    fn is_ready(&self) {
        self.progress.ready.fetch_add(1, Ordering::AcqRel);
        self.progress.changed.notify_one();
    }

    /// The upgrade (RFC 6455, 4.1); returns what came behind the answer.
    async fn upgrade(&self, socket: &mut TcpStream) -> Result<Vec<u8>> {
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
            self.line.path, self.line.address
        );
        socket.write_all(request.as_bytes()).await?;
        let (mut answer, mut chunk) = (Vec::new(), [0; 1024]);
        loop {
            if let Some(end) = memchr::memmem::find(&answer, b"\r\n\r\n") {
                let text = String::from_utf8_lossy(&answer[..end]).into_owned();
                ensure!(text.starts_with("HTTP/1.1 101"), "no upgrade: {text}");
                return Ok(answer.split_off(end + 4));
            }
            let read = socket.read(&mut chunk).await?;
            ensure!(read > 0, "the line ended during the upgrade");
            answer.extend_from_slice(&chunk[..read]);
        }
    }

    /// Waits for bytes and takes the whole frames among them straight from the shared buffer; tells
    /// whether the line is still open. What is not whole, or needs an answer, is left in `pending`.
    async fn read(&self, index: usize, socket: &mut TcpStream, pending: &mut Vec<u8>, ready: &mut bool) -> bool {
        std::future::poll_fn(|context| {
            let mut buffer = self.buffer.borrow_mut();
            loop {
                let mut space = ReadBuf::new(&mut buffer);
                match Pin::new(&mut *socket).poll_read(context, &mut space) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Err(_)) => return Poll::Ready(false),
                    Poll::Ready(Ok(())) if space.filled().is_empty() => return Poll::Ready(false),
                    Poll::Ready(Ok(())) if pending.is_empty() && *ready => {
                        let rest = self.count(index, space.filled());
                        if !rest.is_empty() {
                            pending.extend_from_slice(rest);
                            return Poll::Ready(true);
                        }
                    }
                    Poll::Ready(Ok(())) => {
                        pending.extend_from_slice(space.filled());
                        return Poll::Ready(true);
                    }
                }
            }
        })
        .await
    }

    /// Counts the data frames at the head of the bytes; returns what is something else or not whole.
    fn count<'a>(&self, index: usize, mut bytes: &'a [u8]) -> &'a [u8] {
        let now = now_ns();
        let mut tally = lock(&self.tally);
        let before = tally.viewers[index].count;
        while let Some((frame, rest)) = frames::split(bytes) {
            if frame.kind != Kind::Data {
                break;
            }
            self.count_payload(&mut tally, index, frame.payload, now);
            bytes = rest;
        }
        let fresh = tally.viewers[index].count - before;
        drop(tally);
        if fresh > 0 {
            let delivered = self.progress.delivered.fetch_add(fresh, Ordering::AcqRel) + fresh;
            if delivered >= self.progress.goal.load(Ordering::Acquire) {
                self.progress.changed.notify_one();
            }
        }
        bytes
    }

    fn count_payload(&self, tally: &mut Tally, index: usize, payload: &[u8], now: u64) {
        let mut any = false;
        for (seq, sent) in frames::entries(payload) {
            any = true;
            let got = &mut tally.viewers[index];
            if self.line.in_order && seq <= got.last {
                tally.repeated += 1;
                continue;
            }
            got.last = seq;
            got.count += 1;
            got.sum = got.sum.wrapping_add(seq);
            tally.from_sending.saturating_record(now.saturating_sub(sent).max(1));
            let receipt = self.receipts.slot(seq).load(Ordering::Acquire);
            let since = if receipt == 0 { 1 } else { now.saturating_sub(receipt).max(1) };
            tally.from_receipt.saturating_record(since);
        }
        if any {
            tally.frames += 1;
            tally.bytes += payload.len() as u64;
        } else if payload.starts_with(b"{\"type\":\"resync\"") {
            tally.resyncs += 1;
            tally.viewers[index].told = true;
        }
    }

    /// Takes the whole frames of `pending`; puts answers to pings into `answer`; tells whether the line is
    /// still open.
    fn take(&self, index: usize, pending: &mut Vec<u8>, ready: &mut bool, answer: &mut Vec<u8>) -> bool {
        if pending.is_empty() {
            return true;
        }
        let bytes = std::mem::take(pending);
        let mut rest = bytes.as_slice();
        loop {
            if *ready {
                rest = self.count(index, rest);
            }
            let Some((frame, after)) = frames::split(rest) else { break };
            match frame.kind {
                Kind::Close => return false,
                Kind::Ping => answer.extend(frames::masked(10, frame.payload)),
                Kind::Data if !*ready => *ready = memchr::memmem::find(frame.payload, self.line.ready).is_some(),
                Kind::Data | Kind::Other => {}
            }
            rest = after;
        }
        pending.extend_from_slice(rest);
        true
    }
}
