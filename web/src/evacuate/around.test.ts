import { expect, it } from 'vitest';
import { distanceM } from '../capture/position';
import type { Call } from '../session/http';
import { type Around, areaAround, asOld, due, look, middleOf, zonesOf } from './around';
import { NEAR_M } from './choosing';
import type { Shelf } from './kept';
import { room } from './plane';

const HERE = { lat: 37.4987, lon: 139.9212 };
const NOTHING: Around = { list: null, obstacles: null, zones: null };
const LIST = { edition: '', attribution: '', demonstration: true, shelters: [], statuses: [] };

function memory(): Shelf & { kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    get: async (name) => kept.get(name) ?? null,
    put: async (name, text) => {
      kept.delete(name);
      kept.set(name, text);
    },
    drop: async (name) => void kept.delete(name),
    names: async () => [...kept.keys()],
  };
}

/** A server; `says`: what it answers to the paths that begin so. */
const server = (says: Record<string, () => unknown>) =>
  (async (path: string) => {
    const found = Object.entries(says).find(([begin]) => path.startsWith(begin));
    if (!found) throw new TypeError('cut');
    return found[1]();
  }) as Call;
const ALL = {
  '/api/shelters': () => LIST,
  '/api/incidents': () => ({ incidents: [] }),
  '/api/hazard': () => ({ features: [] }),
};

/** What the page knows in the end, and after each part that it was told. */
async function looked(at: typeof HERE, call: Call, shelf: Shelf, before = NOTHING): Promise<Around[]> {
  const steps = [before];
  await look(at, call, before, (part) => steps.push({ ...(steps.at(-1) ?? before), ...part }), { shelf });
  return steps;
}
const last = async (...of: Parameters<typeof looked>) => (await looked(...of)).at(-1) ?? NOTHING;

it('asks for the same box after a few steps, and for one in which every way to a near shelter lies', () => {
  expect(areaAround(HERE)).toEqual({ west: 139.86, south: 37.42, east: 140, north: 37.56 });
  expect(areaAround({ lat: HERE.lat - 0.018, lon: HERE.lon + 0.018 })).toEqual(areaAround(HERE));
  for (const lat of [24.3, 36.801, 37.4999, 39.99]) {
    for (const lon of [139.1, 139.9201, 139.9399]) {
      const [here, area] = [{ lat, lon }, areaAround({ lat, lon })];
      const edge = room(area, here);
      expect(distanceM(here, { lat, lon: lon + edge })).toBeGreaterThan(NEAR_M);
      expect(area.east - area.west).toBeCloseTo(0.14, 9);
    }
  }
  expect(middleOf(HERE)).toEqual({ lat: 37.49, lon: 139.93 });
});

it('does without what the server cannot tell, and does not take it for nothing', async () => {
  const shelf = memory();
  const { '/api/hazard': _, ...some } = ALL;
  const first = await last(HERE, server(some), shelf);
  expect([first.list?.fresh, first.obstacles?.value.all, first.zones]).toEqual([true, [], null]);
  const later = await last({ lat: HERE.lat - 0.001, lon: HERE.lon }, server({}), shelf);
  expect([later.list?.fresh, later.list?.value, later.obstacles?.fresh]).toEqual([false, LIST, false]);
  // What the page knew it still knows where nothing can be kept, but not as news.
  const forbidden: Shelf = { ...memory(), get: () => Promise.reject(new TypeError('forbidden')) };
  expect((await last(HERE, server({}), forbidden, first)).list?.fresh).toBe(false);
});

it('tells what is kept at once, and in its place what the server says', async () => {
  const shelf = memory();
  await last(HERE, server(ALL), shelf);
  let answer: (zones: unknown) => void = () => undefined;
  const asked = new Promise((resolve) => (answer = resolve));
  const slow = server({ ...ALL, '/api/hazard': () => asked });
  const steps: Around[] = [NOTHING];
  const tell = (part: Partial<Around>) => void steps.push({ ...(steps.at(-1) ?? NOTHING), ...part });
  const looking = look(HERE, slow, NOTHING, tell, { shelf });
  await expect.poll(() => steps.at(-1)?.zones?.fresh).toBe(false);
  answer({ features: [] });
  await looking;
  expect(steps.at(-1)?.zones?.fresh).toBe(true);
});

