//! The map's questions, answered from memory. Lists are newest first, by the time at which an incident's
//! first report was filed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use jiff::{SignedDuration, Timestamp};

use super::index::{ByAge, Pin};
use super::sphere::Spot;
use super::world::World;
use crate::domain::clock::Hlc;
use crate::domain::entry::{Body, Entry, Lww};
use crate::domain::ids::{EntryId, IncidentId, OperationId, ReportId, ShelterId};
use crate::domain::incident::Symbol;
use crate::domain::office::OfficeCode;
use crate::domain::operation::Operation;
use crate::domain::position::{Bounds, Position};
use crate::domain::report::FiledReport;
use crate::domain::shelter::Said;
use crate::domain::zone::{ZoneTag, Zones};
use crate::wire::incident::IncidentView;
use crate::wire::shelter::OfficeShelterStatus;

/// Incidents in a box that are put in order of age; where there are more, the newest of all are gone
/// through instead, so that a box over everything costs no more than a small one.
const SORTED_AT_ONCE: usize = 4_096;

/// Incidents of all that are gone through for that. A box full of old ones would have us go through the whole world,
/// while the world is locked for whoever reports: then the box is put in order after all, however much it holds.
const GONE_THROUGH: usize = 65_536;

/// How long a closed incident stays in the picture.
const STAYS_AFTER_CLOSING: SignedDuration = SignedDuration::from_hours(24);

