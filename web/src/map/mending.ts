import type { Map as MapLibre, RasterTileSource, VectorTileSource } from 'maplibre-gl';
import { WATCHING, waitMs } from '../link/backoff';

/** What of a map the mending needs. */
export type Mended = Pick<MapLibre, 'on' | 'getSource'>;

/**
 * Fetches again what the node could not give: MapLibre leaves a tile that failed blank for as long as it is in view,
 * and a source whose description failed for ever, and a wall stands for days. The waits grow as those of the live
 * link do, until nothing has failed for the longest of them. What is no source's fault is reported as any error of the page.
 */
export function mendSources(map: Mended): void {
  const failed = new Set<string>();
  let waiting: ReturnType<typeof setTimeout> | undefined;
  let attempt = 0;
  let mendedAt = Number.NEGATIVE_INFINITY;

  map.on('error', (event) => {
    const id = 'sourceId' in event ? event.sourceId : undefined;
    if (typeof id !== 'string') {
      reportError(event.error);
      return;
    }
    failed.add(id);
    if (waiting !== undefined) return;
    attempt = performance.now() - mendedAt > WATCHING.longestMs ? 0 : attempt + 1;
    waiting = setTimeout(again, waitMs(attempt, Math.random()));
  });
  map.on('remove', () => clearTimeout(waiting));

  function again() {
    waiting = undefined;
    mendedAt = performance.now();
    const ids = [...failed];
    failed.clear();
    for (const id of ids) {
      const source = map.getSource<VectorTileSource | RasterTileSource>(id);
      // Its description is fetched anew, and then what is in view: either may have failed.
      if (source?.url) source.setUrl(source.url);
    }
  }
}
