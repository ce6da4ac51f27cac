import { expect, it } from 'vitest';
import type { Known } from '../state/shelters';
import { sheltersShown, usualShelters } from './shelters-shown';

type State = 'open' | 'full' | 'closed';
const one = (id: string, state?: State, drill?: State) => {
  const said = (state?: State) => (state ? { state } : null);
  return { shelter: { id }, status: said(state), drills: drill ? [said(drill)] : [] } as unknown as Known;
};
const ids = (shelters: readonly Known[]) => shelters.map(({ shelter }) => shelter.id);

it('shows all shelters until one is open, and then those that are', () => {
  const quiet = [one('a'), one('b', 'closed')];
  expect(usualShelters(quiet)).toBe('all');
  expect(ids(sheltersShown(quiet, 'all'))).toEqual(['a', 'b']);
  const night = [one('c', 'open'), one('d', 'full'), one('e', 'closed', 'open'), ...quiet];
  expect(usualShelters(night)).toBe('open');
  expect(ids(sheltersShown(night, 'open'))).toEqual(['c', 'd', 'e']);
});

it('shows none where somebody wants none', () => {
  expect(sheltersShown([one('a', 'open')], 'none')).toEqual([]);
});

it('shows the shelter to which somebody was sent, whatever was chosen', () => {
  const [open, quiet] = [one('a', 'open'), one('b')];
  const position = { lat: 37.5, lon: 139.9 };
  const sent = { ...quiet, shelter: { ...quiet.shelter, position } };
  expect(ids(sheltersShown([open, sent], 'open', position))).toEqual(['a', 'b']);
  expect(ids(sheltersShown([open, sent], 'none', position))).toEqual(['b']);
});
