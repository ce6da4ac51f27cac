import { distanceM } from '../capture/position';
import type { Office, OfficeIncident } from '../wire';
import { isUrgent } from './world';
import { zoneKey } from './zones';

/** By what a table of incidents can be sorted. */
export type Column = 'filed' | 'category' | 'place' | 'status' | 'danger' | 'zones' | 'distance';

export const COLUMNS: readonly Column[] = ['filed', 'category', 'place', 'status', 'danger', 'zones', 'distance'];

export type Sorting = { by: Column; descending: boolean };

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

/** Sorts rows in place; what is equal stands newest first. `order`: texts by which offices and categories sort. */
export function sortRows(rows: Row[], { by, descending }: Sorting, order: (row: Row, by: Column) => string): Row[] {
  const value = (row: Row): number | string => {
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
        return order(row, by);
    }
  };
  const sign = descending ? -1 : 1;
  const keyed = rows.map((row) => [value(row), row] as const);
  keyed.sort(([a, rowA], [b, rowB]) => {
    if (a !== b) return a < b ? -sign : sign;
    return rowB.filed - rowA.filed || (rowA.incident.id < rowB.incident.id ? -1 : 1);
  });
  return keyed.map(([, row]) => row);
}
