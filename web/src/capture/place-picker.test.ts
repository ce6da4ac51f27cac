import { cleanup, render, screen } from '@testing-library/svelte';
import { afterEach, expect, it } from 'vitest';
import { NO_EVIDENCE, withWitness } from './evidence';
import PlacePicker from './PlacePicker.svelte';

afterEach(cleanup);

it('tells which photo says what', () => {
  const witnesses = [
    { key: 'media:file-3', evidence: { source: 'media' as const, position: { lat: 37.5, lon: 139.9 } } },
    { key: 'media:file-1', evidence: { source: 'media' as const, position: { lat: 37.6, lon: 139.8 } } },
    { key: 'shutter:file-4', evidence: { source: 'device' as const, position: { lat: 37.5, lon: 139.9 } } },
    { key: 'device', evidence: { source: 'device' as const, position: { lat: 37.5, lon: 139.9 } } },
  ];
  const files = ['file-1', 'file-3', 'file-4'].map((key) => ({ key, isVideo: key === 'file-4' }));
  render(PlacePicker, { id: 'place', set: witnesses.reduce(withWitness, NO_EVIDENCE), files });
  expect(
    screen.getAllByRole('radio').map((radio) => radio.parentElement?.querySelector('.source')?.textContent),
  ).toEqual([
    '写真 2：写真に記録された場所',
    '写真 1：写真に記録された場所',
    '動画 3：撮影したときの場所',
    '今いる場所',
  ]);
});
