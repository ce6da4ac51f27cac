use fast_mvt::{MvtGeometry, MvtReaderRef, MvtTile, MvtValue};
use proptest::prelude::*;

use super::*;

fn read(bytes: &[u8]) -> MvtTile {
    MvtReaderRef::new(bytes).unwrap().to_tile().unwrap()
}

fn place(x: i32, y: i32) -> Place {
    Place { x, y }
}

fn nothing(_: &mut Properties<'_>) {}

fn tile_of(write: impl FnOnce(&mut LayerWriter)) -> Vec<u8> {
    let mut tile = TileWriter::default();
    tile.layer("things", write);
    tile.end()
}

/// The commands of a geometry, as they are written.
fn commands(write: impl FnOnce(&mut Pen<'_>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut Pen::on(&mut out));
    out
}

fn places() -> impl Strategy<Value = Vec<Place>> {
    // Far more than a tile ever has; a way between two places must fit in 32 bits.
    let number = || prop_oneof![-64..4_160_i32, -1_000_000_000..1_000_000_000_i32];
    prop::collection::vec((number(), number()).prop_map(|(x, y)| place(x, y)), 1..40)
}

/// The examples of the specification, section 4.3.5.
#[test]
fn geometries_are_written_as_in_the_specifications_examples() {
    assert_eq!(commands(|pen| pen.command(MOVE_TO, &[place(25, 17)])), [9, 50, 34]);
    assert_eq!(commands(|pen| pen.command(MOVE_TO, &[place(5, 7), place(3, 2)])), [17, 10, 14, 3, 9]);
    let line = [place(2, 2), place(2, 10), place(10, 10)];
    assert_eq!(commands(|pen| pen.line(&line)), [9, 4, 4, 18, 0, 16, 16, 0]);
    let corners = vec![place(3, 6), place(8, 12), place(20, 34)];
    assert_eq!(commands(|pen| pen.ring(&Ring { corners, is_hole: false })), [9, 6, 12, 18, 10, 12, 24, 44, 15]);
}

#[test]
fn a_ring_goes_round_as_an_area_or_as_a_hole_whichever_way_its_corners_come() {
    let square = [place(0, 0), place(10, 0), place(10, 10), place(0, 10)];
    let other_way: Vec<Place> = square.iter().rev().copied().collect();
    for corners in [square.to_vec(), other_way] {
        for is_hole in [false, true] {
            let around =
                Ring { corners: vec![place(-9, -9), place(99, -9), place(99, 99), place(-9, 99)], is_hole: false };
            let ring = Ring { corners: corners.clone(), is_hole };
            let tile = read(&tile_of(|layer| layer.areas(&[around, ring], nothing)));
            match &tile.layers[0].features[0].geometry {
                MvtGeometry::Polygon(polygon) => assert_eq!((is_hole, polygon.interiors().len()), (true, 1)),
                MvtGeometry::MultiPolygon(polygons) => assert_eq!((is_hole, polygons.0.len()), (false, 2)),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn what_has_no_geometry_is_left_out_with_its_layer() {
    let short = vec![place(1, 1)];
    let two = Ring { corners: vec![place(1, 1), place(2, 2)], is_hole: false };
    assert!(tile_of(|layer| layer.points(&[], nothing)).is_empty());
    assert!(tile_of(|layer| layer.lines(&[short], nothing)).is_empty());
    assert!(tile_of(|layer| layer.areas(&[two], nothing)).is_empty());
}

#[test]
fn keys_and_values_that_come_again_are_written_once() {
    let describe = |category: &'static str| {
        move |out: &mut Properties<'_>| {
            out.text("category", category);
            out.flag("drill", true);
        }
    };
    let bytes = tile_of(|layer| {
        for n in 0..50 {
            layer.points(&[place(n, n)], describe(if n % 2 == 0 { "road_damage" } else { "fire" }));
        }
    });
    for word in ["category", "drill", "road_damage", "fire"] {
        assert_eq!(bytes.windows(word.len()).filter(|part| *part == word.as_bytes()).count(), 1, "{word}");
    }
    let tile = read(&bytes);
    for (n, feature) in tile.layers[0].features.iter().enumerate() {
        let category = if n % 2 == 0 { "road_damage" } else { "fire" };
        let said = [("category", MvtValue::String(category.to_owned())), ("drill", MvtValue::Bool(true))];
        assert_eq!(feature.properties, said.map(|(key, value)| (key.to_owned(), value)));
    }
}

#[test]
fn a_key_may_be_missing_and_come_in_any_order() {
    let orders: [&[&str]; 5] = [&["a", "b", "c"], &["c", "a"], &["b"], &[], &["c", "b", "a"]];
    let bytes = tile_of(|layer| {
        for keys in orders {
            layer.points(&[place(1, 1)], |out| keys.iter().for_each(|key| out.text(key, &key.to_uppercase())));
        }
    });
    for (feature, keys) in read(&bytes).layers[0].features.iter().zip(orders) {
        let said: Vec<_> = keys.iter().map(|key| ((*key).to_owned(), MvtValue::String(key.to_uppercase()))).collect();
        assert_eq!(feature.properties, said);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(4), ..ProptestConfig::default() })]

    #[test]
    fn another_reader_reads_what_was_written(
        points in places(),
        line in places(),
        text in "\\PC{0,300}",
        number in any::<u64>(),
        signed in any::<i64>(),
        flag in any::<bool>(),
    ) {
        let bytes = tile_of(|layer| {
            layer.points(&points, |out| {
                out.own_text("text", &text);
                out.own_number("number", number);
                out.text("text again", &text);
                out.number("number again", number);
                out.value("signed", &crate::properties::Value::Number(signed));
                out.flag("flag", flag);
            });
            layer.lines(&[line.clone(), points.clone()], nothing);
        });
        let tile = read(&bytes);
        let layer = &tile.layers[0];
        prop_assert_eq!((layer.name.as_str(), layer.extent.get()), ("things", EXTENT));
        let read: Vec<Place> = match &layer.features[0].geometry {
            MvtGeometry::Point(point) => vec![point.0],
            MvtGeometry::MultiPoint(points) => points.0.iter().map(|point| point.0).collect(),
            other => panic!("{other:?}"),
        };
        prop_assert_eq!(&read, &points);
        let text = MvtValue::String(text);
        prop_assert_eq!(&layer.features[0].properties, &[
            ("text".to_owned(), text.clone()),
            ("number".to_owned(), MvtValue::UInt(number)),
            ("text again".to_owned(), text),
            ("number again".to_owned(), MvtValue::UInt(number)),
            ("signed".to_owned(), MvtValue::SInt(signed)),
            ("flag".to_owned(), MvtValue::Bool(flag)),
        ]);
        let lines: Vec<Vec<Place>> = [line, points].into_iter().filter(|line| line.len() > 1).collect();
        let read = layer.features.get(1).map(|feature| match &feature.geometry {
            MvtGeometry::LineString(line) => vec![line.0.clone()],
            MvtGeometry::MultiLineString(lines) => lines.0.iter().map(|line| line.0.clone()).collect(),
            other => panic!("{other:?}"),
        });
        prop_assert_eq!(read.unwrap_or_default(), lines);
    }
}
