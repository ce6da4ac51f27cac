//! A connection of the listener: bytes in and out, and how long it may let what is written to it wait.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

/// How long a client may let bytes wait that lie ready for it. Time in which nothing lies ready does not count, so
/// that an event stream may be quiet as long as it likes.
const PATIENCE: Duration = Duration::from_secs(120);

/// Who takes so many bytes has a second of [`PATIENCE`] more, but never more than all of it: 64 kbit/s is enough for
/// an answer of any length.
const BYTES_A_SECOND: u64 = 8_000;

/// A connection on which an answer must be taken. A client that asks and does not read is cut off: the writing ends in
/// [`io::ErrorKind::TimedOut`].
#[derive(Debug)]
pub struct Line {
    io: TokioIo<TcpStream>,
    patience: Patience,
}

/// What is left of [`PATIENCE`].
#[derive(Debug)]
struct Patience {
    /// When the last write went out.
    left: Duration,
    /// Runs while a write waits. Most answers fit into the socket and never make one.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Line {
    /// A fresh connection.
    pub fn new(stream: TcpStream) -> Self {
        Self { io: TokioIo::new(stream), patience: Patience { left: PATIENCE, waiting: None } }
    }

    /// The bare connection; for who leaves HTTP and bounds themselves.
    pub fn into_stream(self) -> TcpStream {
        self.io.into_inner()
    }
}

impl Patience {
    /// Looks how a write came out.
    fn watch(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Pending => {
                let left = self.left;
                ready!(self.waiting.get_or_insert_with(|| Box::pin(sleep(left))).as_mut().poll(cx));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            Poll::Ready(Ok(bytes)) => {
                if let Some(waited) = self.waiting.take() {
                    self.left = waited.deadline().saturating_duration_since(Instant::now());
                }
                if self.left < PATIENCE {
                    let earned = Duration::from_micros((bytes as u64).saturating_mul(1_000_000) / BYTES_A_SECOND);
                    self.left = self.left.saturating_add(earned).min(PATIENCE);
                }
                written
            }
            Poll::Ready(Err(_)) => written,
        }
    }
}

impl Read for Line {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl Write for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, buf);
        self.patience.watch(cx, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, bufs);
        self.patience.watch(cx, written)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::future::poll_fn;
    use std::sync::{Arc, Mutex};

    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use bytes::Bytes;
    use futures_util::stream;
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;
    use tokio::sync::mpsc;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::http::listener::serve;
    use crate::http::places::Places;

    #[tokio::test(start_paused = true)]
    async fn who_asks_and_never_reads_is_cut_off() {
        let (held, mut gone) = mpsc::channel::<Infallible>(1);
        let held = Arc::new(Mutex::new(Some(held)));
        let endless = move || async move {
            let held = held.lock().unwrap().take();
            let piece = Bytes::from(vec![7; 64 << 10]);
            Body::from_stream(stream::unfold((held, piece), |(held, piece)| async move {
                Some((Ok::<_, Infallible>(piece.clone()), (held, piece)))
            }))
        };
        let router = Router::new().route("/", get(endless));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, router, Places::new(&[]), CancellationToken::new()));
        let began = Instant::now();
        let mut line = TcpStream::connect(address).await.unwrap();
        line.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        assert!(gone.recv().await.is_none(), "nobody makes the answer any more");
        assert!(began.elapsed() < PATIENCE * 2, "{:?}", began.elapsed());
    }

    /// A client that takes so many bytes every so many seconds; how long it was borne with.
    async fn borne(bytes: usize, every_s: u64) -> Duration {
        let mut patience = Patience { left: PATIENCE, waiting: None };
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(10_000) {
            let mut ready = Box::pin(sleep(Duration::from_secs(every_s)));
            let written = poll_fn(|cx| {
                let written = ready.as_mut().poll(cx).map(|()| Ok(bytes));
                patience.watch(cx, written)
            });
            match written.await {
                Ok(taken) => assert_eq!(taken, bytes),
                Err(error) => {
                    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
                    return began.elapsed();
                }
            }
        }
        Duration::MAX
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_sixty_four_kilobits_a_second_is_borne_with_and_who_takes_less_is_not() {
        assert_eq!(borne(480_000, 60).await, Duration::MAX);
        assert_eq!(borne(8_000, 1).await, Duration::MAX);
        let at_most = PATIENCE + Duration::from_secs(1);
        assert!(borne(1, 29).await <= at_most, "a byte now and then is no progress");
        assert!(borne(4_000, 1).await <= at_most * 2);
        assert!(borne(usize::MAX, 121).await <= at_most, "no bytes buy more than all the patience there is");
    }

    #[tokio::test(start_paused = true)]
    async fn time_in_which_nothing_lies_ready_does_not_count() {
        let mut patience = Patience { left: PATIENCE, waiting: None };
        for _ in 0..1_000 {
            sleep(Duration::from_secs(15)).await;
            poll_fn(|cx| patience.watch(cx, Poll::Ready(Ok(1)))).await.unwrap();
        }
    }
}
