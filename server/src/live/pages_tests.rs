use rstest::rstest;

use super::*;
use crate::domain::entry::{Body, Entry};
use crate::domain::ids::IncidentId;
use crate::log::samples::{filed_at, incident_of, report_id, time};

/// Positions by turns; report `n` is filed `n` ms after midnight.
fn world(count: u64, positions: &[(f64, f64)]) -> World {
    let mut world = World::default();
    for (number, (lat, lon)) in (1..=count).zip(positions.iter().cycle()) {
        world.apply(number, &filed_at(number, Position::new(*lat, *lon).unwrap()));
    }
    world
}

fn area(west: f64, south: f64, east: f64, north: f64) -> Option<Area> {
    Some(Area::new(&[Bounds { west, south, east, north }], Audience::Office))
}

fn all_incidents(world: &World, filter: &Filter, at_most: usize) -> Vec<IncidentId> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = world.incident_page(filter, after, at_most);
        assert!(page.keys.len() <= at_most);
        found.extend(page.keys.iter().map(|(_, id)| *id));
        after = page.keys.last().copied();
        if !page.more {
            return found;
        }
    }
}

fn all_reports(world: &World, filter: &Filter, at_most: usize) -> Vec<ReportId> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = world.report_page(filter, after, at_most);
        found.extend(page.keys.iter().map(|(_, id)| *id));
        after = page.keys.last().copied();
        if !page.more {
            return found;
        }
    }
}

#[rstest]
#[case::few(10, 3)]
#[case::exactly_full_pages(12, 3)]
#[case::more_than_are_sorted_at_once(9_000, 700)]
fn pages_give_everything_once_newest_first(#[case] count: u64, #[case] at_most: usize) {
    let world = world(count, &[(37.0, 139.5), (38.0, 139.5), (37.05, 139.5)]);
    let everything = Filter::default();
    let incidents: Vec<IncidentId> = (1..=count).rev().map(incident_of).collect();
    let reports: Vec<ReportId> = (1..=count).rev().map(report_id).collect();
    assert_eq!(all_incidents(&world, &everything, at_most), incidents);
    assert_eq!(all_reports(&world, &everything, at_most), reports);

    let south = Filter { area: area(139.0, 36.9, 140.0, 37.1), ..Filter::default() };
    let in_south = |number: &u64| number % 3 != 2;
    let incidents: Vec<IncidentId> = (1..=count).rev().filter(in_south).map(incident_of).collect();
    let reports: Vec<ReportId> = (1..=count).rev().filter(in_south).map(report_id).collect();
    assert_eq!(all_incidents(&world, &south, at_most), incidents);
    assert_eq!(all_reports(&world, &south, at_most), reports);
}

#[test]
fn reports_come_in_the_order_of_their_own_age_also_those_that_did_not_open_their_incident() {
    let (south, north) = (Position::new(37.0, 139.5).unwrap(), Position::new(38.0, 139.5).unwrap());
    let mut entries: Vec<Entry> = (1..=9).map(|number| filed_at(number, south)).collect();
    // The fifth and the eighth belong to the second's incident and stand elsewhere.
    for number in [5, 8] {
        entries[number - 1] = filed_at(number as u64, north);
        let Body::ReportFiled(report) = &mut entries[number - 1].body else { panic!("a report") };
        std::sync::Arc::make_mut(report).incident = incident_of(2);
    }
    // Three were filed at one reading of the clock, on several nodes.
    for number in [4, 6, 8] {
        entries[number - 1].hlc = entries[6].hlc;
    }
    let mut world = World::default();
    for (seq, entry) in (1..).zip(&entries) {
        world.apply(seq, entry);
    }
    let expected = [9, 8, 7, 6, 4, 5, 3, 2, 1];
    for at_most in 1..=10 {
        let everything = Filter { area: area(139.0, 36.0, 140.0, 39.0), ..Filter::default() };
        for filter in [Filter::default(), everything] {
            assert_eq!(all_reports(&world, &filter, at_most), expected.map(report_id), "{at_most}");
        }
        let filter = Filter { area: area(139.0, 37.9, 140.0, 38.1), ..Filter::default() };
        assert_eq!(all_reports(&world, &filter, at_most), [8, 5].map(report_id), "{at_most}");
    }
    assert_eq!((world.incident_count(), world.report_count()), (7, 9));
    assert_eq!(world.extent(Audience::Office).unwrap().north, 38.0);
}

