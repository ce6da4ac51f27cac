import { expect, it } from 'vitest';
import { keeping, type Shelf } from './kept';

function shelf(): Shelf & { kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    get: async (name) => kept.get(name) ?? null,
    put: async (name, text) => {
      kept.set(name, text);
    },
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
  ).toEqual({ value: [1], at: 1_000, fresh: true });
  expect(await keeping('a', cut, store, () => 9_000)).toEqual({ value: [1], at: 1_000, fresh: false });
  await expect(keeping('b', cut, store)).rejects.toThrow('cut');
});

it('gives the answer though it cannot be kept', async () => {
  const full: Shelf = { get: cut, put: cut };
  expect((await keeping('a', async () => 7, full)).value).toBe(7);
  await expect(keeping('a', () => Promise.reject(new TypeError('the first')) as Promise<number>, full)).rejects.toThrow(
    'the first',
  );
});
