//! What a source does wrong.

use super::*;

#[tokio::test]
async fn whatever_a_source_does_wrong_is_named_and_not_kept() {
    let bomb = {
        use std::io::Write;
        let mut gzip = flate2::write::GzEncoder::new(vec![], flate2::Compression::new(9));
        gzip.write_all(&vec![0; 4 << 20]).unwrap();
        gzip.finish().unwrap()
    };
    let elsewhere = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/secret\r\ncontent-length: 0\r\n\r\n".to_vec();
    let mut larger = PNG.to_vec();
    larger[16..24].copy_from_slice(&[60_000_u32.to_be_bytes(); 2].concat());
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
        (Does::BreakOff([b"HTTP/1.1 200 OK\r\n\r\n", &PNG[..40]].concat()), "cut short or damaged"),
        (Does::Answer(answer("200 OK", &PNG[..24])), "cut short or damaged"),
        (Does::Answer(answer("200 OK", &larger)), "more than 1024 a side"),
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
async fn a_tile_that_the_source_refuses_takes_none_of_the_others_away() {
    let upstream = Upstream::start(Does::HangUp).await;
    let node = node(&upstream);
    let damaged = answer("200 OK", &PNG[..40]);
    for (row, refusal) in [answer("403 No", b""), answer("400 No", b""), damaged].into_iter().enumerate() {
        upstream.now_does(Does::Answer(refusal));
        assert!(node.tile(HERE).await.is_err());
        upstream.now_does(Does::Answer(answer("200 OK", PNG)));
        let other = Tile { y: u32::try_from(row).unwrap(), ..THERE };
        assert_eq!(node.tile(other).await, Ok(Some(PNG.to_vec())), "at once, by anybody");
    }
    for status in ["429 Slowly", "503 No", "407 Who"] {
        upstream.now_does(Does::Answer(answer(status, b"")));
        assert!(node.tile(HERE).await.is_err());
        let before = upstream.asked();
        assert!(node.tile(THERE).await.unwrap_err().contains("left alone"), "{status}");
        assert_eq!(upstream.asked(), before);
        node.later(LEFT_ALONE + 1);
    }
}
