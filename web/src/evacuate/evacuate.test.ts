import { cleanup, fireEvent, render, screen } from '@testing-library/svelte';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import ja from '../i18n/lang/ja.json';
import Evacuate from './Evacuate.svelte';

/** In the zone of a flood; outside the box that is fetched around here; and what the server says there. */
const RIVER = { lat: 37.5, lon: 139.9 };
const VALLEY = { lat: 37.5, lon: 140.1 };

const shelter = (name: string, lon: number, fit: string[]) => ({
  id: name,
  name,
  address: '',
  municipality: '07202',
  position: { lat: 37.5, lon },
  kinds: ['emergency_site'],
  fit,
});
const LIST = {
  edition: '',
  attribution: '',
  demonstration: false,
  shelters: [
    shelter('川辺の集会所', 139.901, ['fire']),
    shelter('高台の学校', 139.903, ['flood']),
    shelter('谷の集会所', 140.101, ['fire']),
    shelter('谷の高台', 140.103, ['flood']),
  ],
  statuses: [],
};
const flood = (west: number) => ({
  features: [
    {
      properties: { layer: 'flood', hazard: 'flood', class: '3', name: '浸水3m', english: '3 m', demonstration: false },
      geometry: {
        coordinates: [
          [
            [
              [west, 37.4],
              [west + 0.06, 37.4],
              [west + 0.06, 37.6],
              [west, 37.6],
              [west, 37.4],
            ],
          ],
        ],
      },
    },
  ],
});

/** What is said of the zones of a box that begins at this longitude. */
let zones: (west: number) => Promise<Response>;

/** What the office says of shelters. */
let statuses: { shelter: string; state: string; at: string }[];

/** Questions so far. */
let asked: string[];

const REGION = {
  time_zone: 'Asia/Tokyo',
  name: '会津地方',
  english: 'Aizu',
  boundaries: {
    features: [
      {
        geometry: {
          coordinates: [
            [
              [
                [139, 37],
                [140.4, 37],
                [140.4, 38],
                [139, 38],
                [139, 37],
              ],
            ],
          ],
        },
      },
    ],
  },
};

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  statuses = [];
  asked = [];
  zones = async () => Response.json({ features: [] });
  vi.stubGlobal('fetch', async (path: string) => {
    asked.push(path.split('?')[0] ?? '');
    if (path === '/api/region') return Response.json(REGION);
    if (path === '/api/shelters') return Response.json({ ...LIST, statuses });
    if (path.startsWith('/api/incidents')) return Response.json({ incidents: [] });
    const bbox = new URL(path, 'https://sokuho.test').searchParams.get('bbox');
    if (path.startsWith('/api/hazard/zones') && bbox) return zones(Number.parseFloat(bbox));
    throw new TypeError(`unknown: ${path}`);
  });
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const network = (online: boolean) => {
  vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(online);
  dispatchEvent(new Event(online ? 'online' : 'offline'));
};

/** Stands somewhere by the device, which is so sure of it, metres. */
async function stand({ lat, lon }: typeof RIVER, accuracy: number) {
  const coords = { latitude: lat, longitude: lon, accuracy };
  const getCurrentPosition = (tell: (fix: object) => void) => tell({ coords, timestamp: Date.now() });
  vi.stubGlobal('navigator', Object.create(navigator, { geolocation: { value: { getCurrentPosition } } }));
  await fireEvent.click(screen.getByText(ja['capture.place.device']));
}
const offered = () => screen.queryAllByRole('heading', { level: 3 }).map((one) => one.textContent);
const open = (shelter: string) => ({ shelter, state: 'open', at: '2026-11-22T00:00:00Z' });

async function standAt({ lat, lon }: typeof RIVER) {
  await fireEvent.input(screen.getByLabelText(ja['capture.place.lat']), { target: { value: String(lat) } });
  await fireEvent.input(screen.getByLabelText(ja['capture.place.lon']), { target: { value: String(lon) } });
  await fireEvent.click(screen.getByText(ja['capture.place.use_typed']));
}

