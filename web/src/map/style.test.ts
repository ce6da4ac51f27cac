import type { SymbolLayerSpecification } from 'maplibre-gl';
import { expect, it } from 'vitest';
import type { Region } from '../wire';
import type { Palette } from './palette';
import { incidentStyle } from './style';

const region = { offices: [], boundaries: { type: 'FeatureCollection', features: [] } } as unknown as Region;
const { layers } = incidentStyle(region, {} as Palette, true, '訓練');
const symbols = layers.filter((layer): layer is SymbolLayerSpecification => layer.type === 'symbol');
/** The layers that write the word under single marks; a disc has it within. */
const words = symbols.filter(
  ({ id, layout }) => id !== 'clusters' && !id.endsWith('-clusters') && JSON.stringify(layout).includes('訓練'),
);

it('writes the word of a drill once where marks lie upon each other, and shows the marks all the same', () => {
  expect(words.map(({ source }) => source).sort()).toEqual(['gathered', 'urgent']);
  for (const { layout, paint } of words) {
    expect(layout).toMatchObject({ 'text-overlap': 'never', 'text-optional': true });
    expect(layout).not.toHaveProperty('text-ignore-placement');
    expect(paint).not.toHaveProperty('text-opacity');
  }
  for (const id of ['incidents', 'urgent']) {
    expect(symbols.find((layer) => layer.id === id)?.layout).toMatchObject({ 'icon-overlap': 'always' });
  }
});

it('gives marks and words their room before it places the names, which stay in any case', () => {
  const order = layers.map(({ id }) => id);
  for (const { id } of words) expect(order.indexOf(id)).toBeGreaterThan(order.indexOf('names'));
  const names = symbols.find(({ id }) => id === 'names');
  expect(names?.layout).toMatchObject({ 'text-overlap': 'always' });
});
