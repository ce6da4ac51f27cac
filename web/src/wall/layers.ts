import { t } from '../i18n/index.svelte';
import type { Area, PaperOptions } from '../map/paper';
import { type Raster, rastersOf } from '../map/rasters';
import { Shown } from '../map/shown.svelte';
import { baseMap, hazardLayers, tileSources } from '../session/ground';
import type { BaseMap, HazardLayer } from '../wire';

/** What a wall's map shows beside incidents and shelters. */
export type Layers = {
  /** `null`: none is shown. */
  base: BaseMap | null;
  zones: readonly HazardLayer[];
  /** Pictures of other servers: one of the ground, and some upon it. */
  ground: Raster | null;
  over: readonly Raster[];
  /** How strongly a layer is drawn, 0 to 1, by its id. */
  opacity: (layer: string) => number;
  /** What could not be asked for, in words. */
  notes: readonly string[];
};

/** Those that the wall of this device shows. `office`: its code. */
export async function layersOf(office: string): Promise<Layers> {
  const [base, hazards, tiles] = await Promise.all([
    baseMap.get().catch(() => null),
    hazardLayers.get().catch(() => null),
    tileSources.get().catch(() => null),
  ]);
  const zones = hazards?.layers ?? [];
  const rasters = rastersOf(tiles?.sources ?? []);
  const shown = new Shown(office, zones, rasters);
  return {
    base: shown.base ? base : null,
    zones: zones.filter(({ id }) => shown.has(id)),
    ground: rasters.find(({ id }) => id === shown.ground) ?? null,
    over: rasters.filter(({ id, ground }) => !ground && shown.has(id)),
    opacity: (layer) => shown.opacity(layer),
    notes: [...(hazards ? [] : [t('map.layers.failed')]), ...(tiles ? [] : [t('map.rasters.failed')])],
  };
}

/** Draws them on a sheet's map; `null`: this device can draw none, and the lists are printed all the same. */
export async function drawLayers(
  { base, zones, ground, over, opacity }: Layers,
  options: Omit<PaperOptions, 'base' | 'zones' | 'ground' | 'over'>,
): Promise<Area | null> {
  try {
    // The map's program is large; it comes when there is something to draw.
    const { paperMap } = await import('../map/paper');
    return await paperMap({
      ...options,
      base,
      zones: zones.map((layer) => ({ layer, opacity: opacity(layer.id) })),
      ground,
      over: over.map((raster) => ({ raster, opacity: opacity(raster.id) })),
    });
  } catch {
    return null;
  }
}
