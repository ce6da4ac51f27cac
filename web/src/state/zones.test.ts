import { expect, it } from 'vitest';
import type { HazardLayer, OfficeIncident, Zone } from '../wire';
import { countByZone, passes, zoneRows } from './zones';

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

it('lists every class of the layers in force, with nothing in it too, and what only incidents still tell', () => {
  const layer = {
    id: 'flood-max',
    name: '洪水浸水想定区域',
    english: 'Flood',
    demonstration: true,
    classes: ['2', '3'].map((code) => ({ code, name: `浸水 ${code}`, english: code, color: '#fff', pattern: 'none' })),
  } as unknown as HazardLayer;
  const counts = countByZone([incident('a', [deep, slope]), incident('b', [deep], 'exercise')], new Set(['exercise']));
  expect(
    zoneRows([layer], counts).map(({ layer, name, sign, tally }) => [layer.name, name, sign?.color, tally]),
  ).toEqual([
    ['洪水浸水想定区域', '浸水 2', '#fff', { real: 0, drill: 0 }],
    ['洪水浸水想定区域', '浸水 3', '#fff', { real: 1, drill: 1 }],
    ['A31b-23', '土砂災害特別警戒区域', undefined, { real: 1, drill: 0 }],
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
