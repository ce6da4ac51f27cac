//! An area is fetched ahead.

use super::super::prefetch::{PrefetchError, prefetch};
use super::*;
use crate::Bounds;

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
    let small = node_with(upstream.source("raster"), Limits { disk: 10 * 4_096, ..limits() });
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

#[tokio::test]
async fn what_was_fetched_ahead_stays_whatever_is_asked_for_later() {
    let upstream = Upstream::start(Does::Answer(answer("200 OK", PNG))).await;
    let node = node_with(upstream.source("raster"), Limits { disk: 150 * 4_096, ..limits() });
    // Somebody looked at a part of it before.
    assert!(node.tile(HERE).await.is_ok());
    let done = prefetch(&node.proxy, "fake", &AIZU, (5, 12), 1_000, |_| {}).await.unwrap();
    assert!(done.of > 40 && done.at_hand == 1, "{done:?}");
    for x in 0..300 {
        assert!(node.tile(Tile { z: 12, x, y: 1_536 }).await.is_ok(), "far away");
    }
    upstream.now_does(Does::HangUp);
    let again = prefetch(&node.proxy, "fake", &AIZU, (5, 12), 1_000, |_| {}).await.unwrap();
    assert_eq!((again.at_hand, again.failed), (done.of, 0));
}

#[tokio::test]
async fn a_run_goes_on_past_tiles_that_the_source_refuses_but_not_for_ever() {
    let upstream = Upstream::start(Does::Answer(answer("403 No", b""))).await;
    let node = node(&upstream);
    let done = prefetch(&node.proxy, "fake", &AIZU, (5, 11), 1_000, |progress| {
        if progress.done == 20 {
            upstream.now_does(Does::Answer(answer("200 OK", PNG)));
        }
    });
    let done = done.await.unwrap();
    assert_eq!((done.failed, done.done, done.nothing), (20, done.of, 0));
    assert!(done.of > 25 && node.tile(HERE).await.is_ok(), "{done:?}");
    upstream.now_does(Does::Answer(answer("403 No", b"")));
    let before = upstream.asked();
    let refused = prefetch(&node.proxy, "fake", &AIZU, (13, 14), 1_000, |_| {}).await;
    assert!(matches!(refused, Err(PrefetchError::Failing(_))), "{refused:?}");
    assert_eq!(upstream.asked(), before + 200);
}
