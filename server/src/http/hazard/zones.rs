//! Door: the hazard zones around a place, for a phone that keeps them and then asks itself, with or without a network.
//!
//! They are told as squares of [`STEPS_PER_DEGREE`], each asked at its middle, joined to boxes: however many corners the
//! zones have, the answer stays small, and a phone reads it without knowing tiles. Whoever needs the zones themselves
//! takes the tiles.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use sokuho_tiles::drawers::{Drawers, NotDone};
use sokuho_tiles::kept::Kept;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::domain::position::{Bounds, Position};
use crate::domain::zone::ZoneTag;
use crate::hazard::InForce;
use crate::http::error::{ApiError, ApiResult};
use crate::http::extract::QueryParams;
use crate::http::precompressed::{Keeping, Precompressed};
use crate::http::query;
use crate::wire::hazard::{HazardArea, HazardSquares, HazardSquaresGeometry, HazardSquaresProperties};
use crate::wire::problem::{Code, Problem};

/// Squares in a degree: 0.0005°, about 55 m from south to north.
const STEPS_PER_DEGREE: f64 = 2_000.0;

/// What is asked for is widened to multiples of so many squares (0.02°), so that a neighbourhood shares one answer.
const SHARED: i64 = 40;

/// Squares in a row and in a column at most: 0.14°.
const ACROSS: i64 = 280;

/// Boxes in an answer at most; where there would be more, the squares are made twice as wide.
const BOXES: usize = 20_000;

/// Bytes of answers that are kept, those that were asked for last: some hundred neighbourhoods.
const KEPT: usize = 32 << 20;

/// Answers that may wait to be made: in a quarter of a second each they are there before whoever asks has given up.
const MAY_WAIT: usize = 64;

/// Seconds after which it makes sense to ask again, when too many wait.
const AGAIN_AFTER: u64 = 5;

/// What this door needs.
#[derive(Clone)]
pub struct HazardZonesState {
    hazard: Arc<InForce>,
    /// By themselves: after an order to leave, thousands ask for new neighbourhoods, and the wall's tiles must not wait
    /// behind them.
    drawers: Arc<Drawers>,
    kept: Arc<Kept<Area, Precompressed>>,
}

impl HazardZonesState {
    /// The door to these zones, on a machine of so many cores; answers are made on half of them.
    pub fn new(hazard: Arc<InForce>, cores: usize) -> Self {
        let drawers = Arc::new(Drawers::new(cores / 2, MAY_WAIT));
        Self { hazard, drawers, kept: Arc::new(Kept::new(KEPT, Precompressed::size)) }
    }
}

/// The routes.
pub fn routes() -> OpenApiRouter<HazardZonesState> {
    OpenApiRouter::new().routes(routes!(zones))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Question {
    /// West, south, east, north in degrees WGS 84, comma-separated; widened to multiples of 0.02° at most 0.14°
    /// each way, so 0.1° wherever it lies.
    bbox: String,
}

/// The zones of a small box, as squares. Widened to multiples of 0.02°, so that neighbours share one answer.
#[utoipa::path(get, path = "/api/hazard/zones", operation_id = "hazard_zones", tag = "watching", params(Question), responses(
    (status = 200, body = HazardArea),
    (status = 304, description = "Nothing has changed since the ETag"),
    (status = "default", body = Problem),
))]
async fn zones(
    State(state): State<HazardZonesState>,
    QueryParams(question): QueryParams<Question>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let wrong = |rule: &str| ApiError::new(Code::InvalidField).detail(format!("bbox {rule}"));
    let bounds = query::bounds(&question.bbox).ok_or_else(|| wrong(query::BOUNDS_RULE))?;
    let area =
        Area::around(&bounds).ok_or_else(|| wrong("must be at most 0.14° each way, widened to multiples of 0.02°"))?;
    let keeping = Keeping { cache: "no-cache", vary: "Accept-Encoding" };
    let hazard = state.hazard;
    let make = move || {
        let tag = |text: &[u8]| hex::encode(Sha256::digest(text));
        Precompressed::json(&squares(&hazard, &area), 6, tag)
    };
    let answer = state.kept.get(area, &state.drawers, make).await.map_err(|error: NotDone<io::Error>| match error {
        NotDone::Busy => ApiError::new(Code::Unavailable).retry_after(AGAIN_AFTER),
        error => ApiError::internal(error),
    })?;
    Ok(answer.answer(&headers, keeping))
}

/// A box of squares, in squares from 0° east and 0° north.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Area {
    west: i64,
    south: i64,
    east: i64,
    north: i64,
}

