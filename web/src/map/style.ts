import type { StyleSpecification } from 'maplibre-gl';
import type { Office, Region } from '../wire';
import type { Palette } from './palette';

/**
 * Fonts of the device. A style without `glyphs` lets MapLibre draw every letter itself, so that no glyph is
 * fetched; it takes the weight from the first name.
 */
export const FONTS = ['Noto Sans JP Bold', 'Noto Sans JP', 'Noto Sans CJK JP', 'Hiragino Sans', 'Meiryo'];

/** Zoom at and above which nothing is gathered in clusters. */
export const CLUSTERS_END = 12;

const NOTHING: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] };

/** The names on the map. `local`: in Japanese, else in English. */
function names(offices: readonly Office[], local: boolean): GeoJSON.FeatureCollection<GeoJSON.Point> {
  return {
    type: 'FeatureCollection',
    features: offices
      .filter((office) => office.kind === 'municipality')
      .map((office) => ({
        type: 'Feature',
        geometry: { type: 'Point', coordinates: [office.label.lon, office.label.lat] },
        properties: { name: local ? office.name : office.english },
      })),
  };
}

/** The ground that every map stands on: boundaries and place names, nothing fetched. */
export function groundStyle(region: Region, palette: Palette, local: boolean, scale = 1): StyleSpecification {
  return {
    version: 8,
    sources: {
      boundaries: { type: 'geojson', data: region.boundaries, tolerance: 0.2 },
      names: { type: 'geojson', data: names(region.offices, local) },
    },
    layers: [
      { id: 'beyond', type: 'background', paint: { 'background-color': palette.beyond } },
      {
        id: 'land',
        type: 'fill',
        source: 'boundaries',
        paint: { 'fill-color': palette.land, 'fill-antialias': false },
      },
      {
        id: 'border',
        type: 'line',
        source: 'boundaries',
        layout: { 'line-join': 'round' },
        paint: {
          'line-color': palette.border,
          'line-width': ['interpolate', ['linear'], ['zoom'], 7, 1 * scale, 12, 2.5 * scale],
        },
      },
      {
        id: 'names',
        type: 'symbol',
        source: 'names',
        layout: {
          'text-field': ['get', 'name'],
          'text-font': FONTS,
          'text-size': ['interpolate', ['linear'], ['zoom'], 7, 12 * scale, 9, 17 * scale, 12, 22 * scale],
          'text-letter-spacing': 0.06,
          'text-padding': 1,
          'text-allow-overlap': true,
          'text-ignore-placement': true,
        },
        paint: { 'text-color': palette.name, 'text-halo-color': palette.nameEdge, 'text-halo-width': 2 * scale },
      },
    ],
  };
}

/** The ground with incidents upon it. `drillWord`: what stands under the marks of a drill. */
export function incidentStyle(
  region: Region,
  palette: Palette,
  local: boolean,
  drillWord: string,
  scale = 1,
): StyleSpecification {
  const ground = groundStyle(region, palette, local, scale);
  const drillLabel = {
    'text-field': ['case', ['get', 'drill'], drillWord, ''] as ['case', ['get', string], string, string],
    'text-font': FONTS,
    'text-size': 12 * scale,
    'text-offset': [0, 1.55] as [number, number],
    'text-anchor': 'top' as const,
    'text-optional': true,
  };
  const drillPaint = { 'text-color': palette.onDrill, 'text-halo-color': palette.drill, 'text-halo-width': 3 * scale };
  return {
    ...ground,
    sources: {
      ...ground.sources,
      gathered: {
        type: 'geojson',
        data: NOTHING,
        promoteId: 'id',
        cluster: true,
        clusterRadius: Math.round(42 * scale),
        clusterMinPoints: 3,
        clusterMaxZoom: CLUSTERS_END - 1,
        // How many of them are not part of a drill: a cluster of drill marks alone must not look real.
        clusterProperties: { real: ['+', ['case', ['get', 'drill'], 0, 1]] },
      },
      urgent: { type: 'geojson', data: NOTHING, promoteId: 'id' },
    },
    layers: [
      ...ground.layers,
      {
        id: 'clusters',
        type: 'circle',
        source: 'gathered',
        filter: ['has', 'point_count'],
        paint: {
          'circle-color': ['case', ['==', ['get', 'real'], 0], palette.drill, palette.cluster],
          'circle-radius': [
            'interpolate',
            ['linear'],
            ['get', 'point_count'],
            3,
            15 * scale,
            50,
            24 * scale,
            500,
            34 * scale,
          ],
          'circle-stroke-width': 3 * scale,
          'circle-stroke-color': palette.markEdge,
        },
      },
      {
        id: 'cluster-counts',
        type: 'symbol',
        source: 'gathered',
        filter: ['has', 'point_count'],
        layout: {
          'text-field': [
            'case',
            ['==', ['get', 'real'], 0],
            ['concat', drillWord, '\n', ['to-string', ['get', 'point_count']]],
            ['to-string', ['get', 'point_count']],
          ],
          'text-font': FONTS,
          'text-size': ['case', ['==', ['get', 'real'], 0], 12 * scale, 16 * scale],
          'text-line-height': 1.1,
          'text-allow-overlap': true,
          'text-ignore-placement': true,
        },
        paint: { 'text-color': ['case', ['==', ['get', 'real'], 0], palette.onDrill, palette.onCluster] },
      },
      {
        id: 'incidents',
        type: 'symbol',
        source: 'gathered',
        filter: ['!', ['has', 'point_count']],
        layout: {
          'icon-image': ['get', 'icon'],
          'icon-size': ['case', ['get', 'open'], 1 * scale, 0.75 * scale],
          'icon-allow-overlap': true,
          'icon-ignore-placement': true,
          'symbol-sort-key': ['case', ['get', 'open'], 1, 0],
          ...drillLabel,
        },
        paint: drillPaint,
      },
      {
        id: 'urgent',
        type: 'symbol',
        source: 'urgent',
        layout: {
          'icon-image': ['get', 'icon'],
          'icon-size': 1.15 * scale,
          'icon-allow-overlap': true,
          'icon-ignore-placement': true,
          ...drillLabel,
        },
        paint: drillPaint,
      },
      ...(['gathered', 'urgent'] as const).map((source) => ({
        id: `fresh-${source}`,
        type: 'circle' as const,
        source,
        filter: NO_ONE,
        paint: {
          'circle-color': 'rgba(0,0,0,0)',
          'circle-radius': (source === 'urgent' ? 32 : 24) * scale,
          'circle-stroke-width': 3 * scale,
          'circle-stroke-color': palette.fresh,
        },
      })),
    ],
  };
}

/** A filter that nothing passes. */
export const NO_ONE: ['in', ['get', 'id'], ['literal', string[]]] = ['in', ['get', 'id'], ['literal', []]];
