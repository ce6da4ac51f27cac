import { expect, it } from 'vitest';
import type { HazardLayer } from '../wire';
import { darker, zoneLayers, zonesTiles } from './hazard';

const layer: HazardLayer = {
  id: 'flood-max',
  name: '洪水浸水想定区域（想定最大規模）',
  english: 'Flood depth',
  hazard: 'flood',
  edition: 'A31b-23',
  source: '国土数値情報',
  licence: 'CC BY 4.0',
  attribution: '国土数値情報（国土交通省）',
  demonstration: false,
  zones: 3,
  classes: [
    { code: '1', name: '0.5 m未満', english: 'under 0.5 m', color: '#f7f5a9', pattern: 'none', known: true },
    { code: '2', name: '0.5–3 m', english: '0.5–3 m', color: '#ffd8c0', pattern: 'hatch', known: true },
  ],
  tiles: '/tiles/hazard-flood-max/{z}/{x}/{y}',
};

it('asks this node alone for tiles', () => {
  expect(zonesTiles(layer, 'https://node.example')).toEqual({
    type: 'vector',
    url: 'https://node.example/tiles/hazard-flood-max.json',
  });
});

it('draws each class in its official colour, and an unknown code in grey', () => {
  const fill = zoneLayers({ layer, opacity: 0.6 }, '#000000', 1).find(({ id }) => id === 'hazard-flood-max-fill');
  const paint = fill?.type === 'fill' ? fill.paint : undefined;
  expect(paint?.['fill-color']).toEqual([
    'match',
    ['to-string', ['get', 'class']],
    ...['1', '#f7f5a9', '2', '#ffd8c0'],
    '#8a93a3',
  ]);
  expect(paint?.['fill-opacity']).toBe(0.6);
});

it('lays a pattern on those classes alone that have one', () => {
  const pattern = zoneLayers({ layer, opacity: 0.6 }, '#000000', 1).find(({ id }) => id.endsWith('-pattern'));
  expect(JSON.stringify(pattern)).toContain('pattern-hatch-#000000');
  expect(pattern).toMatchObject({ filter: ['in', ['to-string', ['get', 'class']], ['literal', ['2']]] });
  const plain = { ...layer, classes: layer.classes.slice(0, 1) };
  expect(zoneLayers({ layer: plain, opacity: 1 }, '#000000', 1).some(({ id }) => id.endsWith('-pattern'))).toBe(false);
});

it('makes a colour darker, black at most', () => {
  expect(darker('#ff8000', 0.5)).toBe('#804000');
  expect(darker('#ffffff', 1)).toBe('#000000');
});
