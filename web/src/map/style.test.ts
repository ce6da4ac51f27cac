import type { SymbolLayerSpecification } from 'maplibre-gl';
import { expect, it } from 'vitest';
import type { BaseMap, Region } from '../wire';
import type { Palette } from './palette';
import { ABOVE_ZONES, type Ground, groundStyle, incidentStyle } from './style';

const municipality = (name: string, lon: number) => ({
  kind: 'municipality',
  code: name,
  name,
  label: { lat: 37.4, lon },
});
const region = {
  offices: [municipality('金山町', 139.1), municipality('湯川村', 139.6), municipality('猪苗代町', 139.9)],
  bounds: { west: 139, south: 37, east: 140, north: 38 },
  boundaries: { type: 'FeatureCollection', features: [] },
} as unknown as Region;
const base: BaseMap = {
  kind: 'sketch',
  sketch: true,
  edition: '略図',
  source: '',
  licence: '',
  attribution: '',
  features: { type: 'FeatureCollection', features: [] },
};
const ground: Ground = { region, base, palette: {} as Palette, local: true, scale: 1, origin: 'http://node.example' };
const { layers, sources } = incidentStyle(ground, '訓練');
const symbols = layers.filter((layer): layer is SymbolLayerSpecification => layer.type === 'symbol');
const order = layers.map(({ id }) => id);
/** The layers that write the word under single marks; a disc has it within. */
const words = symbols.filter(({ id, layout }) => !id.includes('clusters') && JSON.stringify(layout).includes('訓練'));

it('writes the word of a drill once where marks lie upon each other, and shows the marks all the same', () => {
  expect(words.map(({ source }) => source).sort()).toEqual(['drills', 'urgent']);
  for (const { layout, paint } of words) {
    expect(layout).toMatchObject({ 'text-overlap': 'never', 'text-optional': true });
    expect(layout).not.toHaveProperty('text-ignore-placement');
    expect(paint).not.toHaveProperty('text-opacity');
  }
  for (const id of ['incidents', 'incidents-drills', 'urgent']) {
    expect(symbols.find((layer) => layer.id === id)?.layout).toMatchObject({ 'icon-overlap': 'always' });
  }
});

it('gives marks, discs and words their room before it places the names, which hide neither them nor each other', () => {
  const rooms = order.filter((id) => id.startsWith('clear-of-'));
  expect(rooms).toContain('clear-of-clusters');
  for (const id of rooms) expect(order.indexOf(id)).toBeGreaterThan(order.indexOf('names'));
  // Names for which they left no room choose before them.
  for (const id of rooms) expect(order.indexOf(id)).toBeLessThan(order.indexOf('names-over'));
  // Discs' numbers and danger's signs before those, and only names for which nothing else is left before these.
  const cores = order.filter((id) => id.startsWith('core-of-'));
  expect(cores.toSorted()).toEqual(
    ['clusters', 'clusters-drills', 'incidents-drills', 'urgent'].map((id) => `core-of-${id}`),
  );
  for (const id of cores) expect(order.indexOf(id)).toBeGreaterThan(order.indexOf('names-over'));
  for (const id of cores) expect(order.indexOf(id)).toBeLessThan(order.indexOf('names-upon'));
  expect(symbols.find(({ id }) => id === 'names')?.layout).toMatchObject({ 'text-overlap': 'never' });
});

it('gathers a drill and what is real in clusters of their own', () => {
  expect(sources.gathered).toMatchObject({ cluster: true });
  expect(sources.drills).toMatchObject({ cluster: true });
  const discs = symbols.filter(({ id }) => /^clusters/.test(id));
  expect(discs.map(({ id, source }) => [id, source])).toEqual([
    ['clusters-drills', 'drills'],
    ['clusters', 'gathered'],
  ]);
  expect(JSON.stringify(discs[0]?.layout)).toContain('訓練');
  expect(JSON.stringify(discs[1]?.layout)).not.toContain('訓練');
});

it('hides danger behind no disc of a drill, and nothing real behind anything of a drill', () => {
  const above = (upper: string, lower: string) => expect(order.indexOf(upper)).toBeGreaterThan(order.indexOf(lower));
  above('urgent', 'clusters-drills');
  above('clusters', 'clusters-drills');
  above('incidents', 'clusters-drills');
  above('incidents', 'incidents-drills');
});

it('lays zones on land and water, and lines, borders, marks and names upon the zones', () => {
  const at = (id: string) => order.indexOf(id);
  expect(at('base-water')).toBeLessThan(at(ABOVE_ZONES));
  for (const id of ['base-waterway', 'base-road', 'base-railway', 'border', 'incidents', 'names']) {
    expect(at(id)).toBeGreaterThan(at(ABOVE_ZONES));
  }
});

it('takes a sketch as it came, larger base maps as tiles of this node, and goes without', () => {
  expect(groundStyle(ground).sources.base).toMatchObject({ type: 'geojson', data: base.features });
  const tiled: BaseMap = { ...base, kind: 'features', sketch: false, tiles: '/tiles/base.json' };
  delete tiled.features;
  const style = groundStyle({ ...ground, base: tiled });
  const url = `http://node.example/tiles/base.json?edition=${encodeURIComponent(base.edition)}`;
  expect(style.sources.base).toEqual({ type: 'vector', url });
  expect(style.layers.find(({ id }) => id === 'base-road')).toMatchObject({ 'source-layer': 'road' });
  expect(Object.keys(groundStyle({ ...ground, base: null }).sources)).toEqual(['boundaries', 'names']);
});

it('moves a name beyond the edge of the region that it is near only where it finds no other place', () => {
  const names = sources.names as { data: GeoJSON.FeatureCollection };
  expect(names.data.features.map(({ properties }) => properties?.edge)).toEqual(['west', 'none', 'east']);
  const layout = symbols.find(({ id }) => id === 'names')?.layout;
  const cases = (layout?.['text-variable-anchor-offset'] ?? []) as unknown[];
  const [west, east, inner] = [3, 5, 6].map((at) => {
    const [, places] = cases[at] as [string, unknown[]];
    return places.filter((one) => typeof one === 'string');
  });
  // Text that is anchored at its right goes to the left.
  const ends = (anchors: string[] | undefined, side: string) => anchors?.map((anchor) => anchor.endsWith(side));
  expect(ends(west, 'right')?.toSorted()).toEqual(ends(west, 'right'));
  expect(ends(east, 'left')?.toSorted()).toEqual(ends(east, 'left'));
  expect([west?.toSorted(), east?.toSorted()]).toEqual([inner?.toSorted(), inner?.toSorted()]);
});

it('gathers less on a wall, where nobody opens a disc and the whole region is to be told apart', () => {
  const radius = (scale: number) => {
    const { sources } = incidentStyle({ ...ground, scale }, '訓練');
    const { clusterRadius = 0 } = sources.gathered as { clusterRadius?: number };
    expect(sources.drills).toMatchObject({ clusterRadius });
    expect(sources.urgent).not.toHaveProperty('cluster');
    return clusterRadius / scale;
  };
  expect(radius(1.45)).toBeLessThan(0.6 * radius(1));
});
