use std::collections::{BTreeMap, BTreeSet};

use fast_mvt::{MvtGeometry, MvtReaderRef, MvtTile, MvtValue};
use proptest::prelude::*;

use super::*;
use crate::mvt::EXTENT;

/// Marks of the tests: red, blue, urgent.
const MARKS: usize = 3;

/// What the issue allows.
const LARGEST: usize = 200_000;

fn thing(id: u128, lat: f64, lon: f64) -> Thing {
    Thing { spot: Spot::at(lat, lon), id, time: 1_760_000_000 + id as u64, marks: 1 << (id % 3) }
}

fn read(bytes: &[u8]) -> MvtTile {
    MvtReaderRef::new(bytes).unwrap().to_tile().unwrap()
}

fn aizu() -> impl Strategy<Value = (f64, f64)> {
    (36.8..37.9_f64, 139.1..140.4_f64)
}

fn describe(tally: &Tally<MARKS>, out: &mut Properties<'_>) {
    match tally.single() {
        Some(one) => {
            out.text("id", &uuid_like(one.id));
            out.number("time", one.time);
            out.text("category", ["red", "blue", "urgent"][one.marks.trailing_zeros() as usize]);
            out.flag("drill", false);
        }
        None => {
            out.number("count", u64::from(tally.count()));
            for (name, count) in ["red", "blue", "urgent"].into_iter().zip(tally.marks()) {
                out.number(name, u64::from(*count));
            }
        }
    }
}

fn uuid_like(id: u128) -> String {
    format!("{id:036x}")
}

fn tile_of(things: &[Thing], tile: Tile) -> Vec<u8> {
    let mut clusters = Clusters::<MARKS>::of(tile);
    things.iter().for_each(|thing| clusters.add(thing));
    let points = clusters.tallies().map(|tally| (tally.middle(), tally));
    let mut out = TileWriter::default();
    write(&mut out, "things", tile, points, describe);
    out.end()
}