/// Among which incidents a question looks.
#[derive(Clone, Copy, Debug)]
pub enum Among<'a> {
    /// All of them.
    All,
    /// Those within the bounds.
    Within(&'a Bounds),
    /// Those that this office answers for.
    Of(&'a OfficeCode),
}

impl World {
    /// The incident with its reports, oldest first. `None` if no report of it has arrived, or its operation is
    /// closed.
    pub fn incident(&self, id: IncidentId) -> Option<IncidentView<'_>> {
        self.incidents.view(id)
    }

    /// The report, unless its operation is closed.
    pub fn report(&self, id: ReportId) -> Option<&FiledReport> {
        self.incidents.report(id)
    }

    /// Whether this entry, which changes an incident of an open operation, was folded in, that is, whether it
    /// stands in the log.
    pub fn has_seen_change(&self, entry: EntryId) -> bool {
        self.incidents.has_seen_change(entry)
    }

    /// The operation, and whether it still takes reports. `None` if its beginning has not arrived.
    pub fn operation(&self, id: OperationId) -> Option<(&Operation, bool)> {
        self.operations.get(id)
    }

    /// All operations, and whether they still take reports; everyday care is always among them.
    pub fn operations(&self) -> impl Iterator<Item = (&Operation, bool)> {
        self.operations.iter()
    }

    /// What is said of a shelter in earnest; `None`: nothing.
    pub fn shelter_status(&self, id: ShelterId) -> Option<OfficeShelterStatus> {
        status_of(id, None, self.shelters.get(id)?)
    }

    /// What is said of all shelters in earnest, by id.
    pub fn shelter_statuses(&self) -> impl Iterator<Item = OfficeShelterStatus> {
        self.shelters.iter().filter_map(|(id, field)| status_of(id, None, field))
    }

    /// What is said of a shelter in a drill, also in one that is over; `None`: nothing. For offices alone.
    pub fn drilled_status(&self, drill: OperationId, id: ShelterId) -> Option<OfficeShelterStatus> {
        status_of(id, Some(drill), self.shelters.get_drilled(drill, id)?)
    }

    /// What is said of all shelters in the drills that are open, by drill and shelter. For offices alone.
    pub fn drilled_statuses(&self) -> impl Iterator<Item = OfficeShelterStatus> {
        let open = self.shelters.drilled().filter(|(drill, _)| self.operations.is_open(*drill));
        open.filter_map(|(drill, id)| self.drilled_status(drill, id))
    }

    /// What is said of the shelter after this entry, which says something of it: in earnest, or in the entry's drill
    /// while that is open.
    pub fn status_after(&self, entry: &Entry, shelter: ShelterId) -> Option<OfficeShelterStatus> {
        match &entry.body {
            Body::ShelterDrilled(_) if !self.operations.is_open(entry.operation) => None,
            Body::ShelterDrilled(_) => self.drilled_status(entry.operation, shelter),
            _ => self.shelter_status(shelter),
        }
    }

    /// What the words about shelters hang on: another pair, another picture. The opening and closing of a drill shows
    /// and hides its words.
    pub fn shelters_version(&self) -> (usize, usize) {
        (self.shelters.entries(), self.operations.changes())
    }

    /// The newest incidents.
    pub fn newest(&self, limit: usize) -> Vec<IncidentView<'_>> {
        self.views(self.incidents.index.newest.keys().rev().take(limit).copied())
    }

    /// The newest incidents that this office answers for.
    pub fn by_office(&self, office: &OfficeCode, limit: usize) -> Vec<IncidentView<'_>> {
        let incidents = self.incidents.index.by_office.get(office);
        self.views(incidents.into_iter().flat_map(|incidents| incidents.iter().rev()).take(limit).copied())
    }

    /// The newest incidents within the bounds.
    pub fn incidents_in(&self, bounds: &Bounds, limit: usize) -> Vec<IncidentView<'_>> {
        self.symbols_in(bounds, limit).into_iter().filter_map(|(symbol, _)| self.incident(symbol.id)).collect()
    }

    /// What a map draws of the newest incidents within the bounds.
    pub fn symbols_in(&self, bounds: &Bounds, limit: usize) -> Vec<(Symbol, Position)> {
        let index = &self.incidents.index;
        let mut within: Vec<_> = index.incidents.within(bounds).take(SORTED_AT_ONCE + 1).collect();
        if within.len() > SORTED_AT_ONCE {
            // A box that holds so many holds its share of the newest.
            if let Some(newest) = first_in(bounds, index.newest.iter().rev(), limit) {
                return newest.into_iter().filter_map(|(_, id)| self.incidents.symbol(id)).collect();
            }
            within = index.incidents.within(bounds).collect();
        }
        let newest_first = |spot: &&Spot<Pin>| Reverse((spot.filed, spot.id.symbol.id));
        if within.len() > limit {
            within.select_nth_unstable_by_key(limit, newest_first);
            within.truncate(limit);
        }
        within.sort_unstable_by_key(newest_first);
        within.into_iter().map(|spot| (spot.id.symbol, spot.position)).collect()
    }

    /// What a map draws of the newest incidents, of all or of those that this office answers for.
    pub fn newest_symbols(&self, office: Option<&OfficeCode>, limit: usize) -> Vec<(Symbol, Position)> {
        let index = &self.incidents.index;
        let symbol = |(_, id): &ByAge| self.incidents.symbol(*id);
        match office {
            None => index.newest.keys().rev().take(limit).filter_map(symbol).collect(),
            Some(office) => {
                let all = index.by_office.get(office);
                all.into_iter().flat_map(|all| all.iter().rev()).take(limit).filter_map(symbol).collect()
            }
        }
    }

    /// What a map draws of the newest incidents that lie in zones of a layer, or of one class of it; of all incidents or
    /// of some.
    pub fn symbols_in_zones(
        &self,
        (layer, class): (&str, Option<&str>),
        among: Among<'_>,
        limit: usize,
    ) -> Vec<(Symbol, Position)> {
        let index = &self.incidents.index;
        let fits = |tag: &ZoneTag| tag.layer == layer && class.is_none_or(|class| tag.class == class);
        let there = index.by_zones.iter().filter(|(zones, _)| zones.iter().any(|tag| fits(tag)));
        let there: Vec<&BTreeSet<ByAge>> = there.map(|(_, there)| &there.all).collect();
        let lies_there = |by_age: &ByAge| there.iter().any(|all| all.contains(by_age));
        let newest: Vec<ByAge> = match among {
            Among::All => {
                // No more than `limit` of those with the same zones can be among the first `limit`.
                let newest = there.iter().flat_map(|all| all.iter().rev().take(limit).copied());
                newest_of(newest, limit).collect()
            }
            Among::Of(office) => {
                let all = index.by_office.get(office).into_iter().flat_map(|all| all.iter().rev());
                all.filter(|by_age| lies_there(by_age)).take(limit).copied().collect()
            }
            Among::Within(bounds) => {
                let by_age = |spot: &Spot<Pin>| (spot.filed, spot.id.symbol.id);
                let few: Vec<ByAge> = index.incidents.within(bounds).take(SORTED_AT_ONCE + 1).map(by_age).collect();
                if few.len() <= SORTED_AT_ONCE {
                    newest_of(few.into_iter().filter(lies_there), limit).collect()
                } else {
                    // A box that holds so many: rather those in the zones, of which each place is known.
                    let within = |by_age: &ByAge| index.newest.get(by_age).is_some_and(|at| bounds.contains(*at));
                    let all = there.iter().flat_map(|all| all.iter().rev().filter(|by_age| within(by_age)).take(limit));
                    newest_of(all.copied(), limit).collect()
                }
            }
        };
        newest.into_iter().filter_map(|(_, id)| self.incidents.symbol(id)).collect()
    }

    /// How many incidents lie in the zones of each class of each layer: all, and the open ones. Editions are not told
    /// apart: a tag of one that is no longer in force counts too.
    pub fn counts_by_zone(&self) -> BTreeMap<(&str, &str), (&ZoneTag, usize, usize)> {
        let mut counts = BTreeMap::new();
        for (zones, there) in &self.incidents.index.by_zones {
            for tag in zones.iter() {
                let of_class = (tag.layer.as_str(), tag.class.as_str());
                let (_, all, open) = counts.entry(of_class).or_insert((tag.as_ref(), 0, 0));
                *all += there.all.len();
                *open += there.open;
            }
        }
        counts
    }

    /// The open incidents of open operations, with where they are and the zones that they carry.
    pub fn open_places(&self) -> Vec<(IncidentId, OperationId, Position, Zones)> {
        let open = self.incidents.index.open.iter();
        let place = |(_, id): &ByAge| {
            let view = self.incident(*id)?;
            Some((*id, view.incident.operation, view.reports.first()?.report.position()?, view.zones().clone()))
        };
        open.filter_map(place).collect()
    }

    /// The newest reports within the bounds. No door asks yet; an operator who merges incidents will ask for
    /// the reports around one.
    pub fn reports_in(&self, bounds: &Bounds, limit: usize) -> Vec<&FiledReport> {
        let index = &self.incidents.index;
        let firsts = index.incidents.within(bounds).map(|spot| (spot.filed, spot.id.first));
        let others = index.others.within(bounds).map(|spot| (spot.filed, spot.id));
        newest_of(firsts.chain(others), limit).filter_map(|(_, id)| self.report(id)).collect()
    }

    /// The nearest incidents, nearest first, with metres along the great circle
    /// ([`Position::distance_m`]).
    pub fn nearest(&self, position: Position, limit: usize) -> Vec<(IncidentView<'_>, f64)> {
        let nearest = self.incidents.index.incidents.nearest(position, limit);
        nearest.into_iter().filter_map(|(spot, metres)| Some((self.incident(spot.id.symbol.id)?, metres))).collect()
    }

    /// What a map draws of the nearest incidents, nearest first.
    pub fn symbols_near(&self, position: Position, limit: usize) -> Vec<(Symbol, Position)> {
        let nearest = self.incidents.index.incidents.nearest(position, limit);
        nearest.into_iter().map(|(spot, _)| (spot.id.symbol, spot.position)).collect()
    }

    /// The picture that a newcomer gets: open incidents and those closed within 24 hours, newest first;
    /// and how many more there are than `limit`.
    pub fn recent_open(&self, now: Timestamp, limit: usize) -> (Vec<IncidentView<'_>>, usize) {
        let index = &self.incidents.index;
        let since = Hlc::at(now.saturating_sub(STAYS_AFTER_CLOSING).unwrap_or(Timestamp::MIN));
        let closed = index.closed.range((since, IncidentId(uuid::Uuid::nil()))..).map(|((_, id), filed)| (*filed, *id));
        let mut recent: Vec<ByAge> = closed.collect();
        let all = index.open.len() + recent.len();
        // No more than `limit` of the open ones can be among the first `limit`.
        recent.extend(index.open.iter().rev().take(limit));
        recent.sort_unstable_by_key(|by_age| Reverse(*by_age));
        recent.truncate(limit);
        (self.views(recent), all.saturating_sub(limit))
    }

    fn views(&self, ids: impl IntoIterator<Item = ByAge>) -> Vec<IncidentView<'_>> {
        ids.into_iter().filter_map(|(_, id)| self.incident(id)).collect()
    }
}

