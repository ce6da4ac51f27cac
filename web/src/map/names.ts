import type { SymbolLayerSpecification, VariableAnchorOffsetCollectionSpecification } from 'maplibre-gl';
import type { LatLon, Region } from '../wire';
import { FONTS } from './fonts';
import type { Palette } from './palette';
import { NAMES, type Town } from './town-names';

/** Where a name may stand beside its point, in ems: the first place where it hides nothing. */
const NAME_PLACES: VariableAnchorOffsetCollectionSpecification = [
  ...['center', [0, 0], 'bottom', [0, -0.7], 'top', [0, 0.7], 'left', [0.6, 0], 'right', [-0.6, 0]],
  ...['bottom-left', [0.3, -0.5], 'bottom-right', [-0.3, -0.5], 'top-left', [0.3, 0.5], 'top-right', [-0.3, 0.5]],
  ...['bottom', [0, -1.3], 'top', [0, 1.3], 'left', [1.3, 0], 'right', [-1.3, 0]],
  ...['top-left', [-0.5, 1.2], 'top-right', [0.5, 1.2], 'bottom-left', [-0.5, -1.2], 'bottom-right', [0.5, -1.2]],
  ...['top-left', [1.2, 0.3], 'top-right', [-1.2, 0.3], 'bottom-left', [1.2, -0.3], 'bottom-right', [-1.2, -0.3]],
  ...['left', [2, 0], 'right', [-2, 0], 'top', [0, 2], 'bottom', [0, -2]],
] as VariableAnchorOffsetCollectionSpecification;

/** The places for a name near this edge of the region: last those that reach further out, where the map may end. */
function placesAt(edge: 'west' | 'east'): VariableAnchorOffsetCollectionSpecification {
  // Text that is anchored at its left goes to the right.
  const outwards = edge === 'east' ? 'left' : 'right';
  const places = NAME_PLACES.flatMap((anchor, at) => (at % 2 === 0 ? [[anchor, NAME_PLACES[at + 1]]] : []));
  const reaches = ([anchor]: unknown[]) => Number(String(anchor).endsWith(outwards));
  return places.sort((a, b) => reaches(a) - reaches(b)).flat() as typeof NAME_PLACES;
}

/** This part of the region's width is near an edge. */
const EDGE = 0.2;

/** The edge of the region that a place is near. */
function edgeOf({ bounds: { west, east } }: Region, { lon }: LatLon): 'west' | 'east' | 'none' {
  const at = (lon - west) / (east - west);
  return at < EDGE ? 'west' : at > 1 - EDGE ? 'east' : 'none';
}

/** How wide and high a municipality is together, degrees: who has little ground must keep the name upon it. */
function reach(region: Region, code: string): number {
  const corners = region.boundaries.features
    .filter((feature) => feature.properties.code === code)
    .flatMap((feature) => feature.geometry.coordinates.flat(2));
  const side = (axis: 0 | 1) => {
    const along = corners.map((corner) => corner[axis] ?? 0);
    return along.length === 0 ? 0 : along.reduce((a, b) => Math.max(a, b)) - along.reduce((a, b) => Math.min(a, b));
  };
  return side(0) + side(1);
}

/** The municipalities as the map names them. `local`: in Japanese, else in English. */
export function townsOf(region: Region, local: boolean): (Town & { code: string })[] {
  return region.offices
    .filter((office) => office.kind === 'municipality')
    .map(({ code, name, english, label }) => ({ code, name: local ? name : english, position: label }));
}

/** The names on the map. */
export function names(region: Region, local: boolean): GeoJSON.FeatureCollection<GeoJSON.Point> {
  return {
    type: 'FeatureCollection',
    features: townsOf(region, local).map(({ code, name, position }) => ({
      type: 'Feature',
      geometry: { type: 'Point', coordinates: [position.lon, position.lat] },
      properties: { name, reach: reach(region, code), edge: edgeOf(region, position) },
    })),
  };
}

/** Size of names on the map: Latin ones are longer, and are read when they are smaller. */
export const nameScale = (local: boolean) => (local ? 1 : 0.82);

/** What draws the names of municipalities. */
export function namesLayer(palette: Palette, scale: number, local: boolean): SymbolLayerSpecification {
  const size = scale * nameScale(local);
  return {
    id: NAMES,
    type: 'symbol',
    source: 'names',
    layout: {
      'text-field': ['get', 'name'],
      'text-font': FONTS,
      'text-size': ['interpolate', ['linear'], ['zoom'], 7, 10 * size, 8, 11.5 * size, 9, 14 * size, 12, 22 * size],
      'text-letter-spacing': 0.06,
      // The halo counts: two names must not look like one.
      'text-padding': 3,
      // A name moves aside for marks and other names; the smallest municipality chooses first. `TownNames` writes
      // those that find no room upon the marks.
      'text-variable-anchor-offset': [
        'match',
        ['get', 'edge'],
        'west',
        ['literal', placesAt('west')],
        'east',
        ['literal', placesAt('east')],
        ['literal', NAME_PLACES],
      ] as unknown as VariableAnchorOffsetCollectionSpecification,
      'text-overlap': 'never',
      'symbol-sort-key': ['get', 'reach'],
    },
    paint: { 'text-color': palette.name, 'text-halo-color': palette.nameEdge, 'text-halo-width': 2 * scale },
  };
}
