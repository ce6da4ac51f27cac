//! What a tile of the map shows: incidents and reports one by one where they are few, in clusters where they are
//! many. A drill and the real thing are never counted together.
//!
//! Outer zooms are answered from tallies of cells that are kept in step with the index ([`Tallies`]), inner ones from
//! the index. Tallies are made of coarse positions ([`Position::coarse`]): at those zooms the difference is a unit or
//! two of a tile, and one set of them serves both audiences.

use std::collections::BTreeMap;

use sokuho_tiles::Tile;
use sokuho_tiles::points::{Clusters, Grid, ONE_BY_ONE, Spot, Thing};
use uuid::Uuid;

use super::holdings::Holdings;
use super::index::{Facets, Pin};
use super::world::World;
use crate::domain::clock::Hlc;
use crate::domain::entry::Seq;
use crate::domain::ids::{IncidentId, OperationId, ReportId};
use crate::domain::incident::{Status, Symbol};
use crate::domain::operation::OperationKind;
use crate::domain::position::{Bounds, Position};
use crate::domain::report::Category;
use crate::wire::Audience;

/// Statuses in the order of their marks.
pub const STATUSES: [Status; 4] = [Status::Received, Status::InProgress, Status::Resolved, Status::Declined];

/// Number of the mark of the first status; those of the categories come before, in the order of [`Category::ALL`].
pub const FIRST_STATUS: usize = Category::ALL.len();

/// The marks of all categories.
const CATEGORIES: u32 = (1 << FIRST_STATUS) - 1;

/// Number of the mark of danger to life.
pub const DANGER: usize = FIRST_STATUS + STATUSES.len();

/// How many marks a thing of the map can have.
pub const MARKS: usize = DANGER + 1;

/// The outermost zoom whose tiles show reports: further out they would say the same as their incidents.
pub const REPORTS_FROM: u8 = 14;

/// More incidents in a tile than this are shown as clusters. One takes some 75 bytes of a tile.
const INCIDENTS_ONE_BY_ONE: usize = 1_400;

/// The same for reports, of which one takes some 115 bytes.
const REPORTS_ONE_BY_ONE: usize = 600;

/// Degrees that a search goes beyond a tile, so that rounding loses nothing at its edge: 0.1 mm.
const SLACK: f64 = 1e-9;

/// Clusters of the map.
pub type MapClusters = Clusters<MARKS>;

/// Tallies of incidents, operation by operation, so that drills can be told apart when they are asked for.
pub(super) type Tallies = BTreeMap<OperationId, Grid<MARKS>>;

/// An incident of the map; the id of the thing is the incident's.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct MapIncident {
    /// Where and what. Its time is that of the first report, in seconds since 1970.
    pub thing: Thing,
    /// Whether it belongs to a drill.
    pub drill: bool,
    /// The first of its reports.
    pub first: ReportId,
    /// Whether that one is marked as danger to life.
    pub first_in_danger: bool,
}

/// A report of the map, for offices; the id of the thing is the report's.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct MapReport {
    /// Where and what. Its time is that of its filing, in seconds since 1970.
    pub thing: Thing,
    /// Its incident.
    pub incident: IncidentId,
    /// Whether it belongs to a drill.
    pub drill: bool,
}

/// What a layer of a tile shows.
#[derive(Debug)]
pub enum Shown<T> {
    /// Each thing by itself.
    OneByOne(Vec<T>),
    /// Clusters: what is real, and what is a drill's.
    Gathered(MapClusters, MapClusters),
}

/// What a tile of the map shows, at one position of the log.
#[derive(Debug)]
pub struct MapTile {
    /// The last entry that is in it.
    pub seq: Seq,
    /// Incidents.
    pub incidents: Shown<MapIncident>,
    /// Reports, for offices, from [`REPORTS_FROM`] on.
    pub reports: Shown<MapReport>,
}

