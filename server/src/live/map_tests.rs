use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::domain::entry::{Body, Entry};
use crate::domain::operation::Operation;
use crate::live::tests::{any_entries, fold_all};
use crate::log::samples::{entry, filed_at, incident_of, operation_id, status};

const CASTLE: (f64, f64) = (37.4878, 139.9297);

fn castle() -> Position {
    Position::new(CASTLE.0, CASTLE.1).unwrap()
}

fn tile(z: u8) -> Tile {
    Spot::at(CASTLE.0, CASTLE.1).tile(z)
}

fn drill(number: u64) -> Entry {
    let body = Operation { id: operation_id(number), kind: OperationKind::Drill, name: "訓練".to_owned() };
    Entry { operation: operation_id(number), ..entry(number, Body::OperationOpened(body)) }
}

/// Incidents that stand by themselves, and whether each is a drill's.
fn alone(shown: &Shown<MapIncident>) -> Vec<(Thing, bool)> {
    match shown {
        Shown::OneByOne(few) => few.iter().map(|one| (one.thing, one.drill)).collect(),
        Shown::Gathered(real, drill) => {
            let single = |drill: bool| move |tally: &sokuho_tiles::points::Tally<MARKS>| Some((tally.single()?, drill));
            real.tallies().filter_map(single(false)).chain(drill.tallies().filter_map(single(true))).collect()
        }
    }
}

fn count(shown: &Shown<MapIncident>) -> (u32, u32) {
    match shown {
        Shown::OneByOne(few) => {
            let drills = few.iter().filter(|one| one.drill).count();
            (u32::try_from(few.len() - drills).unwrap(), u32::try_from(drills).unwrap())
        }
        Shown::Gathered(real, drill) => {
            let sum = |clusters: &MapClusters| clusters.tallies().map(|tally| tally.count()).sum();
            (sum(real), sum(drill))
        }
    }
}

#[test]
fn a_drill_is_never_counted_with_the_real_thing_even_if_its_beginning_arrives_late() {
    let of_drill = |number: u64| Entry { operation: operation_id(9), ..filed_at(number, castle()) };
    let entries = [filed_at(1, castle()), of_drill(2), of_drill(3)];
    let before = fold_all(&entries);
    let after = fold_all(&[&entries[..], &[drill(9)]].concat());
    for z in [0, 8, 11, 12, 16] {
        assert_eq!(count(&before.map_tile(tile(z), Audience::Office).incidents), (3, 0), "{z}");
        assert_eq!(count(&after.map_tile(tile(z), Audience::Office).incidents), (1, 2), "{z}");
    }
}

#[test]
fn a_lonely_incident_says_what_it_is_at_every_zoom() {
    let world = fold_all(&[filed_at(1, castle()), status(2, 1, Status::InProgress)]);
    let incident = world.incident(incident_of(1)).unwrap();
    let filed = incident.reports[0].filed_at.as_second();
    for z in 0..=16 {
        let shown = alone(&world.map_tile(tile(z), Audience::Public).incidents);
        let [(thing, false)] = shown[..] else { panic!("zoom {z}: {shown:?}") };
        assert_eq!(thing.id, incident_of(1).0.as_u128());
        assert_eq!(i64::try_from(thing.time).unwrap(), filed);
        assert_eq!(thing.marks, marks(incident.reports[0].report.category, Some(Status::InProgress), false));
    }
}

#[test]
fn the_public_gets_the_coarse_position_alone() {
    let exact = Position::new(37.48784, 139.92974).unwrap();
    let world = fold_all(&[filed_at(1, exact)]);
    let spot_of = |z: u8, audience| alone(&world.map_tile(tile(z), audience).incidents)[0].0.spot;
    let coarse = Spot::at(37.4878, 139.9297);
    assert_eq!(spot_of(16, Audience::Office), Spot::at(37.48784, 139.92974));
    for z in [0, 11, 12, 16] {
        assert_eq!(spot_of(z, Audience::Public), coarse, "{z}");
    }
}

