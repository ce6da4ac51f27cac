/**
 * Keeps the files of the page /evacuate, and nothing else, so that it opens without a network. What the page knows it
 * keeps itself (kept.ts). The build puts in the names of the files and a version that changes with them.
 */
const FILES = __FILES__;
const CACHE = 'sokuho-evacuate-__VERSION__';
const PAGE = '/evacuate';

/** A network that has not answered the page by then is none, milliseconds. */
const PATIENCE_MS = 4000;

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll([PAGE, ...FILES].map((path) => new Request(path, { cache: 'reload' }))))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener('activate', (event) => {
  const old = (name) => name.startsWith('sokuho-evacuate-') && name !== CACHE && name !== 'sokuho-evacuate-data';
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== self.location.origin) return;
  if (request.mode === 'navigate' && pathname === PAGE) event.respondWith(page(request));
  else if (pathname.startsWith('/assets/') || pathname === '/icon.svg') event.respondWith(file(request));
});

/**
 * The page as the server has it; as it was kept without a network, and where only a proxy answers because the server
 * does not.
 */
async function page(request) {
  const kept = await caches
    .open(CACHE)
    .then((cache) => cache.match(PAGE))
    .catch(() => undefined);
  const asked = fetch(request);
  if (!kept) return asked;
  const good = asked.then((answer) => (answer.ok ? answer : kept)).catch(() => kept);
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, kept));
  return Promise.race([good, late]);
}

/** Names of files carry a hash of what is in them: one that is kept is right. The map comes when somebody opens it. */
async function file(request) {
  const cache = await caches.open(CACHE);
  const found = await cache.match(request);
  if (found) return found;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone()).catch(() => undefined);
  return answer;
}
