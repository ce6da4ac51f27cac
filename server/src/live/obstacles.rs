//! What may stand in somebody's way: open incidents of road damage or danger, by place. They are kept operation by
//! operation, so that drills can be left out when they are asked for, and apart from the index, so that who flees
//! does not wait for a walk through all that was ever mended.

use std::collections::BTreeMap;

use super::index::Facets;
use super::sphere::{Sphere, Spot};
use super::world::World;
use crate::domain::ids::{IncidentId, OperationId};
use crate::domain::incident::Symbol;
use crate::domain::position::Position;
use crate::domain::report::Category;

/// Obstacles of each operation that has any.
pub(super) type Obstacles = BTreeMap<OperationId, Sphere<Symbol>>;

/// Whether an incident may stand in somebody's way.
pub(super) fn blocks(facets: &Facets) -> bool {
    facets.status.is_open() && matches!(facets.category, Category::RoadDamage | Category::Hazard)
}

/// Puts all of an operation in at once.
pub(super) fn collect(obstacles: &mut Obstacles, operation: OperationId, incidents: &[(IncidentId, Facets)]) {
    let blocking = incidents.iter().filter(|(_, facets)| blocks(facets));
    let spots: Vec<_> = blocking.map(|(id, facets)| facets.spot(facets.symbol(*id))).collect();
    if !spots.is_empty() {
        obstacles.insert(operation, Sphere::of(spots));
    }
}

/// Keeps them in step with a change of an incident.
pub(super) fn change(
    obstacles: &mut Obstacles,
    operation: OperationId,
    id: IncidentId,
    before: Option<&Facets>,
    after: Option<&Facets>,
) {
    let spot =
        |facets: Option<&Facets>| facets.filter(|facets| blocks(facets)).map(|facets| facets.spot(facets.symbol(id)));
    let (before, after) = (spot(before), spot(after));
    if before == after {
        return;
    }
    let there = obstacles.entry(operation).or_default();
    if let Some(before) = before {
        there.remove(&before);
    }
    if let Some(after) = after {
        there.insert(after);
    }
}

impl World {
    /// At most so many open incidents of road damage or danger, the nearest first, of equally near ones the lowest id;
    /// none of a drill. Fewer than `limit` are all that there are.
    pub fn obstacles_near(&self, position: Position, limit: usize) -> Vec<(Symbol, Position)> {
        let real = self.incidents.obstacles.iter().filter(|(operation, _)| !self.is_drill(**operation));
        let mut nearest: Vec<(Spot<Symbol>, f64)> =
            real.flat_map(|(_, there)| there.nearest(position, limit)).collect();
        nearest.sort_by(|(a, a_metres), (b, b_metres)| a_metres.total_cmp(b_metres).then(a.id.cmp(&b.id)));
        nearest.truncate(limit);
        nearest.into_iter().map(|(spot, _)| (spot.id, spot.position)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::entry::{Body, Entry};
    use crate::domain::incident::Status;
    use crate::domain::operation::{Operation, OperationKind};
    use crate::live::tests::fold_all;
    use crate::log::samples::{entry, filed_at, incident_of, operation_id, status};

    /// A report so many thousandths of a degree north of here.
    fn reported(number: u64, category: Category, north: f64) -> Entry {
        let mut entry = filed_at(number, Position::new(37.5 + north / 1_000.0, 139.9).unwrap());
        let Body::ReportFiled(report) = &mut entry.body else { panic!("a report") };
        Arc::make_mut(report).category = category;
        entry
    }

    fn of(operation: u64, entry: Entry) -> Entry {
        Entry { operation: operation_id(operation), ..entry }
    }

    fn opened(number: u64, kind: OperationKind) -> Entry {
        let body = Operation { id: operation_id(number), kind, name: "大雨".to_owned() };
        of(number, entry(number, Body::OperationOpened(body)))
    }

    /// A node that was there from the beginning, and one that reads it all at its start.
    fn both(entries: &[Entry]) -> [World; 2] {
        let mut live = World::default();
        for (seq, entry) in (1..).zip(entries) {
            live.apply(seq, entry);
        }
        [live, fold_all(entries)]
    }

    fn near(world: &World, limit: usize) -> Vec<IncidentId> {
        let found = world.obstacles_near(Position::new(37.5, 139.9).unwrap(), limit);
        found.into_iter().map(|(symbol, _)| symbol.id).collect()
    }

    #[test]
    fn what_is_open_and_real_and_blocks_a_way_is_told_nearest_first_and_no_drill() {
        let mut entries = vec![
            opened(50, OperationKind::Disaster),
            opened(60, OperationKind::Drill),
            reported(1, Category::RoadDamage, 3.0),
            of(50, reported(2, Category::Hazard, 2.0)),
            of(60, reported(3, Category::Hazard, 1.0)),
            reported(4, Category::StreetLight, 1.0),
            reported(5, Category::RoadDamage, 1.0),
            status(6, 5, Status::Resolved),
            reported(7, Category::RoadDamage, 4.0),
            status(8, 7, Status::InProgress),
        ];
        for world in both(&entries) {
            assert_eq!(near(&world, 10), [2, 1, 7].map(incident_of));
            assert_eq!(near(&world, 2), [2, 1].map(incident_of));
        }
        // Whatever the order in which they arrive.
        entries.reverse();
        for world in both(&entries) {
            assert_eq!(near(&world, 10), [2, 1, 7].map(incident_of));
        }
        // What was mended and breaks again, and what ends with its operation.
        entries.reverse();
        entries.extend([
            status(9, 5, Status::Received),
            status(10, 1, Status::Declined),
            of(50, entry(70, Body::OperationClosed)),
        ]);
        let [live, _] = both(&entries);
        assert_eq!(near(&live, 10), [5, 7].map(incident_of));
    }
}
