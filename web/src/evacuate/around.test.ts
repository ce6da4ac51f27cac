import { expect, it } from 'vitest';
import type { Call } from '../session/http';
import { boxAround, look, zonesOf } from './around';
import type { Shelf } from './kept';

const HERE = { lat: 37.4987, lon: 139.9212 };

it('asks for the same box after a few steps, and for one that holds the place with room', () => {
  expect(boxAround(HERE)).toBe('139.8700,37.4500,139.9700,37.5500');
  expect(boxAround({ lat: HERE.lat + 0.003, lon: HERE.lon - 0.004 })).toBe(boxAround(HERE));
});

it('does without what the server cannot tell, and does not take it for nothing', async () => {
  const kept = new Map<string, string>();
  const shelf: Shelf = {
    get: async (name) => kept.get(name) ?? null,
    put: async (name, text) => {
      kept.set(name, text);
    },
  };
  const list = { edition: '', attribution: '', demonstration: true, shelters: [], statuses: [] };
  let line = true;
  const call = (async (path: string) => {
    if (!line || path.startsWith('/api/hazard')) throw new TypeError('cut');
    return path === '/api/shelters' ? list : { incidents: [] };
  }) as Call;
  const first = await look(HERE, call, shelf);
  expect([first.list?.fresh, first.incidents?.value, first.zones]).toEqual([true, [], null]);
  line = false;
  const later = await look({ lat: HERE.lat + 0.001, lon: HERE.lon }, call, shelf);
  expect([later.list?.fresh, later.list?.value, later.incidents?.fresh]).toEqual([false, list, false]);
  const away = await look({ lat: 36, lon: 139 }, call, shelf);
  expect([away.list?.fresh, away.incidents]).toEqual([false, null]);
});

it('names each class of each layer once', () => {
  const properties = {
    layer: 'flood',
    hazard: 'flood',
    class: '3',
    name: '3–5 m',
    english: '3–5 m',
    demonstration: true,
  };
  const [zone] = zonesOf({ features: [{ properties, geometry: { coordinates: [[[[0, 0]]]] } }] });
  expect(zone).toMatchObject({ hazard: 'flood', key: 'flood/3', demonstration: true, polygons: [[[[0, 0]]]] });
});
