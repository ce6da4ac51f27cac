import { describe, expect, it } from 'vitest';
import type { Mark } from '../map/numbers';
import { Ledger } from '../state/ledger';
import type { Known } from '../state/shelters';
import type { OfficeIncident } from '../wire';
import { isRefuge, numbersOnMap, refugesOf, rowsOf } from './sheet';

/** Filed so many minutes ago. */
function incident(id: string, minutes: number, more: Partial<OfficeIncident> = {}): OfficeIncident {
  return {
    id,
    filed_at: new Date(Date.UTC(2026, 10, 22, 12, -minutes)).toISOString(),
    status: 'received',
    danger_to_life: false,
    operation: 'everyday',
    zones: [],
    reports: [],
    ...more,
  } as unknown as OfficeIncident;
}

function ledgerOf(...incidents: OfficeIncident[]): Ledger {
  const ledger = new Ledger();
  const byId = new Map(incidents.map((one) => [one.id, one]));
  ledger.take({ all: true, incidents: new Set() }, byId, new Set(['drill']));
  return ledger;
}

const mark = (ids: string[], kind: Mark['kind'] = 'incidents'): Mark => ({ x: 0, y: 0, reach: 10, kind, ids });
const drills = new Set(['drill']);
const words = (n: number) => `S${n}`;

const ledger = ledgerOf(
  incident('new', 1),
  incident('old', 9),
  incident('far', 2),
  incident('mid', 5, { operation: 'drill' }),
  incident('danger', 30, { danger_to_life: true }),
);
const marks = [mark(['mid']), mark(['old', 'new']), mark(['danger'])];

describe('the printed list', () => {
  it('begins with danger to life, keeps together what one disc stands for, and ends with what the map leaves out', () => {
    const { rows, unlisted } = rowsOf(ledger, marks, drills, 100);
    expect(rows.map(({ number, incident }) => `${number} ${incident.id}`)).toEqual([
      '1 danger',
      '2 new',
      '3 old',
      '4 mid',
      '5 far',
    ]);
    expect(rows.map(({ beyond }) => beyond)).toEqual([false, false, false, false, true]);
    expect(rows.map(({ drill }) => drill)).toEqual([false, false, false, true, false]);
    expect(unlisted).toBe(0);
  });

  it('calls nothing off the map on a sheet without a map', () => {
    const { rows } = rowsOf(ledger, null, drills, 100);
    expect(rows.map(({ incident, beyond }) => [incident.id, beyond])).toEqual([
      ['danger', false],
      ['new', false],
      ['far', false],
      ['mid', false],
      ['old', false],
    ]);
    const open = { shelter: { id: 'open' }, status: { state: 'open' }, drills: [] } as unknown as Known;
    expect(refugesOf([open], null).map(({ beyond }) => beyond)).toEqual([false]);
  });

  it('says how many it has no room for', () => {
    const { rows, unlisted } = rowsOf(ledger, marks, drills, 2);
    expect(rows.map(({ incident }) => incident.id)).toEqual(['danger', 'new']);
    expect(unlisted).toBe(3);
  });
});

describe('the numbers on the map', () => {
  it('are those of the list, the danger first', () => {
    const { rows } = rowsOf(ledger, marks, drills, 100);
    const numbers = numbersOnMap(marks, rows, [], words);
    expect(numbers.map(({ words, kind, drill }) => `${kind}${drill ? ' of a drill' : ''} ${words}`)).toEqual([
      'danger 1',
      'incident of a drill 4',
      'incident 2, 3',
    ]);
  });

  it('say of a disc when it stands for more than is listed, and nothing of what is not listed', () => {
    const { rows } = rowsOf(ledger, marks, drills, 2);
    expect(numbersOnMap(marks, rows, [], words).map(({ words }) => words)).toEqual(['1', '2＋']);
  });

  it('tie shelters to their own list, those of a drill after the real ones', () => {
    const shelter = (id: string, state: string | null, ...drills: string[]) =>
      ({
        shelter: { id },
        status: state === null ? null : { state },
        drills: drills.map((state) => ({ state, drill: 'drill' })),
      }) as unknown as Known;
    const shelters = [
      shelter('drilled', null, 'full', 'closed'),
      shelter('open', 'open', 'open'),
      shelter('shut', 'closed', 'closed'),
      shelter('full', 'full'),
    ];
    expect(shelters.map(isRefuge)).toEqual([true, true, false, true]);
    const seen = [mark(['drilled'], 'shelter'), mark(['drilled-drill'], 'shelter'), mark(['full'], 'shelter')];
    const refuges = refugesOf(shelters, [...seen, mark(['open'])]);
    expect(refuges.map(({ number, id, status, drill, beyond }) => [number, id, status.state, drill, beyond])).toEqual([
      [1, 'open', 'open', false, true],
      [2, 'full', 'full', false, false],
      [3, 'drilled-drill', 'full', true, false],
      [4, 'open-drill', 'open', true, true],
    ]);
    expect(numbersOnMap(seen, [], refuges, words).map(({ words, kind, drill }) => [kind, words, drill])).toEqual([
      ['full', 'S3', true],
      ['full', 'S2', false],
    ]);
  });
});
