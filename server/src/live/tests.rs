//! The fold against a plain model of it, in every order of arrival.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::Live;
use super::queries::Among;
use super::world::World;
use crate::domain::clock::Hlc;
use crate::domain::entry::{Body, Entry, Seq, Stamp};
use crate::domain::ids::{EntryId, IncidentId, MediaId, NodeId, OperationId};
use crate::domain::incident::{Status, Symbol};
use crate::domain::office::OfficeCode;
use crate::domain::operation::{EVERYDAY, Operation, OperationKind};
use crate::domain::place::Place;
use crate::domain::position::{Bounds, Position};
use crate::domain::report::{MediaKind, Medium};
use crate::domain::shelter::ShelterState;
use crate::domain::zone::Zones;
use crate::log::samples::{
    drilled, entry, filed, filed_at, incident_of, office, operation_id, report_id, responsible, shelter_id, sheltered,
    status, time, uuid, zone, zones,
};
use crate::log::writer::Announce;
use crate::wire::incident::{IncidentView, OfficeIncident};

const OFFICES: [&str; 3] = ["07202", "07421", "07000-aizu-shinko"];
const STATUSES: [Status; 4] = [Status::Received, Status::InProgress, Status::Resolved, Status::Declined];
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Applies to a world what is announced, and tells nobody.
pub(crate) struct ToLive(pub(crate) Arc<Live>);

impl Announce for ToLive {
    async fn apply(&mut self, entries: &[(Seq, Arc<Entry>)]) {
        let mut world = self.0.write();
        entries.iter().for_each(|(seq, entry)| drop(world.apply(*seq, entry)));
    }
}

// --- single behaviours

#[test]
fn everyday_care_exists_from_the_start_and_does_not_end() {
    let mut world = World::default();
    world.apply(1, &entry(1, Body::OperationClosed));
    assert_eq!(world.operation(EVERYDAY), Some((&Operation::everyday(), true)));
    assert_eq!(world.operations().count(), 1);
}

fn named(number: u64) -> Operation {
    Operation { id: operation_id(number), kind: OperationKind::Disaster, name: format!("大雨 {number}") }
}

#[test]
fn an_operation_whose_end_arrives_first_is_closed_when_its_beginning_arrives() {
    let (opened, mut closed) = (entry(5, Body::OperationOpened(named(5))), entry(6, Body::OperationClosed));
    closed.operation = operation_id(5);
    let mut world = World::default();
    assert_eq!(world.apply(1, &closed).operation, Some(operation_id(5)));
    assert_eq!(world.operation(operation_id(5)), None, "nobody knows its name yet");
    world.apply(2, &opened);
    assert_eq!(world.operation(operation_id(5)), Some((&named(5), false)));
}

#[test]
fn a_status_that_arrives_before_its_report_waits_for_it() {
    let mut world = World::default();
    let touched = world.apply(1, &status(9, 3, Status::InProgress));
    assert_eq!(touched.incident, Some(incident_of(3)));
    assert!(world.incident(incident_of(3)).is_none(), "not visible without a report");
    assert!(world.newest(10).is_empty());
    world.apply(2, &filed(3));
    let view = world.incident(incident_of(3)).unwrap();
    assert_eq!(*view.incident.status.get(), Status::InProgress);
    assert_eq!(world.head(), 2);
}

#[test]
fn outside_the_region_the_acting_office_answers_and_for_a_resident_nobody() {
    let mut world = World::default();
    let outside = Place::Outside { nearest: office("07421"), distance_m: 12.0 };
    for (number, acting) in [(1, Some(office("07000-aizu-shinko"))), (2, None)] {
        let mut entry = filed(number);
        let Body::ReportFiled(report) = &mut entry.body else { panic!("a report") };
        let report = std::sync::Arc::make_mut(report);
        report.place = outside.clone();
        entry.office = acting.clone();
        world.apply(number, &entry);
        assert_eq!(world.incident(incident_of(number)).unwrap().incident.responsible, acting);
    }
}

#[test]
fn the_office_that_took_an_incident_last_answers_for_it_whatever_ground_it_lies_on() {
    let mut world = World::default();
    world.apply(1, &responsible(20, 1, "07421"));
    world.apply(2, &responsible(10, 1, "07000-aizu-shinko"));
    world.apply(3, &filed(1));
    let view = world.incident(incident_of(1)).unwrap();
    assert_eq!(view.incident.responsible, Some(office("07421")));
    assert_eq!(OfficeIncident::of(&view).unwrap().updated_at, time(20));
    assert!(world.by_office(&office("07202"), 9).is_empty(), "it left the list of the ground's office");
    assert_eq!(world.by_office(&office("07421"), 9).len(), 1);
}

