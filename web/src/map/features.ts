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
 * Features for the sources of the map: real ones and a drill's, which may be gathered in clusters, each with its own
 * kind; and the urgent ones, which stand above all else and never are.
 */
export type Split<T> = { gathered: T; drills: T; urgent: T };

/** The sources' names. */
export const SIDES = ['gathered', 'drills', 'urgent'] as const satisfies readonly (keyof Split<never>)[];

const split = <T>(make: () => T): Split<T> => ({ gathered: make(), drills: make(), urgent: make() });

function sideOf(incident: Incident, drills: ReadonlySet<string>): keyof Split<never> {
  return isUrgent(incident) ? 'urgent' : drills.has(incident.operation) ? 'drills' : 'gathered';
}

/** All incidents, for a map that starts. */
export function allFeatures(incidents: Iterable<Incident>, drills: ReadonlySet<string>): Split<Feature[]> {
  const features = split<Feature[]>(() => []);
  for (const incident of incidents) features[sideOf(incident, drills)].push(featureOf(incident, drills));
  return features;
}

/**
 * What a running map has to change. An incident that changes sides is removed on the others and added on its own;
 * adding what is there replaces it, removing what is not there does nothing.
 */
export function diffOf(
  changes: Changes,
  incidents: ReadonlyMap<string, Incident>,
  drills: ReadonlySet<string>,
): Split<GeoJSONSourceDiff> {
  const diff = split<{ add: Feature[]; remove: string[] }>(() => ({ add: [], remove: [] }));
  for (const id of changes.incidents) {
    const incident = incidents.get(id);
    const side = incident && sideOf(incident, drills);
    if (incident && side) diff[side].add.push(featureOf(incident, drills));
    for (const other of SIDES) if (other !== side) diff[other].remove.push(id);
  }
  return diff;
}
