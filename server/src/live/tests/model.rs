//! The fold of any entries, in every order of arrival, against a plain model of it.

use std::collections::BTreeMap;

use proptest::test_runner::RngSeed;

use super::super::queries::Among;
use super::*;
use crate::domain::clock::Hlc;
use crate::domain::entry::Stamp;
use crate::domain::ids::{NodeId, OperationId};
use crate::domain::incident::Symbol;
use crate::domain::office::OfficeCode;
use crate::wire::incident::IncidentView;

/// The operations of reports and incidents by number: everyday care and two that open and close.
fn operation_of(number: u64) -> OperationId {
    [EVERYDAY, operation_id(200), operation_id(201)][(number % 3) as usize]
}

/// Few ids, few clock readings and two nodes, so that things meet. All entries about an incident name one
/// operation, as the doors see to.
fn any_entry() -> impl Strategy<Value = Entry> {
    let any_position = (37.0..37.8_f64, 139.2..140.2_f64).prop_map(|(lat, lon)| Position::new(lat, lon).unwrap());
    let any_office = prop::option::of(prop::sample::select(&OFFICES).prop_map(office));
    let numbers = (0..9_u64, 0..2_u64).prop_map(|(report, incident)| (report, report % 3 + 3 * incident));
    let report = (numbers, any_position, any_office.clone()).prop_map(|((number, incident), position, ground)| {
        let mut entry = filed_at(number, position);
        let Body::ReportFiled(report) = &mut entry.body else { unreachable!() };
        let report = std::sync::Arc::make_mut(report);
        report.incident = incident_of(incident);
        report.place = match ground {
            Some(municipality) => Place::Inside { municipality },
            None => Place::Outside { nearest: office(OFFICES[0]), distance_m: 1.0 },
        };
        report.zones = Zones::of((number % 3 == 0).then(|| zone("1")));
        Entry { operation: operation_of(incident), ..entry }
    });
    let within = |of: u64, entry: Entry| Entry { operation: operation_of(of), ..entry };
    let status = (100..130_u64, 0..6_u64, prop::sample::select(&STATUSES))
        .prop_map(move |(n, of, to)| within(of, status(n, of, to)));
    let taken = (130..150_u64, 0..6_u64, prop::sample::select(&OFFICES))
        .prop_map(move |(n, of, code)| within(of, responsible(n, of, code)));
    let looked = (150..170_u64, 0..6_u64, prop::sample::subsequence(vec!["1", "2", "3"], 0..3))
        .prop_map(move |(n, of, classes)| within(of, zones(n, of, &classes)));
    let opened = (210..220_u64, 200..203_u64).prop_map(|(number, of)| {
        let body = Body::OperationOpened(named(of));
        Entry { operation: operation_id(of), ..entry(number, body) }
    });
    let closed = (300..310_u64, prop::option::of(200..203_u64)).prop_map(|(number, of)| {
        let operation = of.map_or(EVERYDAY, operation_id);
        Entry { operation, ..entry(number, Body::OperationClosed) }
    });
    let body = prop_oneof![5 => report, 4 => status, 2 => taken, 2 => looked, 2 => opened, 2 => closed];
    (body, 0..60_i64, 0..2_u64, any_office).prop_map(|(entry, at, node, office)| Entry {
        hlc: Hlc::at(time(at)),
        origin: NodeId(uuid(1_000 + node)),
        office,
        ..entry
    })
}

/// Entries of which no two have the same stamp, as in a log.
pub(crate) fn any_entries() -> impl Strategy<Value = Vec<Entry>> {
    prop::collection::vec(any_entry(), 1..40).prop_map(|entries| {
        let mut seen: HashSet<Stamp> = HashSet::new();
        entries.into_iter().filter(|entry| seen.insert(entry.stamp())).collect()
    })
}

/// An order of arrival in which some arrive again.
fn any_arrivals() -> impl Strategy<Value = (Vec<Entry>, Vec<Entry>)> {
    any_entries().prop_flat_map(|entries| {
        let twice: Vec<Entry> = entries.iter().chain(entries.iter().step_by(3)).cloned().collect();
        (Just(entries), Just(twice).prop_shuffle())
    })
}

/// An incident as the plain model has it.
#[derive(Clone, PartialEq, Debug)]
struct Expected {
    id: IncidentId,
    filed: Hlc,
    position: Position,
    operation: OperationId,
    responsible: Option<OfficeCode>,
    status: Status,
    zones: Zones,
    reports: Vec<(EntryId, Hlc)>,
}

