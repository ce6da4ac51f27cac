import type { GeoJSONSource, MapGeoJSONFeature, Map as MapLibre } from 'maplibre-gl';
import { DANGER_RADIUS, DANGER_RISE } from './icons';
import { type Box, boxesOf, type Mark } from './numbers';
import { ASIDE, SAID } from './shelters';
import { DRILL_ASIDE, GATHERED, URGENT_SIZE } from './style';

/** How far the marks of each layer reach from their middle, CSS pixels; and how that stands beside their place. */
const LAYERS: Readonly<Record<string, { reach: number; aside?: readonly [x: number, y: number] }>> = {
  closed: { reach: 11 },
  'closed-drills': { reach: 11 },
  incidents: { reach: 14 },
  'incidents-drills': { reach: 14 },
  urgent: { reach: DANGER_RADIUS * URGENT_SIZE, aside: [0, -DANGER_RISE * URGENT_SIZE] },
  clusters: { reach: 19 },
  'clusters-drills': { reach: 19, aside: [DRILL_ASIDE, DRILL_ASIDE] },
  shelters: { reach: 13 },
  'shelters-drills': { reach: 13, aside: [ASIDE[0] * SAID, ASIDE[1] * SAID] },
};

/** So many are asked of a disc at most; a screen keeps no more incidents. */
const MOST_GATHERED = 20_000;

async function idsOf(map: MapLibre, { source, properties }: MapGeoJSONFeature): Promise<string[]> {
  const { id, cluster_id: cluster }: Record<string, unknown> = properties;
  if (typeof id === 'string') return [id];
  const from = GATHERED.some((side) => side === source) ? map.getSource<GeoJSONSource>(source) : undefined;
  if (!from || typeof cluster !== 'number') return [];
  const leaves = await from.getClusterLeaves(cluster, MOST_GATHERED, 0);
  return leaves.map(({ properties }) => String(properties?.id));
}

/** The marks that a map of scale 1 shows now, and what each of them stands for. Those whose place lies beyond are none. */
export async function drawnMarks(map: MapLibre): Promise<Mark[]> {
  const { width, height } = map.getContainer().getBoundingClientRect();
  const seen = new Map<string, Promise<Mark>>();
  for (const feature of map.queryRenderedFeatures({ layers: Object.keys(LAYERS) })) {
    const look = LAYERS[feature.layer.id];
    // A place at the border of tiles is in several of them.
    const key = `${feature.source} ${String(feature.properties.cluster_id ?? feature.properties.id)}`;
    if (!look || feature.geometry.type !== 'Point' || seen.has(key)) continue;
    const [lon = 0, lat = 0] = feature.geometry.coordinates;
    const place = map.project([lon, lat]);
    if (place.x < 0 || place.y < 0 || place.x > width || place.y > height) continue;
    const [asideX, asideY] = look.aside ?? [0, 0];
    const mark = { x: place.x + asideX, y: place.y + asideY, reach: look.reach };
    const kind = feature.source === 'shelters' ? 'shelter' : 'incidents';
    seen.set(
      key,
      idsOf(map, feature).then((ids) => ({ ...mark, kind, ids })),
    );
  }
  return Promise.all(seen.values());
}

/** How finely it is told where names are, pixels. */
const CELL = 8;

/** Where a map shows marks, names, numbers of roads: what nothing else should be written upon. */
export function drawnSymbols(map: MapLibre): Box[] {
  const { width, height } = map.getContainer().getBoundingClientRect();
  const symbols = map.getStyle().layers.filter(({ type }) => type === 'symbol');
  const layers = symbols.map(({ id }) => id);
  const holds = ({ left, top, right, bottom }: Box) =>
    map.queryRenderedFeatures(
      [
        [left, top],
        [right, bottom],
      ],
      { layers },
    ).length > 0;
  return boxesOf({ left: 0, top: 0, right: width, bottom: height }, holds, CELL);
}
