//! What the queries answer from: incidents and reports by place, incidents by age, office and status.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::sphere::{Sphere, Spot};
use crate::domain::clock::Hlc;
use crate::domain::ids::{IncidentId, ReportId};
use crate::domain::incident::{Status, Symbol};
use crate::domain::office::OfficeCode;
use crate::domain::position::Position;
use crate::domain::report::Category;
use crate::domain::zone::Zones;

/// An incident by the time at which its first report was filed.
pub(super) type ByAge = (Hlc, IncidentId);

/// What a map draws of an incident, and of the first of its reports, which stands where it stands. Tiles for offices
/// draw both: to look each report up took longer than to draw it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Pin {
    pub(super) symbol: Symbol,
    pub(super) first: ReportId,
    /// Whether that report itself is marked as danger to life.
    pub(super) first_in_danger: bool,
}

/// What the index knows of a visible incident.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Facets {
    pub(super) filed: Hlc,
    pub(super) position: Position,
    pub(super) category: Category,
    pub(super) responsible: Option<OfficeCode>,
    pub(super) status: Status,
    pub(super) zones: Zones,
    /// When the status was set, if it ever was.
    pub(super) status_at: Hlc,
    pub(super) danger_to_life: bool,
    pub(super) first: ReportId,
    pub(super) first_in_danger: bool,
}

impl Facets {
    pub(super) fn symbol(&self, id: IncidentId) -> Symbol {
        Symbol { id, category: self.category, status: self.status, danger_to_life: self.danger_to_life }
    }

    /// Something of it, at its place.
    pub(super) fn spot<Id>(&self, id: Id) -> Spot<Id> {
        Spot::new(id, self.filed, self.position)
    }

    pub(super) fn pin(&self, id: IncidentId) -> Spot<Pin> {
        let (first, first_in_danger) = (self.first, self.first_in_danger);
        self.spot(Pin { symbol: self.symbol(id), first, first_in_danger })
    }
}

#[derive(Debug, Default)]
pub(super) struct Index {
    /// Incidents by the place of their first report, with what a map draws of them, so that a map's question
    /// looks nothing up.
    pub(super) incidents: Sphere<Pin>,
    /// Reports that are not their incident's first, by place. As long as nobody merges incidents there are
    /// none, and an insertion is what a new report costs most.
    pub(super) others: Sphere<ReportId>,
    /// The same by age, with their places.
    pub(super) newest_others: BTreeMap<(Hlc, ReportId), Position>,
    /// With their places, so that a walk back in time need not look each of them up.
    pub(super) newest: BTreeMap<ByAge, Position>,
    pub(super) open: BTreeSet<ByAge>,
    /// Incidents that are closed, by the time of that, with the time at which they were filed.
    pub(super) closed: BTreeMap<(Hlc, IncidentId), Hlc>,
    pub(super) by_office: BTreeMap<OfficeCode, BTreeSet<ByAge>>,
    /// Incidents that lie in hazard zones, by all the zones that they lie in: there are few combinations.
    pub(super) by_zones: HashMap<Zones, InZones>,
}

/// Incidents that lie in the same zones.
#[derive(Debug, Default)]
pub(super) struct InZones {
    pub(super) all: BTreeSet<ByAge>,
    /// How many of them are open.
    pub(super) open: usize,
}

