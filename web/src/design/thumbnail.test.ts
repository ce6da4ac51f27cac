import { cleanup, render, screen } from '@testing-library/svelte';
import { afterEach, expect, it } from 'vitest';
import ja from '../i18n/lang/ja.json';
import { Tickets } from '../state/tickets.svelte';
import type { Medium } from '../wire';
import Thumbnail from './Thumbnail.svelte';

const tickets = new Tickets(async () => ({ ticket: 't', expires_at: '2999-01-01T00:00:00Z' }));
const medium: Medium = { id: 'm', kind: 'heic', size: 1, thumbnail: false };

afterEach(cleanup);

it.each([
  ['heic', ja['wall.no_preview']],
  ['mp4', ja['wall.video']],
  ['mov', ja['wall.video']],
] as const)('says what a %s is that has no thumbnail', (kind, words) => {
  render(Thumbnail, { medium: { ...medium, kind }, category: 'hazard', tickets, alt: '写真 1 を開く' });
  expect(screen.getByText(words, { exact: false })).toBeTruthy();
  screen.getByText('写真 1 を開く');
});

it('labels nothing where nobody sent a picture', () => {
  const { container } = render(Thumbnail, { medium: undefined, category: 'hazard', tickets, alt: '' });
  expect(container.querySelector('.label')).toBeNull();
});
