import type { Map as MapLibre, RequestTransformFunction, VectorTileSource } from 'maplibre-gl';

const EDITION = 'edition';

/**
 * The address of a description of tiles (TileJSON) with the edition that it describes, which the node does not read:
 * browsers and proxies keep tiles for minutes, and those of two editions must not be taken for each other.
 */
export function ofEdition(url: URL, edition: string | null | undefined): string {
  if (edition) url.searchParams.set(EDITION, edition);
  return url.href;
}

/** Has a map ask for each tile by the edition of its source. `map`: asked for once there are tiles. */
export function askingByEdition(map: () => Pick<MapLibre, 'getSource'>): RequestTransformFunction {
  return (asked, kind) => {
    if (kind !== 'Tile') return { url: asked };
    const tile = new URL(asked);
    const [, , source = ''] = tile.pathname.split('/');
    const described = map().getSource<VectorTileSource>(source)?.url;
    return { url: ofEdition(tile, described ? new URL(described).searchParams.get(EDITION) : null) };
  };
}
