//! PMTiles.

use proptest::prelude::*;

use super::*;

#[tokio::test]
async fn a_pmtiles_archive_gives_its_tiles_and_says_what_it_is() {
    let made = Made::with(&[(HERE, &gzip(MVT)), (Tile { z: 0, x: 0, y: 0 }, MVT)]);
    let file = made.file();
    let archive = opened(&file).await;
    let tile = archive.tile(HERE).await.unwrap().unwrap();
    assert_eq!((&tile.plain[..], &tile.gzip), (MVT, &Some(gzip(MVT).into())));
    assert_eq!(
        &archive.tile(Tile { z: 0, x: 0, y: 0 }).await.unwrap().unwrap().plain[..],
        MVT,
        "not every tile is packed"
    );
    assert!(archive.tile(NOWHERE).await.unwrap().is_none());
    assert!(archive.tile(Tile { z: 20, x: 0, y: 0 }).await.unwrap().is_none());
    let about = archive.about();
    assert_eq!((about.name.as_str(), about.attribution.as_str()), ("Test", "GSI"), "no marks of HTML");
    assert_eq!((about.format, about.zooms), (Format::Mvt, (0, 14)));
    assert!((about.bounds.west - 139.15).abs() < 1e-6 && (about.bounds.north - 37.85).abs() < 1e-6);
    assert_eq!(about.layers, [("road".to_owned(), [("ref".to_owned(), "String".to_owned())].into())]);
}

#[tokio::test]
async fn a_tile_below_a_leaf_directory_is_found() {
    let mut made = Made::with(&[]);
    made.tiles = gzip(MVT);
    let length = u32::try_from(made.tiles.len()).unwrap();
    made.leaves = gzip(&directory(&[Entry { first: number(HERE), offset: 0, length, run: 3 }]));
    let leaf = Entry { first: 7, offset: 0, length: u32::try_from(made.leaves.len()).unwrap(), run: 0 };
    made.root = gzip(&directory(&[leaf]));
    let file = made.file();
    let archive = opened(&file).await;
    for _ in 0..2 {
        assert_eq!(&archive.tile(HERE).await.unwrap().unwrap().plain[..], MVT);
    }
    assert!(archive.tile(NOWHERE).await.unwrap().is_none());
}

#[tokio::test]
async fn a_header_that_lies_is_refused_by_name() {
    let past_the_end = |at: usize| -> Lie { Box::new(move |h: &mut [u8]| h[at..at + 8].copy_from_slice(&[0xff; 8])) };
    let byte = |at: usize, value: u8| -> Lie { Box::new(move |h: &mut [u8]| h[at] = value) };
    for (lie, expected) in [
        (past_the_end(8), "root directory lies past"),
        (past_the_end(16), "root directory lies past"),
        (past_the_end(24), "metadata lies past"),
        (past_the_end(48), "leaf directories lies past"),
        (past_the_end(56), "tile data lies past"),
        (byte(7, 2), "PMTiles version 2"),
        (byte(97, 3), "directories packed with Brotli"),
        (byte(97, 1), "metadata is no JSON"),
        (byte(98, 4), "tiles packed with Zstandard"),
        (byte(99, 0), "tiles of type 0"),
        (byte(99, 77), "tiles of type 77"),
        (byte(100, 15), "its zooms are 15 to 14"),
        (byte(101, 200), "its zooms are 0 to 200"),
    ] {
        let made = Made { header: lie, ..Made::with(&[(HERE, MVT)]) };
        let said = refusal(made.file()).await;
        assert!(said.contains(expected), "{said}, not {expected}");
    }
}

#[tokio::test]
async fn a_directory_that_is_none_is_refused_by_name() {
    let roots = [
        (gzip(&[0xff; 40]), "root directory is none"),
        (gzip(&[0xff, 0xff, 0x1f]), "root directory is none"),
        (b"no gzip".to_vec(), "root directory cannot be unpacked"),
        (gzip(&[5, 1])[..12].to_vec(), "root directory cannot be unpacked"),
        (bomb(), "root directory is larger than any honest one"),
    ];
    for (root, expected) in roots {
        let said = refusal(Made { root, ..Made::with(&[]) }.file()).await;
        assert!(said.contains(expected), "{said}, not {expected}");
    }
    let said = refusal(Made { metadata: bomb(), ..Made::with(&[]) }.file()).await;
    assert!(said.contains("metadata is larger than any honest one"), "{said}");
    let said = refusal(Made { metadata: gzip(b"{"), ..Made::with(&[]) }.file()).await;
    assert!(said.contains("metadata is no JSON"), "{said}");
}