/// Where something changed that a map shows: where it stood before, and where it stands now.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Places {
    /// Of incidents.
    pub incidents: Vec<Position>,
    /// Of reports that did not open their incidents, which offices alone see.
    pub reports: Vec<Position>,
}

/// The marks of an incident or a report.
fn marks(category: Category, status: Option<Status>, danger_to_life: bool) -> u32 {
    let status = status.and_then(|status| STATUSES.iter().position(|other| *other == status));
    let status = status.map_or(0, |status| 1 << (FIRST_STATUS + status));
    1 << (category as u32) | status | u32::from(danger_to_life) << DANGER
}

/// Where a position is drawn for an audience.
fn spot(position: Position, audience: Audience) -> Spot {
    let position = if audience == Audience::Public { position.coarse() } else { position };
    Spot::at(position.lat(), position.lon())
}

fn seconds(filed: Hlc) -> u64 {
    u64::try_from(filed.timestamp().as_second()).unwrap_or_default()
}

fn of_symbol(symbol: &Symbol, filed: Hlc, position: Position, audience: Audience) -> Thing {
    Thing {
        spot: spot(position, audience),
        id: symbol.id.0.as_u128(),
        time: seconds(filed),
        marks: marks(symbol.category, Some(symbol.status), symbol.danger_to_life),
    }
}

/// The first report of an incident: filed with it, of its category.
fn first_of(incident: &MapIncident) -> MapReport {
    let id = incident.first.0.as_u128();
    let marks = incident.thing.marks & CATEGORIES | u32::from(incident.first_in_danger) << DANGER;
    let thing = Thing { id, marks, ..incident.thing };
    MapReport { thing, incident: IncidentId(Uuid::from_u128(incident.thing.id)), drill: incident.drill }
}

/// An incident as tallies count it.
pub(super) fn counted(id: IncidentId, facets: &Facets) -> Thing {
    of_symbol(&facets.symbol(id), facets.filed, facets.position, Audience::Public)
}

/// Keeps tallies in step with a change of an incident.
pub(super) fn recount(tallies: &mut Tallies, operation: OperationId, before: Option<Thing>, after: Option<Thing>) {
    if before == after {
        return;
    }
    let grid = tallies.entry(operation).or_default();
    if let Some(before) = before {
        grid.remove(&before);
    }
    if let Some(after) = after {
        grid.add(&after);
    }
    if grid.is_empty() {
        tallies.remove(&operation);
    }
}

/// Things that are gathered as soon as they are too many.
struct Gathering<T> {
    tile: Tile,
    at_most: usize,
    shown: Shown<T>,
}

impl<T: Copy> Gathering<T> {
    fn new(tile: Tile, at_most: usize) -> Self {
        Self { tile, at_most, shown: Shown::OneByOne(Vec::new()) }
    }

    fn put(&mut self, thing: T, counted: impl Fn(&T) -> (Thing, bool)) {
        if let Shown::OneByOne(few) = &mut self.shown {
            if few.len() < self.at_most {
                return few.push(thing);
            }
            let (mut real, mut drill) = (MapClusters::of(self.tile), MapClusters::of(self.tile));
            for thing in few.iter() {
                let (thing, is_drill) = counted(thing);
                if is_drill { &mut drill } else { &mut real }.add(&thing);
            }
            self.shown = Shown::Gathered(real, drill);
        }
        if let Shown::Gathered(real, drill) = &mut self.shown {
            let (thing, is_drill) = counted(&thing);
            if is_drill { drill } else { real }.add(&thing);
        }
    }
}

