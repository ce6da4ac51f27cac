import { cleanup, render, screen, waitFor } from '@testing-library/svelte';
import type { Map as MapLibre } from 'maplibre-gl';
import { afterEach, expect, it, vi } from 'vitest';
import ja from '../i18n/lang/ja.json';
import { groundMap, markPlaces } from '../map/ground-map';
import PinMap from './PinMap.svelte';

vi.mock('maplibre-gl', () => ({ ScaleControl: class {} }));
vi.mock('../map/ground-map', () => ({ groundMap: vi.fn(), markPlaces: vi.fn() }));
vi.mock('../session/ground', () => ({ baseMap: { get: async () => Promise.reject(new Error('no base map')) } }));
vi.mock('../session/region.svelte', () => ({
  loadRegion: async () => ({ sketch: true, attribution: '', offices: [], boundaries: { features: [] } }),
}));

afterEach(cleanup);

it('begins around the place, and marks what every witness says, also those that come later', async () => {
  const map = { addControl() {}, getCenter: () => ({ lat: 37.5, lng: 139.9 }), on() {}, remove() {} };
  const canvas = document.createElement('canvas');
  vi.mocked(groundMap).mockReturnValue({ ...map, getCanvas: () => canvas } as unknown as MapLibre);
  const mark = vi.fn();
  vi.mocked(markPlaces).mockReturnValue(mark);
  const one = { position: { lat: 37.5, lon: 139.9 }, word: '写真 1' };
  const other = { position: { lat: 37.6, lon: 139.8 }, word: '写真 2' };
  const { rerender } = render(PinMap, { start: one.position, places: [one], picked: () => {} });
  await waitFor(() => expect(mark).toHaveBeenCalledWith([one]));
  expect(vi.mocked(groundMap).mock.calls[0]?.[0].start).toMatchObject({ center: [139.9, 37.5] });
  await rerender({ places: [one, other] });
  expect(mark).toHaveBeenLastCalledWith([one, other]);
});

it('says of a device without WebGL that it cannot draw, and not that there is no network', async () => {
  vi.mocked(groundMap).mockImplementation(() => {
    throw new Error('Failed to initialize WebGL');
  });
  render(PinMap, { start: null, places: [], picked: () => {} });
  const alert = await screen.findByRole('alert');
  expect(alert.textContent).toBe(ja['capture.map.undrawable']);
  expect(screen.queryByRole('button', { name: ja['capture.map.set'] })).toBeNull();
});
