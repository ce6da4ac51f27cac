import { beforeEach, expect, it } from 'vitest';
import type { HazardLayer } from '../wire';
import { LEAST_OPACITY, OPACITY, Shown } from './shown.svelte';

const layer = (id: string, hazard: string) => ({ id, hazard }) as HazardLayer;
const LAYERS = [layer('flood-max', 'flood'), layer('flood-planned', 'flood'), layer('landslide', 'landslide')];

beforeEach(() => localStorage.clear());

it('shows the first layer of each hazard and the base map until somebody chooses', () => {
  const shown = new Shown('07202', LAYERS);
  expect(LAYERS.map(({ id }) => shown.has(id))).toEqual([true, false, true]);
  expect([shown.base, shown.opacity('flood-max')]).toEqual([true, OPACITY]);
});

it('remembers what an office chose, and not for another office', () => {
  const shown = new Shown('07202', LAYERS);
  shown.show('flood-max', false);
  shown.show('flood-planned', true);
  shown.draw('flood-planned', 0.9);
  shown.base = false;
  const again = new Shown('07202', LAYERS);
  expect(LAYERS.map(({ id }) => again.has(id))).toEqual([false, true, true]);
  expect([again.base, again.opacity('flood-planned')]).toEqual([false, 0.9]);
  expect(new Shown('07208', LAYERS).has('flood-max')).toBe(true);
});

it('shows a layer that came since like any new one', () => {
  new Shown('07202', LAYERS).show('flood-max', false);
  const again = new Shown('07202', [...LAYERS, layer('snow', 'avalanche')]);
  expect([again.has('flood-max'), again.has('snow')]).toEqual([false, true]);
});

it('begins anew where what is remembered makes no sense', () => {
  for (const text of ['{', 'null', '{"zones":null}', '{"base":1,"zones":{"flood-max":{"on":"yes","opacity":7}}}']) {
    localStorage.setItem('sokuho.map.07202', text);
    const shown = new Shown('07202', LAYERS);
    expect(shown.has('flood-max')).toBe(true);
    expect(shown.opacity('flood-max')).toBeGreaterThanOrEqual(LEAST_OPACITY);
    expect(shown.opacity('flood-max')).toBeLessThanOrEqual(1);
  }
});
