import { type Incident, isDangerous, isOpen, isUrgent } from '../state/world';
import type { Category } from '../wire';

/** What the map knows of an incident. */
export type Properties = {
  id: string;
  category: Category;
  /** Name of the icon. */
  icon: string;
  drill: boolean;
  open: boolean;
  /** Whether it has just come. */
  fresh: boolean;
};

export type Feature = GeoJSON.Feature<GeoJSON.Point, Properties>;

/** How an icon is drawn. */
export type Look = 'open' | 'closed' | 'danger';

/** The name of an icon; `icons.ts` draws each of them. */
export function iconName(category: Category, look: Look, drill: boolean): string {
  return `${category}-${look}${drill ? '-drill' : ''}`;
}

/** What the map is told beside the incidents. */
export type Told = {
  /** Ids of operations that are drills. */
  drills: ReadonlySet<string>;
  /** Ids of incidents that have just come. */
  fresh: ReadonlySet<string>;
};

/** An incident as the map draws it. */
export function featureOf(incident: Incident, { drills, fresh }: Told): Feature {
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
      fresh: fresh.has(incident.id),
    },
  };
}

/** The sources' names. */
export const SIDES = ['gathered', 'drills', 'urgent'] as const;
type Side = (typeof SIDES)[number];

/**
 * Something for each source of the map: real ones and a drill's, which may be gathered in clusters, each with its own
 * kind; and the urgent ones, which stand above all else and never are.
 */
export type Split<T> = Record<Side, T>;

function sideOf(incident: Incident, drills: ReadonlySet<string>): Side {
  return isUrgent(incident) ? 'urgent' : drills.has(incident.operation) ? 'drills' : 'gathered';
}

/** What is added replaces what is there under the same id. */
export type Diff = { add: Feature[]; remove: string[] };

/** Where the map has each incident, so that it is told of changes alone, and each source of its own. */
export class Drawn {
  readonly #sides = new Map<string, Side>();

  /** All incidents, for a map that starts. */
  all(incidents: Iterable<Incident>, told: Told): Split<Feature[]> {
    const features: Split<Feature[]> = { gathered: [], drills: [], urgent: [] };
    this.#sides.clear();
    for (const incident of incidents) {
      const side = sideOf(incident, told.drills);
      this.#sides.set(incident.id, side);
      features[side].push(featureOf(incident, told));
    }
    return features;
  }

  /** What a running map has to change; a source of which nothing changes is left out. */
  changes(ids: Iterable<string>, incidents: ReadonlyMap<string, Incident>, told: Told): Partial<Split<Diff>> {
    const diffs: Partial<Split<Diff>> = {};
    const of = (side: Side) => {
      diffs[side] ??= { add: [], remove: [] };
      return diffs[side];
    };
    for (const id of ids) {
      const incident = incidents.get(id);
      const side = incident && sideOf(incident, told.drills);
      const before = this.#sides.get(id);
      if (before && before !== side) of(before).remove.push(id);
      if (incident && side) {
        of(side).add.push(featureOf(incident, told));
        this.#sides.set(id, side);
      } else {
        this.#sides.delete(id);
      }
    }
    return diffs;
  }
}
