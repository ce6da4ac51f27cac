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

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  vi.stubGlobal('fetch', async (path: string) => {
    if (path === '/api/region') return Response.json({ time_zone: 'Asia/Tokyo' });
    if (path === '/api/shelters') return Response.json(LIST);
    if (path.startsWith('/api/incidents')) return Response.json({ incidents: [] });
    const bbox = new URL(path, 'https://sokuho.test').searchParams.get('bbox');
    if (path.startsWith('/api/hazard/zones') && bbox) return zones(Number.parseFloat(bbox));
    throw new TypeError(`unknown: ${path}`);
  });
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

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

it('says that there is no list only when nobody answers any more', async () => {
  zones = async () => Response.json({ features: [] });
  vi.stubGlobal('fetch', async () => new Response('<h1>Bad Gateway</h1>', { status: 502 }));
  render(Evacuate);
  await standAt(RIVER);
  await screen.findByText(ja['evacuate.no_list']);
  await screen.findByText(/この場所の危険区域の情報がありません/);
});