#[test]
fn reports_are_for_offices_and_from_zoom_14_on() {
    let world = fold_all(&[filed_at(1, castle())]);
    let reports = |z: u8, audience| match world.map_tile(tile(z), audience).reports {
        Shown::OneByOne(few) => few.len(),
        Shown::Gathered(..) => panic!("one report is no crowd"),
    };
    assert_eq!((reports(13, Audience::Office), reports(14, Audience::Office)), (0, 1));
    assert_eq!(reports(16, Audience::Public), 0);
}

#[test]
fn a_crowd_is_gathered_at_inner_zooms_too() {
    let crowd: Vec<Entry> = (1..=INCIDENTS_ONE_BY_ONE as u64 + 1).map(|number| filed_at(number, castle())).collect();
    let few = fold_all(&crowd[1..]).map_tile(tile(16), Audience::Public);
    assert!(matches!(&few.incidents, Shown::OneByOne(few) if few.len() == INCIDENTS_ONE_BY_ONE));
    let many = fold_all(&crowd).map_tile(tile(16), Audience::Public);
    assert!(matches!(many.incidents, Shown::Gathered(..)));
    assert_eq!(count(&many.incidents), (u32::try_from(crowd.len()).unwrap(), 0));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, rng_seed: proptest::test_runner::RngSeed::Fixed(4), ..ProptestConfig::default() })]

    /// Brute force over everything that the world knows.
    #[test]
    fn a_tile_shows_what_stands_in_it(entries in any_entries(), z in 0_u8..=18, public in any::<bool>()) {
        let audience = if public { Audience::Public } else { Audience::Office };
        let world = fold_all(&entries);
        let mut expected: BTreeMap<Tile, (u32, u32)> = BTreeMap::new();
        for view in world.newest(usize::MAX) {
            let position = view.reports[0].report.position().unwrap();
            let seen_by = if z < ONE_BY_ONE { Audience::Public } else { audience };
            let counts = expected.entry(spot(position, seen_by).tile(z)).or_default();
            if world.is_drill(view.incident.operation) { counts.1 += 1 } else { counts.0 += 1 }
        }
        for (tile, expected) in expected {
            let shown = world.map_tile(tile, audience);
            prop_assert_eq!(count(&shown.incidents), expected, "{:?}", tile);
            for (thing, _) in alone(&shown.incidents) {
                let view = world.incident(IncidentId(Uuid::from_u128(thing.id))).unwrap();
                let first = view.reports[0];
                let danger = view.reports.iter().any(|filed| filed.report.danger_to_life);
                let marks = marks(first.report.category, Some(*view.incident.status.get()), danger);
                prop_assert_eq!(thing.marks, marks);
            }
        }
    }

    #[test]
    fn a_tile_for_offices_shows_every_report_that_stands_in_it(entries in any_entries(), z in REPORTS_FROM..=16) {
        let world = fold_all(&entries);
        let mut expected: BTreeMap<Tile, Vec<(u128, MapReport)>> = BTreeMap::new();
        for view in world.newest(usize::MAX) {
            for filed in &view.reports {
                let Some(position) = filed.report.position() else { continue };
                let thing = Thing {
                    spot: spot(position, Audience::Office),
                    id: filed.report.id.0.as_u128(),
                    time: u64::try_from(filed.filed_at.as_second()).unwrap(),
                    marks: marks(filed.report.category, None, filed.report.danger_to_life),
                };
                let drill = world.is_drill(view.incident.operation);
                let report = MapReport { thing, incident: view.incident.id, drill };
                expected.entry(thing.spot.tile(z)).or_default().push((thing.id, report));
            }
        }
        for (tile, mut expected) in expected {
            let Shown::OneByOne(shown) = world.map_tile(tile, Audience::Office).reports else { panic!("they are few") };
            let mut shown: Vec<_> = shown.into_iter().map(|report| (report.thing.id, report)).collect();
            shown.sort_by_key(|(id, _)| *id);
            expected.sort_by_key(|(id, _)| *id);
            prop_assert_eq!(shown, expected, "{:?}", tile);
        }
    }
}