impl World {
    /// What the map shows in this tile, whose zoom is one up to [`sokuho_tiles::points::DEEPEST`].
    pub fn map_tile(&self, tile: Tile, audience: Audience) -> MapTile {
        let seq = self.head();
        if tile.z < ONE_BY_ONE {
            return MapTile { seq, incidents: self.gathered(tile), reports: Shown::OneByOne(Vec::new()) };
        }
        let drills = self.drills();
        let bounds = searched(tile);
        let incidents = &self.incidents.index.incidents;
        let mut shown = Gathering::new(tile, INCIDENTS_ONE_BY_ONE);
        for found in incidents.within(&bounds) {
            let Pin { symbol, first, first_in_danger } = found.id;
            let thing = of_symbol(&symbol, found.filed, found.position, audience);
            if thing.spot.tile(tile.z) == tile {
                let drill = drills.has(symbol.id);
                shown.put(MapIncident { thing, drill, first, first_in_danger }, |one| (one.thing, one.drill));
            }
        }
        let incidents = shown.shown;
        let reports = if audience == Audience::Office && tile.z >= REPORTS_FROM {
            self.reports_of(tile, &bounds, &incidents, &drills)
        } else {
            Shown::OneByOne(Vec::new())
        };
        MapTile { seq, incidents, reports }
    }

    fn gathered(&self, tile: Tile) -> Shown<MapIncident> {
        let (mut real, mut drill) = (MapClusters::of(tile), MapClusters::of(tile));
        for (operation, grid) in &self.incidents.tallies {
            if self.is_drill(*operation) { &mut drill } else { &mut real }.add_grid(grid);
        }
        Shown::Gathered(real, drill)
    }

    /// The reports of a tile: the first ones of its incidents, and the others that stand in it.
    fn reports_of(
        &self,
        tile: Tile,
        bounds: &Bounds,
        incidents: &Shown<MapIncident>,
        drills: &Drills<'_>,
    ) -> Shown<MapReport> {
        let firsts = match incidents {
            Shown::OneByOne(few) if few.len() <= REPORTS_ONE_BY_ONE => few,
            // Their first reports stand where they stand: one picture of the crowd is enough.
            _ => return Shown::OneByOne(Vec::new()),
        };
        let firsts = firsts.iter().map(first_of);
        let others = self.incidents.index.others.within(bounds);
        let others = others.filter_map(|found| {
            let spot = spot(found.position, Audience::Office);
            let report = &self.report(found.id).filter(|_| spot.tile(tile.z) == tile)?.report;
            let marks = marks(report.category, None, report.danger_to_life);
            let thing = Thing { spot, id: report.id.0.as_u128(), time: seconds(found.filed), marks };
            Some(MapReport { thing, incident: report.incident, drill: drills.has(report.incident) })
        });
        let mut shown = Gathering::new(tile, REPORTS_ONE_BY_ONE);
        firsts.chain(others).for_each(|report| shown.put(report, |one| (one.thing, one.drill)));
        shown.shown
    }

    pub(super) fn is_drill(&self, operation: OperationId) -> bool {
        self.operations.get(operation).is_some_and(|(operation, _)| operation.kind == OperationKind::Drill)
    }

    fn drills(&self) -> Drills<'_> {
        let (drills, real): (Vec<_>, Vec<_>) = self.incidents.held().partition(|(id, _)| self.is_drill(*id));
        Drills { of: drills.into_iter().map(|(_, held)| held).collect(), any_real: !real.is_empty() }
    }
}

/// What is held of drills, to tell whether an incident is one's without asking each time where it is the same for
/// all.
struct Drills<'a> {
    of: Vec<&'a Holdings>,
    any_real: bool,
}

impl Drills<'_> {
    fn has(&self, id: IncidentId) -> bool {
        !self.of.is_empty() && (!self.any_real || self.of.iter().any(|held| held.knows(id)))
    }
}

/// The box in which everything stands that an audience may see in the tile.
fn searched(tile: Tile) -> Bounds {
    let sokuho_tiles::Bounds { west, south, east, north } = tile.bounds();
    let bounds = Bounds { west, south, east, north }.around_coarse();
    Bounds {
        west: bounds.west - SLACK,
        south: bounds.south - SLACK,
        east: bounds.east + SLACK,
        north: bounds.north + SLACK,
    }
}

#[cfg(test)]
#[path = "map_tests.rs"]
mod tests;
