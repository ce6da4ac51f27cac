//! Incidents and their reports, folded from entries whatever the order of their arrival.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::index::{Facets, Index};
use super::sphere::Spot;
use crate::domain::entry::{Entry, Lww, ResponsibleChanged, Stamp, StatusChanged};
use crate::domain::ids::{EntryId, IncidentId, MediaId, ReportId};
use crate::domain::incident::{Incident, Status, Symbol};
use crate::domain::operation::EVERYDAY;
use crate::domain::position::Position;
use crate::domain::report::{FiledReport, Report};
use crate::wire::incident::IncidentView;

/// All incidents, reports, and the index over them.
#[derive(Debug, Default)]
pub(super) struct Incidents {
    /// Also those of which only a change has arrived: they have no report and nobody sees them.
    /// Boxed, because a growing table moves all that it holds.
    known: HashMap<IncidentId, Box<Incident>>,
    reports: HashMap<ReportId, Box<Stamped>>,
    pub(super) index: Index,
    /// Photos and videos that a report names, or named before an earlier filing of it arrived.
    pub(super) named_media: HashSet<MediaId>,
    /// Entries that changed an incident and were folded in.
    pub(super) seen_changes: HashSet<EntryId>,
    /// The index waits for [`Incidents::make_index`].
    index_waits: bool,
}

#[derive(Debug)]
struct Stamped {
    stamp: Stamp,
    filed: FiledReport,
}

impl Incidents {
    /// None yet, for a replay: the index is not kept in step, and made at the end.
    pub(super) fn without_index() -> Self {
        Self { index_waits: true, ..Self::default() }
    }

    /// Makes the index from what is known, and keeps it in step from now on.
    pub(super) fn make_index(&mut self) {
        self.index_waits = false;
        let visible: Vec<_> = self.known.keys().filter_map(|id| Some((*id, self.facets(*id)?))).collect();
        let others = visible.iter().flat_map(|(id, _)| self.others(*id)).collect();
        self.index = Index::of(&visible, others);
    }

    /// A report was filed. Of two entries that file the same report (its sender reached two nodes) the
    /// earlier counts.
    pub(super) fn file(&mut self, entry: &Entry, report: &Arc<Report>) -> IncidentId {
        let stamp = entry.stamp();
        if let Some(earlier) = self.reports.get(&report.id) {
            if earlier.stamp <= stamp {
                return earlier.filed.report.incident;
            }
            self.take_out(report.id);
        }
        let filed = FiledReport {
            report: Arc::clone(report),
            actor: entry.actor.clone(),
            office: entry.office.clone(),
            operation: entry.operation,
            filed_at: entry.at(),
        };
        self.named_media.extend(report.media.iter().map(|medium| medium.id.clone()));
        self.change(report.incident, |incident, reports| {
            incident.add_report(report.id);
            reports.insert(report.id, Box::new(Stamped { stamp, filed }));
        });
        report.incident
    }

    /// An incident's status was set.
    pub(super) fn set_status(&mut self, stamp: Stamp, change: &StatusChanged) -> IncidentId {
        self.seen_changes.insert(stamp.id);
        self.change(change.incident, |incident, _| {
            incident.status.write(stamp, change.status);
        });
        change.incident
    }

    /// An office took an incident, or it was handed over.
    pub(super) fn set_responsible(&mut self, stamp: Stamp, change: &ResponsibleChanged) -> IncidentId {
        self.seen_changes.insert(stamp.id);
        self.change(change.incident, |incident, _| {
            let unwritten = || Box::new(Lww::unwritten(change.office.clone()));
            incident.taken.get_or_insert_with(unwritten).write(stamp, change.office.clone());
        });
        change.incident
    }

    fn take_out(&mut self, id: ReportId) {
        let Some(old) = self.reports.get(&id) else { return };
        self.change(old.filed.report.incident, |incident, reports| {
            incident.remove_report(id);
            reports.remove(&id);
        });
    }

