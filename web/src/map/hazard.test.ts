import { expect, it } from 'vitest';
import type { HazardLayer } from '../wire';
import { darker, shortNames, zoneLayers, zonesTiles } from './hazard';

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

it('says once what all classes of a layer begin with', () => {
  const depths = ['浸水 0.5m未満', '浸水 0.5〜3.0m'];
  expect(shortNames('洪水浸水想定区域', depths).names).toEqual(['0.5m未満', '0.5〜3.0m']);
  const areas = ['土砂災害警戒区域（土石流）', '土砂災害特別警戒区域（土石流）'];
  expect(shortNames('土砂災害警戒区域', areas).names).toEqual(['警戒区域（土石流）', '特別警戒区域（土石流）']);
});

it('leaves a name whole where the layer does not say it, or nothing would be left of it', () => {
  const of = '土砂災害警戒区域';
  const kinds = ['土砂災害警戒区域（土石流）', '土砂災害警戒区域（地すべり）'];
  expect(shortNames(of, kinds)).toEqual({ common: '', names: kinds });
  expect(shortNames(of, [of, `${of}（地すべり）`]).names).toEqual([of, `${of}（地すべり）`]);
  expect(shortNames(of, ['土砂災害警戒区域（土石流）']).names).toEqual(['土砂災害警戒区域（土石流）']);
});

it('gives the words that all classes begin with to the layer, where its name does not have them', () => {
  expect(shortNames('River flood', ['Flood depth below 0.5 m', 'Flood depth 0.5 to 3 m'])).toEqual({
    common: 'Flood depth',
    names: ['below 0.5 m', '0.5 to 3 m'],
  });
});
