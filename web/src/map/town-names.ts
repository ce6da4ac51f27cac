import type { FilterSpecification, Map as MapLibre } from 'maplibre-gl';
import type { LatLon } from '../wire';

/** A municipality's name as the map writes it, and where. */
export type Town = { name: string; position: LatLon };

/** The layer of names that keep clear of marks, and the one of those that found no room so: these lie upon them. */
export const NAMES = 'names';
export const NAMES_OVER = 'names-over';

/** Nearer than this nobody needs all names: where one looks is known. */
const FAR = 10;

/** Names that are in the list, or are not. */
export function named(names: Iterable<string>, among: boolean): FilterSpecification {
  const filter: FilterSpecification = ['in', ['get', 'name'], ['literal', [...names]]];
  return among ? filter : ['!', filter];
}

/** The names of towns that lie in view and are not seen. */
export function missing(
  towns: readonly Town[],
  seen: ReadonlySet<string>,
  inView: (position: LatLon) => boolean,
): string[] {
  return towns.filter(({ name, position }) => !seen.has(name) && inView(position)).map(({ name }) => name);
}

/**
 * Sees to it that a far view of the region has every municipality's name. A name keeps clear of marks where it can;
 * one for which they leave no room is written upon them, until somebody moves the map. So none changes places to
 * and fro because marks come and go.
 */
export class TownNames {
  #over: ReadonlySet<string> = new Set();

  constructor(
    private readonly map: MapLibre,
    private readonly towns: readonly Town[],
  ) {
    map.on('moveend', () => {
      if (this.#over.size > 0) this.#write(new Set());
    });
  }

  /** Looks at a map that has been drawn; `true`: a name was missing, and the map is drawn once more. */
  look(): boolean {
    if (this.map.getZoom() > FAR) return false;
    const drawn = this.map.queryRenderedFeatures({ layers: [NAMES, NAMES_OVER] });
    const seen = new Set(drawn.map(({ properties }) => String(properties.name)));
    const view = this.map.getBounds();
    const unseen = missing(this.towns, seen, ({ lon, lat }) => view.contains([lon, lat]));
    const over = new Set([...this.#over, ...unseen]);
    // One that finds no room even above the marks would be asked for without end.
    if (over.size === this.#over.size) return false;
    this.#write(over);
    return true;
  }

  #write(over: ReadonlySet<string>): void {
    this.#over = over;
    this.map.setFilter(NAMES, named(over, false));
    this.map.setFilter(NAMES_OVER, named(over, true));
  }
}
