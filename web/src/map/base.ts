import type {
  ExpressionSpecification,
  FilterSpecification,
  LayerSpecification,
  SourceSpecification,
} from 'maplibre-gl';
import type { BaseMap } from '../wire';
import { archiveParts } from './archive';
import { ofEdition } from './edition';
import { FONTS, LIGHT_FONTS } from './fonts';
import type { Explained } from './on-ground';
import type { Palette } from './palette';

/** The layers of the base map, as features and tiles name them. */
export type BaseLayer = 'water' | 'waterway' | 'railway' | 'road' | 'station' | 'place';

/** What the base map adds to a style: what lies under hazard zones, the lines above them, and names. */
export type BaseParts = {
  sources: Record<string, SourceSpecification>;
  areas: LayerSpecification[];
  lines: LayerSpecification[];
  names: LayerSpecification[];
};

/** Images that the layers ask for; `icons.ts` draws them. */
export const SHIELD_NATIONAL = 'shield-national';
export const SHIELD_EXPRESSWAY = 'shield-expressway';

const NOTHING: BaseParts = { sources: {}, areas: [], lines: [], names: [] };

/** What is drawn of each rank at a zoom: the most important first. */
const BY_RANK: ExpressionSpecification = ['<=', ['get', 'rank'], ['step', ['zoom'], 1, 8.6, 2, 9.8, 3, 11, 9]];
/** Names need more room than lines. */
const NAMES_BY_RANK: ExpressionSpecification = ['<=', ['get', 'rank'], ['step', ['zoom'], 1, 9.4, 2, 10.6, 3, 12, 9]];

/**
 * The base map in the palette's colours. `local`: names in Japanese, else in English where there are any. `origin`:
 * this node, where its tiles are.
 */
export function baseParts(
  base: BaseMap | null,
  palette: Palette,
  local: boolean,
  scale: number,
  origin: string,
): BaseParts {
  if (!base) return NOTHING;
  if (base.features) {
    return {
      sources: { base: { type: 'geojson', data: base.features, tolerance: 0.1 } },
      ...drawn(
        (layer) => ['==', ['get', 'layer'], layer],
        () => ({}),
        palette,
        local,
        scale,
      ),
    };
  }
  if (!base.tiles) return NOTHING;
  const url = ofEdition(new URL(base.tiles, origin), base.edition);
  if (base.kind === 'archive') return base.archive ? archiveParts(base.archive, url, palette, local, scale) : NOTHING;
  return {
    sources: { base: { type: 'vector', url } },
    ...drawn(
      () => true,
      (layer) => ({ 'source-layer': layer }),
      palette,
      local,
      scale,
    ),
  };
}

/** Grows with the zoom and with the distance from which a screen is read. */
function grow(
  scale: number,
  at8: number,
  at12: number,
  at16 = at12 * 2,
  times?: ExpressionSpecification,
): ExpressionSpecification {
  const size = (size: number) => (times ? (['*', size * scale, times] as ExpressionSpecification) : size * scale);
  return ['interpolate', ['exponential', 1.3], ['zoom'], 8, size(at8), 12, size(at12), 16, size(at16)];
}

