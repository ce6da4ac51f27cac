//! The fold: every entry goes through [`World::apply`], live and in replay alike, in whatever order and
//! however often, and the world comes out the same.

use super::check_ins::CheckIns;
use super::incidents::Incidents;
use super::operations::Operations;
use crate::domain::entry::{Body, Entry, Seq};
use crate::domain::ids::{CheckInId, IncidentId, OperationId};

/// Everything that is true now.
#[derive(Default)]
pub struct World {
    head: Seq,
    /// Who is on duty where.
    pub check_ins: CheckIns,
    pub(super) incidents: Incidents,
    pub(super) operations: Operations,
}

/// What an entry was about. A thing named here may not be there yet: a status may arrive before the
/// report that opens its incident.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Touched {
    /// The incident.
    pub incident: Option<IncidentId>,
    /// The check-ins.
    pub check_ins: Vec<CheckInId>,
    /// The operation that began or ended.
    pub operation: Option<OperationId>,
}

impl World {
    /// An empty world for a replay: it answers questions when it is [`World::complete`].
    pub(super) fn incomplete() -> Self {
        Self { incidents: Incidents::without_index(), ..Self::default() }
    }

    /// The replay is over: makes what the questions are answered from.
    pub(super) fn complete(&mut self) {
        self.incidents.make_index();
    }

    /// Folds an entry, with this node's number of it, into the world.
    pub fn apply(&mut self, seq: Seq, entry: &Entry) -> Touched {
        self.head = self.head.max(seq);
        let mut touched = Touched::default();
        match &entry.body {
            Body::ReportFiled(report) => touched.incident = Some(self.incidents.file(entry, report)),
            Body::StatusChanged(change) => {
                touched.incident = Some(self.incidents.set_status(entry.stamp(), change));
            }
            Body::ResponsibleChanged(change) => {
                touched.incident = Some(self.incidents.set_responsible(entry.stamp(), change));
            }
            Body::OperationOpened(operation) => {
                touched.operation = Some(self.operations.open(entry.stamp(), operation));
            }
            Body::OperationClosed => touched.operation = Some(self.operations.close(entry.stamp(), entry.operation)),
            Body::CheckedIn(_) | Body::CheckInConfirmed(_) | Body::CheckedOut(_) | Body::CalledBack(_) => {
                touched.check_ins = self.check_ins.apply(entry);
            }
        }
        touched
    }

    /// What an entry was about that was folded in before, and perhaps a little more: the check-in that an
    /// arrival followed on.
    pub fn touched_by(&self, entry: &Entry) -> Touched {
        let mut touched = Touched::default();
        match &entry.body {
            Body::ReportFiled(report) => touched.incident = Some(report.incident),
            Body::StatusChanged(change) => touched.incident = Some(change.incident),
            Body::ResponsibleChanged(change) => touched.incident = Some(change.incident),
            Body::OperationOpened(operation) => touched.operation = Some(operation.id),
            Body::OperationClosed => touched.operation = Some(entry.operation),
            Body::CheckedIn(_) => touched.check_ins = self.check_ins.until(CheckInId(entry.id.0)),
            Body::CheckInConfirmed(body) => touched.check_ins = vec![body.check_in],
            Body::CheckedOut(body) | Body::CalledBack(body) => touched.check_ins = vec![body.check_in],
        }
        touched
    }

    /// The greatest number among the entries that are in here; 0 in an empty world.
    pub fn head(&self) -> Seq {
        self.head
    }
}

#[cfg(test)]
impl World {
    /// Checks that the index and what is known are in step.
    pub(super) fn check_index(&self) {
        self.incidents.check_index();
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("head", &self.head).finish_non_exhaustive()
    }
}
