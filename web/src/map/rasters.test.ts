import { readFileSync } from 'node:fs';
import type { LayerSpecification, Map as MapLibre } from 'maplibre-gl';
import { expect, it } from 'vitest';
import type { BaseMap, Region, TileSource } from '../wire';
import listed from './listed-rasters.json';
import type { Palette } from './palette';
import { drawRasters, rastersOf } from './rasters';
import { groundStyle } from './style';

const source = (id: string, kind: TileSource['kind'] = 'raster'): TileSource => {
  return { id, kind, name: `名 ${id}`, attribution: `出典 ${id}`, tilejson: '' };
};
const [std, photo, flood, own] = rastersOf(
  ['proxy-flood-max', 'proxy-photo', 'proxy-std', 'proxy-zz-own'].map((id) => source(id)),
);
if (!std || !photo || !flood || !own) throw new Error('a raster is missing');

const region = { offices: [], boundaries: { type: 'FeatureCollection', features: [] } } as unknown as Region;
const base = {
  kind: 'sketch',
  sketch: true,
  features: { type: 'FeatureCollection', features: [] },
} as unknown as BaseMap;
const palette = { brightest: 0.5, border: '#123456', name: '#ffffff' } as Palette;

/** What of a map the drawing needs. */
function mapOf() {
  const style = groundStyle({ region, base, palette, local: true, scale: 1, origin: 'http://node.example' });
  const map = {
    getStyle: () => style,
    getSource: (id: string) => style.sources[id],
    addSource: (id: string, source: never) => Object.assign(style.sources, { [id]: source }),
    removeSource: (id: string) => delete style.sources[id],
    addLayer: (layer: LayerSpecification, before: string) =>
      style.layers.splice(
        style.layers.findIndex(({ id }) => id === before),
        0,
        layer,
      ),
    removeLayer: (gone: string) => {
      style.layers = style.layers.filter(({ id }) => id !== gone);
    },
    setPaintProperty: (id: string, name: string, value: unknown) => {
      Object.assign(style.layers.find((layer) => layer.id === id)?.paint ?? {}, { [name]: value });
    },
    setLayoutProperty: (id: string, name: string, value: unknown) => {
      const layer = style.layers.find((layer) => layer.id === id);
      Object.assign(layer?.layout ?? {}, { [name]: value });
    },
  };
  return { map: map as unknown as MapLibre, style, at: (id: string) => style.layers.findIndex((one) => one.id === id) };
}

it('knows each raster of the list that comes with the program, and calls it by the same name', () => {
  const { sources } = JSON.parse(readFileSync('../data/tiles/sources.json', 'utf8'));
  expect(listed.map(({ id, english }) => ({ id, english }))).toEqual(
    sources.map(({ id, english }: { id: string; english: string }) => ({ id, english })),
  );
});

it('takes what another server draws, grounds first, and leaves what the node draws itself', () => {
  const found = rastersOf([
    source('base'),
    source('live', 'vector'),
    source('proxy-vector', 'vector'),
    source('proxy-own'),
    source('proxy-pale'),
  ]);
  expect(found.map(({ id, ground }) => [id, ground])).toEqual([
    ['proxy-pale', true],
    ['proxy-own', false],
  ]);
  expect(found[1]).toMatchObject({ name: '名 proxy-own', english: '名 proxy-own', attribution: '出典 proxy-own' });
});

it('lays a ground upon the base map, and zones, other rasters, borders and names upon the ground', () => {
  const { map, style, at } = mapOf();
  let below = '';
  const zones = (layer: string) => {
    below = layer;
    map.addLayer({ id: 'zone', type: 'fill', source: 'zone' }, layer);
  };
  drawRasters(map, std, [{ raster: flood, opacity: 0.4 }], palette, zones);
  expect(below).toBe('above-raster');
  for (const under of ['base-water', 'base-road', 'base-place-names']) expect(at(under)).toBeLessThan(at('proxy-std'));
  const order = ['proxy-std', 'zone', 'proxy-flood-max', 'border-over', 'names'].map(at);
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  expect(order).not.toContain(-1);
  expect(style.layers[at('proxy-flood-max')]?.paint).toMatchObject({ 'raster-opacity': 0.4 });
  expect(style.layers[at('proxy-std')]?.paint).toMatchObject({ 'raster-brightness-max': 0.5 });
  expect(style.layers[at('border-over')]?.layout).toMatchObject({ visibility: 'visible' });
  expect(style.sources['proxy-std']).toEqual({
    type: 'raster',
    url: `${location.origin}/tiles/proxy-std.json`,
    tileSize: 256,
  });
});

it('leaves the names of the base map upon a ground that has none', () => {
  const { map, style, at } = mapOf();
  drawRasters(map, photo, [], palette, () => {});
  expect(at('base-road')).toBeLessThan(at('proxy-photo'));
  expect(at('proxy-photo')).toBeLessThan(at('border'));
  expect(at('proxy-photo')).toBeLessThan(at('base-place-names'));
  expect(style.layers[at('border-over')]?.layout).toMatchObject({ visibility: 'none' });
  expect(style.layers[at('border')]?.paint).toMatchObject({ 'line-color': palette.name });
  drawRasters(map, null, [], palette, () => {});
  expect(style.layers[at('border')]?.paint).toMatchObject({ 'line-color': palette.border });
});

it('takes away what is shown no longer, and puts zones back beneath the lines of the base map', () => {
  const { map, style, at } = mapOf();
  drawRasters(map, std, [{ raster: own, opacity: 1 }], palette, () => {});
  let below = '';
  drawRasters(map, null, [{ raster: own, opacity: 0.5 }], palette, (layer) => {
    below = layer;
  });
  expect(below).toBe('above-zones');
  expect(at('proxy-std')).toBe(-1);
  expect(Object.keys(style.sources).filter((id) => id.startsWith('proxy-'))).toEqual(['proxy-zz-own']);
  expect(at('proxy-zz-own')).toBeLessThan(at('above-zones'));
});
