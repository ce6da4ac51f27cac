import { cleanup, render, screen } from '@testing-library/svelte';
import { afterEach, expect, it } from 'vitest';
import type { Region } from '../wire';
import MapFoot from './MapFoot.svelte';
import type { Raster } from './rasters';

afterEach(cleanup);

const raster: Raster = {
  id: 'proxy-std',
  name: '標準地図',
  english: 'Standard map',
  attribution: '国土地理院',
  ground: true,
  names: true,
};
const props = {
  region: { attribution: '会津地域略図' } as Region,
  base: null,
  zones: [],
  ground: raster,
  laid: [raster],
  seen: { base: new Set<never>(), zones: new Set<string>() },
  marks: { categories: new Set<never>(), danger: false, drill: false, gathered: false },
  opacity: () => 1,
  shelters: [],
  allShelters: false,
  invented: false,
  far: false,
  explains: true,
  switching: false,
};

it('says whose pictures cannot be had, for as long as they cannot', async () => {
  const { rerender } = render(MapFoot, { ...props, lacking: [raster] });
  expect(screen.getByRole('status').textContent).toBe('⚠ 標準地図の画像を、いま取得できません。');
  screen.getByText(/会津地域略図 \/ 国土地理院/);
  await rerender({ lacking: [] });
  expect(screen.queryByRole('status')).toBeNull();
});