it('never lets the zones of the last place decide for the next', async () => {
  let answer: (answer: Response) => void = () => undefined;
  const later = new Promise<Response>((resolve) => (answer = resolve));
  zones = (west) => (west > 140 ? later : Promise.resolve(Response.json(flood(139.88))));
  render(Evacuate);
  await standAt(RIVER);
  await screen.findByText(/浸水3m/);
  expect(screen.getAllByRole('heading', { level: 3 }).map((one) => one.textContent)).toEqual([
    '高台の学校',
    '谷の高台',
  ]);

  await standAt(VALLEY);
  expect(screen.queryByText(/浸水3m/)).toBeNull();
  expect(screen.queryByText(ja['evacuate.zones.none'])).toBeNull();
  // For a moment nothing is offered rather than what may lie in the water; then it is said what nobody knows.
  expect(screen.queryAllByRole('heading', { level: 3 })).toEqual([]);
  await vi.advanceTimersByTimeAsync(3_000);
  await screen.findByText(/この場所の危険区域の情報がありません/);
  expect(screen.queryByText(ja['evacuate.zones.none'])).toBeNull();
  expect(screen.getAllByRole('heading', { level: 3 })[0]?.textContent).toBe('谷の集会所');
  expect(screen.getAllByText(new RegExp(ja['evacuate.between.zones_unknown'])).length).toBeGreaterThan(0);

  answer(Response.json(flood(140.08)));
  await screen.findByText(/浸水3m/);
  expect(screen.getAllByRole('heading', { level: 3 })[0]?.textContent).toBe('谷の高台');
});

it('says of near shelters that they are full or shut, and has no list of zones where there are none', async () => {
  const at = '2026-11-22T00:00:00Z';
  statuses = [
    { shelter: '川辺の集会所', state: 'full', at },
    { shelter: '高台の学校', state: 'closed', at },
  ];
  render(Evacuate);
  await standAt(RIVER);
  await screen.findByText('⚠ 近くの避難先のうち、川辺の集会所は満員、高台の学校は閉鎖です。');
  expect(offered()).toEqual(['谷の集会所', '谷の高台']);
  expect(screen.queryAllByRole('list').filter((list) => list.children.length === 0)).toEqual([]);
});

it('says that there is no list only when nobody answers any more', async () => {
  zones = async () => Response.json({ features: [] });
  vi.stubGlobal('fetch', async () => new Response('<h1>Bad Gateway</h1>', { status: 502 }));
  render(Evacuate);
  await standAt(RIVER);
  await screen.findByText(ja['evacuate.no_list']);
  await screen.findByText(/この場所の危険区域の情報がありません/);
});

it('asks again by itself, and follows what the office says in the meantime', async () => {
  statuses = [open('高台の学校'), open('川辺の集会所')];
  render(Evacuate);
  await standAt(RIVER);
  await screen.findByText('川辺の集会所');
  expect(offered()).toEqual(['川辺の集会所', '高台の学校']);
  asked = [];
  statuses = [open('高台の学校'), { shelter: '川辺の集会所', state: 'full', at: '2026-11-22T00:00:00Z' }];
  await vi.advanceTimersByTimeAsync(41_000);
  expect(offered()).toEqual(['高台の学校']);
  // Nobody waited: nothing else is asked for so soon, and nothing moved.
  expect(new Set(asked)).toEqual(new Set(['/api/shelters']));
  await vi.advanceTimersByTimeAsync(160_000);
  expect(new Set(asked)).toEqual(new Set(['/api/shelters', '/api/incidents']));
});

it('says at once that what it shows is old when the network goes, above all that it shows, and is news again', async () => {
  render(Evacuate);
  await standAt(RIVER);
  await screen.findByText('川辺の集会所');
  expect(screen.queryByText(ja['evacuate.offline'])).toBeNull();
  network(false);
  const old = await screen.findByText(ja['evacuate.offline']);
  const after = (one: Node) => old.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING;
  expect(after(screen.getByText(ja['evacuate.zones.none']))).toBeTruthy();
  expect(after(screen.getByText(ja['evacuate.straight']))).toBeTruthy();
  asked = [];
  await vi.advanceTimersByTimeAsync(100_000);
  expect(asked).toEqual([]);
  network(true);
  await vi.waitFor(() => expect(screen.queryByText(ja['evacuate.offline'])).toBeNull());
  expect(new Set(asked)).toEqual(new Set(['/api/shelters', '/api/incidents', '/api/hazard/zones']));
});

