//! Incidents and reports page by page, newest first, by place and by the time of their filing. A page is
//! asked for by the key of the last thing on the page before, so that what is filed meanwhile moves nothing.

use std::iter::empty;
use std::ops::{Bound, RangeBounds as _};

use jiff::Timestamp;
use uuid::Uuid;

use super::world::World;
use crate::domain::clock::Hlc;
use crate::domain::ids::{IncidentId, ReportId};
use crate::domain::position::{Bounds, Position};
use crate::wire::Audience;

/// Things in an area that are put in order of age; where there are more, the newest of all are gone
/// through instead.
const SORTED_AT_ONCE: usize = 4_096;

/// When a thing was filed (an incident: its first report), and which it is.
pub type Key<Id> = (Hlc, Id);

/// From a key to a key.
type Span<Id> = (Bound<Key<Id>>, Bound<Key<Id>>);

/// Keys, newest first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page<Id> {
    /// The keys.
    pub keys: Vec<Key<Id>>,
    /// Whether there are more after the last.
    pub more: bool,
}

impl<Id> Page<Id> {
    fn of(newest_first: impl Iterator<Item = Key<Id>>, at_most: usize) -> Self {
        let mut keys: Vec<Key<Id>> = newest_first.take(at_most.saturating_add(1)).collect();
        let more = keys.len() > at_most;
        keys.truncate(at_most);
        Self { keys, more }
    }
}

/// Where things are looked for, as an audience sees their positions: the public is answered by coarse
/// ones, so that no series of questions tells more.
#[derive(Clone, PartialEq, Debug)]
pub struct Area {
    boxes: Vec<Bounds>,
    /// Where exact positions have to be looked for.
    searched: Vec<Bounds>,
    audience: Audience,
}

impl Area {
    /// The union of boxes that do not overlap.
    pub fn new(boxes: &[Bounds], audience: Audience) -> Self {
        if audience == Audience::Office {
            return Self { boxes: boxes.to_vec(), searched: boxes.to_vec(), audience };
        }
        let boxes: Vec<Bounds> = boxes.iter().map(Bounds::coarse).collect();
        Self { searched: boxes.iter().map(Bounds::around_coarse).collect(), boxes, audience }
    }

    /// Whether the audience sees the position here.
    pub fn holds(&self, position: Position) -> bool {
        let position = seen_by(self.audience, position);
        self.boxes.iter().any(|bounds| bounds.contains(position))
    }
}

fn seen_by(audience: Audience, position: Position) -> Position {
    if audience == Audience::Public { position.coarse() } else { position }
}

/// Which things; what is `None` filters nothing.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Filter {
    /// Where.
    pub area: Option<Area>,
    /// Filed then or later.
    pub from: Option<Timestamp>,
    /// Filed then or earlier.
    pub to: Option<Timestamp>,
}

impl Filter {
    /// The range of keys; `None` if it is empty. `least` compares less than every id.
    fn span<Id: Copy + Ord>(&self, after: Option<Key<Id>>, least: Id) -> Option<Span<Id>> {
        // Keys know whole milliseconds: the first one at or after `from`, the first one after `to`.
        let from = self.from.map(|from| (reading(-(-from.as_nanosecond()).div_euclid(1_000_000)), least));
        let to = self.to.map(|to| (reading(to.as_nanosecond().div_euclid(1_000_000) + 1), least));
        let end = match (to, after) {
            (Some(to), Some(after)) => Some(to.min(after)),
            (to, after) => to.or(after),
        };
        if from.zip(end).is_some_and(|(from, end)| from >= end) {
            return None;
        }
        Some((from.map_or(Bound::Unbounded, Bound::Included), end.map_or(Bound::Unbounded, Bound::Excluded)))
    }
}

/// The first reading of the clock in this millisecond since 1970.
fn reading(millisecond: i128) -> Hlc {
    let millisecond = i64::try_from(millisecond).unwrap_or(i64::MAX);
    Hlc::at(Timestamp::from_millisecond(millisecond).unwrap_or(Timestamp::MAX))
}

impl World {
    /// The incidents after this key.
    pub fn incident_page(&self, filter: &Filter, after: Option<Key<IncidentId>>, at_most: usize) -> Page<IncidentId> {
        let index = &self.incidents.index;
        let Some(span) = filter.span(after, IncidentId(Uuid::nil())) else { return Page::of(empty(), at_most) };
        let newest = index.newest.range(span).rev();
        let Some(area) = &filter.area else { return Page::of(newest.map(|(key, _)| *key), at_most) };
        let spots = area.searched.iter().flat_map(|bounds| index.incidents.within(bounds));
        match few(spots.map(|spot| ((spot.filed, spot.id.symbol.id), spot.position)), area, &span) {
            Some(few) => Page::of(few.into_iter(), at_most),
            None => Page::of(newest.filter(|(_, at)| area.holds(**at)).map(|(key, _)| *key), at_most),
        }
    }

