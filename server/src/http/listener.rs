//! Accepts connections and speaks HTTP/1.1 on each. What `axum::serve` does, with bounds of our own: how
//! many connections there may be, how long a request's head may take, and how long an answer may wait to be taken.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_service::Service;

use super::line::Line;
use super::places::Places;

/// A request's head must be here within this time, and the next request of a kept connection too.
const HEAD_WITHIN: Duration = Duration::from_secs(30);

/// Bytes of a request's head, and of a connection's read buffer.
const HEAD_BYTES: usize = 64 * 1024;

/// An answer that says so must be taken within this time, and not only as fast as [`Line`] asks of all: then the
/// connection is cut, and with it goes what the answer keeps in memory.
#[derive(Clone, Copy, Debug)]
pub struct TakenWithin(pub Duration);

/// How long to wait after a failed accept: mostly the process has no file left, and one must close first.
const AFTER_FAILURE: Duration = Duration::from_millis(200);

/// Serves until `stopping`; then lets the requests that are under way finish.
pub async fn serve(listener: TcpListener, router: Router, places: Arc<Places>, stopping: CancellationToken) {
    let connections = TaskTracker::new();
    let accept = async {
        loop {
            let free = places.free().await;
            match listener.accept().await {
                Ok((stream, peer)) => {
                    // Who is refused finds the line closed, and may come back when there is more room.
                    let Ok(place) = places.take(free, peer.ip()) else { continue };
                    let connection = converse(stream, peer, router.clone(), Arc::clone(&places), stopping.clone());
                    connections.spawn(async move {
                        connection.await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::error!(error = %error, "a connection could not be accepted");
                    tokio::time::sleep(AFTER_FAILURE).await;
                }
            }
        }
    };
    stopping.run_until_cancelled(accept).await;
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn converse(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    places: Arc<Places>,
    stopping: CancellationToken,
) {
    // Frames are small and must not wait for one another.
    let _ = stream.set_nodelay(true);
    let (set_limit, mut limit) = watch::channel(None);
    let set_limit = Arc::new(set_limit);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let (router, crowded) = (router.clone(), places.are_few());
        answer(router, request, peer, crowded, Arc::clone(&set_limit))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(Line::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    tokio::select! {
        // How a connection ends is the client's matter: broken pipes are everyday.
        _ = connection.as_mut() => return,
        () = overdue(&mut limit) => return,
        () = stopping.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    tokio::select! {
        _ = connection => {}
        () = overdue(&mut limit) => {}
    }
}

/// When the last answer should have been taken; the next request lifts that.
async fn overdue(limit: &mut watch::Receiver<Option<Instant>>) {
    loop {
        let until = *limit.borrow_and_update();
        tokio::select! {
            changed = limit.changed() => if changed.is_err() { std::future::pending().await },
            () = async { tokio::time::sleep_until(until.unwrap_or_else(Instant::now)).await }, if until.is_some() => return,
        }
    }
}

async fn answer(
    mut router: Router,
    mut request: hyper::Request<Incoming>,
    peer: SocketAddr,
    crowded: bool,
    limit: Arc<watch::Sender<Option<Instant>>>,
) -> Result<Response, Infallible> {
    set(&limit, None);
    request.extensions_mut().insert(ConnectInfo(peer));
    let mut response = Service::<Request>::call(&mut router, request.map(axum::body::Body::new)).await?;
    if let Some(TakenWithin(time)) = response.extensions().get() {
        set(&limit, Some(Instant::now() + *time));
    }
    if crowded && response.status() != StatusCode::SWITCHING_PROTOCOLS {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

fn set(limit: &watch::Sender<Option<Instant>>, to: Option<Instant>) {
    // Nearly every answer has none: nobody is woken for nothing.
    limit.send_if_modified(|held| std::mem::replace(held, to) != to);
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::oneshot;

    use super::*;

    async fn start(router: Router) -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stopping = CancellationToken::new();
        (address, stopping.clone(), tokio::spawn(serve(listener, router, Places::new(&[]), stopping)))
    }

    #[tokio::test]
    async fn a_request_that_is_under_way_finishes_when_the_node_stops_and_an_idle_connection_ends() {
        let (begun, has_begun) = oneshot::channel();
        let (release, released) = oneshot::channel();
        let once = Arc::new(std::sync::Mutex::new(Some((begun, released))));
        let slow = move || {
            let (begun, released) = once.lock().unwrap().take().unwrap();
            async move {
                begun.send(()).unwrap();
                released.await.unwrap();
                "finished"
            }
        };
        let (address, stopping, serving) = start(Router::new().route("/", get(slow))).await;
        let mut idle = TcpStream::connect(address).await.unwrap();
        let mut busy = TcpStream::connect(address).await.unwrap();
        busy.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        has_begun.await.unwrap();

        stopping.cancel();
        release.send(()).unwrap();
        let mut answer = String::new();
        busy.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("finished"), "{answer}");
        assert_eq!(idle.read(&mut [0; 1]).await.unwrap(), 0);
        serving.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_does_not_come_ends_the_connection() {
        let (address, _stopping, _serving) = start(Router::new()).await;
        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(b"GET / HTTP/1.1\r\nx-slow: ").await.unwrap();
        let mut rest = Vec::new();
        // The paused clock runs on by itself as long as nothing else happens.
        slow.read_to_end(&mut rest).await.unwrap();
        assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 408"), "{rest:?}");
    }

    /// An answer's bytes, more than any socket buffers, which say when nobody keeps them any more.
    struct Kept(Vec<u8>, Option<oneshot::Sender<()>>);

    impl AsRef<[u8]> for Kept {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }

    impl Drop for Kept {
        fn drop(&mut self) {
            let _ = self.1.take().map(|gone| gone.send(()));
        }
    }

    const LARGE: usize = 64 << 20;

    /// Asks for a large answer that must be taken in this time; gives the line, and the word that it is not kept.
    async fn ask_for_much(time: Duration) -> (TcpStream, oneshot::Receiver<()>) {
        let (gone, is_gone) = oneshot::channel();
        let kept = Arc::new(std::sync::Mutex::new(Some(Kept(vec![7; LARGE], Some(gone)))));
        let large = move || async move {
            let bytes = bytes::Bytes::from_owner(kept.lock().unwrap().take().unwrap());
            let mut response = Response::new(axum::body::Body::from(bytes));
            response.extensions_mut().insert(TakenWithin(time));
            response
        };
        let (address, ..) = start(Router::new().route("/", get(large))).await;
        let mut line = TcpStream::connect(address).await.unwrap();
        line.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
        (line, is_gone)
    }

    #[tokio::test]
    async fn an_answer_that_is_not_taken_in_its_time_is_cut_off_and_kept_no_longer() {
        let (mut line, is_gone) = ask_for_much(Duration::from_millis(20)).await;
        is_gone.await.unwrap();
        let mut answer = Vec::new();
        // A line that is cut may end in an error.
        let _ = line.read_to_end(&mut answer).await;
        assert!(answer.len() < LARGE, "{} bytes", answer.len());
    }

    #[tokio::test]
    async fn an_answer_that_is_taken_in_its_time_is_whole() {
        let (mut line, is_gone) = ask_for_much(Duration::from_secs(600)).await;
        let mut answer = Vec::new();
        line.read_to_end(&mut answer).await.unwrap();
        assert!(answer.len() > LARGE);
        is_gone.await.unwrap();
    }
}