impl Index {
    /// Makes the whole at once: much quicker than incident by incident, and closely packed.
    pub(super) fn of(visible: &[(IncidentId, Facets)], others: Vec<Spot<ReportId>>) -> Self {
        let by_age = |(id, facets): &(IncidentId, Facets)| (facets.filed, *id);
        let is_open = |(_, facets): &&(IncidentId, Facets)| facets.status.is_open();
        let mut by_office: HashMap<&OfficeCode, Vec<ByAge>> = HashMap::new();
        let mut by_zones: HashMap<Zones, (Vec<ByAge>, usize)> = HashMap::new();
        for incident in visible {
            if !incident.1.zones.is_empty() {
                let (all, open) = by_zones.entry(incident.1.zones.clone()).or_default();
                all.push(by_age(incident));
                *open += usize::from(incident.1.status.is_open());
            }
            if let Some(office) = &incident.1.responsible {
                by_office.entry(office).or_default().push(by_age(incident));
            }
        }
        let spots = || visible.iter().map(|(id, facets)| facets.pin(*id)).collect();
        std::thread::scope(|scope| {
            // The two that take longest, side by side.
            let incidents = scope.spawn(|| Sphere::of(spots()));
            Self {
                newest_others: others.iter().map(|spot| ((spot.filed, spot.id), spot.position)).collect(),
                others: Sphere::of(others),
                newest: visible.iter().map(|incident| (by_age(incident), incident.1.position)).collect(),
                open: visible.iter().filter(is_open).map(by_age).collect(),
                closed: visible
                    .iter()
                    .filter(|incident| !is_open(incident))
                    .map(|(id, facets)| ((facets.status_at, *id), facets.filed))
                    .collect(),
                by_office: by_office
                    .into_iter()
                    .map(|(office, all)| (office.clone(), all.into_iter().collect()))
                    .collect(),
                by_zones: by_zones
                    .into_iter()
                    .map(|(zones, (all, open))| (zones, InZones { all: all.into_iter().collect(), open }))
                    .collect(),
                incidents: incidents.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            }
        })
    }

    /// Takes note of a change among the reports of an incident that are not its first.
    pub(super) fn change_others(&mut self, before: &[Spot<ReportId>], after: &[Spot<ReportId>]) {
        for gone in before.iter().filter(|spot| !after.contains(spot)) {
            self.others.remove(gone);
            self.newest_others.remove(&(gone.filed, gone.id));
        }
        for new in after.iter().filter(|spot| !before.contains(spot)) {
            self.others.insert(*new);
            self.newest_others.insert((new.filed, new.id), new.position);
        }
    }

    /// Takes note of a change of an incident, from what it was to what it is; `None`: not visible.
    pub(super) fn change(&mut self, id: IncidentId, before: Option<&Facets>, after: Option<&Facets>) {
        if before == after {
            return;
        }
        let spot = |facets: &Facets| facets.pin(id);
        let stands_still = before.map(spot) == after.map(spot);
        if let Some(before) = before {
            if !stands_still {
                self.incidents.remove(&spot(before));
            }
            self.forget(id, before);
        }
        if let Some(after) = after {
            if !stands_still {
                self.incidents.insert(spot(after));
            }
            self.note(id, after);
        }
    }

    fn note(&mut self, id: IncidentId, facets: &Facets) {
        let by_age = (facets.filed, id);
        self.newest.insert(by_age, facets.position);
        if facets.status.is_open() {
            self.open.insert(by_age);
        } else {
            self.closed.insert((facets.status_at, id), facets.filed);
        }
        if let Some(office) = &facets.responsible {
            self.by_office.entry(office.clone()).or_default().insert(by_age);
        }
        if !facets.zones.is_empty() {
            let there = self.by_zones.entry(facets.zones.clone()).or_default();
            there.all.insert(by_age);
            there.open += usize::from(facets.status.is_open());
        }
    }

    fn forget(&mut self, id: IncidentId, facets: &Facets) {
        let by_age = (facets.filed, id);
        self.newest.remove(&by_age);
        self.open.remove(&by_age);
        self.closed.remove(&(facets.status_at, id));
        if let Some(office) = &facets.responsible
            && let Some(incidents) = self.by_office.get_mut(office)
        {
            incidents.remove(&by_age);
            if incidents.is_empty() {
                self.by_office.remove(office);
            }
        }
        if let Some(there) = self.by_zones.get_mut(&facets.zones) {
            there.open -= usize::from(facets.status.is_open());
            there.all.remove(&by_age);
            if there.all.is_empty() {
                self.by_zones.remove(&facets.zones);
            }
        }
    }
}
