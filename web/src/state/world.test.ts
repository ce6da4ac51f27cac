import { expect, it } from 'vitest';
import type { CheckIn, Office, OfficeIncident, Operation, PublicIncident } from '../wire';
import {
  type Counts,
  countByOffice,
  isDangerous,
  MOST_INCIDENTS,
  newestFirst,
  openOperations,
  pinUrgent,
  World,
} from './world';

const HOUR = 60 * 60 * 1000;
const MIDNIGHT = Date.UTC(2026, 10, 22);
const at = (hours: number) => new Date(MIDNIGHT + hours * HOUR).toISOString();

function incident(id: string, change: Partial<OfficeIncident> = {}): OfficeIncident {
  return {
    id,
    operation: 'everyday',
    category: 'road_damage',
    status: 'received',
    position: { lat: 37.5, lon: 139.9 },
    danger_to_life: false,
    zones: [],
    responsible: '07202',
    filed_at: at(0),
    updated_at: at(0),
    reports: [],
    ...change,
  };
}

function checkIn(id: string, change: Partial<CheckIn> = {}): CheckIn {
  return { id, staff: 's', name: '佐藤', office: '07423', employer: '07202', since: at(0), ...change };
}

const office = (code: string): Office => ({
  code,
  kind: 'municipality',
  name: code,
  kana: '',
  english: code,
  label: { lat: 37.5, lon: 139.9 },
  neighbours: [],
});

const drill: Operation = { id: 'drill', kind: 'drill', name: '総合防災訓練', open: true };

function world(...incidents: OfficeIncident[]): World<OfficeIncident> {
  const made = new World<OfficeIncident>();
  made.replace({ operations: [], incidents, omitted: 0, check_ins: [] });
  return made;
}

it('holds what the snapshot says and nothing from before', () => {
  const w = world(incident('old'));
  w.replace({ operations: [drill], incidents: [incident('new')], omitted: 3, check_ins: [checkIn('c')] });
  expect([...w.incidents.keys()]).toEqual(['new']);
  expect([...w.operations.keys()]).toEqual(['drill']);
  expect([...w.checkIns.keys()]).toEqual(['c']);
  expect(w.omitted).toBe(3);
  expect(w.takeChanges().all).toBe(true);
});

it('takes the later state of a thing', () => {
  const w = world(incident('a'));
  w.apply({ incident: incident('a', { status: 'resolved' }), check_ins: [] });
  w.apply({ incident: incident('b'), check_ins: [] });
  expect([...w.incidents.values()].map((i) => [i.id, i.status])).toEqual([
    ['a', 'resolved'],
    ['b', 'received'],
  ]);
});

it('tells the map once what changed', () => {
  const w = world(incident('a'));
  w.takeChanges();
  w.apply({ incident: incident('b') });
  w.apply({ incident: incident('b', { status: 'in_progress' }) });
  expect(w.takeChanges()).toEqual({ all: false, incidents: new Set(['b']) });
  expect(w.takeChanges()).toEqual({ all: false, incidents: new Set() });
});

it('keeps open check-ins only', () => {
  const w = world();
  w.apply({ check_ins: [checkIn('first')] });
  w.apply({
    check_ins: [checkIn('first', { ended: { at: at(1), reason: 'superseded' } }), checkIn('second')],
  });
  expect([...w.checkIns.keys()]).toEqual(['second']);
});

it('closes an operation', () => {
  const w = world();
  w.apply({ operation: drill });
  expect(openOperations(w.operations.values(), 'drill')).toEqual([drill]);
  w.apply({ operation: { ...drill, open: false } });
  expect(openOperations(w.operations.values(), 'drill')).toEqual([]);
});

it('drops what belongs to an operation that is closed, and tells the map', () => {
  const w = world(incident('everyday'), incident('exercise', { operation: 'drill' }));
  w.takeChanges();
  w.apply({ operation: drill });
  expect(w.incidents.size).toBe(2);
  w.apply({ operation: { ...drill, open: false } });
  expect([...w.incidents.keys()]).toEqual(['everyday']);
  expect(w.takeChanges().incidents).toEqual(new Set(['exercise']));
});

