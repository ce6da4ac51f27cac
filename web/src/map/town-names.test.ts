import type { Map as MapLibre } from 'maplibre-gl';
import { expect, it, vi } from 'vitest';
import { TownNames } from './town-names';

const towns = ['磐梯町', '柳津町', '只見町'].map((name, n) => ({
  name,
  position: { lat: 37.5, lon: 139.6 + n * 0.2 },
}));

/** A map on which these names are seen, whose view ends before 只見町. */
function mapThatShows(...seen: string[]) {
  const calls = new Map<string, () => void>();
  const map = {
    on: (event: string, call: () => void) => calls.set(event, call),
    getZoom: vi.fn(() => 8.4),
    getBounds: () => ({ contains: ([lon]: [number]) => lon < 139.9 }),
    queryRenderedFeatures: () => seen.map((name) => ({ properties: { name } })),
    setFilter: vi.fn(),
  };
  return { map, names: new TownNames(map as unknown as MapLibre, towns), moved: () => calls.get('moveend')?.() };
}

it('writes a name upon the marks where they left it no room, then upon what is read of them, and asks no more', () => {
  const { map, names } = mapThatShows('磐梯町');
  const filters = () => map.setFilter.mock.calls.splice(0);
  const one = ['in', ['get', 'name'], ['literal', ['柳津町']]];
  const none = ['in', ['get', 'name'], ['literal', []]];
  expect(names.look()).toBe(true);
  expect(filters()).toEqual([
    ['names', ['!', one]],
    ['names-over', one],
    ['names-upon', none],
  ]);
  expect(names.look()).toBe(true);
  expect(filters()).toEqual([
    ['names', ['!', one]],
    ['names-over', none],
    ['names-upon', one],
  ]);
  expect(names.look()).toBe(false);
  expect(filters()).toEqual([]);
});

it('leaves names that are seen, that lie out of view, or that a near view has no room for', () => {
  expect(mapThatShows('磐梯町', '柳津町').names.look()).toBe(false);
  const near = mapThatShows();
  near.map.getZoom.mockReturnValue(12);
  expect(near.names.look()).toBe(false);
  expect(near.map.setFilter).not.toHaveBeenCalled();
});

it('tries all places anew once the map has moved', () => {
  const { map, names, moved } = mapThatShows();
  names.look();
  map.setFilter.mockClear();
  moved();
  expect(map.setFilter).toHaveBeenCalledWith('names-over', ['in', ['get', 'name'], ['literal', []]]);
  expect(names.look()).toBe(true);
});
