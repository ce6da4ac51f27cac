//! The squares against the zones themselves.

use std::collections::BTreeSet;

use axum::http::header;
use axum::response::IntoResponse as _;

use super::*;

/// The invented zones of the built-in region.
fn demonstration() -> InForce {
    let folder = tempfile::tempdir().unwrap();
    InForce::load(folder.path(), "aizu").unwrap()
}

fn around(lat: f64, lon: f64) -> Area {
    Area::around(&Bounds { west: lon - 0.05, south: lat - 0.05, east: lon + 0.05, north: lat + 0.05 }).unwrap()
}

#[test]
fn each_square_has_the_zones_of_its_middle_and_no_square_is_told_twice() {
    let hazard = demonstration();
    let area = around(37.5, 139.92);
    let told = squares(&hazard, &area);
    assert_eq!(told.step_deg, 0.0005);
    assert!(!told.features.is_empty(), "the demonstration has zones here");
    let mut squares_told = 0;
    let mut of_square: HashMap<(i64, i64), BTreeSet<(String, String)>> = HashMap::new();
    for feature in &told.features {
        for polygon in &feature.geometry.coordinates {
            let [[west, south], _, [east, north], ..] = polygon[0][..] else { panic!("a box") };
            let square = |degrees: f64| (degrees * STEPS_PER_DEGREE).round() as i64;
            for y in square(south)..square(north) {
                for x in square(west)..square(east) {
                    let key = (feature.properties.layer.clone(), feature.properties.class.clone());
                    assert!(of_square.entry((x, y)).or_default().insert(key), "told twice");
                    squares_told += 1;
                }
            }
        }
    }
    let mut asked = 0;
    for y in area.south..area.north {
        for x in area.west..area.east {
            let middle = |at: i64| (at as f64 + 0.5) / STEPS_PER_DEGREE;
            let zones = hazard.at(Position::new(middle(y), middle(x)).unwrap());
            let expected: BTreeSet<_> = zones.iter().map(|tag| (tag.layer.clone(), tag.class.clone())).collect();
            asked += expected.len();
            assert_eq!(of_square.remove(&(x, y)).unwrap_or_default(), expected);
        }
    }
    assert!(asked > 0 && asked == squares_told && of_square.is_empty());
    let boxes: usize = told.features.iter().map(|feature| feature.geometry.coordinates.len()).sum();
    assert!(boxes * 3 < squares_told, "{boxes} boxes for {squares_told} squares");
}

#[test]
fn neighbours_share_one_answer_and_what_is_too_large_is_refused() {
    let bounds = |west: f64, south: f64, east: f64, north: f64| Bounds { west, south, east, north };
    let here = Area::around(&bounds(139.87, 37.45, 139.97, 37.55)).unwrap();
    assert_eq!(here, Area { west: 279_720, south: 74_880, east: 279_960, north: 75_120 });
    assert_eq!(Area::around(&bounds(139.861, 37.441, 139.979, 37.559)), Some(here));
    assert_eq!(
        Area::around(&bounds(139.86, 37.44, 139.98, 37.56)),
        Some(here),
        "edges on the grid stay where they are"
    );
    let widest = Area::around(&bounds(139.86, 37.42, 140.0, 37.56)).unwrap();
    assert_eq!((widest.east - widest.west, widest.north - widest.south), (ACROSS, ACROSS), "what a phone asks for");
    assert_eq!(Area::around(&bounds(139.8, 37.4, 140.0, 37.5)), None);
    assert!(Area::around(&bounds(-0.01, -0.01, 0.01, 0.01)).is_some());
}

fn asked(lon: f64) -> Question {
    Question { bbox: format!("{lon},37.5,{},37.51", lon + 0.01) }
}

async fn ask(state: &HazardZonesState, lon: f64) -> Response {
    let answer = zones(State(state.clone()), QueryParams(asked(lon)), HeaderMap::new()).await;
    answer.into_response()
}

#[tokio::test]
async fn an_answer_at_hand_waits_for_nobody_and_of_new_ones_no_more_wait_than_may() {
    let drawers = Arc::new(Drawers::new(1, 1));
    let state = HazardZonesState { drawers, ..HazardZonesState::new(Arc::new(demonstration()), 1) };
    assert_eq!(ask(&state, 139.9).await.status(), 200);
    let ((begin, begun), (go_on, told)) = (tokio::sync::oneshot::channel(), std::sync::mpsc::channel::<()>());
    let drawers = Arc::clone(&state.drawers);
    let making = tokio::spawn(async move {
        let work = move || {
            begin.send(()).unwrap();
            told.recv().map_err(|_| ())
        };
        drawers.draw(work).await
    });
    begun.await.unwrap();
    // Many of one neighbourhood are one that waits.
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let state = state.clone();
            tokio::spawn(async move { ask(&state, 139.8).await.status() })
        })
        .collect();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(ask(&state, 139.9).await.status(), 200, "it is at hand");
    let refused = ask(&state, 139.7).await;
    assert_eq!((refused.status().as_u16(), &refused.headers()[header::RETRY_AFTER]), (503, &"5".parse().unwrap()));
    go_on.send(()).unwrap();
    assert!(making.await.unwrap().is_ok());
    for answer in waiting {
        assert_eq!(answer.await.unwrap(), 200);
    }
    assert_eq!(state.kept.made(), 2, "each neighbourhood once");
}
