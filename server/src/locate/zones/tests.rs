use geo::{Intersects, Kernel, kernels::Orientation, kernels::RobustKernel};
use geo_types::{Coord, LineString, MultiPolygon, Point, Polygon};
use proptest::prelude::*;

use super::{ZoneIndex, ZonesError};

/// Dice for shapes that need no shrinking (xorshift, Marsaglia 2003).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    fn part(&mut self) -> f64 {
        self.below(1 << 53) as f64 / (1_u64 << 53) as f64
    }
}

type Corner = (i32, i32);

/// A corner of a grid whose points are exact in binary: 1/64 of a degree.
fn place((x, y): Corner) -> Coord<f64> {
    Coord { x: 139.0 + f64::from(x) / 64.0, y: 37.0 + f64::from(y) / 64.0 }
}

fn polygon(rings: &[Vec<Corner>]) -> Polygon<f64> {
    let mut rings = rings.iter().map(|ring| LineString(ring.iter().copied().map(place).collect()));
    Polygon::new(rings.next().unwrap_or(LineString(vec![])), rings.collect())
}

fn one(rings: &[Vec<Corner>]) -> MultiPolygon<f64> {
    MultiPolygon(vec![polygon(rings)])
}

fn square(x: i32, y: i32, width: i32) -> Vec<Corner> {
    vec![(x, y), (x + width, y), (x + width, y + width), (x, y + width)]
}

fn at(index: &ZoneIndex, lon: f64, lat: f64) -> Vec<u32> {
    let mut found = vec![99];
    index.at(lon, lat, &mut found);
    found
}

fn at_corner(index: &ZoneIndex, corner: Corner) -> Vec<u32> {
    let Coord { x, y } = place(corner);
    at(index, x, y)
}

/// Whether a point of the grid is within or on a polygon, by whole numbers. Coordinates in halves.
fn holds_exactly(rings: &[Vec<Corner>], (x, y): (i64, i64)) -> bool {
    let mut within = false;
    for ring in rings {
        let ends = ring.iter().zip(ring.iter().cycle().skip(1));
        for (a, b) in ends {
            let (ax, ay, bx, by) = (i64::from(a.0) * 2, i64::from(a.1) * 2, i64::from(b.0) * 2, i64::from(b.1) * 2);
            let turn = (bx - ax) * (y - ay) - (by - ay) * (x - ax);
            let in_box = x >= ax.min(bx) && x <= ax.max(bx) && y >= ay.min(by) && y <= ay.max(by);
            if turn == 0 && in_box {
                return true;
            }
            if (ay <= y) != (by <= y) && (turn < 0) == (by > ay) {
                within = !within;
            }
        }
    }
    within
}

/// The same for any numbers, with every side looked at.
fn holds_robustly(zone: &MultiPolygon<f64>, p: Coord<f64>) -> bool {
    zone.iter().any(|polygon| {
        let mut within = false;
        for line in std::iter::once(polygon.exterior()).chain(polygon.interiors()).flat_map(LineString::lines) {
            let (a, b) = (line.start, line.end);
            let (low, high) = if a.y <= b.y { (a, b) } else { (b, a) };
            let turn = RobustKernel::orient2d(low, high, p);
            let in_box = p.y >= low.y && p.y <= high.y && p.x >= a.x.min(b.x) && p.x <= a.x.max(b.x);
            if turn == Orientation::Collinear && in_box {
                return true;
            }
            within ^= low.y <= p.y && p.y < high.y && turn == Orientation::Clockwise;
        }
        within
    })
}

/// A ring around a place, its corners at rising angles and wild distances.
fn star(dice: &mut Dice, middle: Coord<f64>, reach: f64, corners: u64) -> LineString<f64> {
    let corner = |i: u64, dice: &mut Dice| {
        let angle = (i as f64 + 0.9 * dice.part()) / corners as f64 * std::f64::consts::TAU;
        let reach = reach * (0.5 + 0.5 * dice.part());
        Coord { x: middle.x + reach * angle.cos(), y: middle.y + reach * angle.sin() }
    };
    LineString((0..corners).map(|i| corner(i, dice)).collect())
}

