import type { GeoJSONSourceDiff } from 'maplibre-gl';
import { type Changes, type Incident, isDangerous, isOpen, isUrgent } from '../state/world';
import type { Category } from '../wire';

/** What the map knows of an incident. */
export type Properties = {
  id: string;
  category: Category;
  /** Name of the icon. */
  icon: string;
  drill: boolean;
  open: boolean;
};

export type Feature = GeoJSON.Feature<GeoJSON.Point, Properties>;

/** How an icon is drawn. */
export type Look = 'open' | 'closed' | 'danger';

/** The name of an icon; `icons.ts` draws each of them. */
export function iconName(category: Category, look: Look, drill: boolean): string {
  return `${category}-${look}${drill ? '-drill' : ''}`;
}

/** An incident as the map draws it. `drills`: ids of operations that are drills. */
export function featureOf(incident: Incident, drills: ReadonlySet<string>): Feature {
  const open = isOpen(incident);
  const drill = drills.has(incident.operation);
  const look: Look = !open ? 'closed' : isDangerous(incident) ? 'danger' : 'open';
  return {
    type: 'Feature',
    geometry: { type: 'Point', coordinates: [incident.position.lon, incident.position.lat] },
    properties: {
      id: incident.id,
      category: incident.category,
      icon: iconName(incident.category, look, drill),
      drill,
      open,
    },
  };
}

/**
 * Features for the two sources of the map: those that may be gathered in clusters, and the urgent ones, which stand
 * above all else and never are.
 */
export type Split<T> = { gathered: T; urgent: T };

/** All incidents, for a map that starts. */
export function allFeatures(incidents: Iterable<Incident>, drills: ReadonlySet<string>): Split<Feature[]> {
  const split: Split<Feature[]> = { gathered: [], urgent: [] };
  for (const incident of incidents) split[isUrgent(incident) ? 'urgent' : 'gathered'].push(featureOf(incident, drills));
  return split;
}

/**
 * What a running map has to change. An incident that changes sides is removed on one and added on the other;
 * adding what is there replaces it, removing what is not there does nothing.
 */
export function diffOf(
  changes: Changes,
  incidents: ReadonlyMap<string, Incident>,
  drills: ReadonlySet<string>,
): Split<GeoJSONSourceDiff> {
  const add: Split<Feature[]> = { gathered: [], urgent: [] };
  const remove: Split<string[]> = { gathered: [], urgent: [] };
  for (const id of changes.incidents) {
    const incident = incidents.get(id);
    const side = incident && (isUrgent(incident) ? 'urgent' : 'gathered');
    if (incident && side) add[side].push(featureOf(incident, drills));
    for (const other of ['gathered', 'urgent'] as const) if (other !== side) remove[other].push(id);
  }
  return {
    gathered: { add: add.gathered, remove: remove.gathered },
    urgent: { add: add.urgent, remove: remove.urgent },
  };
}
