import { expect, it } from 'vitest';
import { SHAPES } from '../design/shapes';
import type { Category, OfficeIncident } from '../wire';
import { Drawn, featureOf, type Told } from './features';

const told = (drills: string[] = [], fresh: string[] = []): Told => ({
  drills: new Set(drills),
  fresh: new Set(fresh),
});

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
  expect(featureOf(incident('a'), told()).geometry.coordinates).toEqual([139.9, 37.5]);
});

it('draws a drill unlike the real thing', () => {
  const real = featureOf(incident('a'), told()).properties;
  const drill = featureOf(incident('a'), told(['everyday'])).properties;
  expect(drill.drill).toBe(true);
  expect(drill.icon).not.toBe(real.icon);
});

it('keeps danger to life out of clusters while it is open', () => {
  const split = new Drawn().all(
    [
      incident('calm'),
      incident('danger', { danger_to_life: true }),
      incident('over', { danger_to_life: true, status: 'resolved' }),
    ],
    told(),
  );
  expect(split.urgent.map((f) => f.properties.id)).toEqual(['danger']);
  expect(split.gathered.map((f) => [f.properties.id, f.properties.icon])).toEqual([
    ['calm', 'hazard-open'],
    ['over', 'hazard-closed'],
  ]);
});

it('keeps a drill and what is real apart, so that no disc counts both', () => {
  const split = new Drawn().all([incident('real'), incident('drill', { operation: 'exercise' })], told(['exercise']));
  expect(split.gathered.map((f) => f.properties.id)).toEqual(['real']);
  expect(split.drills.map((f) => f.properties.id)).toEqual(['drill']);
});

it('moves an incident from one side to the other when the danger is over', () => {
  const drawn = new Drawn();
  drawn.all([incident('a', { danger_to_life: true })], told());
  const over = incident('a', { danger_to_life: true, status: 'resolved' });
  const diff = drawn.changes(['a'], byId(over), told());
  expect(diff.urgent).toEqual({ add: [], remove: ['a'] });
  expect(diff.gathered?.add).toHaveLength(1);
  expect(diff.gathered?.remove).toEqual([]);
  // And from there on it is known to be where it went.
  expect(drawn.changes(['a'], byId(), told())).toEqual({ gathered: { add: [], remove: ['a'] } });
});

it('tells a source of its own changes alone', () => {
  const drawn = new Drawn();
  const [calm, danger] = [incident('calm'), incident('danger', { danger_to_life: true })];
  drawn.all([calm, danger], told());
  expect(Object.keys(drawn.changes(['calm', 'new'], byId(calm, incident('new')), told()))).toEqual(['gathered']);
  expect(drawn.changes(['nobody knew it'], byId(), told())).toEqual({});
});

it('takes what has gone off the map, once', () => {
  const drawn = new Drawn();
  drawn.all([incident('gone', { operation: 'exercise' })], told(['exercise']));
  expect(drawn.changes(['gone'], byId(), told(['exercise']))).toEqual({ drills: { add: [], remove: ['gone'] } });
  expect(drawn.changes(['gone'], byId(), told(['exercise']))).toEqual({});
});

it('sets off what has just come', () => {
  const { gathered } = new Drawn().all([incident('old'), incident('new')], told([], ['new']));
  expect(gathered.map(({ properties }) => [properties.id, properties.fresh])).toEqual([
    ['old', false],
    ['new', true],
  ]);
});

it('has an outline of its own for each category', () => {
  const outlines = (Object.keys(SHAPES) as Category[]).map((category) => SHAPES[category].outline);
  expect(new Set(outlines).size).toBe(5);
});
