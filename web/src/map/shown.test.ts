import { beforeEach, expect, it } from 'vitest';
import type { HazardLayer } from '../wire';
import type { Raster } from './rasters';
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

const RASTERS = [
  { id: 'proxy-photo', ground: true },
  { id: 'proxy-pale', ground: true },
  { id: 'proxy-tsunami', ground: false },
] as Raster[];

it('remembers the ground, the rasters upon it and which shelters are shown', () => {
  const shown = new Shown('07202', LAYERS, RASTERS);
  expect([shown.ground, shown.shelters, shown.has('proxy-tsunami')]).toEqual(['base', null, false]);
  shown.ground = 'proxy-pale';
  shown.show('proxy-tsunami', true);
  shown.draw('proxy-tsunami', 0.3);
  shown.shelters = 'none';
  const again = new Shown('07202', LAYERS, RASTERS);
  expect([again.ground, again.base, again.shelters]).toEqual(['proxy-pale', true, 'none']);
  expect([again.has('proxy-tsunami'), again.opacity('proxy-tsunami')]).toEqual([true, 0.3]);
  again.ground = 'none';
  const bare = new Shown('07202', LAYERS, RASTERS);
  expect([bare.ground, bare.base]).toEqual(['none', false]);
});

it('shows the base map where the node has a ground no longer', () => {
  const shown = new Shown('07202', LAYERS, RASTERS);
  shown.ground = 'proxy-photo';
  const without = new Shown('07202', LAYERS, []);
  expect([without.ground, without.has('proxy-tsunami')]).toEqual(['base', false]);
  localStorage.setItem('sokuho.map.07202', '{"zones":{},"raster":"proxy-tsunami","shelters":"some"}');
  const odd = new Shown('07202', LAYERS, RASTERS);
  expect([odd.ground, odd.shelters]).toEqual(['base', null]);
});

it('takes in a layer that comes while it is shown, and keeps what was chosen, also where nothing is remembered', () => {
  const shown = new Shown('07202', LAYERS, RASTERS);
  shown.show('flood-max', false);
  shown.draw('landslide', 0.9);
  shown.ground = 'proxy-pale';
  localStorage.clear();
  shown.take([...LAYERS, layer('snow', 'avalanche'), layer('flood-duration', 'flood')], RASTERS);
  expect(['flood-max', 'snow', 'flood-duration'].map((id) => shown.has(id))).toEqual([false, true, false]);
  expect([shown.opacity('landslide'), shown.ground]).toEqual([0.9, 'proxy-pale']);
  shown.take(LAYERS, []);
  expect(shown.ground).toBe('base');
});
