import type { GeoJSONSource, Map as MapLibre, SymbolLayerSpecification } from 'maplibre-gl';
import { SHELTER_SIGNS } from '../design/shelter-signs';
import { type Known, type Standing, standingOf } from '../state/shelters';
import { FONTS } from './fonts';
import { PIXEL_RATIO } from './icons';

/** Edge of a mark's square, CSS pixels: the 24 of the sign and its outline. */
const EDGE = 28;

/** Marks of which nobody has said anything are many: they come when there is room. */
export const UNSAID_FROM = 11;

/** What the map knows of a shelter. */
type Properties = { id: string; name: string; icon: string; said: boolean };

/** The name of a mark's image. */
const iconOf = (standing: Standing) => `shelter-${standing}`;

/** Shelters as the map draws them. `local`: with their Japanese names. */
export function shelterFeatures(
  shelters: readonly Known[],
  local: boolean,
): GeoJSON.FeatureCollection<GeoJSON.Point, Properties> {
  return {
    type: 'FeatureCollection',
    // What comes last is drawn on top: the open ones.
    features: [...shelters].reverse().map((one) => ({
      type: 'Feature',
      geometry: { type: 'Point', coordinates: [one.shelter.position.lon, one.shelter.position.lat] },
      properties: {
        id: one.shelter.id,
        name: local ? one.shelter.name : (one.shelter.english ?? one.shelter.name),
        icon: iconOf(standingOf(one)),
        said: one.status !== null && one.status.state !== 'closed',
      },
    })),
  };
}

function layers(scale: number, name: string, edge: string): SymbolLayerSpecification[] {
  const mark = (id: string, said: boolean, size: number): SymbolLayerSpecification => ({
    id,
    type: 'symbol',
    source: 'shelters',
    filter: ['==', ['get', 'said'], said],
    ...(said ? {} : { minzoom: UNSAID_FROM }),
    layout: {
      'icon-image': ['get', 'icon'],
      'icon-size': size * scale,
      'icon-overlap': 'always',
      'icon-ignore-placement': true,
      // Names come when one looks closer; the list has them all.
      'text-field': ['step', ['zoom'], '', 13, ['get', 'name']],
      'text-font': FONTS,
      'text-size': 12 * scale,
      'text-anchor': 'top',
      'text-offset': [0, 1],
      'text-optional': true,
    },
    paint: { 'text-color': name, 'text-halo-color': edge, 'text-halo-width': 2 * scale },
  });
  return [mark('shelters-unsaid', false, 0.7), mark('shelters', true, 0.95)];
}

/** Takes the room of the marks without showing them, above all else, so that names keep clear of them. */
function clearOf(scale: number): SymbolLayerSpecification {
  return {
    id: 'clear-of-shelters',
    type: 'symbol',
    source: 'shelters',
    filter: ['==', ['get', 'said'], true],
    layout: { 'icon-image': ['get', 'icon'], 'icon-size': 0.7 * scale, 'icon-overlap': 'always' },
    paint: { 'icon-opacity': 0 },
  };
}

/** Puts shelters on a map that is drawn, beneath the layer `below`; gives what shows others. */
export function addShelters(
  map: MapLibre,
  page: Element,
  { scale, below, local }: { scale: number; below: string; local: () => boolean },
): (shelters: readonly Known[]) => void {
  const style = getComputedStyle(page);
  const colour = (token: string) => style.getPropertyValue(token).trim();
  for (const standing of Object.keys(SHELTER_SIGNS) as Standing[]) {
    const image = draw(standing, colour);
    if (image) map.addImage(iconOf(standing), image, { pixelRatio: PIXEL_RATIO });
  }
  map.addSource('shelters', { type: 'geojson', data: { type: 'FeatureCollection', features: [] }, promoteId: 'id' });
  for (const layer of layers(scale, colour('--map-name'), colour('--map-name-edge'))) map.addLayer(layer, below);
  map.addLayer(clearOf(scale));
  return (shelters) => map.getSource<GeoJSONSource>('shelters')?.setData(shelterFeatures(shelters, local()));
}

function draw(standing: Standing, colour: (token: string) => string): ImageData | null {
  const canvas = document.createElement('canvas');
  canvas.width = EDGE * PIXEL_RATIO;
  canvas.height = EDGE * PIXEL_RATIO;
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  if (!pen) return null;
  pen.scale(PIXEL_RATIO, PIXEL_RATIO);
  pen.translate((EDGE - 24) / 2, (EDGE - 24) / 2);
  pen.lineJoin = 'round';
  pen.lineCap = 'round';
  const shut = standing === 'closed' || standing === 'unsaid';
  const house = new Path2D(SHELTER_SIGNS[standing].house);
  pen.fillStyle = colour(shut ? '--shelter-shut' : `--shelter-${standing}`);
  pen.fill(house);
  if (standing === 'unsaid') pen.setLineDash([2.6, 2]);
  pen.strokeStyle = colour('--shelter-edge');
  pen.lineWidth = 1.4;
  pen.stroke(house);
  pen.setLineDash([]);
  pen.strokeStyle = colour(shut ? '--on-shelter-shut' : '--on-shelter');
  pen.lineWidth = 2.2;
  pen.stroke(new Path2D(SHELTER_SIGNS[standing].sign));
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}