/// Overlapping stars, every third with a hole, every seventh of two parts, some with very many corners.
fn stars(dice: &mut Dice, count: u32) -> Vec<(u32, MultiPolygon<f64>)> {
    (0..count)
        .map(|number| {
            let middle = Coord { x: 139.2 + 0.6 * dice.part(), y: 37.1 + 0.5 * dice.part() };
            let reach = 0.1 * dice.part().powi(3) + 1e-4;
            let corners = 5 + dice.below(if number % 10 == 0 { 2_000 } else { 60 });
            let outer = star(dice, middle, reach, corners);
            let holes = if number % 3 == 0 { vec![star(dice, middle, reach * 0.4, 12)] } else { vec![] };
            let mut parts = vec![Polygon::new(outer, holes)];
            if number % 7 == 0 {
                let beside = Coord { x: middle.x + 3.0 * reach, y: middle.y };
                parts.push(Polygon::new(star(dice, beside, reach, 9), vec![]));
            }
            (number, MultiPolygon(parts))
        })
        .collect()
}

#[test]
fn edges_and_corners_belong_to_a_zone_and_a_hole_does_not_but_its_rim_does() {
    let index = ZoneIndex::build([(7, one(&[square(0, 0, 8), square(2, 2, 4)]))]).unwrap();
    for inside in [(1, 1), (0, 0), (8, 8), (0, 5), (8, 5), (5, 0), (5, 8), (2, 2), (6, 6), (2, 4), (4, 6), (7, 2)] {
        assert_eq!(at_corner(&index, inside), [7], "{inside:?}");
    }
    for outside in [(4, 4), (3, 3), (5, 5), (-1, 4), (9, 4), (4, -1), (4, 9), (9, 9)] {
        assert_eq!(at_corner(&index, outside), [0_u32; 0], "{outside:?}");
    }
    let just_outside = f64::from_bits(139.0_f64.to_bits() - 1);
    assert_eq!(at(&index, just_outside, 37.01), [0_u32; 0]);
}

#[test]
fn zones_that_lie_on_each_other_all_answer_in_rising_order() {
    let zones = [(9, one(&[square(0, 0, 8)])), (3, one(&[square(4, 0, 8)])), (5, one(&[square(8, 0, 8)]))];
    let index = ZoneIndex::build(zones.clone()).unwrap();
    assert_eq!(at_corner(&index, (6, 4)), [3, 9]);
    assert_eq!(at_corner(&index, (8, 4)), [3, 5, 9], "on the rim of two, within the third");
    let turned = ZoneIndex::build(zones.into_iter().rev()).unwrap();
    assert_eq!(at_corner(&turned, (8, 4)), [3, 5, 9]);
}

#[test]
fn a_zone_of_several_parts_answers_once_where_they_touch() {
    let zone = MultiPolygon(vec![polygon(&[square(0, 0, 4)]), polygon(&[square(4, 4, 4)])]);
    let index = ZoneIndex::build([(1, zone), (1, one(&[square(4, 0, 4)]))]).unwrap();
    assert_eq!(at_corner(&index, (4, 4)), [1]);
    assert_eq!(at_corner(&index, (6, 2)), [1], "the same number again is the same zone");
    assert_eq!(at_corner(&index, (2, 6)), [0_u32; 0]);
    assert_eq!(index.len(), 2);
}

#[test]
fn no_zones_and_zones_without_corners_are_in_force_nowhere() {
    let none = ZoneIndex::build([]).unwrap();
    assert!(none.is_empty() && at(&none, 139.0, 37.0).is_empty());
    let empty = ZoneIndex::build([(1, MultiPolygon(vec![])), (2, one(&[])), (3, one(&[vec![(1, 1)]]))]).unwrap();
    assert_eq!(empty.len(), 3);
    assert!(at_corner(&empty, (1, 1)).is_empty());
}

