import type { GeoJSONSource, Map as MapLibre, SymbolLayerSpecification } from 'maplibre-gl';
import { SHELTER_SIGNS } from '../design/shelter-signs';
import { type Known, type Standing, standingOf } from '../state/shelters';
import { FONTS } from './fonts';
import { PIXEL_RATIO } from './icons';

/** Edge of a mark's square, CSS pixels: the 24 of the sign and its outline. */
const EDGE = 28;

/** Size of the marks of which somebody has said something. */
export const SAID = 0.95;

/** Marks of which nobody has said anything are many: they come when there is room. */
export const UNSAID_FROM = 13;
/** Their names come later than those of the others. */
const UNSAID_NAMES_FROM = 15;

/** What the map knows of a shelter. */
type Properties = { id: string; name: string; icon: string; said: boolean; drill: boolean };

/** The id of the mark of what a drill says of a shelter; that of the real one is the shelter's. */
export const drillMark = (shelter: string) => `${shelter}-drill`;

/** The name of a mark's image. */
const iconOf = (standing: Standing, drill = false) => `shelter-${standing}${drill ? '-drill' : ''}`;

/**
 * Shelters as the map draws them; what a drill says of one is a mark of its own beside the real one. `local`: with their
 * Japanese names.
 */
export function shelterFeatures(
  shelters: readonly Known[],
  local: boolean,
): GeoJSON.FeatureCollection<GeoJSON.Point, Properties> {
  return {
    type: 'FeatureCollection',
    // What comes last is drawn on top: the open ones.
    features: [...shelters].reverse().flatMap((one) => {
      const { shelter, status, drills } = one;
      const feature = (properties: Omit<Properties, 'name'>): GeoJSON.Feature<GeoJSON.Point, Properties> => ({
        type: 'Feature',
        geometry: { type: 'Point', coordinates: [shelter.position.lon, shelter.position.lat] },
        properties: { ...properties, name: local ? shelter.name : (shelter.english ?? shelter.name) },
      });
      const said = status !== null && status.state !== 'closed';
      const real = feature({ id: shelter.id, icon: iconOf(standingOf(one)), said, drill: false });
      const [word] = drills;
      if (!word) return [real];
      // The real mark is never hidden by a drill's, nor smaller than it.
      const beside = feature({ id: drillMark(shelter.id), icon: iconOf(word.state, true), said: true, drill: true });
      return [beside, { ...real, properties: { ...real.properties, said: true } }];
    }),
  };
}

/** How far a drill's mark stands beside the real one, pixels of its picture. */
export const ASIDE: [number, number] = [EDGE, 0];

/** Height of a name, CSS pixels. */
const NAME = 12;

type Inks = { name: string; nameEdge: string; drill: string; onDrill: string };

/** `word`: what stands beside a drill's marks. */
function layers(scale: number, inks: Inks, word: string, unsaidFrom: number): SymbolLayerSpecification[] {
  const mark = (id: string, said: boolean, size: number): SymbolLayerSpecification => ({
    id,
    type: 'symbol',
    source: 'shelters',
    filter: ['all', ['==', ['get', 'said'], said], ['!', ['get', 'drill']]],
    ...(said ? {} : { minzoom: unsaidFrom }),
    layout: {
      'icon-image': ['get', 'icon'],
      'icon-size': size * scale,
      'icon-overlap': 'always',
      'icon-ignore-placement': true,
      // Names come when one looks closer; the list has them all.
      'text-field': ['step', ['zoom'], '', said ? 13 : UNSAID_NAMES_FROM, ['get', 'name']],
      'text-font': FONTS,
      'text-size': NAME * scale,
      'text-anchor': 'top',
      // Clear of the room that the mark takes.
      'text-offset': [0, 1.4],
      'text-optional': true,
    },
    paint: { 'text-color': inks.name, 'text-halo-color': inks.nameEdge, 'text-halo-width': 2 * scale },
  });
  const drills: SymbolLayerSpecification = {
    id: 'shelters-drills',
    type: 'symbol',
    source: 'shelters',
    filter: ['get', 'drill'],
    layout: {
      'icon-image': ['get', 'icon'],
      'icon-size': SAID * scale,
      'icon-offset': ASIDE,
      'icon-overlap': 'always',
      'icon-ignore-placement': true,
      // A drill never looks like the real thing: the word is never left out.
      'text-field': word,
      'text-font': FONTS,
      'text-size': NAME * scale,
      'text-anchor': 'left',
      'text-offset': [((ASIDE[0] + EDGE / 2) * SAID) / NAME + 0.2, 0],
      'text-overlap': 'always',
    },
    paint: { 'text-color': inks.onDrill, 'text-halo-color': inks.drill, 'text-halo-width': 3 * scale },
  };
  return [mark('shelters-unsaid', false, 0.7), drills, mark('shelters', true, SAID)];
}

