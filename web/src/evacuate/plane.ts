import { EARTH_M } from '../capture/position';
import type { LatLon } from '../wire';

const RAD = Math.PI / 180;

/** A box, degrees WGS 84. */
export type Area = { west: number; south: number; east: number; north: number };

/** How far within a box a position lies from its nearest edge, degrees; below 0: it lies outside. */
export function room({ west, south, east, north }: Area, { lat, lon }: LatLon): number {
  return Math.min(lon - west, east - lon, lat - south, north - lat);
}

/** A point in metres east and north of an origin. */
export type Point = readonly [number, number];

/** Metres from `origin`; true to scale within some tens of kilometres (equirectangular at the origin's latitude). */
export function from(origin: LatLon, { lat, lon }: LatLon): Point {
  return [(lon - origin.lon) * RAD * EARTH_M * Math.cos(origin.lat * RAD), (lat - origin.lat) * RAD * EARTH_M];
}

/** Degrees clockwise from north in which a point lies from the origin, 0 ≤ d < 360. */
export function bearing([east, north]: Point): number {
  return (Math.atan2(east, north) / RAD + 360) % 360;
}

/** How far a point lies from the straight line between two others, metres. */
export function fromLine(point: Point, a: Point, b: Point): number {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length2 = dx * dx + dy * dy;
  const along = length2 > 0 ? ((point[0] - a[0]) * dx + (point[1] - a[1]) * dy) / length2 : 0;
  const t = Math.min(1, Math.max(0, along));
  return Math.hypot(point[0] - a[0] - t * dx, point[1] - a[1] - t * dy);
}

/** Rings of a polygon, degrees, longitude first, as GeoJSON has them. */
export type Rings = readonly (readonly (readonly number[])[])[];

/** Whether a position lies within a polygon, its edges included. Even-odd, so holes are outside. */
export function within({ lat, lon }: LatLon, rings: Rings): boolean {
  let inside = false;
  for (const ring of rings) {
    for (let i = 1; i < ring.length; i += 1) {
      const [x1 = 0, y1 = 0] = ring[i - 1] ?? [];
      const [x2 = 0, y2 = 0] = ring[i] ?? [];
      const turn = (x2 - x1) * (lat - y1) - (y2 - y1) * (lon - x1);
      const between = (p: number, a: number, b: number) => Math.min(a, b) <= p && p <= Math.max(a, b);
      if (turn === 0 && between(lon, x1, x2) && between(lat, y1, y2)) return true;
      if (y1 > lat !== y2 > lat && turn > 0 === y2 > y1) inside = !inside;
    }
  }
  return inside;
}

/** How far a polygon lies from a position, metres; 0: the position lies within. */
export function away(position: LatLon, rings: Rings): number {
  if (within(position, rings)) return 0;
  let least = Infinity;
  for (const ring of rings) {
    let before: Point | null = null;
    for (const [lon = 0, lat = 0] of ring) {
      const corner = from(position, { lat, lon });
      least = Math.min(least, fromLine([0, 0], before ?? corner, corner));
      before = corner;
    }
  }
  return least;
}

/** Whether the straight line between two positions touches a polygon. */
export function touches(a: LatLon, b: LatLon, rings: Rings): boolean {
  if (within(a, rings) || within(b, rings)) return true;
  return rings.some((ring) =>
    ring.some((corner, i) => {
      const before = ring[i - 1];
      return before !== undefined && cross([a.lon, a.lat], [b.lon, b.lat], before, corner);
    }),
  );
}

function side(a: readonly number[], b: readonly number[], p: readonly number[]): number {
  const [ax = 0, ay = 0] = a;
  const [bx = 0, by = 0] = b;
  const [px = 0, py = 0] = p;
  return Math.sign((bx - ax) * (py - ay) - (by - ay) * (px - ax));
}

function cross(a: readonly number[], b: readonly number[], c: readonly number[], d: readonly number[]): boolean {
  return side(a, b, c) * side(a, b, d) <= 0 && side(c, d, a) * side(c, d, b) <= 0 && overlap(a, b, c, d);
}

/** Whether the boxes of two segments meet: segments on one line cross only then. */
function overlap(a: readonly number[], b: readonly number[], c: readonly number[], d: readonly number[]): boolean {
  return [0, 1].every((axis) => {
    const [p, q, r, s] = [a[axis] ?? 0, b[axis] ?? 0, c[axis] ?? 0, d[axis] ?? 0];
    return Math.max(Math.min(p, q), Math.min(r, s)) <= Math.min(Math.max(p, q), Math.max(r, s));
  });
}