#[test]
fn what_is_filed_between_two_pages_moves_nothing() {
    let mut world = world(6, &[(37.0, 139.5)]);
    for filter in [Filter::default(), Filter { area: area(139.0, 36.0, 140.0, 38.0), ..Filter::default() }] {
        let first = world.report_page(&filter, None, 3);
        let head = world.head() + 1;
        world.apply(head, &filed_at(head, Position::new(37.0, 139.5).unwrap()));
        let second = world.report_page(&filter, first.keys.last().copied(), 3);
        let third: Vec<ReportId> = second.keys.iter().map(|(_, id)| *id).collect();
        let first: Vec<ReportId> = first.keys.iter().map(|(_, id)| *id).collect();
        assert!(first.iter().all(|id| !third.contains(id)));
        assert_eq!(first[2].0.as_u128() - third[0].0.as_u128(), report_id(2).0.as_u128() - report_id(1).0.as_u128());
    }
}

#[rstest]
#[case::everything(None, None, 1..=10)]
#[case::one_instant(Some(4_000), Some(4_000), 4..=4)]
#[case::both_ends_belong_to_it(Some(3_000), Some(5_000), 3..=5)]
#[case::from_within_a_millisecond(Some(3_001), Some(5_999), 4..=5)]
#[case::from(Some(8_000), None, 8..=10)]
#[case::to(None, Some(2_000), 1..=2)]
#[expect(clippy::reversed_empty_ranges, reason = "an empty span")]
#[case::between_two_milliseconds(Some(3_100), Some(3_900), 1..=0)]
#[expect(clippy::reversed_empty_ranges, reason = "an empty span")]
#[case::from_after_to(Some(6_000), Some(3_000), 1..=0)]
fn a_span_of_time_holds_its_ends(
    #[case] from_us: Option<i64>,
    #[case] to_us: Option<i64>,
    #[case] expected: std::ops::RangeInclusive<u64>,
) {
    let world = world(10, &[(37.0, 139.5)]);
    let at = |us: i64| time(0) + jiff::SignedDuration::from_micros(us);
    for area in [None, area(139.0, 36.0, 140.0, 38.0)] {
        let filter = Filter { area, from: from_us.map(at), to: to_us.map(at) };
        let found = all_reports(&world, &filter, 4);
        assert_eq!(found, expected.clone().rev().map(report_id).collect::<Vec<_>>());
    }
}

#[test]
fn times_before_1970_and_at_the_end_of_the_calendar_are_spans_too() {
    let world = world(3, &[(37.0, 139.5)]);
    let early = Some("1960-01-01T00:00:00Z".parse().unwrap());
    let count = |from, to| all_reports(&world, &Filter { area: None, from, to }, 10).len();
    assert_eq!(count(early, Some(Timestamp::MAX)), 3);
    assert_eq!(count(Some(Timestamp::MIN), early), 0);
    assert_eq!(count(Some(Timestamp::MAX), None), 0);
}

#[test]
fn the_public_is_answered_by_coarse_positions() {
    // Three places that the public sees as one, and one that it sees a step further north.
    let world =
        world(4, &[(37.487_76, 139.929_71), (37.4878, 139.9297), (37.487_84, 139.929_66), (37.48786, 139.9297)]);
    let narrow = Bounds { west: 139.929_69, south: 37.487_79, east: 139.929_71, north: 37.4878 };
    let seen = |audience| {
        let filter = Filter { area: Some(Area::new(&[narrow], audience)), ..Filter::default() };
        all_incidents(&world, &filter, 2)
    };
    assert_eq!(seen(Audience::Public), [3, 2, 1].map(incident_of));
    assert_eq!(seen(Audience::Office), [incident_of(2)]);
    let extent = world.extent(Audience::Public).unwrap();
    assert_eq!(extent, Bounds { west: 139.9297, south: 37.4878, east: 139.9297, north: 37.4879 });
    assert_eq!(world.extent(Audience::Office).unwrap().north, 37.48786);
}

#[test]
fn the_world_tells_how_much_there_is_since_when_and_where() {
    let empty = World::default();
    assert_eq!((empty.incident_count(), empty.filed_since(), empty.extent(Audience::Office)), (0, None, None));
    let world = world(5, &[(37.0, 139.5), (-12.0, -179.5)]);
    assert_eq!((world.incident_count(), world.report_count(), world.filed_since()), (5, 5, Some(time(1))));
    let extent = world.extent(Audience::Office).unwrap();
    assert_eq!(extent, Bounds { west: -179.5, south: -12.0, east: 139.5, north: 37.0 });
}
