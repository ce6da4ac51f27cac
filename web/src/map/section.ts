import type { LatLon, Region } from '../wire';
import { type Frame, projected, WORLD } from './framing';

/** A part of the ground, degrees WGS 84. */
export type Section = Region['bounds'];

/** Closer than this no map goes. */
const CLOSEST = 18;

/** Decimals of a degree in an address: some 10 m. */
const DECIMALS = 4;

/** A section as it stands in an address: west, south, east, north. */
export function sectionWords({ west, south, east, north }: Section): string {
  return [west, south, east, north].map((degrees) => degrees.toFixed(DECIMALS)).join(',');
}

/** The section of an address; `null`: there is none, or it is none. */
export function sectionOf(words: string | null): Section | null {
  const [west, south, east, north, ...more] = (words ?? '')
    .split(',')
    .map((part) => (part === '' ? NaN : Number(part)));
  if (west === undefined || south === undefined || east === undefined || north === undefined) return null;
  const isOne = west < east && south < north && west >= -180 && east <= 180 && south >= -85 && north <= 85;
  return isOne && more.length === 0 ? { west, south, east, north } : null;
}

/** Whether a section shows some of the region, and not all of it. */
export function isPart(section: Section, region: Section): boolean {
  const apart =
    section.east <= region.west ||
    section.west >= region.east ||
    section.north <= region.south ||
    section.south >= region.north;
  const all =
    section.west <= region.west &&
    section.south <= region.south &&
    section.east >= region.east &&
    section.north >= region.north;
  return !apart && !all;
}

/** Whether a place lies in a section. */
export function lies(at: LatLon, { west, south, east, north }: Section): boolean {
  return at.lon >= west && at.lon <= east && at.lat >= south && at.lat <= north;
}

/**
 * The largest frame in which a map of this size shows the whole section, in its middle. `margin`: what stays free at
 * every edge, pixels.
 */
export function frameOf(section: Section, size: { width: number; height: number }, margin: number): Frame {
  const [left, bottom] = projected(section.west, section.south);
  const [right, top] = projected(section.east, section.north);
  const zoom = (pixels: number, apart: number) => Math.log2(Math.max(1, pixels - 2 * margin) / (WORLD * apart));
  // The inverse of Web Mercator.
  const lat = 2 * Math.atan(Math.exp(-Math.PI * (top + bottom))) - Math.PI / 2;
  return {
    center: [(section.west + section.east) / 2, (lat * 180) / Math.PI],
    zoom: Math.min(CLOSEST, zoom(size.width, right - left), zoom(size.height, bottom - top)),
  };
}
