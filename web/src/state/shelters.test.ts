import { expect, it } from 'vitest';
import type { OfficeIncident, Shelter } from '../wire';
import { known, sheltered } from './shelters';
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

it('lists open shelters first and those of which nobody has said anything last', () => {
  const words = new Map([said('b', 'closed'), said('c', 'open'), said('d', 'full')].map((s) => [s.shelter, s]));
  expect(known(['a', 'b', 'c', 'd'].map(shelter), words).map((one) => one.shelter.id)).toEqual(['c', 'd', 'b', 'a']);
});

it('counts full shelters among the open ones, and people only where they were counted', () => {
  expect(sheltered([said('a', 'open', 12), said('b', 'full', 30), said('c', 'closed', 5), said('d', 'open')])).toEqual({
    open: 3,
    people: 42,
  });
  expect(sheltered([said('a', 'open')])).toEqual({ open: 1, people: null });
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