it('shows whoever said where they are what it means, and folds the form', async () => {
  render(Evacuate);
  expect(screen.getByText(ja['capture.place.device']).closest('[hidden]')).toBeNull();
  await standAt(RIVER);
  await vi.waitFor(() => expect(document.activeElement?.textContent).toBe(ja['evacuate.here']));
  expect(screen.getByText(ja['capture.place.device']).closest('[hidden]')).not.toBeNull();
  const change = screen.getByRole('button', { name: ja['evacuate.where.change'] });
  expect(change.getAttribute('aria-expanded')).toBe('false');
  await fireEvent.click(change);
  expect(screen.getByText(ja['capture.place.device']).closest('[hidden]')).toBeNull();
  // News do not take the focus from where somebody reads.
  (change as HTMLElement).focus();
  await vi.advanceTimersByTimeAsync(41_000);
  expect(document.activeElement).toBe(change);
});

it('says no verdict on zones for certain that the error of the position does not allow', async () => {
  zones = async () => Response.json(flood(139.905));
  render(Evacuate);
  await stand(RIVER, 3_000);
  await screen.findByText(/位置の誤差が ±3 km あります/);
  await screen.findByText(/浸水3mの中かもしれません/);
  expect(screen.queryByText(ja['evacuate.zones.none'])).toBeNull();
  // Whoever may stand in the water is sent to where it does not come.
  expect(offered()[0]).toBe('高台の学校');

  await stand(RIVER, 12);
  await screen.findByText(ja['evacuate.zones.none']);
  expect(screen.queryByText(/位置の誤差が/)).toBeNull();
  expect(offered()[0]).toBe('川辺の集会所');
});

it('does not say that a zone is certain where the device may be kilometres away', async () => {
  zones = async () => Response.json(flood(139.88));
  render(Evacuate);
  await stand(RIVER, 800);
  await screen.findByText(/浸水3mの中かもしれません/);
  await stand(RIVER, 12);
  await vi.waitFor(() => expect(screen.queryByText(/かもしれません$/)).toBeNull());
  await screen.findByText(/浸水3m/);
});

it('outside the region says so, and offers nothing as near', async () => {
  render(Evacuate);
  await standAt({ lat: 35.68, lon: 139.76 });
  await screen.findByText(/対象の地域（会津地方）の外です/);
  expect(screen.queryByText(ja['evacuate.zones.none'])).toBeNull();
  expect(offered()).toEqual([]);
  // Just outside a border, which may be a sketch, the nearest are shown; but no zones there mean nothing.
  await standAt({ lat: 37.5, lon: 140.43 });
  await screen.findByText(/この場所の危険区域の情報がありません/);
  expect(offered()).not.toEqual([]);
});

it('leads to the page for reports, and says of no shelter beside a report of it that none is reported', async () => {
  statuses = [open('谷の集会所')];
  render(Evacuate);
  expect(screen.getByText(ja['evacuate.report']).getAttribute('href')).toBe('/');
  await standAt(RIVER);
  await screen.findByText(/直線で 5 km 以内に、開設の報告がある避難先はありません/);
  expect(offered()).toContain('谷の集会所');
  expect(screen.queryByText(new RegExp(ja['evacuate.why.designated']))).toBeNull();
});

it('says so beside each shelter where the zones cannot be had', async () => {
  zones = async () => Response.json({ type: 'about:blank', code: 'unavailable' }, { status: 503 });
  render(Evacuate);
  await standAt(RIVER);
  await screen.findByText(/この場所の危険区域の情報がありません/);
  expect(screen.getAllByText(new RegExp(ja['evacuate.between.zones_unknown']))).toHaveLength(offered().length);
});
