import type { Map as MapLibre } from 'maplibre-gl';
import type { HazardLayer } from '../wire';

/** What a legend explains of the base map. */
export const GROUND_SIGNS = ['water', 'railway', 'station', 'expressway', 'road', 'way'] as const;
/** Waters, railways, stations, expressways, national roads, and roads of which nobody says what they are. */
export type GroundSign = (typeof GROUND_SIGNS)[number];

/** What a map has of the ground where somebody looks; its legend explains this and no more. */
export type OnGround = {
  base: ReadonlySet<GroundSign>;
  /** Classes of hazard zones, as `classKey` names them. */
  zones: ReadonlySet<string>;
};

/** The name of a class within all layers. `code`: as tiles have it, a number or a text. */
export const classKey = (layer: Pick<HazardLayer, 'id'>, code: string | number) => `${layer.id} ${code}`;

/** What a layer of the style is explained by; the layer carries it as its metadata. */
export type Explained = { sign: GroundSign } | { roads: true } | { zones: HazardLayer['id'] };

/** A feature that is drawn: its properties, and the layer that draws it. */
export type DrawnFeature = { layer: { metadata?: unknown }; properties: Record<string, unknown> };

/** What these features are, and what was seen `before` them. */
export function onGround(features: Iterable<DrawnFeature>, before: OnGround | null): OnGround {
  const base = new Set(before?.base);
  const zones = new Set(before?.zones);
  for (const { layer, properties } of features) {
    const by = layer.metadata as Explained;
    if ('zones' in by) zones.add(classKey({ id: by.zones }, String(properties.class)));
    else if ('sign' in by) base.add(by.sign);
    else base.add(properties.rank === 1 ? 'expressway' : 'road');
  }
  return { base, zones };
}

/** Whether two legends would be the same. */
export function sameOnGround(a: OnGround | null, b: OnGround): boolean {
  const same = (a: ReadonlySet<string>, b: ReadonlySet<string>) =>
    a.size === b.size && [...b].every((one) => a.has(one));
  return a !== null && same(a.base, b.base) && same(a.zones, b.zones);
}

/**
 * Tells what a map has of the ground whenever that changes. A legend that grows takes room of its map, which then shows
 * less: while the map only changes its height, what was seen stays, so that the two come to rest. Gives what forgets
 * what was seen, for a map that gets another ground.
 */
export function watchGround(map: MapLibre, tell: (seen: OnGround) => void): () => void {
  let seen: OnGround | null = null;
  let due = true;
  let moved = false;
  let sizing = false;
  let width = map.getContainer().clientWidth;
  map.on('resize', () => {
    const before = width;
    width = map.getContainer().clientWidth;
    // A legend changes no width: a table or a window did.
    moved ||= width !== before;
    sizing = true;
    // What the page does about its new size, it does at once.
    queueMicrotask(() => {
      sizing = false;
    });
  });
  map.on('moveend', () => {
    due = true;
    moved ||= !sizing;
  });
  map.on('data', (event) => {
    due ||= event.dataType === 'style' || !INCIDENTS.test((event as { sourceId?: string }).sourceId ?? '');
  });
  map.on('idle', () => {
    if (!due) return;
    due = false;
    const layers = map
      .getStyle()
      .layers.filter(({ metadata }) => metadata !== undefined)
      .map(({ id }) => id);
    const now = onGround(layers.length > 0 ? map.queryRenderedFeatures({ layers }) : [], moved ? null : seen);
    moved = false;
    if (sameOnGround(seen, now)) return;
    seen = now;
    tell(now);
  });
  return () => {
    due = true;
    moved = true;
  };
}

/** Sources that change at every report and are no ground. */
const INCIDENTS = /^(gathered|drills|urgent|shelters|names|places)$/;
