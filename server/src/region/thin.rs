//! Boundaries thinned for drawing. A border between two municipalities is thinned once and used on both sides, so
//! that neighbours do not gape.
//!
//! Corners are rounded to 0.00001° (about 1 m). The rings are cut into arcs where borders meet (a corner with other
//! than two neighbouring corners), each arc is turned into one direction, thinned (Douglas and Peucker, 1973), and
//! turned back: the same arc gives the same corners, from whichever side it is seen.

use std::collections::HashMap;

use geo::{Orient, orient::Direction};
use geo_types::MultiPolygon;

use super::Boundaries;

/// Rings of a polygon of `[lon, lat]`, degrees; the first is the outer one.
pub type ThinPolygon = Vec<Vec<[f64; 2]>>;

/// With about this many corners the compressed answer stays below 150 KB: 7 to 8 bytes each.
const MOST_CORNERS: usize = 14_000;
/// Where thinning starts: 0.00005° is 5 m, less than a line is wide on a screen at zoom 14.
const FINEST_DEG: f64 = 0.000_05;
const UNITS_PER_DEGREE: f64 = 100_000.0;

/// A corner in units of 0.00001°.
type Corner = (i64, i64);

/// The boundaries thinned to at most 14,000 corners (more only if every arc is a single line), by code.
pub fn thin(boundaries: &Boundaries) -> Vec<Vec<ThinPolygon>> {
    let rounded: Vec<Vec<Vec<Vec<Corner>>>> = boundaries.values().map(round).collect();
    let junctions = junctions(rounded.iter().flatten().flatten());
    let mut tolerance = FINEST_DEG * UNITS_PER_DEGREE;
    loop {
        let thinned: Vec<Vec<ThinPolygon>> = rounded
            .iter()
            .map(|polygons| {
                let ring = |ring: &Vec<Corner>| degrees(&thin_ring(ring, &junctions, tolerance));
                polygons.iter().map(|rings| rings.iter().map(ring).collect()).collect()
            })
            .collect();
        let corners: usize = thinned.iter().flatten().flatten().map(Vec::len).sum();
        // Beyond 0.01° nothing more can be gained that would still be the region's shape.
        if corners <= MOST_CORNERS || tolerance > 0.01 * UNITS_PER_DEGREE {
            return thinned;
        }
        tolerance *= 1.5;
    }
}

/// Open rings of rounded corners, without repeats; rings that vanish in rounding are left out.
fn round(shape: &MultiPolygon<f64>) -> Vec<Vec<Vec<Corner>>> {
    let shape = shape.orient(Direction::Default);
    let ring = |line: &geo_types::LineString<f64>| {
        let unit = |degrees: f64| (degrees * UNITS_PER_DEGREE).round() as i64;
        let mut corners: Vec<Corner> = line.0.iter().map(|c| (unit(c.x), unit(c.y))).collect();
        corners.dedup();
        if corners.len() > 1 && corners.first() == corners.last() {
            corners.pop();
        }
        corners
    };
    let polygon = |polygon: &geo_types::Polygon<f64>| -> Vec<Vec<Corner>> {
        let outer = ring(polygon.exterior());
        if outer.len() < 3 {
            return vec![];
        }
        let holes = polygon.interiors().iter().map(ring).filter(|hole| hole.len() >= 3);
        std::iter::once(outer).chain(holes).collect()
    };
    shape.iter().map(polygon).filter(|rings| !rings.is_empty()).collect()
}

/// Corners where more or fewer than two sides meet, counting a shared side once.
fn junctions<'a>(rings: impl Iterator<Item = &'a Vec<Corner>>) -> HashMap<Corner, bool> {
    let mut around: HashMap<Corner, Vec<Corner>> = HashMap::new();
    for ring in rings {
        for (at, corner) in ring.iter().enumerate() {
            for other in [ring[(at + 1) % ring.len()], ring[(at + ring.len() - 1) % ring.len()]] {
                let others = around.entry(*corner).or_default();
                if !others.contains(&other) {
                    others.push(other);
                }
            }
        }
    }
    around.into_iter().map(|(corner, others)| (corner, others.len() != 2)).collect()
}

fn thin_ring(ring: &[Corner], junctions: &HashMap<Corner, bool>, tolerance: f64) -> Vec<Corner> {
    let is_junction = |at: usize| junctions.get(&ring[at]).copied().unwrap_or(true);
    let mut cuts: Vec<usize> = (0..ring.len()).filter(|at| is_junction(*at)).collect();
    if cuts.len() < 2 {
        // An island: cut at its least corner (or its one junction) and at the corner farthest from that.
        let first = cuts.first().copied().or_else(|| (0..ring.len()).min_by_key(|at| ring[*at])).unwrap_or_default();
        let away = |at: usize| (ring[at].0 - ring[first].0).pow(2) + (ring[at].1 - ring[first].1).pow(2);
        let far = (0..ring.len()).max_by_key(|at| (away(*at), ring[*at])).unwrap_or_default();
        cuts = vec![first.min(far), first.max(far)];
    }
    let mut thinned = Vec::new();
    for (n, start) in cuts.iter().enumerate() {
        let end = cuts[(n + 1) % cuts.len()];
        let length = (end + ring.len() - start - 1) % ring.len() + 1;
        let mut arc: Vec<Corner> = (0..=length).map(|step| ring[(start + step) % ring.len()]).collect();
        let backwards = arc.iter().gt(arc.iter().rev());
        if backwards {
            arc.reverse();
        }
        let mut kept = thin_arc(&arc, tolerance);
        if backwards {
            kept.reverse();
        }
        kept.pop();
        thinned.append(&mut kept);
    }
    // A ring that would fall flat stays as it is; it is small.
    if thinned.len() >= 3 { thinned } else { ring.to_vec() }
}

/// Douglas and Peucker, without recursion; the ends stay.
fn thin_arc(arc: &[Corner], tolerance: f64) -> Vec<Corner> {
    let mut keep = vec![false; arc.len()];
    let mut open = vec![(0, arc.len() - 1)];
    keep[0] = true;
    keep[arc.len() - 1] = true;
    while let Some((from, to)) = open.pop() {
        let farthest = (from + 1..to).map(|at| (distance(arc[from], arc[to], arc[at]), at));
        if let Some((away, at)) = farthest.max_by(|a, b| a.0.total_cmp(&b.0))
            && away > tolerance
        {
            keep[at] = true;
            open.extend([(from, at), (at, to)]);
        }
    }
    arc.iter().zip(keep).filter(|(_, keep)| *keep).map(|(corner, _)| *corner).collect()
}

/// Distance of `p` from the segment, in units.
fn distance(a: Corner, b: Corner, p: Corner) -> f64 {
    let (dx, dy) = ((b.0 - a.0) as f64, (b.1 - a.1) as f64);
    let (px, py) = ((p.0 - a.0) as f64, (p.1 - a.1) as f64);
    let length_2 = dx * dx + dy * dy;
    let t = if length_2 > 0.0 { ((px * dx + py * dy) / length_2).clamp(0.0, 1.0) } else { 0.0 };
    (px - t * dx).hypot(py - t * dy)
}

/// Closes the ring and turns units into degrees.
fn degrees(ring: &[Corner]) -> Vec<[f64; 2]> {
    ring.iter().chain(ring.first()).map(|&(x, y)| [x as f64 / UNITS_PER_DEGREE, y as f64 / UNITS_PER_DEGREE]).collect()
}

#[cfg(test)]
mod tests;
