//! Which municipality's ground a position is.

use geo_types::{Coord, MultiPolygon};
use rstar::{AABB, PointDistance, RTree, RTreeObject};

use super::edges::{Edges, Standing};
use crate::domain::office::OfficeCode;
use crate::domain::place::Place;
use crate::domain::position::Position;
use crate::geodata::rings;
use crate::region::Region;

/// Answers "whose ground is this?" for any position on earth. The answer depends on the boundaries only, not on
/// the order in which they came.
pub struct Locator {
    /// Codes in rising order; `town` elsewhere is an index into it.
    towns: Vec<OfficeCode>,
    parts: RTree<Part>,
    sides: RTree<Side>,
    /// Cosine of the latitude for which `sides` is true to scale.
    scale: f64,
}

/// One polygon of a municipality.
struct Part {
    town: usize,
    envelope: AABB<[f64; 2]>,
    edges: Edges,
}

impl RTreeObject for Part {
    type Envelope = AABB<[f64; 2]>;
    fn envelope(&self) -> Self::Envelope {
        self.envelope
    }
}

/// A side of a border: degrees, with the longitude shrunk by [`Locator::scale`]. The lesser end comes first, so
/// that both towns on it measure the same.
#[derive(Clone, Copy)]
struct Side {
    town: usize,
    a: [f64; 2],
    b: [f64; 2],
}

impl RTreeObject for Side {
    type Envelope = AABB<[f64; 2]>;
    fn envelope(&self) -> Self::Envelope {
        AABB::from_corners(self.a, self.b)
    }
}

impl PointDistance for Side {
    fn distance_2(&self, point: &[f64; 2]) -> f64 {
        let near = nearest_on(self.a, self.b, *point);
        (near[0] - point[0]).powi(2) + (near[1] - point[1]).powi(2)
    }
}

/// The point of the segment `a`–`b` that is nearest to `p`, in the plane.
fn nearest_on(a: [f64; 2], b: [f64; 2], p: [f64; 2]) -> [f64; 2] {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let length_2 = dx * dx + dy * dy;
    let t = if length_2 > 0.0 { ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length_2 } else { 0.0 };
    let t = t.clamp(0.0, 1.0);
    [a[0] + t * dx, a[1] + t * dy]
}

impl Locator {
    /// Builds the indexes over a region's boundaries.
    pub fn new(region: &Region) -> Self {
        Self::over(region.boundaries())
    }

    /// Builds the indexes over boundaries, in any order; municipalities without a polygon are never the answer.
    pub(super) fn over<'a>(boundaries: impl IntoIterator<Item = (&'a OfficeCode, &'a MultiPolygon<f64>)>) -> Self {
        let mut shapes: Vec<_> = boundaries.into_iter().collect();
        shapes.sort_by_key(|(code, _)| *code);
        let (mut parts, mut sides) = (Vec::new(), Vec::new());
        let latitudes =
            || shapes.iter().flat_map(|(_, shape)| rings::all(shape)).flat_map(|ring| ring.0.iter()).map(|c| c.y);
        let (south, north) = latitudes().fold((90.0_f64, -90.0_f64), |(s, n), y| (s.min(y), n.max(y)));
        let scale = ((south + north) / 2.0).to_radians().cos().max(0.01);
        for (town, (_, shape)) in shapes.iter().enumerate() {
            for polygon in shape.iter().filter(|polygon| polygon.exterior().0.len() > 3) {
                let corners: Vec<_> = polygon.exterior().0.iter().map(|c| [c.x, c.y]).collect();
                parts.push(Part { town, envelope: AABB::from_points(&corners), edges: Edges::new(polygon) });
            }
            for line in rings::all(shape).flat_map(|ring| ring.lines()) {
                let (a, b) = ([line.start.x * scale, line.start.y], [line.end.x * scale, line.end.y]);
                let (a, b) = if a <= b { (a, b) } else { (b, a) };
                sides.push(Side { town, a, b });
            }
        }
        let towns = shapes.into_iter().map(|(code, _)| code.clone()).collect();
        Self { towns, parts: RTree::bulk_load(parts), sides: RTree::bulk_load(sides), scale }
    }

    /// Whose ground the position is. A few microseconds, whatever the boundaries.
    ///
    /// Exactly on a border, the lowest code answers and the others are named. Where boundaries overlap, which sound
    /// ones do not, the lowest code answers too.
    pub fn locate(&self, position: Position) -> Place {
        let point = Coord { x: position.lon(), y: position.lat() };
        let mut inside: Vec<usize> = Vec::new();
        let mut on_border: Vec<usize> = Vec::new();
        for part in self.parts.locate_in_envelope_intersecting(AABB::from_point([point.x, point.y])) {
            match part.edges.standing(point) {
                Standing::Inside => inside.push(part.town),
                Standing::OnSide => on_border.push(part.town),
                Standing::Outside => {}
            }
        }
        if !on_border.is_empty() {
            on_border.append(&mut inside);
            on_border.sort_unstable();
            on_border.dedup();
            let mut codes = on_border.into_iter().map(|town| self.towns[town].clone());
            if let Some(municipality) = codes.next() {
                return Place::OnBorder { municipality, others: codes.collect() };
            }
        }
        match inside.into_iter().min() {
            Some(town) => Place::Inside { municipality: self.towns[town].clone() },
            None => self.nearest(position),
        }
    }

    /// The municipality whose border is nearest.
    ///
    /// Nearest in an equirectangular projection at the region's middle latitude; the metres to that point are along
    /// the great circle on the mean sphere. Against the ellipsoid that is at most 0.5 % off; and within 100 km of a
    /// region a few hundred kilometres wide, another point of the border may be nearer by at most 2 %.
    #[expect(clippy::expect_used, reason = "a verified region has at least one municipality with a ring")]
    fn nearest(&self, position: Position) -> Place {
        let point = [position.lon() * self.scale, position.lat()];
        let mut by_distance = self.sides.nearest_neighbor_iter_with_distance_2(point);
        let (first, distance_2) = by_distance.next().expect("a region has a border");
        // Two towns share a border: of those that stand at the same distance the lowest code answers.
        let town = by_distance.take_while(|(_, d)| *d <= distance_2).map(|(s, _)| s.town).fold(first.town, usize::min);
        let near = nearest_on(first.a, first.b, point);
        let distance_m =
            Position::new(near[1], near[0] / self.scale).map_or(f64::MAX, |near| near.distance_m(position));
        Place::Outside { nearest: self.towns[town].clone(), distance_m }
    }
}
