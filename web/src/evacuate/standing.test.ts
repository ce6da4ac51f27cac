import { expect, it } from 'vitest';
import type { Region } from '../wire';
import type { Zone } from './choosing';
import { outsideM, zonesNear } from './standing';

const HERE = { lat: 37.5, lon: 139.9 };
const DEGREE_M = 111_194.93;
const EAST_M = DEGREE_M * Math.cos((HERE.lat * Math.PI) / 180);
/** A strip from so many metres east to so many, a kilometre wide. */
const strip = (from: number, to: number) => {
  const [west, east] = [HERE.lon + from / EAST_M, HERE.lon + to / EAST_M];
  const [south, north] = [HERE.lat - 500 / DEGREE_M, HERE.lat + 500 / DEGREE_M];
  const corners = [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ];
  return [corners];
};
const zone = (hazard: string, key: string, ...polygons: number[][][][]): Zone => ({
  hazard,
  key,
  name: key,
  english: key,
  demonstration: false,
  polygons,
});
const within = { west: 139, south: 37, east: 141, north: 38 };
const keys = (errorM: number, ...zones: Zone[]) => zonesNear(HERE, errorM, { within, zones }).map(({ key }) => key);

it('knows into which zones an error of the position reaches', () => {
  const beside = zone('landslide', 'l', strip(40, 90), strip(60, 90));
  expect(keys(39, beside)).toEqual([]);
  expect(keys(41, beside)).toEqual(['l']);
  expect(keys(0, zone('landslide', 'edge', strip(0.001, 90)))).toEqual([]);
  expect(zonesNear(HERE, 41, null)).toEqual([]);
});

it('names no other depth of the flood in which one stands: the danger is the same', () => {
  const [here, beside] = [zone('flood', 'deep', strip(-50, 30)), zone('flood', 'shallow', strip(30, 90))];
  expect(keys(2_000, here, beside)).toEqual([]);
  expect(keys(2_000, here, beside, zone('landslide', 'l', strip(500, 600)))).toEqual(['l']);
});

it('measures how far outside the region one stands', () => {
  const ground = (...coordinates: number[][][][]) =>
    ({ boundaries: { features: [{ geometry: { coordinates } }] } }) as unknown as Region;
  expect(outsideM(HERE, ground(strip(-10, 10)))).toBe(0);
  expect(outsideM(HERE, ground(strip(9_000, 9_900), strip(7_000, 8_000)))).toBeCloseTo(7_000, 0);
});
