import { expect, it } from 'vitest';
import type { OfficeIncident, Shelter } from '../wire';
import { type Known, known, sheltered, standingOf } from './shelters';
import { type ShelterStatus, World } from './world';

const shelter = (id: string): Shelter => ({
  id,
  name: id,
  address: '',
  municipality: '07202',
  position: { lat: 37.5, lon: 139.9 },
  kinds: ['shelter'],
});
const said = (id: string, state: ShelterStatus['state'], people?: number): ShelterStatus => ({
  shelter: id,
  state,
  at: '2026-11-22T00:00:00Z',
  ...(people === undefined ? {} : { people }),
});
const drilled = (drill: string, id: string, state: ShelterStatus['state']): ShelterStatus => ({
  ...said(id, state, 99),
  drill,
});
const words = (real: ShelterStatus[], drills: ShelterStatus[] = []) => ({
  shelters: new Map(real.map((s) => [s.shelter, s])),
  drilled: drills,
});

it('lists open shelters first and those of which nobody has said anything last', () => {
  const told = words([said('b', 'closed'), said('c', 'open'), said('d', 'full')]);
  expect(known(['a', 'b', 'c', 'd'].map(shelter), told).map((one) => one.shelter.id)).toEqual(['c', 'd', 'b', 'a']);
});

it('counts full shelters among the open ones, and people only where they were counted', () => {
  const told = words([said('a', 'open', 12), said('b', 'full', 30), said('c', 'closed', 5), said('d', 'open')]);
  expect(sheltered(told)).toEqual({ open: { real: 3, drill: 0 }, people: 42 });
  expect(sheltered(words([said('a', 'open')]))).toEqual({ open: { real: 1, drill: 0 }, people: null });
});

it("a drill's words stand beside the real ones, after what is really open, and no number has both", () => {
  const told = words(
    [said('b', 'closed', 0), said('c', 'open', 7)],
    [drilled('x', 'b', 'open'), drilled('y', 'b', 'full'), drilled('x', 'd', 'closed')],
  );
  const all = known(['a', 'b', 'c', 'd'].map(shelter), told);
  expect(all.map((one) => one.shelter.id)).toEqual(['c', 'b', 'd', 'a']);
  expect(standingOf(all[1] as Known)).toBe('closed');
  expect(all[1]?.drills.map(({ drill, state }) => [drill, state])).toEqual([
    ['y', 'full'],
    ['x', 'open'],
  ]);
  expect(sheltered(told)).toEqual({ open: { real: 1, drill: 1 }, people: 7 });
});

it('the world keeps what a drill says apart until the drill ends', () => {
  const world = new World<OfficeIncident>();
  const drill = { id: 'x', kind: 'drill', name: '訓練', open: true } as const;
  world.replace({
    operations: [drill],
    incidents: [],
    omitted: 0,
    shelters: [said('a', 'closed'), drilled('x', 'a', 'open'), drilled('y', 'a', 'full')],
  });
  expect([world.shelters.get('a')?.state, world.drilled.length]).toEqual(['closed', 2]);
  world.apply({ shelter: drilled('x', 'a', 'full') });
  world.apply({ shelter: said('a', 'open') });
  expect(world.shelters.get('a')).toEqual(said('a', 'open'));
  expect(world.drilled).toEqual([drilled('y', 'a', 'full'), drilled('x', 'a', 'full')]);
  world.apply({ operation: { ...drill, open: false } });
  expect(world.drilled).toEqual([drilled('y', 'a', 'full')]);
  expect(world.shelters.get('a')).toEqual(said('a', 'open'));
});

it('the world holds what the snapshot and the entries after it say of shelters', () => {
  const world = new World<OfficeIncident>();
  world.replace({ operations: [], incidents: [], omitted: 0, shelters: [said('a', 'open', 3)] });
  const before = world.shelters;
  world.apply({ shelter: said('a', 'closed') });
  expect(world.shelters.get('a')).toEqual(said('a', 'closed'));
  expect(world.shelters).not.toBe(before);
  world.replace({ operations: [], incidents: [], omitted: 0 });
  expect(world.shelters.size).toBe(0);
});