impl Area {
    /// `None`: it is too large.
    fn around(bounds: &Bounds) -> Option<Self> {
        // What floating point makes of an edge that lies on the grid must not move it out.
        const SLACK: f64 = 1e-6;
        #[expect(clippy::cast_possible_truncation, reason = "degrees are in range")]
        let down = |degrees: f64| ((degrees * STEPS_PER_DEGREE + SLACK).floor() as i64).div_euclid(SHARED) * SHARED;
        let up = |degrees: f64| -down(-degrees);
        let area =
            Self { west: down(bounds.west), south: down(bounds.south), east: up(bounds.east), north: up(bounds.north) };
        let fits = area.east - area.west <= ACROSS && area.north - area.south <= ACROSS;
        fits.then_some(area)
    }
}

/// Squares of one class: those of the rows so far, and those that the row before ended with.
#[derive(Default)]
struct Boxes {
    done: Vec<[i64; 4]>,
    /// West, east, and the row in which it began.
    growing: Vec<(i64, i64, i64)>,
}

impl Boxes {
    /// The runs of the next row, from west to east.
    fn row(&mut self, y: i64, runs: &[(i64, i64)]) {
        let before = std::mem::take(&mut self.growing);
        for (west, east, since) in &before {
            if !runs.contains(&(*west, *east)) {
                self.done.push([*west, *since, *east, y]);
            }
        }
        let began = |west, east| before.iter().find(|run| (run.0, run.1) == (west, east)).map_or(y, |run| run.2);
        self.growing = runs.iter().map(|(west, east)| (*west, *east, began(*west, *east))).collect();
    }
}

/// What stands in a box.
fn squares(hazard: &InForce, area: &Area) -> HazardArea {
    let mut step = 1;
    loop {
        let found = at_step(hazard, area, step);
        if found.values().map(|boxes| boxes.done.len()).sum::<usize>() <= BOXES || step >= ACROSS {
            return told(found, step);
        }
        step *= 2;
    }
}

fn at_step(hazard: &InForce, area: &Area, step: i64) -> HashMap<Arc<ZoneTag>, Boxes> {
    let mut found: HashMap<Arc<ZoneTag>, Boxes> = HashMap::new();
    let middle = |at: i64| (at as f64 + step as f64 / 2.0) / STEPS_PER_DEGREE;
    let steps = |from: i64, to: i64| (from..to).step_by(usize::try_from(step).unwrap_or(1));
    for y in steps(area.south, area.north) {
        let mut runs: HashMap<Arc<ZoneTag>, Vec<(i64, i64)>> = HashMap::new();
        for x in steps(area.west, area.east) {
            let Ok(position) = Position::new(middle(y), middle(x)) else { continue };
            for tag in hazard.at(position).iter() {
                let row = runs.entry(Arc::clone(tag)).or_default();
                match row.last_mut() {
                    Some((_, east)) if *east == x => *east = x + step,
                    _ => row.push((x, x + step)),
                }
            }
        }
        for tag in runs.keys() {
            found.entry(Arc::clone(tag)).or_default();
        }
        for (tag, boxes) in &mut found {
            boxes.row(y, runs.get(tag).map_or(&[], Vec::as_slice));
        }
    }
    let end = steps(area.south, area.north).last().map_or(area.north, |y| y + step);
    found.values_mut().for_each(|boxes| boxes.row(end, &[]));
    found
}

fn told(found: HashMap<Arc<ZoneTag>, Boxes>, step: i64) -> HazardArea {
    let degrees = |at: i64| at as f64 / STEPS_PER_DEGREE;
    let polygon = |&[west, south, east, north]: &[i64; 4]| {
        let [west, south, east, north] = [west, south, east, north].map(degrees);
        vec![vec![[west, south], [east, south], [east, north], [west, north], [west, south]]]
    };
    let feature = |(tag, boxes): (Arc<ZoneTag>, Boxes)| HazardSquares {
        r#type: "Feature".to_owned(),
        properties: HazardSquaresProperties {
            layer: tag.layer.clone(),
            hazard: tag.hazard,
            class: tag.class.clone(),
            name: tag.name.clone(),
            english: tag.english.clone(),
            edition: tag.edition.clone(),
            demonstration: tag.demonstration,
        },
        geometry: HazardSquaresGeometry {
            r#type: "MultiPolygon".to_owned(),
            coordinates: boxes.done.iter().map(polygon).collect(),
        },
    };
    let mut features: Vec<HazardSquares> = found.into_iter().map(feature).collect();
    let key = |one: &HazardSquares| (one.properties.layer.clone(), one.properties.class.clone());
    features.sort_by_key(key);
    HazardArea { r#type: "FeatureCollection".to_owned(), step_deg: degrees(step), features }
}

#[cfg(test)]
#[path = "zones_tests.rs"]
mod tests;
