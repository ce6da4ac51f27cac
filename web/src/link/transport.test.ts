import { afterEach, expect, it, vi } from 'vitest';
import { fetchSnapshot } from './browser';
import type { Parting } from './frames';
import { eventsTransport } from './transport';

afterEach(() => vi.unstubAllGlobals());

function asked(subscribe: Parameters<ReturnType<typeof eventsTransport>['open']>[0]): { url: URL; init: RequestInit } {
  let found: { url: URL; init: RequestInit } | undefined;
  vi.stubGlobal('fetch', (url: URL, init: RequestInit) => {
    found = { url, init };
    return new Promise(() => undefined);
  });
  eventsTransport().open(subscribe, { opened() {}, frame() {}, closed() {} });
  if (!found) throw new Error('nothing was asked');
  return found;
}

it('asks for events with the position, the interest and the token, as the door names them', () => {
  const { url, init } = asked({
    type: 'subscribe',
    token: 'secret',
    epoch: 'e',
    since: 7,
    interest: {
      bounds: { west: 139.5, south: 37.25, east: 140, north: 37.75 },
      offices: ['07202', '07423'],
      categories: ['hazard', 'other'],
      operation: 'o',
    },
  });
  expect(Object.fromEntries(url.searchParams)).toEqual({
    epoch: 'e',
    since: '7',
    bounds: '139.5,37.25,140,37.75',
    offices: '07202,07423',
    categories: 'hazard,other',
    operation: 'o',
  });
  expect(new Headers(init.headers).get('authorization')).toBe('Bearer secret');
});

it('asks for everything from the head when nothing is wanted in particular, and keeps the token out of the address', () => {
  const { url } = asked({ type: 'subscribe', token: 'secret', interest: {} });
  expect(url.search).toBe('');
});

/** An answer of the server, a problem if it has a code. */
const answer = (status: number, code?: string, retryAfter?: string) => async () =>
  new Response(code ? JSON.stringify({ code, status }) : '<html>', {
    status,
    headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter },
  });

const ANSWERS: [what: string, given: () => Promise<Response>, means: Parting][] = [
  ['is full', answer(503, 'unavailable', '15'), { next: 'return', askedMs: 15_000 }],
  ['is asked too often', answer(429, 'too_many_requests', '3'), { next: 'return', askedMs: 3_000 }],
  ['is a proxy without a server', answer(502), { next: 'return' }],
  ['is a proxy that lets nothing through', answer(403), { next: 'return' }],
  ['knows that the token ended', answer(401, 'token_expired'), { next: 'renew', reason: 'token_expired' }],
  ['took the token back', answer(401, 'token_revoked'), { next: 'stop', reason: 'token_revoked' }],
  ['does not know the token', answer(401, 'token_invalid'), { next: 'stop', reason: 'token_invalid' }],
];

it.each(ANSWERS)(
  'hears what an answer asks of it that %s, of events and of a snapshot alike',
  async (_, given, means) => {
    vi.stubGlobal('fetch', given);
    const parting = await new Promise((closed) => {
      eventsTransport().open({ type: 'subscribe' }, { opened() {}, frame() {}, closed });
    });
    expect(parting).toEqual(means);
    const picture = fetchSnapshot('/api/snapshot', 'secret', AbortSignal.timeout(1_000));
    await expect(picture).rejects.toMatchObject({ name: 'RefusedError', parting: means });
  },
);
