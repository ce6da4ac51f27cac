import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';

const SOURCE = readFileSync(join(import.meta.dirname, 'worker.js'), 'utf8');
const AT = 'https://sokuho.test';

/** A browser's store, as far as the worker uses it. */
class Store {
  readonly all = new Map<string, Map<string, Response>>();

  async open(name: string) {
    const cache = this.all.get(name) ?? new Map<string, Response>();
    this.all.set(name, cache);
    const path = (request: string | Request) =>
      new URL(typeof request === 'string' ? request : request.url, AT).pathname;
    return {
      addAll: async (requests: Request[]) => {
        const answers = await Promise.all(requests.map((request) => fetch(request)));
        if (answers.some((answer) => !answer.ok)) throw new TypeError('not all');
        for (const [i, request] of requests.entries()) cache.set(path(request), answers[i] ?? new Response());
      },
      match: async (request: string | Request) => cache.get(path(request))?.clone(),
      put: async (request: string | Request, answer: Response) => void cache.set(path(request), answer),
    };
  }

  async keys() {
    return [...this.all.keys()];
  }

  async delete(name: string) {
    return this.all.delete(name);
  }
}

type Event = { waitUntil?: (done: Promise<unknown>) => void; request?: object; respondWith?: (a: Response) => void };

/** The worker of one build, in a browser with this store. */
function worker(version: string, files: string[], caches: Store) {
  const listeners = new Map<string, (event: Event) => void>();
  const self = {
    addEventListener: (name: string, listener: (event: Event) => void) => listeners.set(name, listener),
    skipWaiting: async () => undefined,
    clients: { claim: async () => undefined },
    location: { origin: AT },
  };
  const text = SOURCE.replace('__FILES__', JSON.stringify(files)).replace('__VERSION__', version);
  class Absolute extends Request {
    constructor(path: string, init?: RequestInit) {
      super(new URL(path, AT), init);
    }
  }
  new Function('self', 'caches', 'Request', text)(self, caches, Absolute);
  const done = (name: string) =>
    new Promise<unknown>((resolve) => listeners.get(name)?.({ waitUntil: (all) => resolve(all) }));
  return {
    install: () => done('install'),
    activate: () => done('activate'),
    /** What the page gets; `undefined`: the worker leaves it to the browser. */
    ask: async (path: string, mode = 'navigate') => {
      let answer: Promise<Response> | Response | undefined;
      const request = { method: 'GET', url: AT + path, mode };
      listeners.get('fetch')?.({ request, respondWith: (with_) => (answer = with_) });
      return (await answer)?.text();
    },
  };
}

/** What the network says, by path; a number is a status of a proxy. */
function network(says: (path: string) => string | number | Promise<string>) {
  vi.stubGlobal('fetch', async (request: { url: string }) => {
    const said = await says(new URL(request.url, AT).pathname);
    return typeof said === 'number' ? new Response('<h1>Bad Gateway</h1>', { status: said }) : new Response(said);
  });
}
const build = (version: string) => (path: string) => `${path} of ${version}`;

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('shows the kept page where a proxy answers for a server that is down, and the new page where it is up', async () => {
  const installed = worker('1', ['/assets/a.js'], new Store());
  network(build('one'));
  await installed.install();
  for (const status of [502, 503, 504, 500, 404]) {
    network(() => status);
    expect(await installed.ask('/evacuate'), String(status)).toBe('/evacuate of one');
    expect(await installed.ask('/assets/a.js', 'cors')).toBe('/assets/a.js of one');
  }
  network(() => Promise.reject(new TypeError('cut')));
  expect(await installed.ask('/evacuate')).toBe('/evacuate of one');
  network(build('two'));
  expect(await installed.ask('/evacuate')).toBe('/evacuate of two');
});

it('shows the kept page where the line connects and carries nothing', async () => {
  vi.useFakeTimers();
  const installed = worker('1', [], new Store());
  network(build('one'));
  await installed.install();
  network(() => new Promise(() => undefined));
  const asked = installed.ask('/evacuate');
  await vi.advanceTimersByTimeAsync(4_000);
  expect(await asked).toBe('/evacuate of one');
});

it('where nothing is kept any more the network has the word, and other pages it always has', async () => {
  const store = new Store();
  const installed = worker('1', ['/assets/a.js'], store);
  network(() => 502);
  expect(await installed.ask('/evacuate')).toContain('Bad Gateway');
  expect(await installed.ask('/assets/a.js', 'cors')).toContain('Bad Gateway');
  expect(await (await store.open('sokuho-evacuate-1')).match('/assets/a.js')).toBeUndefined();
  for (const other of ['/', '/evacuate/x', '/api/shelters', '/console']) {
    expect(await installed.ask(other), other).toBeUndefined();
  }
});

it('after an upgrade takes the new files and cleans the old ones away, and never what was kept of the data', async () => {
  const store = new Store();
  network(build('one'));
  const old = worker('1', ['/assets/a.js'], store);
  await old.install();
  await old.activate();
  await (await store.open('sokuho-evacuate-data')).put('/evacuate/kept/shelters', new Response('list'));
  await store.open('of-another-program');

  // While the node is being upgraded only its proxy answers: the old page stays whole.
  const fresh = worker('2', ['/assets/b.js'], store);
  network((path) => (path === '/assets/b.js' ? 502 : build('two')(path)));
  await expect(fresh.install()).rejects.toThrow();
  network(() => 502);
  expect(await old.ask('/evacuate')).toBe('/evacuate of one');
  expect(await old.ask('/assets/a.js', 'cors')).toBe('/assets/a.js of one');

  network(build('two'));
  await fresh.install();
  await fresh.activate();
  expect(await store.keys()).toEqual(['sokuho-evacuate-data', 'of-another-program', 'sokuho-evacuate-2']);
  network(() => 502);
  expect(await fresh.ask('/evacuate')).toBe('/evacuate of two');
  expect(await fresh.ask('/assets/b.js', 'cors')).toBe('/assets/b.js of two');
  expect(await (await (await store.open('sokuho-evacuate-data')).match('/evacuate/kept/shelters'))?.text()).toBe(
    'list',
  );
});
