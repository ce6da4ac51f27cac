// How long the wall's page is busy at a stretch with 20,000 incidents on screen while 50 changes a second arrive:
// the longest task of its main thread, by the browser's own performance API.
//
//   node busy_wall.mjs [--incidents 20000] [--rate 50] [--seconds 30] [--trace FILE]
//
// Only the page is measured: it is the built one (web/dist), and everything that it asks for is answered from here,
// so that no server takes the processor from it. A task's time contains what it waited for a processor; so it is
// told how much of them the page itself and the drawing of its pictures took, which is done without a graphics card.
// Prints JSON; ends with 1 if a task took more than 100 ms. `--trace` keeps what each task did, for the browser's own
// tools; that costs time, and its start is a long task itself.

import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { launch } from './harness/browser.mjs';

/** What counts as too long, milliseconds. */
const TOO_LONG_MS = 100;

/** What a trace holds: tasks, what is done in them, and where the page's own code is. */
const TRACED = [
  'devtools.timeline',
  'toplevel',
  'v8',
  'blink',
  'cc',
  'gpu',
  'disabled-by-default-v8.cpu_profiler',
  'disabled-by-default-v8.gc',
];

const { values } = parseArgs({
  options: {
    incidents: { type: 'string', default: '20000' },
    rate: { type: 'string', default: '50' },
    seconds: { type: 'string', default: '30' },
    trace: { type: 'string' },
  },
});
const INCIDENTS = Number(values.incidents);
const RATE = Number(values.rate);
const SECONDS = Number(values.seconds);

const root = resolve(import.meta.dirname, '../..');
const dist = join(root, 'web/dist');
const json = (file) => JSON.parse(readFileSync(join(root, 'data', file), 'utf8'));

// A fixed beginning, so that every run draws the same map.
let seed = 20261122;
function random() {
  seed = (seed * 1664525 + 1013904223) % 2 ** 32;
  return seed / 2 ** 32;
}
const pick = (list) => list[Math.floor(random() * list.length)];
let ids = 0;
const id = () => `01900000-0000-7000-8000-${String(++ids).padStart(12, '0')}`;

const EVERYDAY = '01900000-0000-7000-8000-0000000e0e0e';
const DRILL = '01900000-0000-7000-8000-0000000d0d0d';
const CATEGORIES = ['road_damage', 'water_leak', 'street_light', 'hazard', 'other'];
const ZONES = [
  { layer: 'flood', hazard: 'flood', class: '3', name: '浸水 3–5 m', english: '3–5 m of water' },
  { layer: 'landslide', hazard: 'landslide', class: '2', name: '土砂災害特別警戒区域', english: 'Landslide' },
].map((zone) => ({ ...zone, depth: null, edition: '2026', demonstration: true }));

const about = json('region/aizu/region.json');
const offices = json('region/aizu/offices.json').map((office) => ({ neighbours: [], ...office }));
const sheet = json('region/aizu/boundaries.geojson');
const boundaries = {
  type: 'FeatureCollection',
  features: sheet.features.map((feature) => ({
    ...feature,
    geometry: { type: 'MultiPolygon', coordinates: [feature.geometry.coordinates] },
  })),
};
const region = { ...about, sketch: true, edition: sheet.edition, offices, boundaries };
const towns = offices.filter(({ kind }) => kind === 'municipality');
const layers = ['water', 'waterway', 'railway', 'road', 'station', 'place'];
const features = layers.flatMap((layer) => json(`base/aizu/${layer}.geojson`).features);
const base = {
  ...json('base/aizu/about.json'),
  kind: 'sketch',
  sketch: true,
  features: { type: 'FeatureCollection', features },
};

function incident(at) {
  const town = pick(towns);
  const category = pick(CATEGORIES);
  const status = random() < 0.1 ? 'resolved' : random() < 0.3 ? 'in_progress' : 'received';
  const { west, south, east, north } = town.extent;
  const position = { lat: south + random() * (north - south), lon: west + random() * (east - west) };
  const report = {
    id: id(),
    filed_at: at,
    received_at: at,
    words: '県道の路肩が幅2メートルほど崩れ、片側が通れません',
    reporter: { kind: 'resident' },
    place: { standing: 'inside', municipality: town.code },
    boundaries: '略図 2026-11',
    media: [],
    zones: [],
  };
  return {
    id: id(),
    operation: random() < 0.3 ? DRILL : EVERYDAY,
    category,
    status,
    position,
    danger_to_life: random() < 0.01,
    responsible: town.code,
    zones: random() < 0.3 ? [pick(ZONES)] : [],
    filed_at: at,
    updated_at: at,
    reports: [report],
  };
}

const operation = (id, kind, name) => ({ id, kind, name, open: true, opened_at: '2026-11-22T00:00:00Z' });
const before = Date.now() - INCIDENTS * 1_000;
const incidents = Array.from({ length: INCIDENTS }, (_, n) => incident(new Date(before + n * 1_000).toISOString()));
const epoch = id();
let seq = INCIDENTS;
const snapshot = JSON.stringify({
  epoch,
  seq,
  at: new Date().toISOString(),
  operations: [operation(EVERYDAY, 'everyday', '平常時'), operation(DRILL, 'drill', '【訓練】')],
  incidents,
  omitted: 0,
  check_ins: [],
});

