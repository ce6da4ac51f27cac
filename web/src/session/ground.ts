import type { BaseMap, HazardLayers, TileJson, TileSources } from '../wire';
import { call } from './http';
import { Told } from './told';

/** The base map. */
export const baseMap = new Told(async () => {
  const base = await call<BaseMap>('/api/base', { again: true });
  // Somebody else made the archive: what its layers are called stands in its own description.
  return base.kind === 'archive' && base.tiles ? { ...base, archive: await call<TileJson>(base.tiles) } : base;
});

/** Which hazard layers there are. */
export const hazardLayers = new Told(() => call<HazardLayers>('/api/hazard/layers', { again: true }));

/** Which sources of tiles there are. */
export const tileSources = new Told(() => call<TileSources>('/tiles'));
