import { cleanup, render, screen, waitFor } from '@testing-library/svelte';
import { afterEach, describe, expect, it, vi } from 'vitest';
import ja from '../i18n/lang/ja.json';
import type { ReceiptStatus } from '../wire';
import ReceiptPage from './ReceiptPage.svelte';

const status: ReceiptStatus = {
  category: 'hazard',
  status: 'in_progress',
  status_at: '2026-11-22T05:12:00Z',
  filed_at: '2026-11-22T04:40:00Z',
  position: { lat: 37.55, lon: 139.82 },
  place: { standing: 'inside', municipality: '07421' },
  boundaries: '略図 第1版',
  responsible: '07421',
  words: '冠水',
  thumbnails: ['abc'],
  media: 1,
  drill: true,
};

/** Answers every request for the receipt; the region stays away. Returns the addresses that were asked. */
function answerWith(code: number, body: unknown): string[] {
  const asked: string[] = [];
  vi.stubGlobal('fetch', async (path: string) => {
    if (!path.startsWith('/api/receipts/')) throw new TypeError('no region here');
    asked.push(path);
    return new Response(JSON.stringify(body), { status: code });
  });
  return asked;
}

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

describe('the receipt page', () => {
  it('shows the status and the drill, and asks once, not again and again', async () => {
    const asked = answerWith(200, status);
    location.hash = '#KEY';
    render(ReceiptPage);
    await screen.findByText(ja['status.in_progress.meaning']);
    expect(screen.getByText(ja['receipt.drill'])).toBeTruthy();
    expect(screen.getByRole('img').getAttribute('src')).toBe('/api/receipts/KEY/thumbnails/abc');
    await waitFor(() =>
      expect(screen.getByRole('button', { name: ja['receipt.refresh'] }).ariaDisabled).not.toBe('true'),
    );
    expect(asked).toEqual(['/api/receipts/KEY']);
  });

  it.each([
    [['abc', 'def'], 3, 'ほか1点（プレビューなし）も届いています。'],
    [[], 2, '2点（プレビューなし）が届いています。'],
  ])('says that what has no preview arrived too', async (thumbnails, media, words) => {
    answerWith(200, { ...status, thumbnails, media });
    location.hash = '#KEY';
    render(ReceiptPage);
    expect(await screen.findByText(words)).toBeTruthy();
    expect(screen.queryAllByRole('img')).toHaveLength(thumbnails.length);
  });

  it('says nothing of previews where every photo has one', async () => {
    answerWith(200, status);
    location.hash = '#KEY';
    render(ReceiptPage);
    await screen.findByText(ja['receipt.photos']);
    expect(screen.queryByText(/プレビュー/)).toBeNull();
  });

  it('says so when no report has this key', async () => {
    answerWith(404, { code: 'not_found' });
    location.hash = '#WRONG';
    render(ReceiptPage);
    expect(await screen.findByText(ja['receipt.unknown'])).toBeTruthy();
  });

  it('asks for nothing when the link was cut short', () => {
    const asked = answerWith(200, status);
    location.hash = '';
    render(ReceiptPage);
    expect(screen.getByText(ja['receipt.no_key'])).toBeTruthy();
    expect(asked).toEqual([]);
  });
});
