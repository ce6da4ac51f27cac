//! The fold: every entry goes through [`World::apply`], live and in replay alike, in whatever order and
//! however often, and the world comes out the same.
//!
//! Of an operation that is closed the world holds its name, which stretch of the log it takes, and which media
//! its reports name. The rest is in the log: `past` reads it there.

use std::collections::{BTreeMap, HashSet};

use super::check_ins::CheckIns;
use super::incidents::Incidents;
use super::map::Places;
use super::operations::Operations;
use super::shelters::ShelterStates;
use crate::domain::entry::{Body, Entry, Seq};
use crate::domain::ids::{CheckInId, IncidentId, MediaId, OperationId, ShelterId};

/// Everything that is true now.
#[derive(Default)]
pub struct World {
    head: Seq,
    /// Who is on duty where.
    pub check_ins: CheckIns,
    /// What offices say of shelters.
    pub shelters: ShelterStates,
    pub(super) incidents: Incidents,
    pub(super) operations: Operations,
    /// First and last entry of each operation.
    spans: BTreeMap<OperationId, (Seq, Seq)>,
    /// SHA-256 of all photos and videos that reports name, of closed operations too: nobody may sweep them away.
    named_media: HashSet<[u8; 32]>,
    /// A world of the past: what is closed stays.
    keeps_closed: bool,
}

/// What an entry was about. A thing named here may not be there: a status may arrive before the report that
/// opens its incident, or when the operation is closed.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Touched {
    /// The incident.
    pub incident: Option<IncidentId>,
    /// The check-ins.
    pub check_ins: Vec<CheckInId>,
    /// The operation that began or ended; with it, all of its incidents may have come or gone.
    pub operation: Option<OperationId>,
    /// Where something changed that a map shows.
    pub places: Places,
    /// The shelter.
    pub shelter: Option<ShelterId>,
}

impl World {
    /// An empty world for a replay: it answers questions when it is [`World::complete`].
    pub(super) fn incomplete() -> Self {
        Self { incidents: Incidents::without_index(), ..Self::default() }
    }

    /// An empty world for a stretch of the log: it holds closed operations too, and answers questions when it is
    /// [`World::complete`].
    pub(super) fn of_the_past() -> Self {
        Self { keeps_closed: true, ..Self::incomplete() }
    }

    /// The replay is over: makes what the questions are answered from.
    pub(super) fn complete(&mut self) {
        self.incidents.make_index();
    }

    /// Learns from an entry that is yet to be folded in whether its operation is open in the end, so that a
    /// replay does not first take in what it then lets go, nor lets go what is opened again.
    pub(super) fn foresee(&mut self, entry: &Entry) {
        match &entry.body {
            Body::OperationOpened(operation) => {
                self.operations.open(entry.stamp(), operation);
            }
            Body::OperationClosed => {
                self.operations.close(entry.stamp(), entry.operation);
            }
            _ => {}
        }
    }

    /// Folds an entry, with this node's number of it, into the world. One that opens a closed operation goes
    /// through [`World::reopen`] instead.
    pub fn apply(&mut self, seq: Seq, entry: &Entry) -> Touched {
        self.head = self.head.max(seq);
        let (first, last) = self.spans.entry(entry.operation).or_insert((seq, seq));
        (*first, *last) = (seq.min(*first), seq.max(*last));
        let mut touched = Touched::default();
        let held = self.holds(entry.operation);
        match &entry.body {
            Body::ReportFiled(report) => {
                self.named_media.extend(report.media.iter().map(|medium| medium.id.sha256()));
                let incident = if held { self.incidents.file(entry, report) } else { report.incident };
                touched.incident = Some(incident);
            }
            Body::StatusChanged(change) => {
                if held {
                    self.incidents.set_status(entry, change);
                }
                touched.incident = Some(change.incident);
            }
            Body::ResponsibleChanged(change) => {
                if held {
                    self.incidents.set_responsible(entry, change);
                }
                touched.incident = Some(change.incident);
            }
            Body::ZonesChanged(change) => {
                if held {
                    self.incidents.set_zones(entry, change);
                }
                touched.incident = Some(change.incident);
            }
            Body::OperationOpened(operation) => {
                touched.operation = Some(self.operations.open(entry.stamp(), operation));
            }
            Body::OperationClosed => {
                let operation = self.operations.close(entry.stamp(), entry.operation);
                if !self.holds(operation) {
                    self.incidents.let_go(operation);
                }
                touched.operation = Some(operation);
            }
            Body::CheckedIn(_) | Body::CheckInConfirmed(_) | Body::CheckedOut(_) | Body::CalledBack(_) => {
                touched.check_ins = self.check_ins.apply(entry);
            }
            Body::ShelterChanged(change) => {
                self.shelters.apply(entry, change);
                touched.shelter = Some(change.shelter);
            }
            Body::ShelterDrilled(change) => {
                self.shelters.apply_drilled(entry, change);
                touched.shelter = Some(change.shelter);
            }
        }
        touched.places = self.incidents.take_changed();
        touched
    }