#[test]
fn what_is_no_place_is_in_no_zone_and_no_zone_may_have_it() {
    let index = ZoneIndex::build([(1, one(&[square(0, 0, 8)]))]).unwrap();
    for (lon, lat) in [(f64::NAN, 37.0), (139.0, f64::NAN), (f64::INFINITY, 37.0), (139.0, -1e300), (-139.0, 37.0)] {
        assert!(at(&index, lon, lat).is_empty());
    }
    for wrong in [f64::NAN, f64::INFINITY, 181.0, -1e300] {
        let ring = LineString(vec![Coord { x: wrong, y: 0.0 }, Coord { x: 1.0, y: 0.0 }, Coord { x: 1.0, y: 1.0 }]);
        let zones = [(4, one(&[square(0, 0, 8)])), (5, MultiPolygon(vec![Polygon::new(ring, vec![])]))];
        assert_eq!(ZoneIndex::build(zones).err(), Some(ZonesError::NoPlace { number: 5 }));
    }
}

#[test]
fn a_zone_smaller_than_the_finest_cell_and_one_around_the_world_are_exact() {
    let around = |west: f64, south: f64, east: f64, north: f64| {
        let ring = [(west, south), (east, south), (east, north), (west, north)];
        MultiPolygon(vec![Polygon::new(LineString::from(ring.to_vec()), vec![])])
    };
    let next = |number: f64| f64::from_bits(number.to_bits() + 1);
    let tiny = around(139.0, 37.0, next(next(139.0)), next(next(37.0)));
    let index = ZoneIndex::build([(1, around(-180.0, -90.0, 180.0, 90.0)), (2, tiny.clone())]).unwrap();
    for index in [index, ZoneIndex::build([(2, tiny)]).unwrap()] {
        assert!(at(&index, next(139.0), next(37.0)).contains(&2));
        assert!(at(&index, next(next(139.0)), 37.0).contains(&2));
        assert!(!at(&index, next(next(next(139.0))), 37.0).contains(&2));
        assert!(!at(&index, f64::from_bits(139.0_f64.to_bits() - 1), 37.0).contains(&2));
    }
}

#[test]
fn many_sides_at_one_place_end_somewhere() {
    // 3,000 needles that meet in one point, and the same square 500 times.
    let needle = |i: i32| one(&[vec![(0, 0), (2_000, i), (2_000, i + 1)]]);
    let needles = (0..3_000).map(|i| (i as u32, needle(i)));
    let index = ZoneIndex::build(needles.chain((0..500).map(|i| (5_000 + i, one(&[square(0, 0, 64)]))))).unwrap();
    assert_eq!(at_corner(&index, (0, 0)).len(), 3_500);
    assert_eq!(at_corner(&index, (2_000, 7)), [6, 7]);
    assert_eq!(at_corner(&index, (64, 0)).len(), 501);
    // Each needle crosses half of the square.
    assert!(index.bytes() < 400 * index.corners(), "{} bytes for {} corners", index.bytes(), index.corners());
}

#[test]
fn stars_with_holes_and_parts_answer_as_geo_and_as_every_side_looked_at() {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let zones = stars(&mut dice, 300);
    let index = ZoneIndex::build(zones.clone()).unwrap();
    let corners: Vec<_> =
        zones.iter().flat_map(|(_, zone)| zone.iter().flat_map(|part| part.exterior().0.clone())).collect();
    let (mut answered, mut found) = (0, Vec::new());
    for round in 0..6_000 {
        let a = dice.below(corners.len() as u64 - 1) as usize;
        let (a, b, t) = (corners[a], corners[a + 1], dice.part());
        let point = match round % 3 {
            0 => Coord { x: 139.0 + dice.part(), y: 37.0 + 0.8 * dice.part() },
            1 => a,
            // As near to a side as numbers allow; on it only by chance.
            _ => Coord { x: a.x + t * (b.x - a.x), y: a.y + t * (b.y - a.y) },
        };
        index.at(point.x, point.y, &mut found);
        let expected = |holds: &dyn Fn(&MultiPolygon<f64>) -> bool| {
            zones.iter().filter(|(_, zone)| holds(zone)).map(|(number, _)| *number).collect::<Vec<_>>()
        };
        assert_eq!(found, expected(&|zone| holds_robustly(zone, point)), "{point:?}");
        if round < 600 {
            assert_eq!(found, expected(&|zone| zone.intersects(&Point::from(point))), "{point:?}");
        }
        answered += found.len();
    }
    assert!(answered > 6_000, "{answered}");
}

