import type { LatLon, Region } from '../wire';

/** Where a map begins. */
export type Frame = { center: [lon: number, lat: number]; zoom: number };

/** Closer than this a map of borders and names has nothing to show; about 30 m to the pixel. */
const CLOSEST = 11;
/** Further out than this a place is lost in its region. */
const FURTHEST = 9;
/** Side of the world at zoom 0, pixels: https://maplibre.org/maplibre-style-spec/root/#zoom */
export const WORLD = 512;
/** What has to be seen keeps so far from the edge, pixels. */
const MARGIN = 24;

type Corner = readonly [x: number, y: number];

/** Web Mercator, the world 1 wide and 1 high. Degrees in. */
export function projected(lon: number, lat: number): Corner {
  const radians = (lat * Math.PI) / 180;
  return [lon / 360, -Math.log(Math.tan(Math.PI / 4 + radians / 2)) / (2 * Math.PI)];
}

/** Whether a place lies within rings; in a hole it does not. */
function within([x, y]: Corner, rings: readonly (readonly Corner[])[]): boolean {
  let inside = false;
  for (const ring of rings) {
    ring.forEach(([toX, toY], index) => {
      const [fromX, fromY] = ring.at(index - 1) ?? [toX, toY];
      const crosses = toY > y !== fromY > y && x < ((fromX - toX) * (y - toY)) / (fromY - toY) + toX;
      if (crosses) inside = !inside;
    });
  }
  return inside;
}

/** How far out a map that is this large has to begin for both places to be seen, the first in its middle. */
function zoomFor([x, y]: Corner, [otherX, otherY]: Corner, size: { width: number; height: number }): number {
  const zoom = (pixels: number, apart: number) => Math.log2(Math.max(1, pixels / 2 - MARGIN) / (WORLD * apart));
  return Math.min(zoom(size.width, Math.abs(otherX - x)), zoom(size.height, Math.abs(otherY - y)));
}

/**
 * Where a map begins around a place: so far out that the name of its municipality and the nearest of the border are
 * seen, as far as that is sensible.
 */
export function frameAround(
  region: Pick<Region, 'boundaries' | 'offices'>,
  { lat, lon }: LatLon,
  size: { width: number; height: number },
): Frame {
  const place = projected(lon, lat);
  const grounds = region.boundaries.features.map(({ properties, geometry }) => ({
    code: properties.code,
    rings: geometry.coordinates.flat(1).map((ring) => ring.map(([x = 0, y = 0]) => projected(x, y))),
  }));
  const own = grounds.find(({ rings }) => within(place, rings));
  const corners = (own ? [own] : grounds).flatMap(({ rings }) => rings.flat());
  const label = region.offices.find(({ kind, code }) => kind === 'municipality' && code === own?.code)?.label;
  const border = corners.reduce((best, corner) => Math.max(best, zoomFor(place, corner, size)), -Infinity);
  const name = label ? zoomFor(place, projected(label.lon, label.lat), size) : Infinity;
  return { center: [lon, lat], zoom: Math.min(CLOSEST, Math.max(FURTHEST, Math.min(border, name))) };
}
