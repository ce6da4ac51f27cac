//! Incidents and their reports, operation by operation, and the index over all of them.
//!
//! An entry counts within the operation that it names. So what is held of an operation can be let go, and be
//! made anew from its entries alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::holdings::{Holdings, Reports, Stamped};
use super::index::{Facets, Index};
use super::map::{self, Places, Tallies};
use super::obstacles::{self, Obstacles};
use crate::domain::entry::{Entry, Lww, ResponsibleChanged, StatusChanged, ZonesChanged};
use crate::domain::ids::{EntryId, IncidentId, OperationId, ReportId};
use crate::domain::incident::{Incident, Symbol};
use crate::domain::position::Position;
use crate::domain::report::{FiledReport, Report};
use crate::domain::zone::Zones;
use crate::wire::incident::IncidentView;

/// All incidents, reports, and the index over them.
#[derive(Debug, Default)]
pub(super) struct Incidents {
    /// Few: the operations that are open, of which there are reports.
    held: BTreeMap<OperationId, Holdings>,
    pub(super) index: Index,
    /// What outer zooms of the map are drawn from.
    pub(super) tallies: Tallies,
    /// What may stand in somebody's way.
    pub(super) obstacles: Obstacles,
    /// Where something changed that a map shows, since somebody last asked.
    changed: Places,
    /// The index waits for [`Incidents::make_index`].
    index_waits: bool,
}

impl Incidents {
    /// None yet, for a replay: the index is not kept in step, and made at the end.
    pub(super) fn without_index() -> Self {
        Self { index_waits: true, ..Self::default() }
    }

