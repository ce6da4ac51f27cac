import { afterEach, expect, it, vi } from 'vitest';
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
