import type { Map as MapLibre } from 'maplibre-gl';
import { expect, it } from 'vitest';
import type { HazardLayer } from '../wire';
import { askingByEdition } from './edition';
import { zonesTiles } from './hazard';

const NODE = 'http://node.example';
const flood = (imported_at?: string) => ({ id: 'flood', imported_at }) as HazardLayer;

/** The address at which a map that draws this layer asks for a tile of it. */
function asked(layer: HazardLayer, tile = `${NODE}/tiles/hazard-flood/9/453/198`) {
  const sources: Record<string, unknown> = { 'hazard-flood': zonesTiles(layer, NODE), photo: {} };
  const map = { getSource: (id: string) => sources[id] } as unknown as Pick<MapLibre, 'getSource'>;
  const request = askingByEdition(() => map)(tile, 'Tile' as never);
  return (request as { url: string }).url;
}

it('asks for the tiles of two imports at two addresses, and of one at the same', () => {
  const [one, other] = ['2026-11-21T00:00:00Z', '2026-11-22T00:00:00Z'].map((at) => asked(flood(at)));
  expect(one).not.toBe(other);
  expect(asked(flood('2026-11-21T00:00:00Z'))).toBe(one);
});

it('leaves alone what has no edition', () => {
  expect(asked(flood())).toBe(`${NODE}/tiles/hazard-flood/9/453/198`);
  expect(asked(flood('2026-11-21T00:00:00Z'), `${NODE}/tiles/photo/9/453/198`)).toBe(`${NODE}/tiles/photo/9/453/198`);
});