/// What the world must be, by reading the entries in the order of their stamps, whether the operations are open
/// or closed. Newest first.
fn model_of_all(entries: &[Entry]) -> Vec<Expected> {
    let mut sorted: Vec<&Entry> = entries.iter().collect();
    sorted.sort_by_key(|entry| entry.stamp());
    sorted.dedup_by_key(|entry| entry.stamp());
    let mut statuses = BTreeMap::new();
    let mut taken = BTreeMap::new();
    let mut looked = BTreeMap::new();
    let mut reported = HashSet::new();
    let mut incidents: BTreeMap<IncidentId, Expected> = BTreeMap::new();
    for entry in sorted {
        match &entry.body {
            Body::StatusChanged(change) => {
                statuses.insert(change.incident, change.status);
            }
            Body::ResponsibleChanged(change) => {
                taken.insert(change.incident, change.office.clone());
            }
            Body::ZonesChanged(change) => {
                looked.insert(change.incident, change.zones.clone());
            }
            Body::ReportFiled(report) if reported.insert(report.id) => {
                let incident = incidents.entry(report.incident).or_insert_with(|| Expected {
                    id: report.incident,
                    filed: entry.hlc,
                    position: report.position().unwrap(),
                    operation: entry.operation,
                    responsible: report.place.municipality().cloned().or(entry.office.clone()),
                    status: Status::Received,
                    zones: report.zones.clone(),
                    reports: Vec::new(),
                });
                incident.reports.push((entry.id, entry.hlc));
            }
            _ => {}
        }
    }
    for (id, status) in statuses {
        if let Some(incident) = incidents.get_mut(&id) {
            incident.status = status;
        }
    }
    for (id, zones) in looked {
        if let Some(incident) = incidents.get_mut(&id) {
            incident.zones = zones;
        }
    }
    for (id, office) in taken {
        if let Some(incident) = incidents.get_mut(&id) {
            incident.responsible = Some(office);
        }
    }
    let mut incidents: Vec<Expected> = incidents.into_values().collect();
    incidents.sort_by_key(|incident| std::cmp::Reverse((incident.filed, incident.id)));
    incidents
}

/// The operations whose last opening or closing is a closing.
fn closed(entries: &[Entry]) -> HashSet<OperationId> {
    let mut last: BTreeMap<OperationId, (Stamp, bool)> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.operation != EVERYDAY) {
        let closes = match &entry.body {
            Body::OperationOpened(_) => false,
            Body::OperationClosed => true,
            _ => continue,
        };
        let known = last.entry(entry.operation).or_insert((entry.stamp(), closes));
        *known = (*known).max((entry.stamp(), closes));
    }
    last.into_iter().filter(|(_, (_, closes))| *closes).map(|(id, _)| id).collect()
}

/// The same without what is closed.
fn model(entries: &[Entry]) -> Vec<Expected> {
    let closed = closed(entries);
    model_of_all(entries).into_iter().filter(|incident| !closed.contains(&incident.operation)).collect()
}

fn seen(view: &IncidentView<'_>) -> Expected {
    let first = view.reports[0];
    Expected {
        id: view.incident.id,
        filed: Hlc::at(first.filed_at),
        position: first.report.position().unwrap(),
        operation: view.incident.operation,
        responsible: view.incident.responsible.clone(),
        status: *view.incident.status.get(),
        zones: view.zones().clone(),
        reports: view.reports.iter().map(|r| (EntryId(r.report.id.0), Hlc::at(r.filed_at))).collect(),
    }
}

