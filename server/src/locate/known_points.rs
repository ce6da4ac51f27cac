//! Places whose municipality everybody can look up, in `known_points.csv`; the table grows with every doubt.
//! `expected` is the code, or `-` for outside, or `-CODE` for outside with that municipality's border nearest.
//! Rows with `sketch` = `yes` hold for the sketch too.

use super::Locator;
use crate::domain::place::Place;
use crate::domain::position::Position;
use crate::region::Region;
use crate::region::synthetic::official_aizu;

struct Known {
    name: String,
    position: Position,
    expected: String,
    sketch: bool,
}

fn table() -> Vec<Known> {
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let position = Position::new(cells[1].parse().unwrap(), cells[2].parse().unwrap()).unwrap();
        Known { name: cells[0].into(), position, expected: cells[3].into(), sketch: cells[4] == "yes" }
    };
    include_str!("known_points.csv").lines().skip(1).map(row).collect()
}

fn disagreements(region: &Region, rows: impl Iterator<Item = Known>) -> Vec<String> {
    let locator = Locator::new(region);
    let holds = |known: &Known, place: &Place| match place {
        Place::Inside { municipality } => municipality.as_str() == known.expected,
        Place::OnBorder { .. } => false,
        Place::Outside { nearest, .. } => {
            known.expected.strip_prefix('-').is_some_and(|code| code.is_empty() || code == nearest.as_str())
        }
    };
    rows.map(|known| (locator.locate(known.position), known))
        .filter(|(place, known)| !holds(known, place))
        .map(|(place, known)| format!("{}: {} expected, {place:?} found", known.name, known.expected))
        .collect()
}

#[test]
fn known_points_lie_where_the_official_boundaries_say() {
    let Some(region) = official_aizu() else { return };
    let wrong = disagreements(&region, table().into_iter());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_sketch_is_right_about_the_plain_cases() {
    let region = Region::built_in().unwrap();
    let wrong = disagreements(&region, table().into_iter().filter(|known| known.sketch));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
