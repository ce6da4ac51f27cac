import { expect, it } from 'vitest';
import { AREA, keeping, keptOf, leaveAreas, type Shelf } from './kept';

/** A store for so many things at most. */
function shelf(most = Number.POSITIVE_INFINITY): Shelf & { kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    get: async (name) => kept.get(name) ?? null,
    put: async (name, text) => {
      kept.delete(name);
      if (kept.size >= most) throw new DOMException('full', 'QuotaExceededError');
      kept.set(name, text);
    },
    drop: async (name) => void kept.delete(name),
    names: async () => [...kept.keys()],
  };
}
const cut = () => Promise.reject(new TypeError('cut'));

it('gives what the server says, and without it what was kept with the time at which it came', async () => {
  const store = shelf();
  expect(
    await keeping(
      'a',
      async () => [1],
      store,
      () => 1_000,
    ),
  ).toEqual({ value: [1], at: 1_000, fresh: true, stored: true });
  expect(await keeping('a', cut, store, () => 9_000)).toEqual({ value: [1], at: 1_000, fresh: false, stored: true });
  await expect(keeping('b', cut, store)).rejects.toThrow('cut');
  store.kept.set('broken', '{');
  expect(await keptOf('broken', store)).toBeNull();
});

it('gives the answer though it cannot be kept, and says that it is not', async () => {
  const forbidden: Shelf = { get: cut, put: cut, drop: cut, names: cut };
  expect(await keeping('a', async () => 7, forbidden)).toMatchObject({ value: 7, fresh: true, stored: false });
  await expect(
    keeping('a', () => Promise.reject(new TypeError('the first')) as Promise<number>, forbidden),
  ).rejects.toThrow('the first');
});

it('lets areas go where the store is full, and nothing else', async () => {
  const store = shelf(3);
  for (const name of ['shelters', `${AREA}1`, `${AREA}2`]) await keeping(name, async () => name, store);
  expect(await keeping(`${AREA}3`, async () => 'new', store)).toMatchObject({ value: 'new', stored: true });
  expect([...store.kept.keys()]).toEqual(['shelters', `${AREA}3`]);
  const tiny = shelf(1);
  await keeping('shelters', async () => 1, tiny);
  expect(await keeping('obstacles', async () => 2, tiny)).toMatchObject({ value: 2, stored: false });
  expect([...tiny.kept.keys()]).toEqual(['shelters']);
});

it('leaves the areas that were put last', async () => {
  const store = shelf();
  for (const n of [1, 2, 3, 4]) await keeping(AREA + n, async () => n, store);
  await keeping('shelters', async () => 0, store);
  await keeping(`${AREA}1`, async () => 1, store);
  await leaveAreas(2, store);
  expect([...store.kept.keys()]).toEqual([`${AREA}4`, 'shelters', `${AREA}1`]);
});
