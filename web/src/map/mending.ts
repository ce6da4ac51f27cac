import type { Map as MapLibre, RasterTileSource, VectorTileSource } from 'maplibre-gl';
import { WATCHING, waitMs } from '../link/backoff';
import { PASSED_ON } from './rasters';

/** What of a map the mending needs. */
export type Mended = Pick<MapLibre, 'on' | 'getSource'>;

/**
 * A node leaves another server that failed alone for so long (docs/tiles.md), milliseconds: until then it has no other
 * answer.
 */
export const PASSED_ON_MS = 30_000;

/**
 * Fetches again what the node could not give: MapLibre leaves a tile that failed blank for as long as it is in view,
 * and a source whose description failed for ever, and a wall stands for days. The waits grow as those of the live
 * link do, until nothing has failed for the longest of them. What is no source's fault is reported as any error of the page.
 *
 * `tell`: hears of which other servers there are pictures in view that cannot be had, by the ids of their sources.
 */
export function mendSources(map: Mended, tell: (lacking: readonly string[]) => void = () => {}): void {
  const own = new Round(map, 0);
  const passedOn = new Round(map, PASSED_ON_MS);
  let lacking: readonly string[] = [];
  const lacks = (ids: readonly string[]) => {
    if (ids.length === lacking.length && ids.every((id) => lacking.includes(id))) return;
    lacking = ids;
    tell(ids);
  };

  map.on('error', (event) => {
    const id = 'sourceId' in event ? event.sourceId : undefined;
    if (typeof id !== 'string') {
      reportError(event.error);
    } else if (id.startsWith(PASSED_ON)) {
      passedOn.fail(id);
      lacks([...new Set([...lacking, id])]);
    } else {
      own.fail(id);
    }
  });
  // Everything in view has come or failed by then.
  map.on('idle', () => lacks(lacking.filter((id) => passedOn.failed.has(id))));
  map.on('remove', () => {
    own.end();
    passedOn.end();
  });
}

/** Sources that are fetched again at the same time. */
class Round {
  /** Those that have failed since the last time. */
  readonly failed = new Set<string>();
  readonly #map: Mended;
  /** Shortest wait, milliseconds. */
  readonly #atLeastMs: number;
  #waiting: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #mendedAt = Number.NEGATIVE_INFINITY;

  constructor(map: Mended, atLeastMs: number) {
    this.#map = map;
    this.#atLeastMs = atLeastMs;
  }

  fail(id: string): void {
    this.failed.add(id);
    if (this.#waiting !== undefined) return;
    this.#attempt = performance.now() - this.#mendedAt > WATCHING.longestMs ? 0 : this.#attempt + 1;
    this.#waiting = setTimeout(() => this.#again(), waitMs(this.#attempt, Math.random(), this.#atLeastMs));
  }

  end(): void {
    clearTimeout(this.#waiting);
  }

  #again(): void {
    this.#waiting = undefined;
    this.#mendedAt = performance.now();
    const ids = [...this.failed];
    this.failed.clear();
    for (const id of ids) {
      const source = this.#map.getSource<VectorTileSource | RasterTileSource>(id);
      // Its description is fetched anew, and then what is in view: either may have failed.
      if (source?.url) source.setUrl(source.url);
    }
  }
}