    /// Changes an incident and keeps what follows from its first report, and the index, in step.
    fn change(&mut self, id: IncidentId, edit: impl FnOnce(&mut Incident, &mut HashMap<ReportId, Box<Stamped>>)) {
        let before = (!self.index_waits).then(|| (self.facets(id), self.others(id)));
        let incident = self.known.entry(id).or_insert_with(|| {
            Box::new(Incident {
                id,
                operation: EVERYDAY,
                reports: Box::default(),
                responsible: None,
                taken: None,
                status: Lww::unwritten(Status::default()),
            })
        });
        edit(incident, &mut self.reports);
        (incident.operation, incident.responsible) = match first(incident, &self.reports) {
            Some(Stamped { filed, .. }) => {
                let taken = incident.taken.as_deref().map(Lww::get);
                let responsible = taken.or(filed.report.place.municipality()).or(filed.office.as_ref());
                (filed.operation, responsible.cloned())
            }
            None => (EVERYDAY, None),
        };
        if let Some((facets, others)) = before {
            self.index.change(id, facets.as_ref(), self.facets(id).as_ref());
            self.index.change_others(&others, &self.others(id));
        }
    }

    /// What a map draws of a visible incident, and where.
    pub(super) fn symbol(&self, id: IncidentId) -> Option<(Symbol, Position)> {
        self.facets(id).map(|facets| (facets.symbol(id), facets.position))
    }

    fn facets(&self, id: IncidentId) -> Option<Facets> {
        let incident = self.known.get(&id)?;
        let first = first(incident, &self.reports)?;
        Some(Facets {
            filed: first.stamp.hlc,
            position: first.filed.report.position()?,
            category: first.filed.report.category,
            responsible: incident.responsible.clone(),
            status: *incident.status.get(),
            status_at: incident.status.written().map_or(first.stamp.hlc, |stamp| stamp.hlc),
        })
    }

    /// Where the incident's reports stand that are not its first.
    fn others(&self, id: IncidentId) -> Vec<Spot<ReportId>> {
        let Some(incident) = self.known.get(&id).filter(|incident| incident.reports.len() > 1) else { return vec![] };
        let first = first(incident, &self.reports).map(|first| first.filed.report.id);
        let others = stamped(incident, &self.reports).filter(|other| Some(other.filed.report.id) != first);
        let spot = |other: &Stamped| {
            let report = &other.filed.report;
            Some(Spot::new(report.id, other.stamp.hlc, report.position()?))
        };
        others.filter_map(spot).collect()
    }

    /// The report that was filed first.
    pub(super) fn first(&self, id: IncidentId) -> Option<&FiledReport> {
        first(self.known.get(&id)?, &self.reports).map(|first| &first.filed)
    }

    pub(super) fn report(&self, id: ReportId) -> Option<&FiledReport> {
        self.reports.get(&id).map(|stamped| &stamped.filed)
    }

    /// The incident with its reports, oldest first; `None` while it has none.
    pub(super) fn view(&self, id: IncidentId) -> Option<IncidentView<'_>> {
        let incident = self.known.get(&id)?;
        let mut reports: Vec<&Stamped> = stamped(incident, &self.reports).collect();
        reports.sort_by_key(|report| report.stamp);
        let reports: Vec<&FiledReport> = reports.into_iter().map(|stamped| &stamped.filed).collect();
        (!reports.is_empty()).then_some(IncidentView { incident, reports })
    }
}

#[cfg(test)]
impl Incidents {
    /// Checks that the index holds each visible incident and located report once, and nothing else.
    pub(super) fn check_index(&self) {
        let visible: Vec<Facets> = self.known.keys().filter_map(|id| self.facets(*id)).collect();
        let index = &self.index;
        assert_eq!(index.incidents.len(), visible.len());
        assert_eq!(index.newest.len(), visible.len());
        assert_eq!(index.open.len() + index.closed.len(), visible.len());
        let of_offices: usize = index.by_office.values().map(std::collections::BTreeSet::len).sum();
        assert_eq!(of_offices, visible.iter().filter(|facets| facets.responsible.is_some()).count());
        let located = self.reports.values().filter(|r| r.filed.report.position().is_some()).count();
        assert_eq!(index.incidents.len() + index.others.len(), located);
        assert_eq!(index.newest_others.len(), index.others.len());
        assert!(index.by_office.values().all(|incidents| !incidents.is_empty()), "no office without incidents");
    }
}

fn stamped<'a>(
    incident: &'a Incident,
    reports: &'a HashMap<ReportId, Box<Stamped>>,
) -> impl Iterator<Item = &'a Stamped> {
    incident.reports.iter().filter_map(|id| reports.get(id)).map(Box::as_ref)
}

/// The report that was filed first: it says where the incident is and whose.
fn first<'a>(incident: &'a Incident, reports: &'a HashMap<ReportId, Box<Stamped>>) -> Option<&'a Stamped> {
    stamped(incident, reports).min_by_key(|report| report.stamp)
}
