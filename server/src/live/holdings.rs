//! What the world holds of one operation: its incidents and their reports, folded from entries whatever the
//! order of their arrival.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::index::Facets;
use super::sphere::Spot;
use crate::domain::entry::{Entry, Lww, Stamp};
use crate::domain::ids::{EntryId, IncidentId, OperationId, ReportId};
use crate::domain::incident::{Incident, Status};
use crate::domain::report::{FiledReport, Report};
use crate::wire::incident::IncidentView;

/// Incidents and reports of one operation.
#[derive(Debug, Default)]
pub(super) struct Holdings {
    /// Also those of which only a change has arrived: they have no report and nobody sees them.
    /// Boxed, because a growing table moves all that it holds.
    known: HashMap<IncidentId, Box<Incident>>,
    reports: Reports,
    /// Entries that changed an incident and were folded in.
    pub(super) seen_changes: HashSet<EntryId>,
}

/// The reports of all incidents.
pub(super) type Reports = HashMap<ReportId, Box<Stamped>>;

/// A report with its place in the order of entries.
#[derive(Debug)]
pub(super) struct Stamped {
    pub(super) stamp: Stamp,
    pub(super) filed: FiledReport,
}

impl Stamped {
    pub(super) fn of(entry: &Entry, report: &Arc<Report>) -> Box<Self> {
        let filed = FiledReport {
            report: Arc::clone(report),
            actor: entry.actor.clone(),
            office: entry.office.clone(),
            operation: entry.operation,
            filed_at: entry.at(),
        };
        Box::new(Self { stamp: entry.stamp(), filed })
    }
}

impl Holdings {
    /// Changes an incident, which is made if it is not known, and keeps what follows from its first report in
    /// step.
    pub(super) fn change(
        &mut self,
        operation: OperationId,
        id: IncidentId,
        edit: impl FnOnce(&mut Incident, &mut Reports),
    ) {
        let incident = self.known.entry(id).or_insert_with(|| {
            Box::new(Incident {
                id,
                operation,
                reports: Box::default(),
                responsible: None,
                taken: None,
                zones: None,
                status: Lww::unwritten(Status::default()),
            })
        });
        edit(incident, &mut self.reports);
        incident.responsible = first(incident, &self.reports).and_then(|Stamped { filed, .. }| {
            let taken = incident.taken.as_deref().map(Lww::get);
            taken.or(filed.report.place.municipality()).or(filed.office.as_ref()).cloned()
        });
    }

    /// Its incidents, also those that nobody sees.
    pub(super) fn ids(&self) -> impl Iterator<Item = IncidentId> {
        self.known.keys().copied()
    }

    /// Whether it is one of its incidents.
    pub(super) fn knows(&self, id: IncidentId) -> bool {
        self.known.contains_key(&id)
    }

    /// How many there are of them.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// What the index knows of a visible incident.
    pub(super) fn facets(&self, id: IncidentId) -> Option<Facets> {
        facets(self.known.get(&id)?, &self.reports)
    }

    /// What the index knows of all incidents that are visible.
    pub(super) fn all_facets(&self) -> impl Iterator<Item = (IncidentId, Facets)> {
        self.known.values().filter_map(|incident| Some((incident.id, facets(incident, &self.reports)?)))
    }

    /// Where all reports stand that are not their incident's first.
    pub(super) fn all_others(&self) -> impl Iterator<Item = Spot<ReportId>> {
        self.known.values().flat_map(|incident| self.others_of(incident))
    }

    /// Where the incident's reports stand that are not its first.
    pub(super) fn others(&self, id: IncidentId) -> Vec<Spot<ReportId>> {
        self.known.get(&id).map_or_else(Vec::new, |incident| self.others_of(incident))
    }

    fn others_of(&self, incident: &Incident) -> Vec<Spot<ReportId>> {
        if incident.reports.len() < 2 {
            return Vec::new();
        }
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

    /// The report.
    pub(super) fn report(&self, id: ReportId) -> Option<&Stamped> {
        self.reports.get(&id).map(Box::as_ref)
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
impl Holdings {
    /// How many of its reports say where they are.
    pub(super) fn located(&self) -> usize {
        self.reports.values().filter(|stamped| stamped.filed.report.position().is_some()).count()
    }
}

fn stamped<'a>(incident: &'a Incident, reports: &'a Reports) -> impl Iterator<Item = &'a Stamped> {
    incident.reports.iter().filter_map(|id| reports.get(id)).map(Box::as_ref)
}

fn facets(incident: &Incident, reports: &Reports) -> Option<Facets> {
    let first = first(incident, reports)?;
    Some(Facets {
        filed: first.stamp.hlc,
        position: first.filed.report.position()?,
        category: first.filed.report.category,
        responsible: incident.responsible.clone(),
        status: *incident.status.get(),
        zones: incident.zones.as_deref().map_or(&first.filed.report.zones, Lww::get).clone(),
        status_at: incident.status.written().map_or(first.stamp.hlc, |stamp| stamp.hlc),
        danger_to_life: stamped(incident, reports).any(|one| one.filed.report.danger_to_life),
        first: first.filed.report.id,
        first_in_danger: first.filed.report.danger_to_life,
    })
}

/// The report that was filed first: it says where the incident is and whose.
fn first<'a>(incident: &'a Incident, reports: &'a Reports) -> Option<&'a Stamped> {
    stamped(incident, reports).min_by_key(|report| report.stamp)
}
