//! What the door answers, and what it takes for the same tile.

use axum::body::Body;
use axum::http::{Request, header};
use http_body_util::BodyExt as _;
use sokuho_tiles::proxy::disk::{Disk, Kept};
use sokuho_tiles::proxy::{Limits, Proxy, source};
use tower::ServiceExt as _;

use super::*;
use crate::identity::caller::Caller;
use crate::live::Live;
use crate::region::Region;
use crate::tiles::desk::Desk;
use crate::tiles::live::LiveTiles;

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

async fn get(sources: Sources, path: &str) -> Answer {
    let state = TilesState { sources: Arc::new(sources), epoch: Uuid::from_u128(7) };
    let (router, _) = routes().with_state(state).split_for_parts();
    let request = Request::get(path).header(header::ACCEPT_ENCODING, "gzip").body(Body::empty()).unwrap();
    let response = router.layer(axum::Extension(Caller::Public)).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body: body.collect().await.unwrap().to_bytes() }
}

fn drawn_here(desk: &Desk) -> Sources {
    let region = Region::built_in().unwrap();
    let live = LiveTiles::new(Arc::new(Live::default()), desk);
    Sources::from([
        ("live".to_owned(), Source::live(&region, live)),
        ("boundaries".to_owned(), Source::boundaries(&region, desk)),
    ])
}

#[tokio::test]
async fn a_tile_that_would_wait_too_long_is_refused_for_a_moment_and_one_at_hand_is_given() {
    let desk = Desk { tiles: Arc::new(sokuho_tiles::drawers::Drawers::new(1, 0)), ..Desk::new(1) };
    let sources = drawn_here(&desk);
    assert_eq!(get(sources.clone(), "/tiles/boundaries/9/455/198").await.status, 200);
    let ((begin, begun), (go_on, told)) = (tokio::sync::oneshot::channel(), std::sync::mpsc::channel::<()>());
    let drawing = tokio::spawn(async move {
        let work = move || {
            begin.send(()).unwrap();
            told.recv().map_err(|_| ())
        };
        desk.tiles.draw(work).await
    });
    begun.await.unwrap();
    for path in ["/tiles/live/9/455/198", "/tiles/boundaries/8/227/99"] {
        let answer = get(sources.clone(), path).await;
        assert_eq!((answer.status, answer.header(header::RETRY_AFTER)), (503, "2"), "{path}");
        assert!(String::from_utf8_lossy(&answer.body).contains("\"unavailable\""));
    }
    assert_eq!(get(sources.clone(), "/tiles/boundaries/9/455/198").await.status, 200);
    go_on.send(()).unwrap();
    assert!(drawing.await.unwrap().is_ok());
    assert_eq!(get(sources, "/tiles/boundaries/8/227/99").await.status, 200);
}

#[tokio::test]
async fn the_tag_of_a_live_tile_says_how_it_was_drawn_and_of_which_log() {
    let sources = drawn_here(&Desk::new(1));
    let edition = sources["live"].edition.clone();
    let answer = get(sources, "/tiles/live/9/455/198").await;
    assert_eq!(answer.header(header::ETAG), format!("W/\"{edition}-{}-0-p\"", Uuid::from_u128(7)));
    assert!(!edition.is_empty());
}

#[tokio::test]
async fn a_vector_tile_of_another_server_is_given_packed() {
    let folder = tempfile::tempdir().unwrap();
    let list = r#"{"sources":[{"id":"fake","name":"偽","english":"Fake","kind":"vector","url":"http://127.0.0.1:1/{z}/{x}/{y}",
        "minzoom":5,"maxzoom":14,"attribution":"nobody","terms":"none"}]}"#;
    let remote = source::read(list, true).unwrap();
    // As it was kept before vector tiles were kept packed.
    let tile = [&[0x1a, 0xd0, 0x0f][..], &[7; 2_000]].concat();
    let disk = Disk::open(folder.path(), 1 << 20, 0).unwrap();
    let at = Tile { z: 9, x: 455, y: 198 };
    disk.write("fake", at, &Kept { fetched: 1_000, bytes: tile.clone() }).unwrap();
    let limits = Limits { keep_free: 0, ..Limits::default() };
    let proxy = Proxy::open(remote.clone(), folder.path(), limits, Arc::new(|| 1_000)).unwrap();
    let sources = Sources::from([(
        "proxy-fake".to_owned(),
        Source::proxied(&proxy, &remote[0], Region::built_in().unwrap().bounds()),
    )]);
    let answer = get(sources, "/tiles/proxy-fake/9/455/198").await;
    assert_eq!((answer.status, answer.header(header::CONTENT_ENCODING)), (200, "gzip"));
    let mut plain = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&answer.body[..]), &mut plain).unwrap();
    assert_eq!(plain, tile);
}

#[tokio::test]
async fn tiles_of_another_server_are_given_as_far_as_screens_of_the_region_reach_and_nobody_is_asked_for_others() {
    let folder = tempfile::tempdir().unwrap();
    let list = r#"{"sources":[{"id":"fake","name":"偽","english":"Fake","kind":"raster","url":"http://127.0.0.1:1/{z}/{x}/{y}",
        "minzoom":2,"maxzoom":18,"attribution":"nobody","terms":"none"}]}"#;
    let remote = source::read(list, true).unwrap();
    let limits = Limits { keep_free: 0, ..Limits::default() };
    let proxy = Proxy::open(remote.clone(), folder.path(), limits, Arc::new(|| 1_000)).unwrap();
    let bounds = Region::built_in().unwrap().bounds();
    let source = Source::proxied(&proxy, &remote[0], bounds);
    let edges = source.bounds;
    let sources = Sources::from([("proxy-fake".to_owned(), source)]);
    let at = |lat: f64, lon: f64, z: u8| {
        let Tile { z, x, y } = Tile::at(lat, lon, z);
        format!("/tiles/proxy-fake/{z}/{x}/{y}")
    };
    // None of them is asked for: New York, Kyoto, and the rest of the world at a zoom that shows all of Japan.
    for far in [at(40.7, -74.0, 10), at(40.7, -74.0, 18), at(35.0, 135.0, 14), at(40.7, -74.0, 2)] {
        let answer = get(sources.clone(), &far).await;
        let said = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(answer.status == 404 && said.contains("tile_out_of_range"), "{far} {} {said}", answer.status);
    }
    // Nobody is there to answer these, but somebody is asked, or was a moment ago.
    for (lat, lon) in [(edges.south, edges.west), (edges.north, edges.east), (bounds.north, bounds.west)] {
        for z in [2, 6, 12, 18] {
            assert_eq!(get(sources.clone(), &at(lat, lon, z)).await.status, 502, "{lat} {lon} {z}");
        }
    }
}
