import { expect, it } from 'vitest';
import type { Zone } from './choosing';
import { severest } from './severest';

const keys = (...all: string[]) =>
  severest(
    all.map((key): Zone => ({ key, hazard: '', name: '', english: '', demonstration: false, polygons: [] })),
  ).map(({ key }) => key);

it('names the deepest water of the largest flood alone', () => {
  expect(keys('flood-max/1', 'flood-max/10', 'flood-max/2', 'flood-planned/3')).toEqual(['flood-max/10']);
  expect(keys('flood-planned/1', 'flood-planned/2')).toEqual(['flood-planned/2']);
});

it('names a special zone in the place of the zone around it, for each kind of slide', () => {
  const all = ['landslide/debris-warning', 'landslide/steep-special', 'landslide/steep-warning'];
  expect(keys(...all)).toEqual(['landslide/debris-warning', 'landslide/steep-special']);
});

it('leaves out nothing that is no degree of another', () => {
  const all = ['avalanche/danger', 'flood-collapse/erosion', 'flood-collapse/flow', 'flood-duration/3', 'flood-max/2'];
  expect(keys(...all)).toEqual(all);
});
