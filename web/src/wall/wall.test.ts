import { cleanup, render, screen } from '@testing-library/svelte';
import { afterEach, expect, it, vi } from 'vitest';
import ja from '../i18n/lang/ja.json';
import type { Region } from '../wire';
import Wall from './Wall.svelte';

const region: Partial<Region> = { offices: [], time_zone: 'Asia/Tokyo' };

afterEach(() => {
  cleanup();
  localStorage.clear();
  vi.unstubAllGlobals();
});

it.each([
  ['token_revoked', ja['link.stopped.token_revoked']],
  ['token_expired', ja['link.stopped.token_expired']],
  ['token_invalid', ja['link.stopped.token_invalid']],
  ['sign_in_required', ja['link.stopped.token_invalid']],
])('says of a token that is refused as %s what became of it, and of no sign-in', async (code, words) => {
  vi.stubGlobal('fetch', async (path: string) =>
    path === '/api/region' ? Response.json(region) : Response.json({ code }, { status: 401 }),
  );
  location.hash = '#token=JUNK';
  render(Wall);
  const alert = await screen.findByRole('alert');
  expect(alert.textContent).toBe(ja['wall.token.refused'].replace('{reason}', words));
  expect(alert.textContent).not.toContain('サインイン');
});
