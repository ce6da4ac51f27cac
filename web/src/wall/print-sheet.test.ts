import { cleanup, render, screen } from '@testing-library/svelte';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import ja from '../i18n/lang/ja.json';
import type { Area, PaperOptions } from '../map/paper';
import type { Me, OfficeIncident, Region } from '../wire';
import PrintSheet from './PrintSheet.svelte';

const drawing = vi.hoisted(() => ({ answer: async (_: unknown): Promise<unknown> => null }));
vi.mock('../map/paper', () => ({ paperMap: (options: unknown) => drawing.answer(options) }));

const LONG = '国道の路肩が崩れ、片側の車線が宙に浮いています。'.repeat(20);
const incident = {
  id: 'one',
  category: 'road_damage',
  filed_at: '2026-11-22T12:00:00Z',
  status: 'received',
  danger_to_life: false,
  operation: 'everyday',
  position: { lat: 37.5, lon: 139.9 },
  zones: [],
  reports: [{ words: LONG, place: { standing: 'outside' } }],
} as unknown as OfficeIncident;

// The link to a node is tested for itself.
vi.mock('../state/picture.svelte', () => ({
  Picture: class {
    status = { phase: 'live', reason: null, freshAt: 1 };
    wallNow = Date.UTC(2026, 10, 22, 12);
    world = {
      ...{ incidents: new Map([['one', incident]]), operations: new Map(), omitted: 0 },
      ...{ shelters: new Map(), drilled: new Map() },
    };
    watch(call: () => void) {
      queueMicrotask(call);
      return () => {};
    }
    follow() {
      return () => {};
    }
  },
}));

const region = {
  ...{ name: '会津', english: 'Aizu', offices: [], time_zone: 'Asia/Tokyo', sketch: false, attribution: '境界の出典' },
  bounds: { west: 139, south: 37, east: 140.5, north: 38 },
} as unknown as Region;
const me = { kind: 'wall', office: '07202' } as unknown as Me;

const picture = (id: string) => ({ id, kind: 'raster', name: `名 ${id}`, attribution: `出典 ${id}`, tilejson: '' });
const zones = { id: 'flood', name: '洪水', english: 'Flood', hazard: 'flood', classes: [], attribution: '区域の出典' };
const ANSWERS: Record<string, unknown> = {
  '/api/base': { kind: 'sketch', sketch: true, attribution: '略図の出典' },
  '/api/hazard/layers': { layers: [zones] },
  '/tiles': { sources: [picture('proxy-std'), picture('proxy-zz-own')] },
};

const area: Area = {
  ...{ metresPerPixel: 100, marks: [{ x: 1, y: 1, reach: 9, kind: 'incidents', ids: ['one'] }], taken: [] },
  seen: { base: new Set(['station']), zones: new Set() },
  lacking: { wholly: new Set(), partly: new Set() },
};

beforeEach(() => {
  vi.stubGlobal('fetch', async (path: string) =>
    path in ANSWERS ? Response.json(ANSWERS[path]) : Response.json({ code: 'not_found' }, { status: 404 }),
  );
  Object.defineProperty(document, 'fonts', { value: { ready: Promise.resolve() }, configurable: true });
});

afterEach(() => {
  cleanup();
  localStorage.clear();
  vi.unstubAllGlobals();
});

async function sheet(answer: (options: PaperOptions) => Promise<Area>) {
  drawing.answer = (options) => answer(options as PaperOptions);
  const { container } = render(PrintSheet, { token: 't', region, me, onRefused: () => {} });
  await vi.waitFor(() => expect(container.querySelector('[data-ready="true"]')).toBeTruthy());
  return container;
}

const shown = { base: true, raster: 'proxy-std', zones: { 'proxy-zz-own': { on: true, opacity: 0.3 } } };

it('draws the pictures that the wall shows, and names them with their sources', async () => {
  localStorage.setItem('sokuho.map.07202', JSON.stringify(shown));
  let asked: PaperOptions | undefined;
  const container = await sheet(async (options) => {
    asked = options;
    return area;
  });
  expect(asked?.ground?.id).toBe('proxy-std');
  expect(asked?.over.map(({ raster, opacity }) => [raster.id, opacity])).toEqual([['proxy-zz-own', 0.3]]);
  const legend = screen.getByRole('list', { name: ja['map.rasters.legend'] });
  expect(legend.textContent).toContain('名 proxy-std');
  const foot = container.querySelector('footer')?.textContent;
  expect(foot).toContain('区域の出典 / 出典 proxy-std / 出典 proxy-zz-own');
  expect(foot).not.toContain('取得できませんでした');
});

it('says which of them is not on the sheet, and explains the ground that is seen instead', async () => {
  localStorage.setItem('sokuho.map.07202', JSON.stringify(shown));
  const lacking = { wholly: new Set(['proxy-std']), partly: new Set(['proxy-zz-own', 'hazard-flood']) };
  const container = await sheet(async () => ({ ...area, lacking }));
  const words = ja['print.lacking'].replace('{names}', '洪水（一部） / 名 proxy-std / 名 proxy-zz-own（一部）');
  expect(screen.getByText(words)).toBeTruthy();
  const foot = container.querySelector('footer')?.textContent ?? '';
  expect(foot).not.toContain('出典 proxy-std');
  expect(foot).toContain(ja['map.base.station']);
});

it('explains of the base map what is drawn of it and no more', async () => {
  const container = await sheet(async () => area);
  const signs = [...container.querySelectorAll('.legend li')].map((sign) => sign.textContent?.trim());
  expect(signs).toEqual([ja['category.road_damage'], ja['map.base.station']]);
});

it('explains no marks that the map does not show', async () => {
  const container = await sheet(async () => ({ ...area, marks: [] }));
  const signs = [...container.querySelectorAll('.legend li')].map((sign) => sign.textContent?.trim());
  expect(signs).toEqual([ja['map.base.station']]);
});

it('prints the lists where the device can draw no map, and says so', async () => {
  const container = await sheet(async () => {
    throw new Error('no WebGL');
  });
  expect(screen.getByText(ja['print.no_map'])).toBeTruthy();
  expect(screen.getByRole<HTMLButtonElement>('button', { name: ja['print.button'] }).disabled).toBe(false);
  expect(screen.getAllByText(LONG).length).toBeGreaterThan(0);
  expect(container.textContent).not.toContain(ja['print.beyond']);
  expect(container.querySelector('.legend')).toBeNull();
  expect(container.querySelector('footer')?.textContent?.trim()).toBe(`${ja['map.layers.zones']}: 区域の出典`);
});
