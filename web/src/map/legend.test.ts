import { cleanup, render, screen } from '@testing-library/svelte';
import { afterEach, expect, it } from 'vitest';
import type { HazardLayer } from '../wire';
import Legend from './Legend.svelte';
import RasterLegend from './RasterLegend.svelte';
import type { Raster } from './rasters';

afterEach(cleanup);

const layer = {
  id: 'demo-flood',
  name: '洪水浸水想定区域',
  english: 'Flood',
  hazard: 'flood',
  demonstration: true,
  classes: [
    { code: '3', name: '3–5 m', english: '3–5 m', color: '#ffb7b7', pattern: 'dots', known: true },
    { code: 'x', name: '不明', english: 'unknown', color: '#999999', pattern: 'from-the-future', known: false },
  ],
} as unknown as HazardLayer;
const marks = { categories: new Set(['hazard'] as const), danger: false, drill: false, gathered: false };

it('explains what is on the map and nothing else', () => {
  render(Legend, { marks, base: false, zones: [] });
  expect(screen.getAllByRole('listitem').map((item) => item.textContent?.trim())).toEqual(['災害・危険箇所']);
  cleanup();
  render(Legend, { marks: { ...marks, danger: true, drill: true }, base: true, zones: [layer] });
  const items = screen.getAllByRole('listitem').map((item) => item.textContent?.trim());
  const ground = ['湖・川', '鉄道', '駅', '高速道路', '国道'];
  expect(items).toEqual(['災害・危険箇所', '人命危険', '訓練', ...ground, '3–5 m', '不明']);
  expect(screen.getByText('架空・訓練用')).toBeTruthy();
});

it('names a raster of somebody else, and says whose legend explains its colours', () => {
  const one = (id: string, name: string, ground: boolean): Raster => {
    return { id, name, english: name, attribution: '出典', ground, names: false };
  };
  render(RasterLegend, { shown: [one('proxy-photo', '写真', true), one('proxy-flood-max', '洪水', false)] });
  const items = screen.getAllByRole('listitem').map((item) => item.textContent?.trim());
  expect(items).toEqual(['写真', '洪水（色の意味は「出典」の凡例によります）']);
});

it('explains of the ground what the map has where somebody looks', () => {
  const seen = { base: new Set(['station'] as const), zones: new Set(['demo-flood x']) };
  render(Legend, { marks, base: true, zones: [layer], seen });
  const items = () => screen.getAllByRole('listitem').map((item) => item.textContent?.trim());
  expect(items()).toEqual(['災害・危険箇所', '駅', '不明']);
  cleanup();
  const elsewhere = { base: new Set<never>(), zones: new Set(['elsewhere 3']) };
  render(Legend, { marks, base: true, zones: [layer], seen: elsewhere });
  expect(items()).toEqual(['災害・危険箇所']);
  expect(screen.queryByText('洪水浸水想定区域')).toBeNull();
});

it('shows a class as strongly as the map draws it', () => {
  const { container } = render(Legend, { marks, base: false, zones: [layer], opacity: () => 0.5 });
  const [ground, colour, pattern] = container.querySelectorAll('.swatch > rect');
  expect(ground?.classList.contains('ground')).toBe(true);
  expect(colour?.getAttribute('fill-opacity')).toBe('0.5');
  expect(pattern?.getAttribute('opacity')).toBe('0.7');
});