fn all_seen(views: &[IncidentView<'_>]) -> Vec<Expected> {
    views.iter().map(seen).collect()
}

/// Asks every question and compares with brute force over the model.
fn agrees(world: &World, entries: &[Entry]) {
    let expected = model(entries);
    let first = |limit: usize, keep: &dyn Fn(&Expected) -> bool| -> Vec<Expected> {
        expected.iter().filter(|incident| keep(incident)).take(limit).cloned().collect()
    };
    assert_eq!(all_seen(&world.newest(usize::MAX)), expected);
    assert_eq!(all_seen(&world.newest(2)), first(2, &|_| true));
    for code in OFFICES.map(office) {
        let of_office = first(3, &|incident| incident.responsible.as_ref() == Some(&code));
        assert_eq!(all_seen(&world.by_office(&code, 3)), of_office);
    }
    let bounds = Bounds { west: 139.4, south: 37.2, east: 139.9, north: 37.6 };
    let within = first(3, &|incident| bounds.contains(incident.position));
    assert_eq!(all_seen(&world.incidents_in(&bounds, 3)), within);
    let drawn = |all: &[Expected]| -> Vec<_> { all.iter().map(|i| (i.id, i.status, i.position)).collect() };
    let symbols = |all: Vec<(Symbol, Position)>| -> Vec<_> {
        all.into_iter().map(|(symbol, position)| (symbol.id, symbol.status, position)).collect()
    };
    assert_eq!(symbols(world.symbols_in(&bounds, 3)), drawn(&within));
    assert_eq!(symbols(world.newest_symbols(None, 3)), drawn(&expected[..expected.len().min(3)]));
    for class in ["1", "2", "3"] {
        let lies_there = |incident: &Expected| incident.zones.iter().any(|tag| tag.class == class);
        assert_eq!(
            symbols(world.symbols_in_zones(("flood", Some(class)), Among::All, 2)),
            drawn(&first(2, &lies_there))
        );
        let here = |incident: &Expected| lies_there(incident) && bounds.contains(incident.position);
        let found = world.symbols_in_zones(("flood", Some(class)), Among::Within(&bounds), 2);
        assert_eq!(symbols(found), drawn(&first(2, &here)));
        for code in OFFICES.map(office) {
            let theirs = |incident: &Expected| lies_there(incident) && incident.responsible.as_ref() == Some(&code);
            let found = world.symbols_in_zones(("flood", Some(class)), Among::Of(&code), 2);
            assert_eq!(symbols(found), drawn(&first(2, &theirs)));
        }
        let all = first(usize::MAX, &lies_there);
        let open = all.iter().filter(|incident| incident.status.is_open()).count();
        let counted = world.counts_by_zone().get(&("flood", class)).map_or((0, 0), |(_, all, open)| (*all, *open));
        assert_eq!(counted, (all.len(), open));
    }
    let lies_anywhere = first(2, &|incident| !incident.zones.is_empty());
    assert_eq!(symbols(world.symbols_in_zones(("flood", None), Among::All, 2)), drawn(&lies_anywhere));
    let centre = Position::new(37.4, 139.7).unwrap();
    let mut near: Vec<(f64, IncidentId)> = expected.iter().map(|i| (centre.distance_m(i.position), i.id)).collect();
    near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let nearest = world.nearest(centre, 3);
    assert_eq!(
        nearest.iter().map(|(v, metres)| (*metres, v.incident.id)).collect::<Vec<_>>(),
        near[..near.len().min(3)]
    );
    let (open, omitted) = world.recent_open(time(1_000 + DAY_MS), 3);
    let expected_open = first(usize::MAX, &|incident| incident.status.is_open());
    assert_eq!(all_seen(&open), expected_open[..expected_open.len().min(3)]);
    assert_eq!(omitted, expected_open.len().saturating_sub(3));
    let reports: usize = expected.iter().map(|incident| incident.reports.len()).sum();
    let everywhere = Bounds { west: -180.0, south: -90.0, east: 180.0, north: 90.0 };
    assert_eq!(world.reports_in(&everywhere, usize::MAX).len(), reports);
    world.check_index();
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(7_202), ..ProptestConfig::default() })]

    #[test]
    fn the_order_and_number_of_arrivals_change_nothing((entries, arrivals) in any_arrivals()) {
        prop_assert_eq!(picture(&fold(&entries)), picture(&fold(&arrivals)));
    }

    #[test]
    fn a_replayed_world_answers_every_question_like_one_that_lived((_, arrivals) in any_arrivals()) {
        let mut world = World::incomplete();
        arrivals.iter().for_each(|entry| world.foresee(entry));
        let mut life = Life { world, log: Vec::new() };
        arrivals.iter().for_each(|entry| life.take(entry));
        life.world.complete();
        agrees(&life.world, &arrivals);
        prop_assert_eq!(picture(&life.world), picture(&fold(&arrivals)));
        // And goes on living.
        for entry in arrivals.iter().rev() {
            life.take(entry);
            agrees(&life.world, &arrivals);
        }
    }

    #[test]
    fn after_every_entry_each_question_is_answered_as_by_brute_force((_, arrivals) in any_arrivals()) {
        let mut life = Life::default();
        for (place, entry) in arrivals.iter().enumerate() {
            life.take(entry);
            agrees(&life.world, &arrivals[..=place]);
        }
    }

    #[test]
    fn the_past_of_an_operation_is_what_its_entries_up_to_then_made_it((_, arrivals) in any_arrivals(), at in 0..60_usize) {
        let until = &arrivals[..at.min(arrivals.len())];
        for operation in [EVERYDAY, operation_id(200), operation_id(201), operation_id(202)] {
            let its: Vec<Entry> = until.iter().filter(|entry| entry.operation == operation).cloned().collect();
            let past = fold_all(&its);
            let of_it = |incident: &Expected| incident.operation == operation;
            let expected: Vec<Expected> = model_of_all(until).into_iter().filter(of_it).collect();
            prop_assert_eq!(all_seen(&past.newest(usize::MAX)), expected);
            past.check_index();
        }
    }
}