fn number(value: &MvtValue) -> u64 {
    match value {
        MvtValue::UInt(number) => *number,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_thing_alone_keeps_its_id_its_time_and_its_place() {
    let castle = thing(7, 37.4878, 139.9297);
    let tile = castle.spot.tile(14);
    let layer = &read(&tile_of(&[castle], tile)).layers[0];
    assert_eq!((layer.name.as_str(), layer.extent.get(), layer.features.len()), ("things", EXTENT, 1));
    let properties: BTreeMap<_, _> = layer.features[0].properties.iter().cloned().collect();
    assert_eq!(properties["id"], MvtValue::String(uuid_like(7)));
    assert_eq!(properties["time"], MvtValue::UInt(1_760_000_007));
    assert_eq!(properties["category"], MvtValue::String("blue".to_owned()));
    let MvtGeometry::Point(point) = &layer.features[0].geometry else { panic!("{:?}", layer.features[0]) };
    let bounds = tile.bounds();
    let lon = bounds.west + (bounds.east - bounds.west) * f64::from(point.x()) / f64::from(EXTENT);
    let lat = bounds.north - (bounds.north - bounds.south) * f64::from(point.y()) / f64::from(EXTENT);
    // A unit is half a metre here.
    assert!((lon - 139.9297).abs() < 1e-5 && (lat - 37.4878).abs() < 1e-5, "{lat} {lon}");
}

#[test]
fn an_empty_layer_is_left_out_and_an_empty_tile_has_no_bytes() {
    assert!(tile_of(&[], Tile { z: 10, x: 910, y: 396 }).is_empty());
}

#[test]
fn the_numbers_of_the_z_curve_lead_back() {
    for (x, y) in [(0, 0), (65_535, 0), (0, 65_535), (58_240, 25_344), (1, 2)] {
        let number = interleave(x, y);
        assert_eq!((gather(number), gather(number >> 1)), (x, y));
    }
}

#[test]
fn a_tile_of_a_hundred_thousand_things_stays_small() {
    // The worst: every cell of the tile is taken by one thing alone, with an id of its own.
    let tile = Tile { z: 11, x: 1820, y: 793 };
    let bounds = tile.bounds();
    let alone = |n: u128| {
        let part = |n: u128| (n as f64 + 0.5) / 32.0;
        let lon = bounds.west + (bounds.east - bounds.west) * part(n % 32);
        let lat = bounds.south + (bounds.north - bounds.south) * part(n / 32);
        thing(n * 0x1_0000_0000_0000_0001, lat, lon)
    };
    let things: Vec<Thing> = (0..1_024).map(alone).collect();
    let spread = tile_of(&things, tile);
    assert!(read(&spread).layers[0].features.len() > 1_000);
    assert!(spread.len() < LARGEST / 2, "{}", spread.len());
    let crowd: Vec<Thing> = (0..100_000).map(|n| Thing { id: n, ..alone(n % 1_024) }).collect();
    assert!(tile_of(&crowd, tile).len() < LARGEST / 2);
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(4), ..ProptestConfig::default() })]

    #[test]
    fn clusters_from_the_grid_are_those_made_thing_by_thing(
        places in prop::collection::vec(aizu(), 0..200),
        gone in prop::collection::vec(any::<prop::sample::Index>(), 0..60),
        z in 0_u8..ONE_BY_ONE,
    ) {
        let all: Vec<Thing> = places.iter().enumerate().map(|(n, (lat, lon))| thing(n as u128, *lat, *lon)).collect();
        let mut grid = Grid::<MARKS>::default();
        all.iter().for_each(|thing| grid.add(thing));
        let gone: BTreeSet<usize> = gone.iter().filter(|_| !all.is_empty()).map(|gone| gone.index(all.len())).collect();
        gone.iter().for_each(|gone| grid.remove(&all[*gone]));
        let left: Vec<Thing> = all.iter().enumerate().filter(|(n, _)| !gone.contains(n)).map(|(_, thing)| *thing).collect();
        prop_assert_eq!(grid.is_empty(), left.is_empty());
        let tiles: BTreeSet<Tile> = all.iter().map(|thing| thing.spot.tile(z)).collect();
        let mut counted = 0;
        for tile in tiles {
            let mut from_grid = Clusters::of(tile);
            from_grid.add_grid(&grid);
            let mut one_by_one = Clusters::of(tile);
            left.iter().for_each(|thing| one_by_one.add(thing));
            let (from_grid, one_by_one): (Vec<_>, Vec<_>) =
                (from_grid.tallies().collect(), one_by_one.tallies().collect());
            prop_assert_eq!(&from_grid, &one_by_one);
            counted += from_grid.iter().map(|tally| tally.count() as usize).sum::<usize>();
            for single in from_grid.iter().filter_map(|tally| tally.single()) {
                prop_assert!(left.contains(&single), "{:?}", single);
            }
        }
        prop_assert_eq!(counted, left.len(), "every thing is counted in one tile of a zoom");
    }

    #[test]
    fn a_written_tile_says_how_many_there_are_of_each_kind(places in prop::collection::vec(aizu(), 1..300), z in 5_u8..15) {
        let things: Vec<Thing> = places.iter().enumerate().map(|(n, (lat, lon))| thing(n as u128, *lat, *lon)).collect();
        let tile = things[0].spot.tile(z);
        let inside: Vec<&Thing> = things.iter().filter(|thing| thing.spot.tile(z) == tile).collect();
        let read = read(&tile_of(&things, tile));
        let mut counts = [0; MARKS];
        for feature in &read.layers[0].features {
            let MvtGeometry::Point(point) = &feature.geometry else { panic!("{feature:?}") };
            prop_assert!((0..4_096).contains(&point.x()) && (0..4_096).contains(&point.y()));
            let properties: BTreeMap<_, _> = feature.properties.iter().cloned().collect();
            for (count, name) in counts.iter_mut().zip(["red", "blue", "urgent"]) {
                *count += properties.get(name).map_or(0, number);
                *count += u64::from(properties.get("category") == Some(&MvtValue::String(name.to_owned())));
            }
        }
        for (mark, count) in counts.iter().enumerate() {
            prop_assert_eq!(*count, inside.iter().filter(|thing| thing.marks >> mark & 1 == 1).count() as u64);
        }
    }
}
