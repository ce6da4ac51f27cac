import type { FilterSpecification, Map as MapLibre } from 'maplibre-gl';
import type { LatLon } from '../wire';

/** A municipality's name as the map writes it, and where. */
export type Town = { name: string; position: LatLon };

/**
 * The layers of names: of those that keep clear of marks; of those that found no room so, and lie upon marks but not upon
 * what is read of them; and of those that found none there either.
 */
export const NAMES = 'names';
export const NAMES_OVER = 'names-over';
export const NAMES_UPON = 'names-upon';
const LAYERS = [NAMES, NAMES_OVER, NAMES_UPON] as const;

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
 * one for which they leave no room is written upon them, beside their numbers and signs if that is possible, until
 * somebody moves the map. So none changes places to and fro because marks come and go.
 */
export class TownNames {
  /** In which layer names are that found no room in the first. */
  #moved: ReadonlyMap<string, number> = new Map();

  constructor(
    private readonly map: MapLibre,
    private readonly towns: readonly Town[],
  ) {
    map.on('moveend', () => {
      if (this.#moved.size > 0) this.#write(new Map());
    });
  }

  /** Looks at a map that has been drawn; `true`: a name was missing, and the map is drawn once more. */
  look(): boolean {
    if (this.map.getZoom() > FAR) return false;
    const drawn = this.map.queryRenderedFeatures({ layers: [...LAYERS] });
    const seen = new Set(drawn.map(({ properties }) => String(properties.name)));
    const view = this.map.getBounds();
    const unseen = missing(this.towns, seen, ({ lon, lat }) => view.contains([lon, lat]));
    // One that finds no room even above the marks would be asked for without end.
    const next = unseen
      .map((name): [string, number] => [name, (this.#moved.get(name) ?? 0) + 1])
      .filter(([, layer]) => layer < LAYERS.length);
    if (next.length === 0) return false;
    this.#write(new Map([...this.#moved, ...next]));
    return true;
  }

  #write(moved: ReadonlyMap<string, number>): void {
    this.#moved = moved;
    for (const [at, layer] of LAYERS.entries()) {
      const here = [...moved].filter(([, in_]) => at === 0 || in_ === at).map(([name]) => name);
      this.map.setFilter(layer, named(here, at > 0));
    }
  }
}
