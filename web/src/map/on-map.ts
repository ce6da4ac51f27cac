import { type Incident, isUrgent } from '../state/world';
import type { Category } from '../wire';

/** Which marks a map shows; its legend explains these and no others. */
export type OnMap = {
  categories: ReadonlySet<Category>;
  danger: boolean;
  drill: boolean;
  /** Whether some may be gathered in a disc. */
  gathered: boolean;
};

/** What depends on how near one looks. */
export type View = {
  /** Whether incidents that lie together are gathered. */
  gathers: boolean;
  /** Whether shelters are shown of which nobody says that they are open. */
  allShelters: boolean;
};

/** The fewest that are gathered. */
const GATHERED_FROM = 3;

/** What stands on the map. `drills`: ids of operations that are drills. */
export function onMap(incidents: Iterable<Incident>, drills: ReadonlySet<string>): OnMap {
  const categories = new Set<Category>();
  let danger = false;
  let drill = false;
  let gathered = 0;
  for (const incident of incidents) {
    categories.add(incident.category);
    const urgent = isUrgent(incident);
    danger ||= urgent;
    drill ||= drills.has(incident.operation);
    if (!urgent) gathered += 1;
  }
  return { categories, danger, drill, gathered: gathered >= GATHERED_FROM };
}

/** Whether two legends would be the same. */
export function sameOnMap(a: OnMap, b: OnMap): boolean {
  return (
    a.danger === b.danger &&
    a.drill === b.drill &&
    a.gathered === b.gathered &&
    a.categories.size === b.categories.size &&
    [...a.categories].every((category) => b.categories.has(category))
  );
}