it('without a network knows another place by the kept box that holds it, and nothing by one that does not', async () => {
  const shelf = memory();
  await last(HERE, server(ALL), shelf);
  const beside = { lat: HERE.lat, lon: HERE.lon + 0.05 };
  expect((await last(beside, server({}), shelf)).zones?.value.within).toEqual(areaAround(HERE));
  const away = { lat: HERE.lat, lon: HERE.lon + 0.1 };
  expect((await last(away, server({}), shelf)).zones).toBeNull();
  // Of two that hold a place the one that goes on further.
  await last({ lat: HERE.lat, lon: HERE.lon + 0.08 }, server(ALL), shelf);
  expect((await last(beside, server({}), shelf)).zones?.value.within).toEqual(
    areaAround({ lat: HERE.lat, lon: HERE.lon + 0.08 }),
  );
});

it('keeps the zones of the last few boxes alone', async () => {
  const shelf = memory();
  for (let n = 0; n < 12; n += 1) await last({ lat: HERE.lat, lon: HERE.lon + n * 0.02 }, server(ALL), shelf);
  expect([...shelf.kept.keys()].filter((name) => name.startsWith('area '))).toHaveLength(8);
  expect((await last(HERE, server({}), shelf)).zones).toBeNull();
  expect((await last(HERE, server({}), shelf)).list?.value).toEqual(LIST);
});

it('knows how far obstacles reach that were cut off, and that fewer are all', async () => {
  const obstacle = (n: number) => ({ id: String(n), position: { lat: 37.49 + n / 100_000, lon: 139.93 } });
  const told = async (count: number) => {
    const incidents = Array.from({ length: count }, (_, n) => obstacle(n + 1));
    return (await last(HERE, server({ '/api/incidents': () => ({ incidents }) }), memory())).obstacles?.value;
  };
  expect((await told(999))?.reachM).toBeNull();
  expect((await told(1_000))?.reachM).toBeCloseTo(1_112, 0);
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

it('asks by itself for what is no news any more: for the list soon, for roads later, for zones seldom', async () => {
  const known = await last(HERE, server(ALL), memory());
  const at = known.list?.at ?? 0;
  expect(due(NOTHING, HERE, at)).toEqual(['list', 'obstacles', 'zones']);
  expect(due(known, HERE, at + 10_000)).toEqual([]);
  expect(due(known, HERE, at + 20_000)).toEqual(['list']);
  expect(due(known, HERE, at + 130_000)).toEqual(['list', 'obstacles']);
  expect(due(known, HERE, at + 700_000)).toEqual(['list', 'obstacles', 'zones']);
  // What was said before the line was cut, of other ground, or by a clock that was set back, is none.
  expect(due(asOld(known), HERE, at + 1_000)).toEqual(['list', 'obstacles', 'zones']);
  expect(due(known, { lat: HERE.lat, lon: HERE.lon + 0.02 }, at + 1_000)).toEqual(['obstacles', 'zones']);
  expect(due(known, HERE, at - 60_000)).toEqual(['list', 'obstacles', 'zones']);

  const paths: string[] = [];
  const call = (async (path: string, request: { again?: boolean } = {}) => {
    paths.push(`${path.split('?')[0]} ${request.again ? 'by its ETag' : 'anew'}`);
    return server(ALL)(path);
  }) as Call;
  await look(HERE, call, known, () => undefined, { shelf: memory(), wanted: ['list'] });
  expect(paths).toEqual(['/api/shelters by its ETag']);
  await look(HERE, call, known, () => undefined, { shelf: memory(), wanted: ['obstacles', 'zones'] });
  expect(paths.slice(1).sort()).toEqual(['/api/hazard/zones by its ETag', '/api/incidents anew']);
});