    /// The closed operation that this entry opens again, with the stretch of the log that holds the rest of its
    /// entries; `None` for every other entry.
    pub fn reopened_by(&self, entry: &Entry) -> Option<(OperationId, (Seq, Seq))> {
        let Body::OperationOpened(operation) = &entry.body else { return None };
        let again = self.operations.would_reopen(entry.stamp(), operation.id);
        again.then(|| (operation.id, self.span(operation.id).unwrap_or_default()))
    }

    /// Folds an entry in that opens a closed operation; `past` holds the operation as its earlier entries made
    /// it ([`super::past::whole`]).
    pub fn reopen(&mut self, seq: Seq, entry: &Entry, past: Self) -> Touched {
        let touched = self.apply(seq, entry);
        self.incidents.take_over(past.incidents);
        touched
    }

    /// What an entry was about that was folded in before, and perhaps a little more: the check-in that an
    /// arrival followed on.
    pub fn touched_by(&self, entry: &Entry) -> Touched {
        let mut touched = Touched { incident: entry.body.incident(), ..Touched::default() };
        match &entry.body {
            Body::OperationOpened(operation) => touched.operation = Some(operation.id),
            Body::OperationClosed => touched.operation = Some(entry.operation),
            Body::CheckedIn(_) => touched.check_ins = self.check_ins.until(CheckInId(entry.id.0)),
            Body::CheckInConfirmed(body) => touched.check_ins = vec![body.check_in],
            Body::CheckedOut(body) | Body::CalledBack(body) => touched.check_ins = vec![body.check_in],
            Body::ShelterChanged(body) | Body::ShelterDrilled(body) => touched.shelter = Some(body.shelter),
            Body::ReportFiled(_) | Body::StatusChanged(_) | Body::ResponsibleChanged(_) | Body::ZonesChanged(_) => {}
        }
        touched
    }

    /// The greatest number among the entries that are in here; 0 in an empty world.
    pub fn head(&self) -> Seq {
        self.head
    }

    /// The first and the last entry of an operation; `None` if there is none.
    pub fn span(&self, operation: OperationId) -> Option<(Seq, Seq)> {
        self.spans.get(&operation).copied()
    }

    /// Whether a report names this photo or video, also one of a closed operation.
    pub fn names_media(&self, id: &MediaId) -> bool {
        self.named_media.contains(&id.sha256())
    }

    /// Whether the operation's incidents are in here: it is open, or this is a world of the past.
    fn holds(&self, operation: OperationId) -> bool {
        self.keeps_closed || self.operations.is_open(operation)
    }
}

#[cfg(test)]
impl World {
    /// Checks that the index and what is known are in step, and that of closed operations nothing is left.
    pub(super) fn check_index(&self) {
        self.incidents.check_index();
        assert!(self.incidents.operations_held().into_iter().all(|id| self.holds(id)));
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("head", &self.head).finish_non_exhaustive()
    }
}
