//! A source of our own, on this machine, that answers as it is told to.

use std::sync::atomic::AtomicU64;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use super::prefetch::{PrefetchError, prefetch};
use super::*;
use crate::Bounds;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and so on";
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

fn limits() -> Limits {
    Limits { patience: Duration::from_millis(700), keep_free: 0, tile: 1 << 20, ..Limits::default() }
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
        given.map(|given| given.map(|(bytes, _)| bytes.to_vec())).map_err(|error| error.to_string())
    }

    fn later(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_tile_is_fetched_once_and_then_given_from_the_disk() {
    let upstream = Upstream::start(Does::Answer(answer("200 OK", PNG))).await;
    let node = node(&upstream);
    for _ in 0..3 {
        assert_eq!(node.tile(HERE).await, Ok(Some(PNG.to_vec())));
    }
    assert_eq!(upstream.asked(), 1);
    assert_eq!(*upstream.heard.lock().unwrap(), ["GET /10/910/396.png HTTP/1.1"]);
    // Another node on the same folder, with nobody to ask.
    upstream.now_does(Does::HangUp);
    let now: Now = Arc::new(|| 1_760_000_100);
    let again = Proxy::open(vec![upstream.source("raster")], node.folder.path(), limits(), now).unwrap();
    assert_eq!(again.tile("fake", HERE).await.unwrap(), Some((PNG.into(), Format::Png)));
    assert_eq!(upstream.asked(), 1);
}

#[tokio::test]
async fn many_who_ask_at_once_have_it_fetched_once() {
    let gate = Arc::new(Notify::new());
    let upstream = Upstream::start(Does::Wait(Arc::clone(&gate))).await;
    let node = Arc::new(node_with(upstream.source("raster"), Limits { patience: Duration::from_secs(20), ..limits() }));
    let asking: Vec<_> = (0..50)
        .map(|_| {
            tokio::spawn({
                let node = Arc::clone(&node);
                async move { node.tile(HERE).await }
            })
        })
        .collect();
    while upstream.asked() == 0 {
        tokio::task::yield_now().await;
    }
    gate.notify_one();
    for asked in asking {
        assert_eq!(asked.await.unwrap(), Ok(Some(PNG.to_vec())));
    }
    assert_eq!(upstream.asked(), 1);
}

#[tokio::test]
async fn an_old_tile_is_given_when_the_line_is_cut_and_nobody_waits_for_it() {
    let upstream = Upstream::start(Does::Answer(answer("200 OK", PNG))).await;
    let node = node(&upstream);
    assert!(node.tile(HERE).await.is_ok());
    upstream.now_does(Does::Silent);
    node.later(400 * 24 * 3_600);
    let asked = tokio::time::Instant::now();
    assert_eq!(node.tile(HERE).await, Ok(Some(PNG.to_vec())));
    assert!(asked.elapsed() < limits().patience, "{:?}", asked.elapsed());
    let missing = node.tile(THERE).await.unwrap_err();
    assert!(missing.contains("does not answer"), "{missing}");
    // From then on nobody waits, until the source is tried again.
    let before = upstream.asked();
    assert!(node.tile(THERE).await.unwrap_err().contains("left alone"));
    assert_eq!((node.tile(HERE).await, upstream.asked()), (Ok(Some(PNG.to_vec())), before));
    node.later(LEFT_ALONE + 1);
    upstream.now_does(Does::Answer(answer("200 OK", PNG)));
    assert_eq!(node.tile(THERE).await, Ok(Some(PNG.to_vec())));
}

#[tokio::test]
async fn an_old_tile_is_fetched_anew_while_it_is_given() {
    let upstream = Upstream::start(Does::Answer(answer("200 OK", PNG))).await;
    let node = node(&upstream);
    assert!(node.tile(HERE).await.is_ok());
    let newer = [PNG, b" newer"].concat();
    upstream.now_does(Does::Answer(answer("200 OK", &newer)));
    node.later(OLD + 1);
    assert_eq!(node.tile(HERE).await, Ok(Some(PNG.to_vec())));
    let new = async { while node.tile(HERE).await != Ok(Some(newer.clone())) {} };
    tokio::time::timeout(Duration::from_secs(10), new).await.unwrap();
    assert_eq!(upstream.asked(), 2);
}

#[tokio::test]
async fn where_the_source_has_nothing_nobody_asks_again_that_day() {
    let upstream = Upstream::start(Does::Answer(answer("404 Not Found", b"<html>nothing here</html>"))).await;
    let node = node(&upstream);
    for _ in 0..3 {
        assert_eq!(node.tile(HERE).await, Ok(None));
    }
    assert_eq!(upstream.asked(), 1);
    assert_eq!(node.tile(Tile { z: 4, x: 0, y: 0 }).await, Ok(None), "a zoom that the source has not");
    assert!(matches!(node.proxy.tile("other", HERE).await, Err(ProxyError::NoSource)));
    assert_eq!(upstream.asked(), 1);
}

#[tokio::test]
async fn whatever_a_source_does_wrong_is_named_and_not_kept() {
    let bomb = {
        use std::io::Write;
        let mut gzip = flate2::write::GzEncoder::new(vec![], flate2::Compression::new(9));
        gzip.write_all(&vec![0; 4 << 20]).unwrap();
        gzip.finish().unwrap()
    };
    let elsewhere = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/secret\r\ncontent-length: 0\r\n\r\n".to_vec();
    let huge = b"HTTP/1.1 200 OK\r\ncontent-length: 999999999999\r\n\r\n".to_vec();
    let cut_short = b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n\x89PNG".to_vec();
    for (does, expected) in [
        (Does::Silent, "does not answer"),
        (Does::HangUp, "does not answer"),
        (Does::Answer(cut_short), "does not answer"),
        (Does::Answer(b"SSH-2.0-OpenSSH\r\n\r\n".to_vec()), "does not answer"),
        (Does::Endless, "more than a tile may have"),
        (Does::Answer(huge), "more than a tile may have"),
        (Does::Answer(answer("200 OK", &bomb)), "more than a tile may have"),
        (Does::Answer(elsewhere), "status 302"),
        (Does::Answer(answer("500 No", b"")), "status 500"),
        (Does::Answer(answer("403 No", b"")), "status 403"),
        (Does::Answer(answer("200 OK", b"<html><script>alert(1)</script></html>")), "something else instead of a tile"),
        (Does::Answer(answer("200 OK", b"")), "something else instead of a tile"),
        (Does::Answer(answer("200 OK", &[0x1a, 1, 0])), "vector-tile instead of a tile"),
        (Does::Answer(answer("200 OK", b"\x1f\x8bbroken")), "a broken packing"),
    ] {
        let upstream = Upstream::start(does).await;
        let node = node(&upstream);
        let said = node.tile(HERE).await.unwrap_err();
        assert!(said.contains(expected) && said.contains("fake"), "{said}, not {expected}");
        assert!(!said.contains("127.0.0.1"), "{said}");
        assert_eq!(node.proxy.used(), 0);
        upstream.now_does(Does::Answer(answer("200 OK", PNG)));
        node.later(LEFT_ALONE + 1);
        assert_eq!(node.tile(HERE).await, Ok(Some(PNG.to_vec())), "it is well again");
    }
}

#[tokio::test]
async fn a_vector_source_gives_vector_tiles_unpacked() {
    use std::io::Write;
    let mut gzip = flate2::write::GzEncoder::new(vec![], flate2::Compression::new(9));
    gzip.write_all(&[0x1a, 1, 0]).unwrap();
    let upstream = Upstream::start(Does::Answer(answer("200 OK", &gzip.finish().unwrap()))).await;
    let node = node_with(upstream.source("vector"), limits());
    assert_eq!(node.tile(HERE).await, Ok(Some(vec![0x1a, 1, 0])));
    upstream.now_does(Does::Answer(answer("200 OK", PNG)));
    assert!(node.tile(THERE).await.unwrap_err().contains("image/png instead of a tile"));
}

const AIZU: Bounds = Bounds { west: 139.6, south: 37.3, east: 140.2, north: 37.7 };

#[tokio::test]
async fn an_area_is_fetched_ahead_with_progress_and_not_twice() {
    let upstream = Upstream::start(Does::Answer(answer("200 OK", PNG))).await;
    let node = node(&upstream);
    let mut told = Vec::new();
    let done = prefetch(&node.proxy, "fake", &AIZU, (0, 10), 1_000, |progress| told.push(progress)).await.unwrap();
    assert_eq!((done.done, done.of, done.failed, done.at_hand), (told.len() as u64, upstream.asked(), 0, 0));
    assert_eq!(done.bytes, done.of * PNG.len() as u64);
    assert!(told.windows(2).all(|pair| pair[0].done + 1 == pair[1].done) && done.of > 6, "{done:?}");
    let again = prefetch(&node.proxy, "fake", &AIZU, (0, 10), 1_000, |_| {}).await.unwrap();
    assert_eq!((again.at_hand, upstream.asked()), (done.of, done.of));
    upstream.now_does(Does::HangUp);
    assert_eq!(node.tile(HERE).await, Ok(Some(PNG.to_vec())), "the area is there without a line");
}

#[tokio::test]
async fn a_run_has_bounds() {
    let upstream = Upstream::start(Does::Answer(answer("200 OK", PNG))).await;
    let japan = Bounds { west: 122.0, south: 20.0, east: 154.0, north: 46.0 };
    let node = node(&upstream);
    let run =
        async |node: &Node, bounds: &Bounds, zooms| prefetch(&node.proxy, "fake", bounds, zooms, 1_000, |_| {}).await;
    assert!(matches!(run(&node, &japan, (5, 14)).await, Err(PrefetchError::TooMany { .. })));
    assert!(matches!(run(&node, &AIZU, (15, 18)).await, Err(PrefetchError::Nothing)));
    let upside_down = Bounds { north: 37.0, south: 38.0, ..AIZU };
    assert!(matches!(run(&node, &upside_down, (5, 10)).await, Err(PrefetchError::Nothing)));
    assert_eq!(upstream.asked(), 0);
    let small = node_with(upstream.source("raster"), Limits { disk: (1 << 20) + 20_000, ..limits() });
    assert!(matches!(run(&small, &AIZU, (5, 12)).await, Err(PrefetchError::NoRoom { .. })));
    upstream.now_does(Does::HangUp);
    assert!(matches!(run(&node, &AIZU, (5, 12)).await, Err(PrefetchError::Failing(_))));
}

#[tokio::test(start_paused = true)]
async fn a_run_keeps_its_pace() {
    let upstream = Upstream::start(Does::Answer(answer("200 OK", PNG))).await;
    let node = node_with(upstream.source("raster"), Limits { patience: Duration::from_secs(3_600), ..limits() });
    let began = tokio::time::Instant::now();
    let done = prefetch(&node.proxy, "fake", &AIZU, (5, 9), 2, |_| {}).await.unwrap();
    let least = Duration::from_millis(500) * u32::try_from(done.of - 1).unwrap();
    assert!(began.elapsed() >= least, "{:?} for {} tiles", began.elapsed(), done.of);
}
