import type { BaseMap, HazardLayers, TileJson, TileSources } from '../wire';
import { call } from './http';

let base: Promise<BaseMap> | null = null;
let layers: Promise<HazardLayers> | null = null;
let sources: Promise<TileSources> | null = null;

/** Fetches the base map once for a page; a failed fetch may be tried again. */
export function loadBase(): Promise<BaseMap> {
  base ??= fetchBase().catch((error: unknown) => {
    base = null;
    throw error;
  });
  return base;
}

async function fetchBase(): Promise<BaseMap> {
  const base = await call<BaseMap>('/api/base');
  // Somebody else made the archive: what its layers are called stands in its own description.
  return base.kind === 'archive' && base.tiles ? { ...base, archive: await call<TileJson>(base.tiles) } : base;
}

/** Fetches which hazard layers there are, once for a page; a failed fetch may be tried again. */
export function loadHazardLayers(): Promise<HazardLayers> {
  layers ??= call<HazardLayers>('/api/hazard/layers').catch((error: unknown) => {
    layers = null;
    throw error;
  });
  return layers;
}

/** Fetches which sources of tiles there are, once for a page; a failed fetch may be tried again. */
export function loadTileSources(): Promise<TileSources> {
  sources ??= call<TileSources>('/tiles').catch((error: unknown) => {
    sources = null;
    throw error;
  });
  return sources;
}
