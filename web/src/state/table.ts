import { distanceM } from '../capture/position';
import type { Office, OfficeIncident } from '../wire';
import { isUrgent } from './world';
import { zoneKey } from './zones';

/** By what a table of incidents can be sorted. */
export type Column = 'filed' | 'category' | 'place' | 'status' | 'danger' | 'zones' | 'distance';

export const COLUMNS: readonly Column[] = ['filed', 'category', 'place', 'status', 'danger', 'zones', 'distance'];

export type Sorting<C extends string = Column> = { by: C; descending: boolean };

/** A row of the table: an incident, and how far it lies from the label of the office at hand, metres. */
export type Row = { incident: OfficeIncident; filed: number; distance: number | null };

const STATUSES = ['received', 'in_progress', 'resolved', 'declined'];

/** The rows of a table. `office`: from where distances are measured. */
export function rowsOf(incidents: Iterable<OfficeIncident>, office: Office | undefined): Row[] {
  return [...incidents].map((incident) => ({
    incident,
    filed: Date.parse(incident.filed_at),
    distance: office ? distanceM(office.label, incident.position) : null,
  }));
}

/** What a row of incidents sorts by; `null`: by a text that its reader sees. */
export function sortsBy(row: Row, by: Column): number | string | null {
  switch (by) {
    case 'filed':
      return row.filed;
    case 'distance':
      return row.distance ?? Number.POSITIVE_INFINITY;
    case 'danger':
      return isUrgent(row.incident) ? 2 : row.incident.danger_to_life ? 1 : 0;
    case 'status':
      return STATUSES.indexOf(row.incident.status);
    case 'zones':
      return row.incident.zones.length > 0 ? `1${row.incident.zones.map(zoneKey).sort().join()}` : '0';
    default:
      return null;
  }
}

/** The order of rows of incidents that are equal. */
export function newestRowFirst(a: Row, b: Row): number {
  return b.filed - a.filed || (a.incident.id < b.incident.id ? -1 : 1);
}

/** Rows in order of a column. `tie`: the order of what is equal there, whichever way it is sorted. */
export function sorted<R, C extends string>(
  rows: readonly R[],
  { by, descending }: Sorting<C>,
  value: (row: R, by: C) => number | string,
  tie: (a: R, b: R) => number,
): R[] {
  const sign = descending ? -1 : 1;
  const keyed = rows.map((row) => [value(row, by), row] as const);
  keyed.sort(([a, rowA], [b, rowB]) => (a === b ? tie(rowA, rowB) : a < b ? -sign : sign));
  return keyed.map(([, row]) => row);
}
