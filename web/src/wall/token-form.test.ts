import { cleanup, render, screen } from '@testing-library/svelte';
import { afterEach, expect, it, vi } from 'vitest';
import { offices } from '../session/region.svelte';
import type { Region } from '../wire';
import TokenForm from './TokenForm.svelte';

const label = { lat: 26.2, lon: 127.7 };
const office = { code: '47201', kind: 'municipality', name: '那覇市', kana: '', english: 'Naha', label } as const;
const region: Partial<Region> = { offices: [{ ...office, neighbours: [] }], time_zone: 'Asia/Tokyo' };

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

it('shows the command with a code of this region, and none before the region is here', async () => {
  let give = (_: Response) => {};
  vi.stubGlobal('fetch', () => new Promise<Response>((answer) => (give = answer)));
  render(TokenForm, { refused: null, onToken() {} });
  expect(offices()).toEqual([]);
  screen.getByText('sokuho token wall --office CODE');
  give(Response.json(region));
  await screen.findByText('sokuho token wall --office 47201');
});