#[test]
fn the_index_is_the_same_whatever_number_of_threads_built_it() {
    let zones = stars(&mut Dice(5), 200);
    let one = ZoneIndex::build_with(zones.clone(), 8, 1).unwrap();
    let five = ZoneIndex::build_with(zones, 8, 5).unwrap();
    assert_eq!(one.corners, five.corners);
    assert!(one.shards == five.shards);
}

#[test]
fn memory_stays_in_proportion_to_the_corners() {
    let index = ZoneIndex::build(stars(&mut Dice(11), 2_000)).unwrap();
    let a_corner = index.bytes() as f64 / index.corners() as f64;
    // These stars are all needles, each side across many cells. Real outlines take half of that.
    assert!(a_corner < 80.0, "{a_corner} bytes a corner");
}

fn rings(span: i32) -> impl Strategy<Value = Vec<Vec<Corner>>> {
    prop::collection::vec(prop::collection::vec((0..span, 0..span), 1..12), 0..4)
}

proptest! {
    // Any rings at all, crossing and running along each other too: on a grid so small that points meet corners,
    // sides and their extensions all the time, and with cells quartered as far as it goes.
    #[test]
    fn any_rings_answer_as_by_whole_numbers(
        zones in prop::collection::vec(rings(9), 1..6),
        sides_a_cell in 0_usize..4,
    ) {
        let numbered = zones.iter().enumerate().map(|(number, rings)| (number as u32, one(rings)));
        let index = ZoneIndex::build_with(numbered, sides_a_cell, 1).unwrap();
        for x in -1..19_i64 {
            for y in -1..19_i64 {
                let found = at(&index, 139.0 + x as f64 / 128.0, 37.0 + y as f64 / 128.0);
                // A ring of one corner has no side; it is no ring.
                let holds = |rings: &Vec<Vec<Corner>>| {
                    let rings: Vec<_> = rings.iter().filter(|ring| ring.len() > 1).cloned().collect();
                    holds_exactly(&rings, (x, y))
                };
                let expected: Vec<_> = (0_u32..).zip(&zones).filter(|(_, zone)| holds(zone)).map(|(n, _)| n).collect();
                prop_assert_eq!(found, expected, "at {}, {}", x, y);
            }
        }
    }

    // Decimal coordinates, none of them exact in binary, beside others far away.
    #[test]
    fn decimal_coordinates_answer_as_every_side_looked_at(
        corners in prop::collection::vec((0..40_i32, 0..40_i32), 3..60),
        points in prop::collection::vec((0..80_i32, 0..80_i32), 50),
        far in any::<bool>(),
    ) {
        let decimal = |x: i32, y: i32| Coord { x: 139.7 + f64::from(x) / 1e5, y: 37.3 + f64::from(y) / 1e5 };
        let ring = LineString(corners.iter().map(|(x, y)| decimal(*x, *y)).collect());
        let zone = MultiPolygon(vec![Polygon::new(ring, vec![])]);
        let elsewhere = far.then(|| (2, one(&[square(-900, -900, 3)])));
        let index = ZoneIndex::build_with([(1, zone.clone())].into_iter().chain(elsewhere), 2, 1).unwrap();
        for (x, y) in points {
            let point = Coord { x: 139.7 + f64::from(x) / 2e5, y: 37.3 + f64::from(y) / 2e5 };
            prop_assert_eq!(at(&index, point.x, point.y) == [1], holds_robustly(&zone, point), "{:?}", point);
        }
        for corner in corners {
            let point = decimal(corner.0, corner.1);
            prop_assert_eq!(at(&index, point.x, point.y), [1]);
        }
    }
}