/** A new report, or a change of one that is there. */
function entry() {
  const at = new Date().toISOString();
  let changed;
  if (random() < 0.5) {
    changed = incident(at);
    incidents.push(changed);
  } else {
    const index = Math.floor(random() * incidents.length);
    changed = { ...incidents[index], status: pick(['received', 'in_progress', 'resolved']), updated_at: at };
    incidents[index] = changed;
  }
  seq += 1;
  return { seq, id: id(), kind: 'status_changed', at, actor: { kind: 'resident' }, incident: changed };
}

const TYPES = { js: 'text/javascript', css: 'text/css', html: 'text/html', svg: 'image/svg+xml' };
const answers = {
  '/api/region': region,
  '/api/base': base,
  '/api/hazard/layers': { layers: [] },
  '/api/shelters': { shelters: [] },
  '/api/me': { kind: 'wall', office: towns[0].code, label: '' },
  '/api/media-tickets': { ticket: 'none', expires_at: new Date(Date.now() + 3_600_000).toISOString() },
};

async function answer(route) {
  const { pathname } = new URL(route.request().url());
  if (pathname === '/api/snapshot') return route.fulfill({ body: snapshot, contentType: 'application/json' });
  if (pathname in answers) return route.fulfill({ json: answers[pathname] });
  const file = join(dist, existsSync(join(dist, `${pathname}.html`)) ? `${pathname}.html` : pathname);
  if (!existsSync(file)) return route.fulfill({ status: 404, json: { code: 'not_found' } });
  return route.fulfill({ body: readFileSync(file), contentType: TYPES[file.split('.').pop()] });
}

const browser = await launch();
const page = await browser.page('desk');
await page.route('**/*', answer);
let socket;
await page.routeWebSocket('**/api/live', (opened) => {
  const now = () => new Date().toISOString();
  opened.onMessage(() => {
    opened.send(JSON.stringify({ type: 'hello', node: id(), epoch, seq, now: now(), heartbeat_seconds: 15 }));
    opened.send(JSON.stringify({ type: 'snapshot', epoch, seq, href: `/api/snapshot?at_least=${seq}` }));
    socket = opened;
  });
});
await page.addInitScript(() => {
  globalThis.longTasks = [];
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) globalThis.longTasks.push({ startTime, duration });
  }).observe({ type: 'longtask', buffered: true });
});
await page.goto('http://127.0.0.1:9/wall#token=wall');
await page.locator(`[data-drawn="${INCIDENTS}"]`).waitFor({ state: 'attached' });
const atLoad = await page.evaluate(() => globalThis.longTasks.splice(0));
if (values.trace) await page.context().browser().startTracing(page, { path: values.trace, categories: TRACED });

const ruler = await page.context().browser().newBrowserCDPSession();
/** Seconds of processor that Chromium's processes have used so far, by kind. */
async function processor() {
  const { processInfo } = await ruler.send('SystemInfo.getProcessInfo');
  const of = (kind) => processInfo.filter(({ type }) => type === kind).reduce((sum, { cpuTime }) => sum + cpuTime, 0);
  return { page: of('renderer'), graphics: of('GPU') };
}
const cpuBefore = await processor();
const began = await page.evaluate(() => performance.now());
const start = Date.now();
let sent = 0;
while (Date.now() - start < SECONDS * 1_000) {
  const due = Math.floor(((Date.now() - start) / 1_000) * RATE);
  while (sent < due) {
    // One entry a frame: nothing is made easier by sending many at once.
    const after = seq;
    const one = entry();
    socket.send(JSON.stringify({ type: 'entries', after, seq: one.seq, entries: [one] }));
    sent += 1;
  }
  await setTimeout(5);
}
const last = Date.now();
const { tasks, until } = await page.evaluate(() => ({ tasks: globalThis.longTasks, until: performance.now() }));
const cpuAfter = await processor();
if (values.trace) await page.context().browser().stopTracing();
// Nothing may be lost on the way to the map, however seldom it is drawn.
await page.locator(`[data-drawn="${incidents.length}"]`).waitFor({ state: 'attached' });
const drawnAfter = Date.now() - last;
await page.screenshot({ path: join(root, 'var/screenshots/busy-wall.png') });
await page.context().close();

const longest = (list) => Math.round(Math.max(0, ...list.map(({ duration }) => duration)));
const total = tasks.reduce((sum, { duration }) => sum + duration, 0);
const cores = (kind) => Number(((cpuAfter[kind] - cpuBefore[kind]) / SECONDS).toFixed(2));
const result = {
  incidents: INCIDENTS,
  changes: sent,
  seconds: SECONDS,
  longest_ms: longest(tasks),
  over_50_ms: tasks.length,
  over_100_ms: tasks.filter(({ duration }) => duration > TOO_LONG_MS).length,
  busy_share: Number((total / (until - began)).toFixed(3)),
  page_cores: cores('page'),
  graphics_cores: cores('graphics'),
  all_drawn_after_ms: drawnAfter,
  longest_at_load_ms: longest(atLoad),
};
console.log(JSON.stringify(result, null, 2));
process.exit(result.over_100_ms > 0 ? 1 : 0);