    /// The reports after this key.
    pub fn report_page(&self, filter: &Filter, after: Option<Key<ReportId>>, at_most: usize) -> Page<ReportId> {
        let index = &self.incidents.index;
        let Some(span) = filter.span(after, ReportId(Uuid::nil())) else { return Page::of(empty(), at_most) };
        let newest = self.reports_by_age(span);
        let Some(area) = &filter.area else { return Page::of(newest.map(|(key, _)| key), at_most) };
        let firsts = area.searched.iter().flat_map(|bounds| index.incidents.within(bounds));
        let firsts = firsts.map(|spot| ((spot.filed, spot.id.first), spot.position));
        let others = area.searched.iter().flat_map(|bounds| index.others.within(bounds));
        let others = others.map(|spot| ((spot.filed, spot.id), spot.position));
        match few(firsts.chain(others), area, &span) {
            Some(few) => Page::of(few.into_iter(), at_most),
            None => Page::of(newest.filter(|(_, at)| area.holds(*at)).map(|(key, _)| key), at_most),
        }
    }

    /// The reports of the span with their places, newest first: those that opened an incident, and the others.
    fn reports_by_age(&self, span: Span<ReportId>) -> impl Iterator<Item = (Key<ReportId>, Position)> {
        let index = &self.incidents.index;
        // Incidents that were filed at the same reading of the clock, on two nodes, stand in another order than
        // their reports: such a reading is taken as a whole, and what is not of the span is dropped at the end.
        let reading = |bound: Bound<Key<ReportId>>| bound.map(|(filed, _)| filed);
        let from = match reading(span.0) {
            Bound::Included(filed) | Bound::Excluded(filed) => filed,
            Bound::Unbounded => Hlc(0),
        };
        let to = match reading(span.1) {
            Bound::Included(filed) | Bound::Excluded(filed) => filed,
            Bound::Unbounded => Hlc(u64::MAX),
        };
        let firsts = index.newest.range((from, IncidentId(Uuid::nil()))..=(to, IncidentId(Uuid::max()))).rev();
        let firsts = firsts.filter_map(|((filed, id), at)| Some(((*filed, self.incidents.first(*id)?.report.id), *at)));
        let others = index.newest_others.range((from, ReportId(Uuid::nil()))..=(to, ReportId(Uuid::max()))).rev();
        let (mut firsts, mut others) = (firsts.peekable(), others.map(|(key, at)| (*key, *at)).peekable());
        let mut together: Vec<(Key<ReportId>, Position)> = Vec::new();
        let by_age = std::iter::from_fn(move || {
            if together.is_empty() {
                let next = [firsts.peek(), others.peek()].into_iter().flatten().map(|(key, _)| key.0).max()?;
                together.extend(std::iter::from_fn(|| firsts.next_if(|(key, _)| key.0 == next)));
                together.extend(std::iter::from_fn(|| others.next_if(|(key, _)| key.0 == next)));
                together.sort_unstable_by_key(|(key, _)| *key);
            }
            together.pop()
        });
        by_age.filter(move |(key, _)| span.contains(key))
    }

    /// How many incidents there are.
    pub fn incident_count(&self) -> usize {
        self.incidents.index.newest.len()
    }

    /// How many reports with a position there are.
    pub fn report_count(&self) -> usize {
        self.incidents.index.newest.len() + self.incidents.index.newest_others.len()
    }

    /// When the first report of all was filed.
    pub fn filed_since(&self) -> Option<Timestamp> {
        self.incidents.index.newest.first_key_value().map(|((filed, _), _)| filed.timestamp())
    }

    /// The smallest box that holds every report, as the audience sees their positions. Goes through all
    /// of them.
    pub fn extent(&self, audience: Audience) -> Option<Bounds> {
        let index = &self.incidents.index;
        let positions = index.newest.values().chain(index.newest_others.values());
        positions.map(|at| seen_by(audience, *at)).fold(None, |extent: Option<Bounds>, at| {
            let at = Bounds { west: at.lon(), south: at.lat(), east: at.lon(), north: at.lat() };
            Some(extent.map_or(at, |extent| extent.with(&at)))
        })
    }
}

/// What lies in the area, newest first, if it is not too much to be sorted.
fn few<Id: Copy + Ord>(
    spots: impl Iterator<Item = (Key<Id>, Position)>,
    area: &Area,
    span: &Span<Id>,
) -> Option<Vec<Key<Id>>> {
    let mut keys = Vec::new();
    for (looked_at, (key, position)) in spots.enumerate() {
        if looked_at == SORTED_AT_ONCE {
            return None;
        }
        if span.contains(&key) && area.holds(position) {
            keys.push(key);
        }
    }
    keys.sort_unstable_by(|a, b| b.cmp(a));
    Some(keys)
}

#[cfg(test)]
#[path = "pages_tests.rs"]
mod tests;
