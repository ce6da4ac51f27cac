import type { Map as MapLibre } from 'maplibre-gl';
import { expect, it } from 'vitest';
import type { HazardLayer } from '../wire';
import { zoneLayers } from './hazard';
import { classKey, type DrawnFeature, type OnGround, onGround, watchGround } from './on-ground';

const flood = { id: 'flood', classes: [] } as unknown as HazardLayer;
const zone = zoneLayers({ layer: flood, opacity: 1 }, '#000000', 1)[0] as { metadata: unknown };
const water: DrawnFeature = { layer: { metadata: { sign: 'water' } }, properties: {} };
const roads = { metadata: { roads: true } };
const base = (seen: OnGround | undefined) => [...(seen?.base ?? [])];

it('tells expressways from other roads, and names the classes of zones whatever their tiles call them', () => {
  const drawn = [
    water,
    { layer: roads, properties: { rank: 1 } },
    { layer: roads, properties: { rank: 2 } },
    { layer: zone, properties: { class: 3 } },
    { layer: zone, properties: { class: '3' } },
  ];
  const seen = onGround(drawn, null);
  expect(base(seen)).toEqual(['water', 'expressway', 'road']);
  expect([...seen.zones]).toEqual([classKey(flood, '3')]);
});

/** A map that somebody moves and that changes its size. */
class Moved {
  drawn: DrawnFeature[] = [];
  asked = 0;
  readonly container = { clientWidth: 500 };
  readonly #calls = new Map<string, ((event: object) => void)[]>();

  on(name: string, call: (event: object) => void) {
    this.#calls.set(name, [...(this.#calls.get(name) ?? []), call]);
  }

  getContainer() {
    return this.container;
  }

  getStyle() {
    return { layers: [{ id: 'beyond' }, { id: 'base-water', metadata: { sign: 'water' } }] };
  }

  queryRenderedFeatures({ layers }: { layers: string[] }) {
    expect(layers).toEqual(['base-water']);
    this.asked += 1;
    return this.drawn;
  }

  tell(name: string, event: object = {}) {
    for (const call of this.#calls.get(name) ?? []) call(event);
  }
}

it('keeps what was seen while the map only gives room to its legend, and looks anew when somebody moves it', async () => {
  const map = new Moved();
  const told: OnGround[] = [];
  watchGround(map as unknown as MapLibre, (seen) => told.push(seen));
  map.drawn = [water];
  map.tell('idle');
  expect(base(told.at(-1))).toEqual(['water']);
  // The legend grew, and the lake is behind it.
  map.drawn = [{ layer: roads, properties: { rank: 2 } }];
  map.tell('resize');
  map.tell('moveend');
  await Promise.resolve();
  map.tell('idle');
  expect(base(told.at(-1))).toEqual(['water', 'road']);
  map.tell('moveend');
  map.tell('idle');
  expect(base(told.at(-1))).toEqual(['road']);
  // The page gave the map another width.
  map.drawn = [water];
  map.container.clientWidth = 900;
  map.tell('resize');
  map.tell('moveend');
  map.tell('idle');
  expect(base(told.at(-1))).toEqual(['water']);
});

it('does not look again for a report that comes', () => {
  const map = new Moved();
  watchGround(map as unknown as MapLibre, () => {});
  map.tell('idle');
  map.tell('data', { dataType: 'source', sourceId: 'gathered' });
  map.tell('idle');
  expect(map.asked).toBe(1);
  map.tell('data', { dataType: 'source', sourceId: 'hazard-flood' });
  map.tell('idle');
  expect(map.asked).toBe(2);
});

it('forgets what was seen once the map gets another ground', () => {
  const map = new Moved();
  const told: OnGround[] = [];
  const forget = watchGround(map as unknown as MapLibre, (seen) => told.push(seen));
  map.drawn = [water];
  map.tell('idle');
  map.drawn = [];
  forget();
  map.tell('idle');
  expect(told.map((seen) => base(seen))).toEqual([['water'], []]);
});
