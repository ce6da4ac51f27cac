import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { WATCHING } from '../link/backoff';
import { Told } from '../session/told';
import type { BaseMap, HazardLayer, HazardLayers, TileSources } from '../wire';
import { Described } from './described.svelte';

const layer = (id: string, imported_at?: string) => ({ id, hazard: 'flood', imported_at }) as HazardLayer;

/** A node whose answers the test changes; `null`: it does not answer. */
function aNode() {
  const says: { base: BaseMap | null; layers: HazardLayers | null; sources: TileSources | null } = {
    base: { kind: 'sketch', edition: '略図' } as BaseMap,
    layers: { layers: [layer('flood-max')] },
    sources: { sources: [] },
  };
  const ask = <K extends keyof typeof says>(what: K) =>
    new Told(async () => {
      const answer = says[what];
      if (answer === null) throw new Error('no answer');
      return structuredClone(answer) as NonNullable<(typeof says)[K]>;
    });
  const described = new Described({ base: ask('base'), layers: ask('layers'), sources: ask('sources') });
  return { says, described };
}

const settled = () => vi.advanceTimersByTimeAsync(0);

let end = () => {};
beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  end();
  vi.useRealTimers();
});

it('takes the layers of another edition when it asks anew, and keeps what is the same as it was', async () => {
  const { says, described } = aNode();
  end = described.keep();
  await settled();
  const { base, layers, rasters } = described;
  described.renew();
  await settled();
  expect([described.base, described.layers, described.rasters]).toEqual([base, layers, rasters]);
  expect([described.base === base, described.layers === layers, described.rasters === rasters]).toEqual(
    Array(3).fill(true),
  );
  says.layers = { layers: [layer('flood-max', '2026-11-22T00:00:00Z'), layer('landslide')] };
  described.renew();
  await settled();
  expect(described.layers).toEqual(says.layers.layers);
  expect(described.base === base).toBe(true);
});

it('is a map without what the node does not say, and asks until it does', async () => {
  const { says, described } = aNode();
  const { layers } = says;
  says.layers = null;
  end = described.keep();
  await settled();
  expect([described.asked, described.lacking.layers, described.layers.length]).toEqual([true, true, 0]);
  says.layers = layers;
  await vi.advanceTimersByTimeAsync(WATCHING.shortestMs * 2);
  expect([described.lacking.layers, described.layers.length]).toEqual([false, 1]);
});

it('keeps the layers that it knows while the node says nothing', async () => {
  const { says, described } = aNode();
  end = described.keep();
  await settled();
  says.layers = null;
  described.renew();
  await settled();
  expect([described.lacking.layers, described.layers.length]).toEqual([false, 1]);
});