    /// Makes the index from what is known, and keeps it in step from now on.
    pub(super) fn make_index(&mut self) {
        self.index_waits = false;
        let mut visible = Vec::with_capacity(self.len());
        let mut stretches = Vec::new();
        for (operation, held) in &self.held {
            let begin = visible.len();
            visible.extend(held.all_facets());
            stretches.push((*operation, begin..visible.len()));
        }
        let others = self.held.values().flat_map(Holdings::all_others).collect();
        // A node that starts has nothing else to do: each on a core of its own.
        (self.index, (self.tallies, self.obstacles)) = std::thread::scope(|scope| {
            let by_operation = scope.spawn(|| {
                let (mut tallies, mut obstacles) = (Tallies::new(), Obstacles::new());
                for (operation, stretch) in &stretches {
                    let of_operation = &visible[stretch.clone()];
                    for (id, facets) in of_operation {
                        map::recount(&mut tallies, *operation, None, Some(map::counted(*id, facets)));
                    }
                    obstacles::collect(&mut obstacles, *operation, of_operation);
                }
                (tallies, obstacles)
            });
            let index = Index::of(&visible, others);
            (index, by_operation.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
    }

    /// A report was filed. Of two entries that file the same report (its sender reached two nodes) the
    /// earlier counts.
    pub(super) fn file(&mut self, entry: &Entry, report: &Arc<Report>) -> IncidentId {
        if let Some(earlier) = self.held.get(&entry.operation).and_then(|held| held.report(report.id)) {
            let incident = earlier.filed.report.incident;
            if earlier.stamp <= entry.stamp() {
                return incident;
            }
            self.change(entry.operation, incident, |incident, reports| {
                incident.remove_report(report.id);
                reports.remove(&report.id);
            });
        }
        self.change(entry.operation, report.incident, |incident, reports| {
            incident.add_report(report.id);
            reports.insert(report.id, Stamped::of(entry, report));
        });
        report.incident
    }

    /// An incident's status was set.
    pub(super) fn set_status(&mut self, entry: &Entry, change: &StatusChanged) {
        self.see(entry);
        self.change(entry.operation, change.incident, |incident, _| {
            incident.status.write(entry.stamp(), change.status);
        });
    }

    /// An office took an incident, or it was handed over.
    pub(super) fn set_responsible(&mut self, entry: &Entry, change: &ResponsibleChanged) {
        self.see(entry);
        self.change(entry.operation, change.incident, |incident, _| {
            let unwritten = || Box::new(Lww::unwritten(change.office.clone()));
            incident.taken.get_or_insert_with(unwritten).write(entry.stamp(), change.office.clone());
        });
    }

    /// An incident was looked at again by another edition of the hazard zones.
    pub(super) fn set_zones(&mut self, entry: &Entry, change: &ZonesChanged) {
        self.see(entry);
        self.change(entry.operation, change.incident, |incident, _| {
            let unwritten = || Box::new(Lww::unwritten(Zones::none()));
            incident.zones.get_or_insert_with(unwritten).write(entry.stamp(), change.zones.clone());
        });
    }

    fn see(&mut self, entry: &Entry) {
        self.held.entry(entry.operation).or_default().seen_changes.insert(entry.id);
    }

    /// Changes an incident and keeps the index in step.
    fn change(&mut self, operation: OperationId, id: IncidentId, edit: impl FnOnce(&mut Incident, &mut Reports)) {
        let held = self.held.entry(operation).or_default();
        let before = (!self.index_waits).then(|| (held.facets(id), held.others(id)));
        held.change(operation, id, edit);
        if let Some((facets, others)) = before {
            let (facets_now, others_now) = (held.facets(id), held.others(id));
            let counted = |facets: &Option<Facets>| facets.as_ref().map(|facets| map::counted(id, facets));
            map::recount(&mut self.tallies, operation, counted(&facets), counted(&facets_now));
            obstacles::change(&mut self.obstacles, operation, id, facets.as_ref(), facets_now.as_ref());
            self.index.change(id, facets.as_ref(), facets_now.as_ref());
            self.index.change_others(&others, &others_now);
            self.changed.incidents.extend(facets.iter().chain(&facets_now).map(|facets| facets.position));
            self.changed.reports.extend(others.iter().chain(&others_now).map(|other| other.position));
        }
    }

    /// Where something changed that a map shows, since this was last asked; not what came or went with a whole
    /// operation.
    pub(super) fn take_changed(&mut self) -> Places {
        std::mem::take(&mut self.changed)
    }

    /// What is held, by operation.
    pub(super) fn held(&self) -> impl Iterator<Item = (OperationId, &Holdings)> {
        self.held.iter().map(|(id, held)| (*id, held))
    }

    /// Gives back the memory of all that is held of an operation.
    pub(super) fn let_go(&mut self, operation: OperationId) {
        let Some(gone) = self.held.remove(&operation) else { return };
        self.tallies.remove(&operation);
        self.obstacles.remove(&operation);
        if self.index_waits {
            return;
        }
        if gone.len() > self.len() {
            return self.make_index();
        }
        for id in gone.ids() {
            self.index.change(id, gone.facets(id).as_ref(), None);
            self.index.change_others(&gone.others(id), &[]);
        }
    }

    /// Takes over what another world holds of operations of which this one holds nothing.
    pub(super) fn take_over(&mut self, other: Self) {
        for (operation, held) in other.held {
            let many = held.len() > self.len();
            for id in held.ids().take_while(|_| !many) {
                let facets = held.facets(id);
                let counted = facets.as_ref().map(|facets| map::counted(id, facets));
                map::recount(&mut self.tallies, operation, None, counted);
                obstacles::change(&mut self.obstacles, operation, id, None, facets.as_ref());
                self.index.change(id, None, facets.as_ref());
                self.index.change_others(&[], &held.others(id));
            }
            self.held.insert(operation, held);
            if many {
                self.make_index();
            }
        }
    }

    /// How many incidents are held, also those that nobody sees.
    pub(super) fn len(&self) -> usize {
        self.held.values().map(Holdings::len).sum()
    }

    fn find<'a, T>(&'a self, look: impl FnMut(&'a Holdings) -> Option<T>) -> Option<T> {
        self.held.values().find_map(look)
    }

    /// What a map draws of a visible incident, and where.
    pub(super) fn symbol(&self, id: IncidentId) -> Option<(Symbol, Position)> {
        let facets: Facets = self.find(|held| held.facets(id))?;
        Some((facets.symbol(id), facets.position))
    }

    /// The report that was filed first.
    pub(super) fn first(&self, id: IncidentId) -> Option<&FiledReport> {
        self.find(|held| held.first(id))
    }

    pub(super) fn report(&self, id: ReportId) -> Option<&FiledReport> {
        self.find(|held| held.report(id)).map(|stamped| &stamped.filed)
    }

    /// The incident with its reports, oldest first; `None` while it has none.
    pub(super) fn view(&self, id: IncidentId) -> Option<IncidentView<'_>> {
        self.find(|held| held.view(id))
    }

    /// Whether this entry, which changes an incident, was folded in.
    pub(super) fn has_seen_change(&self, entry: EntryId) -> bool {
        self.held.values().any(|held| held.seen_changes.contains(&entry))
    }
}

#[cfg(test)]
impl Incidents {
    /// The operations of which anything is held.
    pub(super) fn operations_held(&self) -> Vec<OperationId> {
        self.held.keys().copied().collect()
    }

    /// Checks that the index holds each visible incident and located report once, and nothing else.
    pub(super) fn check_index(&self) {
        let all = self.held.values().flat_map(|held| held.ids().filter_map(|id| held.facets(id)));
        let visible: Vec<Facets> = all.collect();
        let index = &self.index;
        assert_eq!(index.incidents.len(), visible.len());
        assert_eq!(index.newest.len(), visible.len());
        assert_eq!(index.open.len() + index.closed.len(), visible.len());
        let of_offices: usize = index.by_office.values().map(std::collections::BTreeSet::len).sum();
        assert_eq!(of_offices, visible.iter().filter(|facets| facets.responsible.is_some()).count());
        let in_zones: usize = index.by_zones.values().map(|there| there.all.len()).sum();
        assert_eq!(in_zones, visible.iter().filter(|facets| !facets.zones.is_empty()).count());
        let open_in_zones: usize = index.by_zones.values().map(|there| there.open).sum();
        let open = |facets: &&Facets| !facets.zones.is_empty() && facets.status.is_open();
        assert_eq!(open_in_zones, visible.iter().filter(open).count());
        let blocking: usize = self.obstacles.values().map(super::sphere::Sphere::len).sum();
        assert_eq!(blocking, visible.iter().filter(|facets| obstacles::blocks(facets)).count());
        let located: usize = self.held.values().map(Holdings::located).sum();
        assert_eq!(index.incidents.len() + index.others.len(), located);
        assert_eq!(index.newest_others.len(), index.others.len());
        assert!(index.by_office.values().all(|incidents| !incidents.is_empty()), "no office without incidents");
    }
}
