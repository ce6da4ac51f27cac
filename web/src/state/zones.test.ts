import { expect, it } from 'vitest';
import type { OfficeIncident, Zone } from '../wire';
import { countByZone, passes } from './zones';

const zone = (layer: string, code: string, name: string): Zone => ({
  layer,
  hazard: 'flood',
  class: code,
  name,
  english: name,
  edition: 'A31b-23',
  demonstration: false,
});
const deep = zone('flood-max', '3', '浸水 3–5 m');
const slope = zone('landslide', '2', '土砂災害特別警戒区域');

function incident(id: string, zones: Zone[], operation = 'everyday'): OfficeIncident {
  return {
    id,
    operation,
    category: 'hazard',
    status: 'received',
    position: { lat: 37.5, lon: 139.9 },
    danger_to_life: false,
    zones,
    filed_at: '2026-11-22T00:00:00Z',
    updated_at: '2026-11-22T00:00:00Z',
    reports: [],
  };
}

it('counts an incident in each class that it lies in, once, the real apart from a drill', () => {
  const incidents = [
    incident('a', [slope, deep]),
    incident('b', [deep, deep]),
    incident('c', [slope], 'exercise'),
    incident('d', []),
  ];
  expect(countByZone(incidents, new Set(['exercise'])).map(({ zone, tally }) => [zone.name, tally])).toEqual([
    ['浸水 3–5 m', { real: 2, drill: 0 }],
    ['土砂災害特別警戒区域', { real: 1, drill: 1 }],
  ]);
});

it('narrows to any zone or to one class', () => {
  const both = [incident('in', [slope]), incident('out', [])];
  const left = (filter: string) => both.filter((one) => passes(one, filter)).map(({ id }) => id);
  expect(left('all')).toEqual(['in', 'out']);
  expect(left('any')).toEqual(['in']);
  expect(left('landslide/2')).toEqual(['in']);
  expect(left('landslide/1')).toEqual([]);
});
