//! Accepts connections and speaks HTTP/1.1 on each. What `axum::serve` does, with bounds of our own: how
//! many connections there may be, and how long a request's head may take.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_service::Service;

/// Connections that wait for a request or answer one. Viewers have left HTTP and do not count; the hub
/// bounds them. One more connection waits in the system's queue.
const CONNECTIONS: usize = 8_192;

/// A request's head must be here within this time, and the next request of a kept connection too.
const HEAD_WITHIN: Duration = Duration::from_secs(30);

/// Bytes of a request's head, and of a connection's read buffer.
const HEAD_BYTES: usize = 64 * 1024;

/// How long to wait after a failed accept: mostly the process has no file left, and one must close first.
const AFTER_FAILURE: Duration = Duration::from_millis(200);

/// Serves until `stopping`; then lets the requests that are under way finish.
pub async fn serve(listener: TcpListener, router: Router, stopping: CancellationToken) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let connections = TaskTracker::new();
    let accept = async {
        loop {
            // The semaphore is never closed.
            let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, peer)) => {
                    let connection = converse(stream, peer, router.clone(), stopping.clone());
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

async fn converse(stream: TcpStream, peer: SocketAddr, router: Router, stopping: CancellationToken) {
    // Frames are small and must not wait for one another.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: hyper::Request<Incoming>| answer(router.clone(), request, peer));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    tokio::select! {
        // How a connection ends is the client's matter: broken pipes are everyday.
        _ = connection.as_mut() => return,
        () = stopping.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

async fn answer(
    mut router: Router,
    mut request: hyper::Request<Incoming>,
    peer: SocketAddr,
) -> Result<Response, Infallible> {
    request.extensions_mut().insert(ConnectInfo(peer));
    Service::<Request>::call(&mut router, request.map(axum::body::Body::new)).await
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
        (address, stopping.clone(), tokio::spawn(serve(listener, router, stopping)))
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
}