#[tokio::test]
async fn directories_in_a_loop_end() {
    let mut made = Made::with(&[]);
    made.header = Box::new(|header| header[97] = 1);
    made.metadata = b"{}".to_vec();
    // A leaf that names itself.
    let entry = |length: usize| Entry { first: 0, offset: 0, length: u32::try_from(length).unwrap(), run: 0 };
    made.leaves = directory(&[entry(6)]);
    made.leaves = directory(&[entry(made.leaves.len())]);
    made.root = directory(&[entry(made.leaves.len())]);
    let said = refused_tile(made.file()).await;
    assert!(said.contains("lead on and on"), "{said}");
}

#[tokio::test]
async fn a_tile_that_is_not_what_the_archive_says_is_refused_and_the_others_are_given() {
    let other = Tile { z: 9, x: 455, y: 198 };
    let bomb = bomb();
    for (bytes, expected) in [
        (PNG, "it is image/png, not application/vnd.mapbox-vector-tile"),
        (b"<html>busy</html>", "it is no tile"),
        (&bomb[..], "file too large"),
        (&gzip(MVT)[..10], "incomplete deflate stream"),
    ] {
        let made = Made::with(&[(HERE, bytes), (other, MVT)]);
        let file = made.file();
        let archive = opened(&file).await;
        let said = archive.tile(HERE).await.unwrap_err().to_string();
        assert!(said.contains("10/910/396"), "{said}");
        assert!(said.contains(expected), "{said}, not {expected}");
        assert!(archive.tile(other).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn the_tiles_that_are_tried_are_those_of_the_region_and_one_bad_one_is_told() {
    let outer = Tile { z: 0, x: 0, y: 0 };
    let tried = async |tiles: &[(Tile, &[u8])]| {
        let file = Made::with(tiles).file();
        opened(&file).await.try_tiles(&AROUND).await
    };
    assert_eq!(tried(&[(outer, MVT), (HERE, &gzip(MVT))]).await.unwrap(), 2);
    assert_eq!(tried(&[(HERE, MVT), (NOWHERE, b"<html>")]).await.unwrap(), 1, "elsewhere nothing is read");
    for (bytes, expected) in [
        (PNG, "tile 10/910/396 of the archive is refused: it is image/png"),
        (b"<html>busy</html>", "it is no tile"),
        (&bomb()[..], "file too large"),
    ] {
        let said = tried(&[(outer, MVT), (HERE, bytes)]).await.unwrap_err().to_string();
        assert!(said.contains(expected), "{said}, not {expected}");
    }
    for none in [&[][..], &[(NOWHERE, MVT)], &[(HERE, &gzip(b""))]] {
        let refused = tried(none).await.unwrap_err();
        assert!(matches!(refused, ArchiveError::NoTiles { asked: 1.. }), "{refused}");
    }
}

#[tokio::test]
async fn a_tile_past_the_end_of_the_file_is_refused() {
    let entry = |offset: u64, length: u32| Entry { first: number(HERE), offset, length, run: 1 };
    for (entry, expected) in [
        (entry(0, 100), "past the end"),
        (entry(u64::MAX - 10, 1), "past the end"),
        (entry(1, u32::MAX), "past the end"),
    ] {
        let made = Made { root: gzip(&directory(&[entry])), tiles: MVT.to_vec(), ..Made::with(&[]) };
        let said = refused_tile(made.file()).await;
        assert!(said.contains(expected), "{said}");
    }
}

#[tokio::test]
async fn an_archive_that_is_cut_short_while_it_is_read_gives_an_error() {
    let made = Made::with(&[(HERE, MVT)]);
    let file = made.file();
    let archive = opened(&file).await;
    file.as_file().set_len(130).unwrap();
    assert!(matches!(archive.tile(HERE).await, Err(ArchiveError::Tile { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, rng_seed: proptest::test_runner::RngSeed::Fixed(4), ..ProptestConfig::default() })]

    /// Whatever is changed in a good archive, it is opened or refused, and a tile is given or refused.
    #[test]
    fn a_damaged_archive_does_no_harm(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)) {
        let mut bytes = Made::with(&[(HERE, &gzip(MVT)), (NOWHERE, MVT)]).bytes();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            if let Ok(archive) = Archive::open(file(&bytes).path()).await {
                let _ = archive.tile(HERE).await;
            }
        });
    }
}
