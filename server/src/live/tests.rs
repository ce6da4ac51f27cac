//! The world: what single entries make of it.

mod closed;
mod model;

use std::collections::HashSet;
use std::sync::Arc;

use proptest::prelude::*;

pub(crate) use self::model::any_entries;
use super::Live;
use super::world::World;
use crate::domain::entry::{Body, Entry, Seq};
use crate::domain::ids::{EntryId, IncidentId, MediaId};
use crate::domain::incident::Status;
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
use crate::wire::incident::OfficeIncident;

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
