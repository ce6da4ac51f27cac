//! A source of our own, on this machine, that answers as it is told to. Time decides nothing here but where a source is
//! silent for ever.

mod ahead;
mod failing;
mod keeping;
mod taking;

use std::sync::atomic::AtomicU64;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use super::*;

/// A picture of one grey pixel.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0:~\x9bU\0\0\0\nIDATx\xdac\xd8\x02\0\0\xb6\0\xb5\xb5._i\0\0\0\0IEND\xaeB`\x82";
const HERE: Tile = Tile { z: 10, x: 910, y: 396 };
const THERE: Tile = Tile { z: 10, x: 911, y: 396 };

/// What the source does.
#[derive(Clone)]
enum Does {
    /// Answers with these bytes.
    Answer(Vec<u8>),
    /// Waits to be let go before it answers with a picture.
    Wait(Arc<Notify>),
    /// Says nothing, ever.
    Silent,
    /// Goes on sending without end.
    Endless,
    /// Sends these bytes, and hangs up.
    BreakOff(Vec<u8>),
    /// Hangs up.
    HangUp,
}

struct Upstream {
    address: String,
    does: Arc<Mutex<Does>>,
    asked: Arc<AtomicU64>,
    heard: Arc<Mutex<Vec<String>>>,
}

fn answer(status: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

impl Upstream {
    async fn start(does: Does) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (does, asked) = (Arc::new(Mutex::new(does)), Arc::new(AtomicU64::new(0)));
        let heard = Arc::new(Mutex::new(vec![]));
        let upstream = Self { address, does: does.clone(), asked: asked.clone(), heard: heard.clone() };
        tokio::spawn(async move {
            while let Ok((line, _)) = listener.accept().await {
                tokio::spawn(serve(line, does.clone(), asked.clone(), heard.clone()));
            }
        });
        upstream
    }

    fn now_does(&self, does: Does) {
        *self.does.lock().unwrap() = does;
    }

    fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }

    /// Waits until it was asked so often.
    async fn is_asked(&self, times: u64) {
        soon(async {
            while self.asked() < times {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    fn source(&self, kind: &str) -> Source {
        let list = format!(
            r#"{{"sources":[{{"id":"fake","name":"偽","english":"Fake","kind":"{kind}","url":"http://{}/{{z}}/{{x}}/{{y}}.png",
                "minzoom":5,"maxzoom":14,"attribution":"nobody","terms":"none"}}]}}"#,
            self.address
        );
        source::read(&list, true).unwrap().remove(0)
    }
}

async fn serve(mut line: TcpStream, does: Arc<Mutex<Does>>, asked: Arc<AtomicU64>, heard: Arc<Mutex<Vec<String>>>) {
    loop {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            match line.read_u8().await {
                Ok(byte) => request.push(byte),
                Err(_) => return,
            }
        }
        heard.lock().unwrap().push(String::from_utf8_lossy(&request).lines().next().unwrap_or_default().to_owned());
        asked.fetch_add(1, Ordering::SeqCst);
        let does = does.lock().unwrap().clone();
        let bytes = match does {
            Does::Answer(bytes) => bytes,
            Does::Wait(gate) => {
                gate.notified().await;
                answer("200 OK", PNG)
            }
            Does::Silent => return std::future::pending().await,
            Does::BreakOff(bytes) => {
                _ = line.write_all(&bytes).await;
                return;
            }
            Does::HangUp => return,
            Does::Endless => {
                let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
                if line.write_all(head).await.is_err() {
                    return;
                }
                let part = [b"10000\r\n".to_vec(), vec![0x89; 65_536], b"\r\n".to_vec()].concat();
                while line.write_all(&part).await.is_ok() {}
                return;
            }
        };
        if line.write_all(&bytes).await.is_err() {
            return;
        }
    }
}

struct Node {
    proxy: Arc<Proxy>,
    clock: Arc<AtomicI64>,
    folder: tempfile::TempDir,
}

/// Longer than any test may take.
const LONG: Duration = Duration::from_secs(3_600);

fn limits() -> Limits {
    Limits { connect: LONG, patience: LONG, keep_free: 0, tile: 1 << 20, burst: 1_000, ..Limits::default() }
}

/// What must come, if anything goes on at all.
async fn soon<T>(coming: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), coming).await.unwrap()
}

fn node_with(source: Source, limits: Limits) -> Node {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(AtomicI64::new(1_760_000_000));
    let now = Arc::clone(&clock);
    let now: Now = Arc::new(move || now.load(Ordering::SeqCst));
    Node { proxy: Proxy::open(vec![source], folder.path(), limits, now).unwrap(), clock, folder }
}

fn node(upstream: &Upstream) -> Node {
    node_with(upstream.source("raster"), limits())
}

impl Node {
    async fn tile(&self, tile: Tile) -> Result<Option<Vec<u8>>, String> {
        let given = self.proxy.tile("fake", tile).await;
        given.map(|given| given.map(|(made, _)| made.plain.to_vec())).map_err(|error| error.to_string())
    }

    /// Waits until nothing is being fetched.
    async fn quiet(&self) {
        soon(async {
            while !self.proxy.fetching().is_empty() {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    fn later(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }
}