it('drops closed incidents a day after their last change and keeps open ones', () => {
  const w = world(
    incident('closed', { status: 'resolved', updated_at: at(0) }),
    incident('declined', { status: 'declined', updated_at: at(2) }),
    incident('open', { status: 'in_progress' }),
  );
  w.takeChanges();
  w.prune(MIDNIGHT + 25 * HOUR);
  expect([...w.incidents.keys()]).toEqual(['declined', 'open']);
  expect(w.takeChanges().incidents).toEqual(new Set(['closed']));
});

it('keeps the newest when there are too many, and says how many are missing', () => {
  const many = Array.from({ length: MOST_INCIDENTS + 2 }, (_, i) => incident(`i${i}`, { filed_at: at(i / 3600) }));
  const w = world(...many);
  w.prune(MIDNIGHT);
  expect(w.incidents.size).toBe(MOST_INCIDENTS);
  expect(w.incidents.has('i0')).toBe(false);
  expect(w.incidents.has('i2')).toBe(true);
  expect(w.omitted).toBe(2);
});

it('sorts by time, not by text', () => {
  const order = newestFirst([
    incident('whole', { filed_at: '2026-11-22T00:00:01Z' }),
    incident('fraction', { filed_at: '2026-11-22T00:00:01.5Z' }),
    incident('early', { filed_at: '2026-11-21T23:59:59.999Z' }),
  ]);
  expect(order.map((i) => i.id)).toEqual(['fraction', 'whole', 'early']);
});

it('counts open incidents by responsible office and those of nobody, a drill apart from what is real', () => {
  const { counts, unassigned } = countByOffice(
    [
      incident('a'),
      incident('b', { status: 'in_progress', danger_to_life: true }),
      incident('c', { status: 'resolved' }),
      incident('d', { responsible: undefined, danger_to_life: true }),
      incident('e', { responsible: '07423' }),
      incident('f', { operation: 'drill', danger_to_life: true }),
      incident('g', { operation: 'drill', responsible: undefined, status: 'in_progress' }),
    ],
    [office('07202'), office('07423'), office('07444')],
    new Set(['drill']),
  );
  const numbers = ({ received, inProgress, dangerous }: Counts) =>
    [received, inProgress, dangerous].map(({ real, drill }) => [real, drill]);
  const none = [0, 0];
  expect(counts.map((count) => [count.office.code, numbers(count)])).toEqual([
    [
      '07202',
      [
        [1, 1],
        [1, 0],
        [1, 1],
      ],
    ],
    ['07423', [[1, 0], none, none]],
    ['07444', [none, none, none]],
  ]);
  expect(numbers(unassigned)).toEqual([
    [1, 0],
    [0, 1],
    [1, 0],
  ]);
});

it('keeps danger to life at the top until it is dealt with, however much comes after it', () => {
  const urgent = { danger_to_life: true } as const;
  const { pinned, rest } = pinUrgent(
    [
      incident('first', { ...urgent, filed_at: at(0) }),
      incident('second', { ...urgent, status: 'in_progress', filed_at: at(1) }),
      incident('dealt-with', { ...urgent, status: 'resolved', filed_at: at(2) }),
      incident('exercise', { ...urgent, operation: 'drill', filed_at: at(3) }),
      incident('newest', { filed_at: at(4) }),
    ],
    new Set(['drill']),
  );
  expect(pinned.map(({ id }) => id)).toEqual(['second', 'first']);
  expect(rest.map(({ id }) => id)).toEqual(['newest', 'exercise', 'dealt-with']);
});

it('keeps the danger of a drill at the top while there is no real one', () => {
  const { pinned } = pinUrgent(
    [incident('real'), incident('exercise', { operation: 'drill', danger_to_life: true })],
    new Set(['drill']),
  );
  expect(pinned.map(({ id }) => id)).toEqual(['exercise']);
});

it('never calls a public incident dangerous', () => {
  const { reports: _, danger_to_life: __, ...open }: OfficeIncident = incident('a', { danger_to_life: true });
  expect(isDangerous(open satisfies PublicIncident)).toBe(false);
});
