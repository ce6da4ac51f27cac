//! Incidents: what an office handles.

use serde::{Deserialize, Serialize};

use super::entry::{Lww, Stamp};
use super::ids::{IncidentId, OperationId, ReportId};
use super::office::OfficeCode;
use super::report::Category;
use super::word::word;
use super::zone::Zones;

/// How far the handling is.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case", remote = "Self")]
pub enum Status {
    /// 受付: nobody has looked yet.
    #[default]
    Received,
    /// 対応中
    InProgress,
    /// 対応済
    Resolved,
    /// 対象外: not for any office, or not a fact.
    Declined,
}

word!(Status);

impl Status {
    /// Whether an office still has to do something.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Received | Self::InProgress)
    }
}

/// What a map draws of an incident.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Symbol {
    /// The incident.
    pub id: IncidentId,
    /// What: that of its first report.
    pub category: Category,
    /// How far the handling is.
    pub status: Status,
    /// Any of its reports is marked as danger to life. For offices alone.
    pub danger_to_life: bool,
}

/// What an office handles: one or more reports of the same thing (for now exactly one).
#[derive(Clone, PartialEq, Debug)]
pub struct Incident {
    /// Id.
    pub id: IncidentId,
    /// The operation of the report that opened it.
    pub operation: OperationId,
    /// Its reports, by id. Nearly always one, so they lie as close as can be.
    pub reports: Box<[ReportId]>,
    /// The office that answers for it: the one that took it or got it last; else the municipality on
    /// whose ground it lies; outside the region the reporting staff's acting office; else nobody yet.
    pub responsible: Option<OfficeCode>,
    /// The office that took it or to which it was handed over, if any. Few incidents have one, so it is
    /// kept apart.
    pub taken: Option<Box<Lww<OfficeCode>>>,
    /// The hazard zones by which it was looked at again, if it was; else those of its first report count.
    pub zones: Option<Box<Lww<Zones>>>,
    /// Status.
    pub status: Lww<Status>,
}

impl Incident {
    /// Adds a report, if it is not there.
    pub fn add_report(&mut self, id: ReportId) {
        if let Err(place) = self.reports.binary_search(&id) {
            let (before, after) = self.reports.split_at(place);
            self.reports = [before, &[id], after].concat().into();
        }
    }

    /// Takes a report out, if it is there.
    pub fn remove_report(&mut self, id: ReportId) {
        self.reports = self.reports.iter().copied().filter(|report| *report != id).collect();
    }

    /// When its status or the office that answers for it was last changed, if ever. That other hazard zones are in
    /// force is no news of the incident.
    pub fn changed(&self) -> Option<Stamp> {
        self.status.written().max(self.taken.as_ref().and_then(|taken| taken.written()))
    }
}