#[test]
fn an_incident_lies_in_the_zones_of_its_report_until_the_latest_look_by_another_edition() {
    let mut filed = filed(1);
    let Body::ReportFiled(report) = &mut filed.body else { panic!("a report") };
    std::sync::Arc::make_mut(report).zones = Zones::of([zone("2")]);
    let classes = |world: &World| {
        let incident = OfficeIncident::of(&world.incident(incident_of(1)).unwrap()).unwrap();
        assert_eq!(incident.updated_at, time(1), "no news of the incident");
        assert_eq!(incident.reports[0].zones[0].class, "2", "the report stays as it was filed");
        incident.zones.into_iter().map(|zone| zone.class).collect::<Vec<_>>()
    };
    let mut world = World::default();
    world.apply(1, &filed);
    assert_eq!(classes(&world), ["2"]);
    for changes in [[zones(20, 1, &["4", "3"]), zones(10, 1, &[])], [zones(10, 1, &[]), zones(20, 1, &["3", "4"])]] {
        let mut world = World::default();
        world.apply(1, &changes[0]);
        world.apply(2, &filed);
        assert_eq!(world.apply(3, &changes[1]).incident, Some(incident_of(1)));
        assert_eq!(classes(&world), ["3", "4"]);
    }
    world.apply(2, &zones(10, 1, &[]));
    assert!(classes(&world).is_empty(), "it lies in none now");
}

#[test]
fn what_a_drill_says_of_a_shelter_is_shown_while_it_is_open_in_life_and_after_a_replay() {
    let drill = Operation { kind: OperationKind::Drill, ..named(5) };
    let of_drill = |number, body| Entry { operation: drill.id, ..entry(number, body) };
    let log = [
        of_drill(5, Body::OperationOpened(drill.clone())),
        drilled(6, 1, 5, ShelterState::Open),
        sheltered(7, 1, ShelterState::Closed, None),
        of_drill(8, Body::OperationClosed),
        drilled(9, 1, 5, ShelterState::Full),
        of_drill(10, Body::OperationOpened(drill.clone())),
    ];
    let shown = |world: &World| {
        let drilled: Vec<_> = world.drilled_statuses().map(|status| (status.drill, status.state)).collect();
        (world.shelter_status(shelter_id(1)).map(|status| status.state), drilled)
    };
    let (mut world, mut versions) = (World::default(), HashSet::new());
    let id = Some(drill.id.0);
    let (open, full) = (vec![(id, ShelterState::Open)], vec![(id, ShelterState::Full)]);
    let closed = Some(ShelterState::Closed);
    let expected =
        [(None, vec![]), (None, open.clone()), (closed, open), (closed, vec![]), (closed, vec![]), (closed, full)];
    for ((seq, entry), expected) in (1..).zip(&log).zip(&expected) {
        let touched = world.apply(seq, entry);
        assert_eq!(&shown(&world), expected, "after entry {seq}");
        let late = seq == 5;
        let told = touched.shelter.and_then(|id| world.status_after(entry, id));
        assert_eq!(told.is_some(), touched.shelter.is_some() && !late, "viewers are told of what is shown: {seq}");
        assert!(versions.insert(world.shelters_version()), "another picture: {seq}");

        let mut replayed = World::incomplete();
        let past = &log[..seq as usize];
        past.iter().for_each(|entry| replayed.foresee(entry));
        (1..).zip(past).for_each(|(seq, entry)| drop(replayed.apply(seq, entry)));
        assert_eq!(&shown(&replayed), expected, "replayed up to entry {seq}");
        assert_eq!(replayed.shelters_version(), world.shelters_version());
    }
    let backwards = fold_all(&log.iter().rev().cloned().collect::<Vec<_>>());
    assert_eq!(shown(&backwards), expected[5]);
}

#[test]
fn a_report_that_was_written_before_there_were_zones_is_read_and_lies_in_none() {
    let entry = filed(1);
    let body = entry.body.encode().unwrap();
    assert!(!body.contains("zones"), "{body}");
    assert_eq!(Body::decode("report_filed", 1, &body).unwrap(), entry.body);
    let change = zones(2, 1, &["3"]).body;
    assert_eq!(Body::decode(change.kind(), change.version(), &change.encode().unwrap()).unwrap(), change);
}

