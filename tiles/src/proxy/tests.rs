//! A source of our own, on this machine, that answers as it is told to. Time decides nothing here but where a source is
//! silent for ever.

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
    Limits { connect: LONG, patience: LONG, keep_free: 0, tile: 1 << 20, ..Limits::default() }
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
    let (given, format) = again.tile("fake", HERE).await.unwrap().unwrap();
    assert_eq!((&given.plain[..], &given.gzip, format), (PNG, &None, Format::Png));
    assert_eq!(upstream.asked(), 1);
}

#[tokio::test]
async fn many_who_ask_at_once_have_it_fetched_once() {
    let gate = Arc::new(Notify::new());
    let upstream = Upstream::start(Does::Wait(Arc::clone(&gate))).await;
    let node = Arc::new(node(&upstream));
    let asking: Vec<_> = (0..50)
        .map(|_| {
            tokio::spawn({
                let node = Arc::clone(&node);
                async move { node.tile(HERE).await }
            })
        })
        .collect();
    upstream.is_asked(1).await;
    gate.notify_one();
    for asked in asking {
        assert_eq!(asked.await.unwrap(), Ok(Some(PNG.to_vec())));
    }
    assert_eq!(upstream.asked(), 1);
}

#[tokio::test]
async fn a_tile_is_fetched_once_also_if_who_asked_first_goes_away() {
    let gate = Arc::new(Notify::new());
    let upstream = Upstream::start(Does::Wait(Arc::clone(&gate))).await;
    let node = Arc::new(node(&upstream));
    let ask = || {
        let node = Arc::clone(&node);
        tokio::spawn(async move { node.tile(HERE).await })
    };
    let first = ask();
    upstream.is_asked(1).await;
    first.abort();
    assert!(first.await.is_err());
    let second = ask();
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert!(!second.is_finished());
    gate.notify_one();
    assert_eq!(soon(second).await.unwrap(), Ok(Some(PNG.to_vec())));
    assert_eq!(upstream.asked(), 1, "a second line was opened beside the first");
    // Nobody waits for the next at all, and yet nothing is left of it.
    let third = tokio::spawn({
        let node = Arc::clone(&node);
        async move { node.tile(THERE).await }
    });
    upstream.is_asked(2).await;
    third.abort();
    assert!(third.await.is_err());
    gate.notify_one();
    node.quiet().await;
}

/// Writing into a pipe waits for whoever reads it, as a disk waits that is busy.
#[tokio::test]
async fn a_disk_that_is_slow_holds_up_nobody_else() {
    let picture = [PNG, &[7; 300_000][..]].concat();
    let upstream = Upstream::start(Does::Answer(answer("200 OK", &picture))).await;
    let node = node(&upstream);
    let folder = node.folder.path().join("fake/10/910");
    std::fs::create_dir_all(&folder).unwrap();
    let pipe = folder.join(format!(".{}-0.new", std::process::id()));
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let (go_on, told) = std::sync::mpsc::channel();
    let disk = std::thread::spawn(move || {
        // Opens when somebody opens it to write.
        let mut pipe = std::fs::File::open(pipe).unwrap();
        begun.send(()).unwrap();
        let was_told = told.recv_timeout(Duration::from_secs(20)).is_ok();
        std::io::copy(&mut pipe, &mut std::io::sink()).unwrap();
        // It stays open, for who opens it to write would wait again.
        (was_told, pipe)
    });
    let proxy = Arc::clone(&node.proxy);
    let asking = tokio::spawn(async move { proxy.tile("fake", HERE).await });
    has_begun.await.unwrap();
    // Here is the one thread that serves everybody, while the disk is at it.
    go_on.send(()).unwrap();
    let (was_told, _pipe) = disk.join().unwrap();
    assert!(was_told, "everybody waited for the disk");
    let (given, _) = asking.await.unwrap().unwrap().unwrap();
    assert_eq!(given.plain, picture);
}

#[tokio::test]
async fn an_old_tile_is_given_when_the_line_is_cut_and_nobody_waits_for_it() {
    let upstream = Upstream::start(Does::Answer(answer("200 OK", PNG))).await;
    let node = node(&upstream);
    assert!(node.tile(HERE).await.is_ok());
    upstream.now_does(Does::Silent);
    node.later(400 * 24 * 3_600);
    assert_eq!(soon(node.tile(HERE)).await, Ok(Some(PNG.to_vec())));
    upstream.is_asked(2).await;
    upstream.now_does(Does::HangUp);
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
    soon(new).await;
    assert_eq!(upstream.asked(), 2);
}

