import { expect, it } from 'vitest';
import type { Office, OfficeIncident } from '../wire';
import { type Column, newestRowFirst, type Row, rowsOf, sorted, sortsBy } from './table';

const incident = (id: string, minute: number, change: Partial<OfficeIncident> = {}): OfficeIncident => ({
  id,
  operation: 'everyday',
  category: 'hazard',
  status: 'received',
  position: { lat: 37.5, lon: 139.9 },
  danger_to_life: false,
  zones: [],
  filed_at: `2026-11-22T00:0${minute}:00Z`,
  updated_at: '2026-11-22T00:00:00Z',
  reports: [],
  ...change,
});
const office = { label: { lat: 37.5, lon: 139.9 } } as Office;
const ids = (rows: { incident: OfficeIncident }[]) => rows.map(({ incident }) => incident.id);
const value = (row: Row, by: Column) => sortsBy(row, by) ?? '';

it('sorts by a column either way, and what is equal newest first', () => {
  const rows = rowsOf(
    [
      incident('old', 1, { status: 'resolved' }),
      incident('far', 2, { position: { lat: 37.7, lon: 139.9 } }),
      incident('new', 3, { danger_to_life: true }),
    ],
    office,
  );
  const by = (column: Column, descending = false) =>
    ids(sorted(rows, { by: column, descending }, value, newestRowFirst));
  expect(by('filed')).toEqual(['old', 'far', 'new']);
  expect(by('filed', true)).toEqual(['new', 'far', 'old']);
  expect(by('status')).toEqual(['new', 'far', 'old']);
  expect(by('danger', true)).toEqual(['new', 'far', 'old']);
  expect(by('distance', true)).toEqual(['far', 'new', 'old']);
  expect(by('place')).toEqual(['new', 'far', 'old']);
});

it('puts what lies in no zone together', () => {
  const zones = [{ layer: 'landslide', class: '2' }] as OfficeIncident['zones'];
  const rows = rowsOf([incident('a', 1), incident('in', 2, { zones }), incident('b', 3)], undefined);
  expect(ids(sorted(rows, { by: 'zones', descending: true }, value, newestRowFirst))).toEqual(['in', 'b', 'a']);
  expect(rows[0]?.distance).toBeNull();
});
