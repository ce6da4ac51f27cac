//! A tile is fetched once, by one of those who ask for it.

use super::*;

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

#[tokio::test]
async fn a_source_is_asked_so_often_and_what_is_at_hand_is_given_all_the_same() {
    let upstream = Upstream::start(Does::Answer(answer("200 OK", PNG))).await;
    let node = node_with(upstream.source("raster"), Limits { burst: 3, between: LONG, ..limits() });
    let column = |x| Tile { z: 10, x, y: 396 };
    for x in 0..3 {
        assert_eq!(node.tile(column(x)).await, Ok(Some(PNG.to_vec())));
    }
    for x in 3..9 {
        assert!(matches!(node.proxy.tile("fake", column(x)).await, Err(ProxyError::Busy)));
    }
    node.later(OLD + 1);
    assert_eq!(node.tile(column(0)).await, Ok(Some(PNG.to_vec())), "an old one, which is not fetched anew now");
    node.quiet().await;
    assert_eq!(upstream.asked(), 3);
}
