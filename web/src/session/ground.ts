import type { BaseMap, HazardLayers } from '../wire';
import { call } from './http';

let base: Promise<BaseMap> | null = null;
let layers: Promise<HazardLayers> | null = null;

/** Fetches the base map once for a page; a failed fetch may be tried again. */
export function loadBase(): Promise<BaseMap> {
  base ??= call<BaseMap>('/api/base').catch((error: unknown) => {
    base = null;
    throw error;
  });
  return base;
}

/** Fetches which hazard layers there are, once for a page; a failed fetch may be tried again. */
export function loadHazardLayers(): Promise<HazardLayers> {
  layers ??= call<HazardLayers>('/api/hazard/layers').catch((error: unknown) => {
    layers = null;
    throw error;
  });
  return layers;
}