fn status_of(id: ShelterId, drill: Option<OperationId>, field: &Lww<Option<Said>>) -> Option<OfficeShelterStatus> {
    Some(OfficeShelterStatus::of(id, drill, field.written()?, field.get().as_ref()?))
}

/// The first so many of these that lie within the bounds; `None`: more than [`GONE_THROUGH`] would have to be gone
/// through to tell.
fn first_in<'a>(
    bounds: &Bounds,
    all: impl Iterator<Item = (&'a ByAge, &'a Position)>,
    limit: usize,
) -> Option<Vec<ByAge>> {
    let mut found = Vec::new();
    for (gone_through, (by_age, position)) in all.enumerate() {
        if found.len() == limit {
            break;
        }
        if gone_through == GONE_THROUGH {
            return None;
        }
        if bounds.contains(*position) {
            found.push(*by_age);
        }
    }
    Some(found)
}

/// The newest, newest first; without sorting what is not wanted.
fn newest_of<Id: Ord>(all: impl Iterator<Item = (Hlc, Id)>, limit: usize) -> impl Iterator<Item = (Hlc, Id)> {
    let mut heap: BinaryHeap<(Hlc, Id)> = all.collect::<Vec<_>>().into();
    std::iter::from_fn(move || heap.pop()).take(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOX: Bounds = Bounds { west: 139.0, south: 37.0, east: 139.1, north: 37.1 };

    /// Newest first: so many elsewhere, then so many in the box; and how many of them were looked at.
    fn look(elsewhere: usize, inside: usize, limit: usize) -> (Option<usize>, usize) {
        let by_age: ByAge = (Hlc(1), IncidentId(uuid::Uuid::nil()));
        let (out, within) = (Position::new(38.0, 140.0).unwrap(), Position::new(37.05, 139.05).unwrap());
        let looked_at = std::cell::Cell::new(0);
        let all = std::iter::repeat_n(&out, elsewhere).chain(std::iter::repeat_n(&within, inside));
        let all = all.map(|position| (&by_age, position)).inspect(|_| looked_at.set(looked_at.get() + 1));
        (first_in(&BOX, all, limit).map(|found| found.len()), looked_at.get())
    }

    #[test]
    fn a_box_of_old_incidents_does_not_have_the_whole_world_gone_through() {
        assert_eq!(look(10, 5_000, 100), (Some(100), 111));
        assert_eq!(look(0, 50, 100), (Some(50), 50));
        let (found, looked_at) = look(1_000_000, 5_000, 100);
        assert!(found.is_none() && looked_at <= GONE_THROUGH + 1, "{looked_at}");
    }
}
