import type {
  CircleLayerSpecification,
  ExpressionSpecification,
  FilterSpecification,
  LayerSpecification,
  LineLayerSpecification,
  SourceSpecification,
  StyleSpecification,
  SymbolLayerSpecification,
} from 'maplibre-gl';
import type { BaseMap, LatLon, Region } from '../wire';
import { baseParts } from './base';
import { FONTS } from './fonts';
import { CLUSTER, CLUSTER_DRILL, DANGER_RADIUS, DANGER_RISE } from './icons';
import { names, namesLayer } from './names';
import type { Palette } from './palette';
import { NAMES, NAMES_OVER, NAMES_UPON, named } from './town-names';

/**
 * Marks so near each other are gathered in a disc, CSS pixels. MapLibre gathers for whole zooms: on the screen it is up
 * to twice as far. A wall, which nobody moves, is to tell towns apart.
 */
const GATHER = 42;
const GATHER_FAR = 22;

/** Zoom at and above which nothing is gathered in clusters. */
export const CLUSTERS_END = 12;

const NOTHING: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] };

/** What every map of the region is drawn from. */
export type Ground = {
  region: Region;
  /** The base map; `null`: there is none. */
  base: BaseMap | null;
  palette: Palette;
  /** Names in Japanese, else in English. */
  local: boolean;
  /** Size of names and marks; a wall is read from afar. */
  scale: number;
  /** This node, where tiles are: a URL. */
  origin: string;
};

/** Draws nothing; hazard zones are put below it, so that lines, borders and marks stay above them. */
export const ABOVE_ZONES = 'above-zones';
/** Draws nothing; a picture that covers the base map with its names is put below it. */
export const ABOVE_RASTER = 'above-raster';

/** The ground that every map stands on: boundaries, the base map and place names, all from this node. */
export function groundStyle({ region, base, palette, local, scale, origin }: Ground): StyleSpecification {
  const parts = baseParts(base, palette, local, scale, origin);
  const border: LineLayerSpecification = {
    id: 'border',
    type: 'line',
    source: 'boundaries',
    layout: { 'line-join': 'round' },
    paint: {
      'line-color': palette.border,
      'line-width': ['interpolate', ['linear'], ['zoom'], 7, 1 * scale, 12, 2.5 * scale],
      'line-dasharray': [6, 2],
    },
  };
  return {
    version: 8,
    sources: {
      boundaries: { type: 'geojson', data: region.boundaries, tolerance: 0.2 },
      names: { type: 'geojson', data: names(region, local) },
      ...parts.sources,
    },
    layers: [
      { id: 'beyond', type: 'background', paint: { 'background-color': palette.beyond } },
      {
        id: 'land',
        type: 'fill',
        source: 'boundaries',
        paint: { 'fill-color': palette.land, 'fill-antialias': false },
      },
      ...parts.areas,
      { id: ABOVE_ZONES, type: 'background', layout: { visibility: 'none' } },
      ...parts.lines,
      border,
      ...parts.names,
      { id: ABOVE_RASTER, type: 'background', layout: { visibility: 'none' } },
      // Only while a picture covers the other.
      {
        ...border,
        id: 'border-over',
        layout: { ...border.layout, visibility: 'none' },
        paint: { ...border.paint, 'line-color': palette.name },
      },
      namesLayer(palette, scale, local),
    ],
  };
}

/** A place that is marked on the ground, and the word under it. */
export type Place = { position: LatLon; word: string };

/** Places as the map draws them. */
export function placeFeatures(places: readonly Place[]): GeoJSON.FeatureCollection<GeoJSON.Point, { word: string }> {
  return {
    type: 'FeatureCollection',
    features: places.map(({ position, word }) => ({
      type: 'Feature',
      geometry: { type: 'Point', coordinates: [position.lon, position.lat] },
      properties: { word },
    })),
  };
}