#[test]
fn the_first_report_of_an_incident_says_where_it_is_even_if_it_arrives_last() {
    let (south, north) = (Position::new(37.1, 139.5).unwrap(), Position::new(37.8, 139.5).unwrap());
    let mut later = filed_at(2, north);
    let Body::ReportFiled(report) = &mut later.body else { panic!("a report") };
    let report = std::sync::Arc::make_mut(report);
    report.incident = incident_of(1);
    let mut world = World::default();
    world.apply(1, &later);
    assert_eq!(world.nearest(north, 1)[0].1, 0.0);
    world.apply(2, &filed_at(1, south));
    let view = world.incident(incident_of(1)).unwrap();
    assert_eq!(view.reports.iter().map(|r| r.report.id).collect::<Vec<_>>(), [report_id(1), report_id(2)]);
    assert_eq!(world.nearest(south, 9).len(), 1);
    assert_eq!(world.nearest(south, 1)[0].1, 0.0);
    let around = Bounds { west: 139.0, south: 37.7, east: 140.0, north: 37.9 };
    assert!(world.incidents_in(&around, 9).is_empty(), "it is not where its second report is");
    assert_eq!(world.reports_in(&around, 9).len(), 1);
}

#[test]
fn a_box_that_holds_very_many_gives_its_newest_all_the_same() {
    let mut world = World::default();
    let inside = |number: u64| !number.is_multiple_of(5);
    for number in 1..=6_000 {
        let lat = if inside(number) { 37.0 } else { 38.0 };
        world.apply(number, &filed_at(number, Position::new(lat, 139.5).unwrap()));
    }
    let bounds = Bounds { west: 139.0, south: 36.9, east: 140.0, north: 37.1 };
    let found: Vec<IncidentId> = world.incidents_in(&bounds, 1_000).iter().map(|view| view.incident.id).collect();
    let newest = (1..=6_000).rev().filter(|number| inside(*number)).take(1_000);
    assert_eq!(found, newest.map(incident_of).collect::<Vec<_>>());
}

#[test]
fn the_world_knows_which_media_its_reports_name() {
    let id = |byte| MediaId::from_sha256([byte; 32]);
    let mut entry = filed(1);
    let Body::ReportFiled(report) = &mut entry.body else { panic!("a report") };
    let report = std::sync::Arc::make_mut(report);
    report.media = [Medium { id: id(7), kind: MediaKind::Jpeg, size: 9, thumbnail: true }].into();
    let mut world = World::default();
    assert!(!world.names_media(&id(7)));
    world.apply(1, &entry);
    assert!(world.names_media(&id(7)) && !world.names_media(&id(8)));
}

/// Of this operation.
fn within(of: u64, entry: Entry) -> Entry {
    Entry { operation: operation_id(of), ..entry }
}

fn opened(number: u64, of: u64) -> Entry {
    within(of, entry(number, Body::OperationOpened(named(of))))
}

#[test]
fn a_closed_operation_gives_its_memory_back_and_comes_back_whole() {
    let mut life = Life::default();
    life.take(&opened(5, 5));
    (10..20).for_each(|number| life.take(&within(5, filed(number))));
    (20..40).for_each(|number| life.take(&filed(number)));
    life.take(&within(5, status(40, 12, Status::Resolved)));
    let before = picture(&life.world);
    life.take(&within(5, entry(50, Body::OperationClosed)));
    assert_eq!(life.world.incidents.operations_held(), [EVERYDAY]);
    assert_eq!((life.world.incidents.len(), life.world.incident_count(), life.world.report_count()), (20, 20, 20));
    assert!(life.world.incident(incident_of(12)).is_none() && life.world.report(report_id(12)).is_none());
    assert!(!life.world.has_seen_change(EntryId(uuid(40))));
    life.world.check_index();
    // What comes late waits in the log.
    life.take(&within(5, status(60, 13, Status::InProgress)));
    life.take(&within(5, filed(61)));
    assert_eq!(life.world.incidents.operations_held(), [EVERYDAY]);
    assert_eq!(life.world.span(operation_id(5)), Some((1, 35)));
    life.take(&opened(70, 5));
    assert_eq!(life.world.incident_count(), 31);
    assert_eq!(*life.world.incident(incident_of(13)).unwrap().incident.status.get(), Status::InProgress);
    life.world.check_index();
    let mut after = picture(&life.world);
    after.incidents.retain(|incident| ![incident_of(13).0, incident_of(61).0].contains(&incident.id));
    let same: Vec<_> = before.incidents.into_iter().filter(|incident| incident.id != incident_of(13).0).collect();
    assert_eq!(after.incidents, same);
}

#[test]
fn an_operation_larger_than_all_others_leaves_and_comes_back() {
    let mut life = Life::default();
    life.take(&opened(5, 5));
    life.take(&filed(6));
    (10..200).for_each(|number| life.take(&within(5, filed(number))));
    life.take(&within(5, entry(300, Body::OperationClosed)));
    life.world.check_index();
    assert_eq!(life.world.newest(9).len(), 1);
    life.take(&opened(301, 5));
    life.world.check_index();
    assert_eq!(life.world.incident_count(), 191);
}

