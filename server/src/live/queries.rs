//! The map's questions, answered from memory. Lists are newest first, by the time at which an incident's
//! first report was filed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use jiff::{SignedDuration, Timestamp};

use super::index::ByAge;
pub use super::index::Counts;
use super::world::World;
use crate::domain::clock::Hlc;
use crate::domain::ids::{IncidentId, MediaId, OperationId, ReportId};
use crate::domain::office::OfficeCode;
use crate::domain::operation::Operation;
use crate::domain::position::{Bounds, Position};
use crate::domain::report::FiledReport;
use crate::wire::incident::IncidentView;

/// How long a closed incident stays in the picture.
const STAYS_AFTER_CLOSING: SignedDuration = SignedDuration::from_hours(24);

impl World {
    /// The incident with its reports, oldest first. `None` if no report of it has arrived.
    pub fn incident(&self, id: IncidentId) -> Option<IncidentView<'_>> {
        self.incidents.view(id)
    }

    /// The report.
    pub fn report(&self, id: ReportId) -> Option<&FiledReport> {
        self.incidents.report(id)
    }

    /// The content addresses of all media that a report names.
    pub fn media(&self) -> impl Iterator<Item = &MediaId> {
        self.incidents.reports().flat_map(|filed| filed.report.media.iter().map(|medium| &medium.id))
    }

    /// The operation, and whether it still takes reports. `None` if its beginning has not arrived.
    pub fn operation(&self, id: OperationId) -> Option<(&Operation, bool)> {
        self.operations.get(id)
    }

    /// All operations, and whether they still take reports; everyday care is always among them.
    pub fn operations(&self) -> impl Iterator<Item = (&Operation, bool)> {
        self.operations.iter()
    }

    /// The newest incidents.
    pub fn newest(&self, limit: usize) -> Vec<IncidentView<'_>> {
        self.views(self.incidents.index.newest.iter().rev().take(limit).copied())
    }

    /// The newest incidents that this office answers for.
    pub fn by_office(&self, office: &OfficeCode, limit: usize) -> Vec<IncidentView<'_>> {
        let incidents = self.incidents.index.by_office.get(office);
        self.views(incidents.into_iter().flat_map(|incidents| incidents.iter().rev()).take(limit).copied())
    }

    /// The newest incidents within the bounds.
    pub fn incidents_in(&self, bounds: &Bounds, limit: usize) -> Vec<IncidentView<'_>> {
        let within = self.incidents.index.incidents.within(bounds).map(|spot| (spot.filed, spot.id));
        self.views(newest_of(within, limit))
    }

    /// The newest reports within the bounds.
    pub fn reports_in(&self, bounds: &Bounds, limit: usize) -> Vec<&FiledReport> {
        let within = self.incidents.index.reports.within(bounds).map(|spot| (spot.filed, spot.id));
        newest_of(within, limit).filter_map(|(_, id)| self.report(id)).collect()
    }

    /// The nearest incidents, nearest first, with metres along the great circle
    /// ([`Position::distance_m`]).
    pub fn nearest(&self, position: Position, limit: usize) -> Vec<(IncidentView<'_>, f64)> {
        let nearest = self.incidents.index.incidents.nearest(position, limit);
        nearest.into_iter().filter_map(|(id, metres)| Some((self.incident(id)?, metres))).collect()
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

    /// How many incidents each office answers for, by status; under `None` those for which nobody does.
    /// Offices that have none are left out.
    pub fn counts_by_office(&self) -> &BTreeMap<Option<OfficeCode>, Counts> {
        &self.incidents.index.counts
    }

    fn views(&self, ids: impl IntoIterator<Item = ByAge>) -> Vec<IncidentView<'_>> {
        ids.into_iter().filter_map(|(_, id)| self.incident(id)).collect()
    }
}

/// The newest, newest first; without sorting what is not wanted.
fn newest_of<Id: Ord>(all: impl Iterator<Item = (Hlc, Id)>, limit: usize) -> impl Iterator<Item = (Hlc, Id)> {
    let mut heap: BinaryHeap<(Hlc, Id)> = all.collect::<Vec<_>>().into();
    std::iter::from_fn(move || heap.pop()).take(limit)
}