#[tokio::test]
async fn an_old_tile_that_many_ask_for_is_fetched_by_one() {
    let upstream = Upstream::start(Does::Answer(answer("200 OK", PNG))).await;
    let node = node(&upstream);
    assert!(node.tile(HERE).await.is_ok());
    node.quiet().await;
    upstream.now_does(Does::Silent);
    node.later(OLD + 1);
    assert_eq!(node.tile(HERE).await, Ok(Some(PNG.to_vec())));
    upstream.is_asked(2).await;
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    for _ in 0..50 {
        assert_eq!(node.tile(HERE).await, Ok(Some(PNG.to_vec())));
    }
    assert!(tasks() <= before, "{} tasks instead of {before}", tasks());
    assert_eq!(upstream.asked(), 2);
}

#[tokio::test]
async fn a_source_that_has_lost_its_tiles_takes_none_away_from_us() {
    let upstream = Upstream::start(Does::Answer(answer("200 OK", PNG))).await;
    let node = node(&upstream);
    assert!(node.tile(HERE).await.is_ok());
    for status in ["404 Not Found", "410 Gone", "204 No Content"] {
        let before = upstream.asked();
        upstream.now_does(Does::Answer(answer(status, b"")));
        node.later(OLD + 1);
        for _ in 0..3 {
            assert_eq!(node.tile(HERE).await, Ok(Some(PNG.to_vec())), "{status}");
            node.quiet().await;
        }
        assert_eq!(upstream.asked(), before + 1, "{status}: it is not asked again that day");
        node.later(OLD_NOTHING + 1);
        assert_eq!(node.tile(HERE).await, Ok(Some(PNG.to_vec())), "{status}");
        node.quiet().await;
        assert_eq!(upstream.asked(), before + 2, "{status}: but on the next");
    }
    let newer = [PNG, b" newer"].concat();
    upstream.now_does(Does::Answer(answer("200 OK", &newer)));
    node.later(OLD + 1);
    assert!(node.tile(HERE).await.is_ok());
    node.quiet().await;
    assert_eq!(node.tile(HERE).await, Ok(Some(newer)), "it has it again");
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
        (Does::BreakOff(cut_short), "does not answer"),
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
        let patience = if matches!(does, Does::Silent) { Duration::from_millis(100) } else { LONG };
        let upstream = Upstream::start(does).await;
        let node = node_with(upstream.source("raster"), Limits { patience, ..limits() });
        let said = node.tile(HERE).await.unwrap_err();
        assert!(said.contains(expected) && said.contains("fake"), "{said}, not {expected}");
        assert!(!said.contains("127.0.0.1"), "{said}");
        assert_eq!(node.proxy.used(), 0);
        if patience == LONG {
            upstream.now_does(Does::Answer(answer("200 OK", PNG)));
            node.later(LEFT_ALONE + 1);
            assert_eq!(node.tile(HERE).await, Ok(Some(PNG.to_vec())), "it is well again");
        }
    }
}

#[tokio::test]
async fn a_vector_tile_is_kept_and_given_packed_however_it_came() {
    use std::io::Write;
    let tile = [&[0x1a, 0xd0, 0x0f][..], &[7; 2_000]].concat();
    let mut gzip = flate2::write::GzEncoder::new(vec![], flate2::Compression::new(9));
    gzip.write_all(&tile).unwrap();
    for came in [tile.clone(), gzip.finish().unwrap()] {
        let upstream = Upstream::start(Does::Answer(answer("200 OK", &came))).await;
        let node = node_with(upstream.source("vector"), limits());
        // As it came, then from the disk.
        for _ in 0..2 {
            let (made, format) = node.proxy.tile("fake", HERE).await.unwrap().unwrap();
            let packed = made.gzip.as_ref().unwrap();
            assert_eq!((&made.plain[..], format), (&tile[..], Format::Mvt));
            assert_eq!((packed.len() < 100, unpack(packed, 1 << 20).unwrap()), (true, tile.clone()));
        }
        assert!(node.proxy.disk.read("fake", HERE, 0).unwrap().bytes.len() < 100);
        assert_eq!(upstream.asked(), 1);
    }
    let upstream = Upstream::start(Does::Answer(answer("200 OK", &[0x1a, 1, 0]))).await;
    let node = node_with(upstream.source("vector"), limits());
    assert_eq!(node.tile(HERE).await, Ok(Some(vec![0x1a, 1, 0])), "a small one gains nothing");
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

#[tokio::test]
async fn a_run_keeps_its_pace() {
    let upstream = Upstream::start(Does::Answer(answer("200 OK", PNG))).await;
    let node = node(&upstream);
    let began = tokio::time::Instant::now();
    let done = prefetch(&node.proxy, "fake", &AIZU, (5, 9), 20, |_| {}).await.unwrap();
    let least = Duration::from_millis(50) * u32::try_from(done.of - 1).unwrap();
    assert!(began.elapsed() >= least, "{:?} for {} tiles", began.elapsed(), done.of);
}
