import { describe, expect, it } from 'vitest';
import type { Region } from '../wire';
import { frameAround } from './framing';

/** A square municipality around a place, `half` degrees to each side, its name at `label`. */
function square(code: string, [lon, lat]: [number, number], half: number, label: [number, number]) {
  const ring = [
    ...[-1, 0, 1].map((x) => [lon + x * half, lat - half]),
    ...[-1, 0, 1].map((y) => [lon + half, lat + y * half]),
    ...[1, 0, -1].map((x) => [lon + x * half, lat + half]),
    ...[1, 0, -1].map((y) => [lon - half, lat + y * half]),
  ];
  return {
    office: { code, kind: 'municipality', label: { lon: label[0], lat: label[1] } },
    feature: { properties: { code }, geometry: { type: 'MultiPolygon', coordinates: [[ring]] } },
  };
}

const small = square('small', [139.9, 37.5], 0.03, [139.9, 37.5]);
const large = square('large', [139.5, 37.5], 0.12, [139.42, 37.5]);
const region = {
  offices: [small.office, large.office],
  boundaries: { features: [small.feature, large.feature] },
} as unknown as Pick<Region, 'boundaries' | 'offices'>;
const phone = { width: 340, height: 384 };

/** Half of what a map of this width shows, degrees of longitude. */
const reach = (zoom: number, width: number) => (360 * width) / 2 / (512 * 2 ** zoom);

describe('frameAround', () => {
  it('keeps the place in the middle, no closer than where there is something to see', () => {
    expect(frameAround(region, { lat: 37.5, lon: 139.91 }, phone)).toEqual({ center: [139.91, 37.5], zoom: 11 });
  });

  it('goes so far out that the border and the name of a large municipality are seen', () => {
    const { zoom } = frameAround(region, { lat: 37.5, lon: 139.54 }, phone);
    expect(zoom).toBeLessThan(11);
    expect(reach(zoom, phone.width)).toBeGreaterThan(139.54 - 139.42);
  });

  it('begins closer on a larger screen', () => {
    const at = { lat: 37.5, lon: 139.54 };
    const { zoom } = frameAround(region, at, phone);
    expect(frameAround(region, at, { width: 800, height: 384 }).zoom).toBeGreaterThan(zoom);
  });

  it('goes no further out than a place outside the region is worth', () => {
    expect(frameAround(region, { lat: 43, lon: 141.3 }, phone).zoom).toBe(9);
  });
});
