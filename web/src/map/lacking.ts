import type { Map as MapLibre } from 'maplibre-gl';

/** Ids of sources of which a map could have nothing, or not all that is in view. */
export type Lacking = { wholly: ReadonlySet<string>; partly: ReadonlySet<string> };

/** What of a map the watch needs. */
export type Watched = Pick<MapLibre, 'on' | 'getStyle' | 'isSourceLoaded'>;

/** What an event tells of a source. */
type Told = { sourceId?: string; sourceDataType?: string; tile?: { tileID: { key: string } } };

/** Stands for a source's description among its tiles. */
const DESCRIPTION = 'description';

/**
 * Watches which sources a map cannot have, from now on, and gives what tells of them. One that has not come yet when
 * that is asked is lacking, too.
 */
export function watchSources(map: Watched): () => Lacking {
  /** Of each source the tiles that failed; its description, too. */
  const failed = new Map<string, Set<string>>();
  const came = new Set<string>();
  map.on('error', (event: object) => {
    const { sourceId, tile } = event as Told;
    if (sourceId === undefined) return;
    const tiles = failed.get(sourceId) ?? new Set();
    failed.set(sourceId, tiles.add(tile?.tileID.key ?? DESCRIPTION));
  });
  map.on('sourcedata', (event: object) => {
    const { sourceId = '', sourceDataType, tile } = event as Told;
    if (sourceDataType === 'metadata') failed.get(sourceId)?.delete(DESCRIPTION);
    if (!tile) return;
    // What failed may have come when it was asked for again.
    failed.get(sourceId)?.delete(tile.tileID.key);
    came.add(sourceId);
  });
  return () => {
    const lacking = Object.keys(map.getStyle().sources).filter((id) => failed.get(id)?.size || !map.isSourceLoaded(id));
    return {
      wholly: new Set(lacking.filter((id) => !came.has(id))),
      partly: new Set(lacking.filter((id) => came.has(id))),
    };
  };
}
