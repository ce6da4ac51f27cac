import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { WATCHING } from '../link/backoff';
import { type Mended, mendSources, PASSED_ON_MS } from './mending';

/** A map with one source by URL and one of its own data, whose events the test tells. */
function aMap() {
  const listeners = new Map<string, (event: unknown) => void>();
  const setUrl = vi.fn();
  const setPicturesUrl = vi.fn();
  const sources: Record<string, unknown> = {
    zones: { url: 'http://node.example/tiles/zones.json', setUrl },
    'proxy-std': { url: 'http://node.example/tiles/proxy-std.json', setUrl: setPicturesUrl },
    own: {},
  };
  const lacking = vi.fn();
  const map = {
    on: (kind: string, listener: (event: unknown) => void) => void listeners.set(kind, listener),
    getSource: (id: string) => sources[id],
  } as unknown as Mended;
  mendSources(map, lacking);
  return { tell: (kind: string, event: unknown) => listeners.get(kind)?.(event), setUrl, setPicturesUrl, lacking };
}

const error = new Error('Failed to fetch');

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('fetches a source again after its tiles failed, once for all of them', () => {
  const { tell, setUrl } = aMap();
  for (let tile = 0; tile < 6; tile += 1) tell('error', { sourceId: 'zones', error });
  expect(setUrl).not.toHaveBeenCalled();
  vi.advanceTimersByTime(WATCHING.shortestMs * 2);
  expect(setUrl.mock.calls).toEqual([['http://node.example/tiles/zones.json']]);
});

it('goes on for as long as the node is away, and waits longer each time', () => {
  const { tell, setUrl } = aMap();
  setUrl.mockImplementation(() => tell('error', { sourceId: 'zones', error }));
  tell('error', { sourceId: 'zones', error });
  vi.advanceTimersByTime(60 * 60_000);
  expect(setUrl.mock.calls.length).toBeGreaterThan((60 * 60_000) / WATCHING.longestMs - 1);
  expect(setUrl.mock.calls.length).toBeLessThan(2_000);
});

it('is quiet about what it mends and what has no address, and reports anything else', () => {
  const report = vi.fn();
  vi.stubGlobal('reportError', report);
  const { tell, setUrl } = aMap();
  tell('error', { sourceId: 'own', error });
  vi.advanceTimersByTime(WATCHING.longestMs);
  expect(setUrl).not.toHaveBeenCalled();
  expect(report).not.toHaveBeenCalled();
  tell('error', { error });
  expect(report.mock.calls).toEqual([[error]]);
});

it('leaves a map alone that is gone', () => {
  const { tell, setUrl } = aMap();
  tell('error', { sourceId: 'zones', error });
  tell('remove', {});
  vi.advanceTimersByTime(WATCHING.longestMs);
  expect(setUrl).not.toHaveBeenCalled();
});

it('leaves another server alone for as long as the node does, however much fails meanwhile', () => {
  const { tell, setPicturesUrl, setUrl } = aMap();
  setPicturesUrl.mockImplementation(() => tell('error', { sourceId: 'proxy-std', error }));
  tell('error', { sourceId: 'proxy-std', error });
  // What is the node's own does not wait for it.
  tell('error', { sourceId: 'zones', error });
  vi.advanceTimersByTime(PASSED_ON_MS - 1);
  expect(setUrl).toHaveBeenCalledOnce();
  expect(setPicturesUrl).not.toHaveBeenCalled();
  vi.advanceTimersByTime(10 * 60_000);
  expect(setPicturesUrl.mock.calls.length).toBeLessThanOrEqual((10 * 60_000) / PASSED_ON_MS + 1);
  expect(setPicturesUrl.mock.calls.length).toBeGreaterThan(10);
});

it('says whose pictures cannot be had until all in view have come', () => {
  const { tell, lacking } = aMap();
  tell('error', { sourceId: 'zones', error });
  expect(lacking).not.toHaveBeenCalled();
  for (let tile = 0; tile < 3; tile += 1) tell('error', { sourceId: 'proxy-std', error });
  tell('idle', {});
  expect(lacking.mock.calls).toEqual([[['proxy-std']]]);
  vi.advanceTimersByTime(PASSED_ON_MS + WATCHING.longestMs);
  tell('idle', {});
  expect(lacking).toHaveBeenLastCalledWith([]);
});
