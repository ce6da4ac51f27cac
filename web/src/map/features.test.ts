import { expect, it } from 'vitest';
import { SHAPES } from '../design/shapes';
import type { Category, OfficeIncident } from '../wire';
import { allFeatures, diffOf, featureOf } from './features';

const NO_DRILLS: ReadonlySet<string> = new Set();

function incident(id: string, change: Partial<OfficeIncident> = {}): OfficeIncident {
  return {
    id,
    operation: 'everyday',
    category: 'hazard',
    status: 'received',
    position: { lat: 37.5, lon: 139.9 },
    danger_to_life: false,
    zones: [],
    filed_at: '2026-11-22T00:00:00Z',
    updated_at: '2026-11-22T00:00:00Z',
    reports: [],
    ...change,
  };
}

const byId = (...incidents: OfficeIncident[]) => new Map(incidents.map((i) => [i.id, i]));

it('writes longitude before latitude, as GeoJSON does', () => {
  expect(featureOf(incident('a'), NO_DRILLS).geometry.coordinates).toEqual([139.9, 37.5]);
});

it('draws a drill unlike the real thing', () => {
  const real = featureOf(incident('a'), NO_DRILLS).properties;
  const drill = featureOf(incident('a'), new Set(['everyday'])).properties;
  expect(drill.drill).toBe(true);
  expect(drill.icon).not.toBe(real.icon);
});

it('keeps danger to life out of clusters while it is open', () => {
  const split = allFeatures(
    [
      incident('calm'),
      incident('danger', { danger_to_life: true }),
      incident('over', { danger_to_life: true, status: 'resolved' }),
    ],
    NO_DRILLS,
  );
  expect(split.urgent.map((f) => f.properties.id)).toEqual(['danger']);
  expect(split.gathered.map((f) => [f.properties.id, f.properties.icon])).toEqual([
    ['calm', 'hazard-open'],
    ['over', 'hazard-closed'],
  ]);
});

it('keeps a drill and what is real apart, so that no disc counts both', () => {
  const split = allFeatures([incident('real'), incident('drill', { operation: 'exercise' })], new Set(['exercise']));
  expect(split.gathered.map((f) => f.properties.id)).toEqual(['real']);
  expect(split.drills.map((f) => f.properties.id)).toEqual(['drill']);
});

it('moves an incident from one side to the other when the danger is over', () => {
  const over = incident('a', { danger_to_life: true, status: 'resolved' });
  const diff = diffOf({ all: false, incidents: new Set(['a']) }, byId(over), NO_DRILLS);
  expect(diff.urgent).toEqual({ add: [], remove: ['a'] });
  expect(diff.gathered.add).toHaveLength(1);
  expect(diff.gathered.remove).toEqual([]);
});

it('takes what has gone off both sides', () => {
  const diff = diffOf({ all: false, incidents: new Set(['gone']) }, byId(), NO_DRILLS);
  expect(diff.gathered).toEqual({ add: [], remove: ['gone'] });
  expect(diff.urgent).toEqual({ add: [], remove: ['gone'] });
  expect(diff.drills).toEqual({ add: [], remove: ['gone'] });
});

it('has an outline of its own for each category', () => {
  const outlines = (Object.keys(SHAPES) as Category[]).map((category) => SHAPES[category].outline);
  expect(new Set(outlines).size).toBe(5);
});