/** What draws the source `places`: every mark, and the words that do not cover each other. */
export function placeLayers(palette: Palette): (CircleLayerSpecification | SymbolLayerSpecification)[] {
  return [
    {
      id: 'places',
      type: 'circle',
      source: 'places',
      paint: {
        'circle-radius': 7,
        'circle-color': palette.fresh,
        'circle-stroke-color': palette.nameEdge,
        'circle-stroke-width': 2.5,
      },
    },
    {
      id: 'place-words',
      type: 'symbol',
      source: 'places',
      layout: {
        'text-field': ['get', 'word'],
        'text-font': FONTS,
        'text-size': 14,
        'text-anchor': 'top',
        'text-offset': [0, 0.8],
      },
      paint: { 'text-color': palette.fresh, 'text-halo-color': palette.nameEdge, 'text-halo-width': 2 },
    },
  ];
}

/** Danger is the same size at every zoom. */
export const URGENT_SIZE = 0.95;

/**
 * A layer that takes the room of the marks without showing them. MapLibre gives room from the top layer down, so that
 * names, which are drawn above the marks, can keep clear of them only through a layer above themselves.
 *
 * `word`: what stands under a mark, in words that do show. Of marks that lie upon each other one alone has it.
 */
function keepClear(
  marks: SymbolLayerSpecification,
  size: number,
  scale: number,
  word?: Word,
): SymbolLayerSpecification {
  const { 'text-ignore-placement': _, 'icon-ignore-placement': __, ...layout } = marks.layout ?? {};
  return {
    ...marks,
    id: `clear-of-${marks.id}`,
    layout: { ...layout, 'icon-size': size * scale, ...word?.layout },
    paint: { ...marks.paint, 'icon-opacity': 0, ...(word?.paint ?? { 'text-opacity': 0 }) },
  };
}

/** A text of a mark. */
type Word = Pick<SymbolLayerSpecification, 'layout' | 'paint'>;

/**
 * Sources of marks that may be gathered in clusters. A drill's have one of their own, so that no number ever counts
 * both.
 */
export const GATHERED = ['gathered', 'drills'] as const;

/** How far a drill's disc stands beside its place, CSS pixels, so that one of real incidents there is seen too. */
export const DRILL_ASIDE = 16;

