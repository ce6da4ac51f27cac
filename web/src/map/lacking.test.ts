import { expect, it } from 'vitest';
import { type Watched, watchSources } from './lacking';

/** A map whose sources come or do not. */
function mapOf(...ids: string[]) {
  const calls = new Map<string, (event: object) => void>();
  const loading = new Set<string>();
  const map = {
    on: (name: string, call: (event: object) => void) => calls.set(name, call),
    getStyle: () => ({ sources: Object.fromEntries(ids.map((id) => [id, {}])) }),
    isSourceLoaded: (id: string) => !loading.has(id),
  } as unknown as Watched;
  const tell = (name: string) => (event: object) => calls.get(name)?.(event);
  return { map, loading, error: tell('error'), data: tell('sourcedata') };
}

const tile = (key: string) => ({ tileID: { key } });

it('tells what could not be had, what only in part, and what has not come yet', () => {
  const { map, loading, error, data } = mapOf('whole', 'none', 'part', 'late');
  const lacking = watchSources(map);
  for (const sourceId of ['whole', 'part']) data({ sourceId, tile: tile('1') });
  // It is described, and no tile of it comes.
  data({ sourceId: 'none', sourceDataType: 'metadata' });
  for (const sourceId of ['none', 'part', 'taken-away']) error({ sourceId, tile: tile('2') });
  error({ error: new Error('of no source') });
  loading.add('late');
  expect([...lacking().wholly]).toEqual(['none', 'late']);
  expect([...lacking().partly]).toEqual(['part']);
});

it('forgets what came when it was asked for again', () => {
  const { map, error, data } = mapOf('tiles', 'described');
  const lacking = watchSources(map);
  error({ sourceId: 'described' });
  for (const key of ['1', '2']) error({ sourceId: 'tiles', tile: tile(key) });
  data({ sourceId: 'tiles', tile: tile('1') });
  data({ sourceId: 'described', sourceDataType: 'metadata' });
  expect([...lacking().partly]).toEqual(['tiles']);
  data({ sourceId: 'tiles', tile: tile('2') });
  expect(lacking()).toEqual({ wholly: new Set(), partly: new Set() });
});