function drawn(
  only: (layer: BaseLayer) => ExpressionSpecification | true,
  of: (layer: BaseLayer) => { 'source-layer'?: string },
  palette: Palette,
  local: boolean,
  scale: number,
): Omit<BaseParts, 'sources'> {
  const from = (layer: BaseLayer, ...more: ExpressionSpecification[]) => {
    const parts = [only(layer), ...more].filter((part) => part !== true);
    const filter = { filter: ['all', ...parts] as FilterSpecification };
    return { source: 'base', ...of(layer), ...(parts.length > 0 ? filter : {}) };
  };
  const name: ExpressionSpecification = local
    ? ['coalesce', ['get', 'name'], '']
    : ['coalesce', ['get', 'name_en'], ['get', 'name'], ''];
  const halo = (colour: string, width = 1.6) => ({
    'text-color': colour,
    'text-halo-color': palette.nameEdge,
    'text-halo-width': width * scale,
  });
  const expressway: ExpressionSpecification = ['==', ['get', 'rank'], 1];
  const explained = (by: Explained) => ({ metadata: by });
  const round = { 'line-join': 'round', 'line-cap': 'round' } as const;
  return {
    areas: [
      {
        id: 'base-water',
        type: 'fill',
        ...explained({ sign: 'water' }),
        ...from('water'),
        paint: { 'fill-color': palette.water },
      },
      {
        id: 'base-shore',
        type: 'line',
        ...from('water'),
        paint: { 'line-color': palette.river, 'line-width': grow(scale, 0.6, 1.2) },
      },
    ],
    lines: [
      {
        id: 'base-waterway',
        type: 'line',
        ...explained({ sign: 'water' }),
        ...from('waterway', BY_RANK),
        layout: round,
        paint: {
          'line-color': palette.river,
          'line-width': grow(scale, 1, 2.6, 5, ['case', ['==', ['get', 'rank'], 1], 1.6, 1]),
        },
      },
      {
        id: 'base-road-edge',
        type: 'line',
        ...from('road', BY_RANK),
        layout: round,
        paint: { 'line-color': palette.roadEdge, 'line-width': grow(scale, 2, 4.6) },
      },
      {
        id: 'base-road',
        type: 'line',
        ...explained({ roads: true }),
        ...from('road', BY_RANK),
        layout: round,
        paint: {
          'line-color': ['case', expressway, palette.expressway, palette.road],
          'line-width': grow(scale, 1.2, 3.2),
        },
      },
      {
        id: 'base-railway',
        type: 'line',
        ...explained({ sign: 'railway' }),
        ...from('railway'),
        layout: { 'line-join': 'round' },
        paint: { 'line-color': palette.railway, 'line-width': grow(scale, 1.6, 3.4) },
      },
      {
        id: 'base-railway-dashes',
        type: 'line',
        ...from('railway'),
        minzoom: 8.5,
        layout: { 'line-join': 'round' },
        paint: {
          'line-color': palette.railwayDash,
          'line-width': grow(scale, 0.9, 2),
          'line-dasharray': [4, 4],
        },
      },
    ],
    names: [
      {
        id: 'base-station',
        type: 'circle',
        ...explained({ sign: 'station' }),
        ...from('station', NAMES_BY_RANK),
        paint: {
          'circle-radius': grow(scale, 1.8, 4),
          'circle-color': palette.railwayDash,
          'circle-stroke-color': palette.railway,
          'circle-stroke-width': grow(scale, 1, 1.8),
        },
      },
      {
        id: 'base-spot',
        type: 'circle',
        ...from('place', NAMES_BY_RANK, ['in', ['get', 'kind'], ['literal', ['office', 'peak', 'interchange']]]),
        minzoom: 10.6,
        paint: {
          'circle-radius': grow(scale, 1.6, 3.2),
          'circle-color': [
            'match',
            ['get', 'kind'],
            'peak',
            palette.peak,
            'interchange',
            palette.expressway,
            palette.place,
          ],
          'circle-stroke-color': palette.nameEdge,
          'circle-stroke-width': scale,
        },
      },
      {
        id: 'base-road-numbers',
        type: 'symbol',
        ...from('road', BY_RANK, ['has', 'ref']),
        minzoom: 8.6,
        layout: {
          'symbol-placement': 'line',
          'symbol-spacing': 260 * scale,
          'icon-image': ['case', expressway, SHIELD_EXPRESSWAY, SHIELD_NATIONAL],
          'icon-size': grow(scale, 0.62, 0.9, 1),
          'icon-rotation-alignment': 'viewport',
          'text-field': ['get', 'ref'],
          'text-font': FONTS,
          'text-size': grow(scale, 7.5, 11, 12),
          'text-rotation-alignment': 'viewport',
          'text-offset': ['case', expressway, ['literal', [0, 0]], ['literal', [0, -0.15]]],
        },
        paint: { 'text-color': '#ffffff' },
      },
      {
        id: 'base-place-names',
        type: 'symbol',
        ...from('place', NAMES_BY_RANK, ['!=', ['get', 'kind'], 'office']),
        layout: {
          'text-field': name,
          'text-font': LIGHT_FONTS,
          'text-size': grow(scale, 9, 13, 15),
          'symbol-sort-key': ['get', 'rank'],
          'text-variable-anchor': ['center', 'top', 'bottom', 'left', 'right'],
          'text-radial-offset': 0.45,
          'text-padding': 3,
        },
        paint: halo(palette.place),
      },
      {
        id: 'base-office-names',
        type: 'symbol',
        ...from('place', ['==', ['get', 'kind'], 'office']),
        minzoom: 10.6,
        layout: {
          'text-field': name,
          'text-font': FONTS,
          'text-size': grow(scale, 9, 12, 15),
          'text-variable-anchor': ['top', 'bottom', 'left', 'right'],
          'text-radial-offset': 0.6,
          'text-padding': 3,
        },
        paint: halo(palette.place),
      },
      {
        id: 'base-station-names',
        type: 'symbol',
        ...from('station', NAMES_BY_RANK),
        minzoom: 9.8,
        layout: {
          'text-field': local ? ['concat', name, '駅'] : name,
          'text-font': LIGHT_FONTS,
          'text-size': grow(scale, 8.5, 11.5, 14),
          'symbol-sort-key': ['get', 'rank'],
          'text-variable-anchor': ['left', 'right', 'top', 'bottom'],
          'text-radial-offset': 0.6,
          'text-padding': 2,
        },
        paint: halo(palette.railway),
      },
      {
        id: 'base-waterway-names',
        type: 'symbol',
        ...from('waterway', BY_RANK),
        minzoom: 9,
        layout: {
          'symbol-placement': 'line',
          'symbol-spacing': 320 * scale,
          'text-field': name,
          'text-font': LIGHT_FONTS,
          'text-size': grow(scale, 10, 13, 16),
          'text-letter-spacing': 0.25,
          'text-max-angle': 40,
          'text-padding': 6,
        },
        paint: halo(palette.waterName),
      },
      {
        id: 'base-water-names',
        type: 'symbol',
        ...from('water', NAMES_BY_RANK),
        layout: {
          'text-field': name,
          'text-font': FONTS,
          'text-size': grow(scale, 10, 15, 18),
          'text-letter-spacing': 0.1,
          'symbol-sort-key': ['get', 'rank'],
        },
        paint: halo(palette.waterName),
      },
    ],
  };
}
