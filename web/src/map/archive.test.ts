import { expect, it } from 'vitest';
import type { TileJson } from '../wire';
import { archiveParts } from './archive';
import type { Palette } from './palette';

const URL = 'http://node.example/tiles/base.json';
const palette = { water: '#00f', brightest: 0.5 } as Palette;
const tiles = (kind: 'raster' | 'vector', ...ids: string[]) =>
  ({ kind, vector_layers: ids.map((id) => ({ id })) }) as unknown as TileJson;

it('draws pictures no brighter than the page bears', () => {
  const { sources, areas } = archiveParts(tiles('raster'), URL, palette, true, 1);
  expect(sources.base).toMatchObject({ type: 'raster', url: URL });
  expect(areas).toMatchObject([{ type: 'raster', paint: { 'raster-brightness-max': 0.5 } }]);
});

it('draws the layers that it knows by the names of common makers, and passes over the others', () => {
  const parts = archiveParts(tiles('vector', 'water', 'transportation', 'place', 'housenumber'), URL, palette, true, 1);
  const drawn = [...parts.areas, ...parts.lines, ...parts.names].map((layer) =>
    'source-layer' in layer ? layer['source-layer'] : '',
  );
  expect(drawn).toEqual(['water', 'transportation', 'place']);
});