/** Takes the room of the marks without showing them, above all else, so that names keep clear of them. */
function clearOf(scale: number): SymbolLayerSpecification {
  return {
    id: 'clear-of-shelters',
    type: 'symbol',
    source: 'shelters',
    filter: ['==', ['get', 'said'], true],
    layout: {
      'icon-image': ['get', 'icon'],
      'icon-size': 0.7 * scale,
      'icon-offset': ['case', ['get', 'drill'], ['literal', ASIDE], ['literal', [0, 0]]],
      'icon-overlap': 'always',
    },
    paint: { 'icon-opacity': 0 },
  };
}

/** How shelters are drawn. */
type Drawing = {
  scale: number;
  /** The layer beneath which they lie. */
  below: string;
  /** Whether with their Japanese names. */
  local: () => boolean;
  drillWord: string;
  /** The zoom from which on those are drawn of which nobody has said anything. */
  unsaidFrom?: number;
};

/** Puts shelters on a map that is drawn; gives what shows others. */
export function addShelters(
  map: MapLibre,
  page: Element,
  { scale, below, local, drillWord, unsaidFrom = UNSAID_FROM }: Drawing,
): (shelters: readonly Known[]) => void {
  const style = getComputedStyle(page);
  const colour = (token: string) => style.getPropertyValue(token).trim();
  for (const standing of Object.keys(SHELTER_SIGNS) as Standing[]) {
    for (const drill of [false, true]) {
      const image = draw(standing, drill, colour);
      if (image) map.addImage(iconOf(standing, drill), image, { pixelRatio: PIXEL_RATIO });
    }
  }
  map.addSource('shelters', { type: 'geojson', data: { type: 'FeatureCollection', features: [] }, promoteId: 'id' });
  const inks = {
    name: colour('--map-name'),
    nameEdge: colour('--map-name-edge'),
    drill: colour('--drill'),
    onDrill: colour('--on-drill'),
  };
  for (const layer of layers(scale, inks, drillWord, unsaidFrom)) map.addLayer(layer, below);
  map.addLayer(clearOf(scale));
  return (shelters) => map.getSource<GeoJSONSource>('shelters')?.setData(shelterFeatures(shelters, local()));
}

function draw(standing: Standing, drill: boolean, colour: (token: string) => string): ImageData | null {
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
  pen.fillStyle = colour(drill ? '--on-drill' : shut ? '--shelter-shut' : `--shelter-${standing}`);
  pen.fill(house);
  if (drill || standing === 'unsaid') pen.setLineDash([2.6, 2]);
  pen.strokeStyle = colour(drill ? '--drill' : '--shelter-edge');
  pen.lineWidth = drill ? 1.8 : 1.4;
  pen.stroke(house);
  pen.setLineDash([]);
  pen.strokeStyle = colour(drill ? '--drill' : shut ? '--on-shelter-shut' : '--on-shelter');
  pen.lineWidth = 2.2;
  pen.stroke(new Path2D(SHELTER_SIGNS[standing].sign));
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}
