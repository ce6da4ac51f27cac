import type { ExpressionSpecification, LayerSpecification, RasterLayerSpecification } from 'maplibre-gl';
import type { TileJson } from '../wire';
import type { BaseParts } from './base';
import { LIGHT_FONTS } from './fonts';
import type { Explained, GroundSign } from './on-ground';
import type { Palette } from './palette';

/** What common makers of vector tiles call their layers: OpenMapTiles, Protomaps, Shortbread, and ourselves. */
const NAMES = {
  water: ['water', 'ocean', 'water_polygons', 'lake'],
  waterway: ['waterway', 'water_lines', 'river'],
  road: ['transportation', 'roads', 'road', 'streets'],
  railway: ['railway', 'rail'],
  place: ['place', 'places', 'place_labels'],
} as const;

/** What a picture of the ground looks like: at night a bright one would drown everything that is reported. */
export function groundPaint({ brightest }: Pick<Palette, 'brightest'>): RasterLayerSpecification['paint'] {
  return { 'raster-brightness-max': brightest, 'raster-saturation': -0.4 };
}

/** The part of a map's style that draws an archive of tiles that somebody else made. */
export function archiveParts(tiles: TileJson, url: string, palette: Palette, local: boolean, scale: number): BaseParts {
  if (tiles.kind === 'raster') {
    const picture: LayerSpecification = {
      id: 'base-picture',
      type: 'raster',
      source: 'base',
      paint: groundPaint(palette),
    };
    return {
      sources: { base: { type: 'raster', url, tileSize: 256 } },
      areas: [picture],
      lines: [],
      names: [],
    };
  }
  const has = new Set(tiles.vector_layers.map(({ id }) => id));
  const layersOf = (kind: keyof typeof NAMES) => NAMES[kind].filter((name) => has.has(name));
  const shape = (type: string): ExpressionSpecification => ['==', ['geometry-type'], type];
  const explained = (sign: GroundSign) => ({ metadata: { sign } satisfies Explained });
  const line = (sign: GroundSign, name: string, colour: string, width: number): LayerSpecification => ({
    id: `base-${name}`,
    type: 'line',
    ...explained(sign),
    source: 'base',
    'source-layer': name,
    filter: shape('LineString'),
    paint: { 'line-color': colour, 'line-width': width * scale },
  });
  const text: ExpressionSpecification = local
    ? ['coalesce', ['get', 'name:ja'], ['get', 'name'], '']
    : ['coalesce', ['get', 'name:en'], ['get', 'name_en'], ['get', 'name'], ''];
  return {
    sources: { base: { type: 'vector', url } },
    areas: layersOf('water').map((name) => ({
      id: `base-${name}`,
      type: 'fill',
      ...explained('water'),
      source: 'base',
      'source-layer': name,
      filter: shape('Polygon'),
      paint: { 'fill-color': palette.water },
    })),
    lines: [
      ...layersOf('waterway').map((name) => line('water', name, palette.river, 1.2)),
      ...layersOf('road').map((name) => line('way', name, palette.roadEdge, 1.2)),
      ...layersOf('railway').map((name) => line('railway', name, palette.railway, 1.4)),
    ],
    names: layersOf('place').map((name) => ({
      id: `base-${name}`,
      type: 'symbol',
      source: 'base',
      'source-layer': name,
      filter: shape('Point'),
      layout: { 'text-field': text, 'text-font': LIGHT_FONTS, 'text-size': 12 * scale },
      paint: { 'text-color': palette.place, 'text-halo-color': palette.nameEdge, 'text-halo-width': 1.6 * scale },
    })),
  };
}