#[test]
fn an_earlier_closing_that_arrives_late_closes_nothing_that_was_opened_since() {
    let mut life = Life::default();
    life.take(&opened(5, 5));
    life.take(&within(5, filed(6)));
    life.take(&opened(20, 5));
    life.take(&within(5, entry(10, Body::OperationClosed)));
    assert!(life.world.incident(incident_of(6)).is_some());
    life.take(&within(5, entry(30, Body::OperationClosed)));
    life.take(&opened(25, 5));
    assert!(life.world.incident(incident_of(6)).is_none(), "opened before it was closed");
}

#[test]
fn media_of_a_closed_operation_are_still_named() {
    let id = |byte| MediaId::from_sha256([byte; 32]);
    let mut report_entry = filed(1);
    let Body::ReportFiled(report) = &mut report_entry.body else { panic!("a report") };
    let report = std::sync::Arc::make_mut(report);
    report.media = [Medium { id: id(7), kind: MediaKind::Jpeg, size: 9, thumbnail: true }].into();
    let mut world = World::default();
    world.foresee(&within(5, entry(9, Body::OperationClosed)));
    world.apply(1, &within(5, report_entry));
    assert_eq!(world.incidents.len(), 0);
    assert!(world.names_media(&id(7)), "nobody sweeps it away");
}

#[test]
fn the_newcomers_picture_holds_the_open_and_the_freshly_closed_newest_first() {
    let mut world = World::default();
    for number in 1..=6 {
        world.apply(number, &filed(number));
    }
    world.apply(7, &status(10, 2, Status::Resolved));
    world.apply(8, &status(20, 5, Status::Declined));
    let picture = |now: i64, limit: usize| {
        let (views, omitted) = world.recent_open(time(now), limit);
        (views.iter().map(|view| view.incident.id).collect::<Vec<_>>(), omitted)
    };
    let ids = |numbers: &[u64]| numbers.iter().map(|n| incident_of(*n)).collect::<Vec<_>>();
    assert_eq!(picture(30, 10), (ids(&[6, 5, 4, 3, 2, 1]), 0));
    assert_eq!(picture(DAY_MS + 10, 10), (ids(&[6, 5, 4, 3, 2, 1]), 0), "closed 24 hours ago to the millisecond");
    assert_eq!(picture(DAY_MS + 11, 10), (ids(&[6, 5, 4, 3, 1]), 0));
    assert_eq!(picture(DAY_MS + 21, 10), (ids(&[6, 4, 3, 1]), 0));
    assert_eq!(picture(30, 2), (ids(&[6, 5]), 4), "the limit takes the oldest");
    assert_eq!(picture(30, 0), (Vec::new(), 6));
}

// --- any entries in any order, against the model

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

/// Everything that can be seen of a world.
#[derive(PartialEq, Debug)]
struct Picture {
    incidents: Vec<OfficeIncident>,
    operations: Vec<(Operation, bool)>,
}

fn picture(world: &World) -> Picture {
    Picture {
        incidents: world.newest(usize::MAX).iter().filter_map(OfficeIncident::of).collect(),
        operations: world.operations().map(|(operation, open)| (operation.clone(), open)).collect(),
    }
}

/// A world that lives through the entries as they arrive, with a log from which it reads what it let go.
#[derive(Default)]
struct Life {
    world: World,
    log: Vec<(Seq, Entry)>,
}

impl Life {
    fn take(&mut self, entry: &Entry) {
        let seq = self.log.len() as Seq + 1;
        match self.world.reopened_by(entry) {
            Some((operation, (first, last))) => {
                let of_it =
                    self.log.iter().filter(|(seq, entry)| entry.operation == operation && (first..=last).contains(seq));
                let past = past_of(of_it);
                self.world.reopen(seq, entry, past);
            }
            None => drop(self.world.apply(seq, entry)),
        }
        self.log.push((seq, entry.clone()));
    }
}

fn past_of<'e>(entries: impl IntoIterator<Item = &'e (Seq, Entry)>) -> World {
    let mut world = World::of_the_past();
    entries.into_iter().for_each(|(seq, entry)| drop(world.apply(*seq, entry)));
    world
}

fn fold(entries: &[Entry]) -> World {
    let mut life = Life::default();
    entries.iter().for_each(|entry| life.take(entry));
    life.world
}

/// The world with what closed operations hold, as those see it who look at the database.
pub(crate) fn fold_all(entries: &[Entry]) -> World {
    let mut world = past_of(&(1..).zip(entries.iter().cloned()).collect::<Vec<_>>());
    world.complete();
    world
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
