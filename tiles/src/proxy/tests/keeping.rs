//! What is kept grows old, and is given all the same.

use super::*;

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
