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
  expect(items).toEqual(['災害・危険箇所', '人命危険', '訓練', '湖・川', '鉄道', '高速道路', '国道', '3–5 m', '不明']);
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