/** The ground with incidents upon it. `drillWord`: what stands under the marks of a drill. */
export function incidentStyle(on: Ground, drillWord: string): StyleSpecification {
  const { palette, scale } = on;
  const ground = groundStyle(on);
  const isName = (layer: LayerSpecification): layer is SymbolLayerSpecification => layer.id === NAMES;
  const single: ExpressionSpecification = ['!', ['has', 'point_count']];
  const always = { 'icon-overlap': 'always', 'icon-ignore-placement': true } as const;
  /** The word under a mark of a drill, so far below its place, ems. */
  const drillUnder = (ems: number): Word => ({
    layout: {
      'text-field': ['case', ['get', 'drill'], drillWord, ''],
      'text-font': FONTS,
      'text-size': 12 * scale,
      'text-anchor': 'top',
      'text-offset': [0, ems],
      'text-overlap': 'never',
      'text-optional': true,
    },
    paint: { 'text-color': palette.onDrill, 'text-halo-color': palette.drill, 'text-halo-width': 3 * scale },
  });
  /** What is done; it drives no name away. */
  const closed = (source: string): SymbolLayerSpecification => ({
    id: source === 'drills' ? 'closed-drills' : 'closed',
    type: 'symbol',
    source,
    filter: ['all', single, ['!', ['get', 'open']]],
    layout: {
      'icon-image': ['get', 'icon'],
      'icon-size': ['interpolate', ['linear'], ['zoom'], 8, 0.6 * scale, 11, 0.8 * scale],
      ...always,
    },
  });
  const singles = (source: string): SymbolLayerSpecification => ({
    id: source === 'drills' ? 'incidents-drills' : 'incidents',
    type: 'symbol',
    source,
    filter: ['all', single, ['get', 'open']],
    layout: {
      'icon-image': ['get', 'icon'],
      'icon-size': ['interpolate', ['linear'], ['zoom'], 8, 0.8 * scale, 11, 1.1 * scale],
      ...always,
    },
  });
  const discs = (source: string): SymbolLayerSpecification => {
    const drill = source === 'drills';
    const aside: [number, number] = drill ? [DRILL_ASIDE * scale, DRILL_ASIDE * scale] : [0, 0];
    return {
      id: drill ? 'clusters-drills' : 'clusters',
      type: 'symbol',
      source,
      filter: ['has', 'point_count'],
      layout: {
        'icon-image': drill ? CLUSTER_DRILL : CLUSTER,
        'icon-size': [
          'interpolate',
          ['linear'],
          ['get', 'point_count'],
          3,
          0.75 * scale,
          50,
          0.95 * scale,
          500,
          1.15 * scale,
        ],
        ...always,
        'text-ignore-placement': true,
        'text-field': drill
          ? ['concat', drillWord, '\n', ['to-string', ['get', 'point_count']]]
          : ['to-string', ['get', 'point_count']],
        'text-font': FONTS,
        'text-size': (drill ? 11 : 16) * scale,
        'text-line-height': 1.1,
        'text-overlap': 'always',
      },
      paint: {
        'text-color': drill ? palette.onDrill : palette.onCluster,
        'icon-translate': aside,
        'text-translate': aside,
      },
    };
  };
  // A disc of real ones lies above danger's ring, which is the larger: the ring is seen around it, and its number is
  // read. What is real lies above what is a drill's, its discs too, and the sign of danger above both.
  const marks: SymbolLayerSpecification[] = [
    singles('drills'),
    discs('drills'),
    singles('gathered'),
    {
      id: 'urgent',
      type: 'symbol',
      source: 'urgent',
      layout: { 'icon-image': ['get', 'icon'], 'icon-size': URGENT_SIZE * scale, 'icon-anchor': 'bottom', ...always },
    },
    discs('gathered'),
  ];
  /** A layer of names that has none yet. */
  const none = (id: string) => ground.layers.filter(isName).map((layer) => ({ ...layer, id, filter: named([], true) }));
  const words: Readonly<Record<string, Word>> = { 'incidents-drills': drillUnder(1.2), urgent: drillUnder(0.3) };
  const gathered: SourceSpecification = {
    type: 'geojson',
    data: NOTHING,
    promoteId: 'id',
    cluster: true,
    clusterRadius: Math.round((scale > 1 ? GATHER_FAR : GATHER) * scale),
    clusterMinPoints: 3,
    clusterMaxZoom: CLUSTERS_END - 1,
  };
  return {
    ...ground,
    sources: {
      ...ground.sources,
      gathered,
      drills: gathered,
      urgent: { type: 'geojson', data: NOTHING, promoteId: 'id' },
    },
    layers: [
      ...ground.layers.filter((layer) => !isName(layer)),
      closed('drills'),
      closed('gathered'),
      ...marks,
      ...([...GATHERED, 'urgent'] as const).map((source) => ({
        id: `fresh-${source}`,
        type: 'circle' as const,
        source,
        filter: ['==', ['get', 'fresh'], true] as FilterSpecification,
        paint: {
          'circle-color': 'rgba(0,0,0,0)',
          'circle-radius': (source === 'urgent' ? DANGER_RADIUS * URGENT_SIZE + 4 : 20) * scale,
          'circle-translate': [0, source === 'urgent' ? -DANGER_RISE * URGENT_SIZE * scale : 0] as [number, number],
          'circle-stroke-width': 3 * scale,
          'circle-stroke-color': palette.fresh,
        },
      })),
      // Names stand above the marks, and beside them.
      ...ground.layers.filter(isName),
      // A name may touch the edge of a single mark; discs, whose numbers are read, and danger stay whole.
      ...marks.map((layer) => keepClear(layer, CLEAR[layer.id] ?? 0.55, scale)),
      ...none(NAMES_OVER),
      // Where that leaves a name no room, what is read of the marks stays free all the same.
      ...marks
        .filter(({ id }) => CORE[id] !== undefined)
        .map((layer) => ({
          ...keepClear(layer, CORE[layer.id] ?? 0, scale, words[layer.id]),
          id: `core-of-${layer.id}`,
        })),
      ...none(NAMES_UPON),
    ],
  };
}

/** How large the room is that names keep clear of, in sizes of the mark. */
const CLEAR: Readonly<Record<string, number>> = { urgent: URGENT_SIZE, clusters: 0.9, 'clusters-drills': 0.9 };

/** The same of what is read of a mark: a disc's number, danger's sign, the word of a drill. */
const CORE: Readonly<Record<string, number>> = {
  urgent: 0.8 * URGENT_SIZE,
  clusters: 0.5,
  'clusters-drills': 0.5,
  'incidents-drills': 0.3,
};
