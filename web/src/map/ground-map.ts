import 'maplibre-gl/dist/maplibre-gl.css';
import './controls.css';
import {
  type GeoJSONSource,
  type LngLatBoundsLike,
  type Map as MapLibre,
  NavigationControl,
  type PaddingOptions,
  setWorkerUrl,
} from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import { type Key, language, t } from '../i18n/index.svelte';
import type { BaseMap, Region } from '../wire';
import { askingByEdition } from './edition';
import type { Frame } from './framing';
import { drawShields, PIXEL_RATIO } from './icons';
import { mendSources } from './mending';
import { nameScale, townsOf } from './names';
import { namesRoom } from './names-room';
import { type Palette, paletteOf } from './palette';
import { PatientMap } from './patient-map';
import { groundStyle, incidentStyle, type Place, placeFeatures, placeLayers } from './style';

setWorkerUrl(workerUrl);

const CONTROLS: Readonly<Record<string, Key>> = {
  'Map.Title': 'map.title',
  'NavigationControl.ZoomIn': 'map.zoom_in',
  'NavigationControl.ZoomOut': 'map.zoom_out',
};

export type MapOptions = {
  container: HTMLElement;
  region: Region;
  /** The base map; left out: none. */
  base?: BaseMap | null;
  /** Size of names and marks; a wall is read from afar. */
  scale?: number;
  /** How much of the map's upper edge is covered by something else, pixels. */
  covered?: () => number;
  /** Where to begin, and to stay when the page moves around the map; without it the whole region. */
  start?: Frame | undefined;
  /** Pixels of the picture per CSS pixel; left out: the screen's. */
  pixelRatio?: number;
  /** Hears of which other servers there are pictures in view that cannot be had, by the ids of their sources. */
  onLacking?: (sources: readonly string[]) => void;
};

/** West, south, east and north of a region. */
export function boundsOf(region: Region): LngLatBoundsLike {
  const { west, south, east, north } = region.bounds;
  return [west, south, east, north];
}

/** A map; what makes it keep the whole region in view again, until somebody moves it; and whether somebody did. */
export type Begun = { map: PatientMap; settle: () => void; moved: () => boolean };

/** Size of a town's name in a view of the whole region, of a map of scale 1, pixels. */
const NAME_PX = 12;

/** Room around the region: the pins of danger rise above their places, and names at the edges are wide. */
export function room({ container, region, scale = 1, covered }: MapOptions): PaddingOptions {
  const side = 20;
  const top = Math.max(side, 28 * scale) + (covered?.() ?? 0);
  const map = { width: container.clientWidth, height: container.clientHeight - top };
  const local = language().startsWith('ja');
  const size = NAME_PX * scale * nameScale(local);
  return { top, bottom: side, ...namesRoom(townsOf(region, local), region.bounds, map, size, side) };
}

/** Puts the region's ground on the page, and with a word for drills the layers of incidents upon it. */
export function begin(options: MapOptions, drillWord: string | null): Begun {
  const { container, region, base = null, scale = 1 } = options;
  const palette = paletteOf(container);
  const local = language().startsWith('ja');
  const ground = { region, base, palette, local, scale, origin: location.origin };
  const map: PatientMap = new PatientMap({
    container,
    transformRequest: askingByEdition(() => map),
    style: drillWord === null ? groundStyle(ground) : incidentStyle(ground, drillWord),
    ...(options.start ?? { bounds: boundsOf(region), fitBoundsOptions: { padding: room(options) } }),
    attributionControl: false,
    ...(options.pixelRatio ? { pixelRatio: options.pixelRatio } : {}),
    // Names that change places are never seen upon each other, and a still map draws no frames.
    fadeDuration: 0,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    maxZoom: 18,
    locale: Object.fromEntries(Object.entries(CONTROLS).map(([name, key]) => [name, t(key)])),
  });
  map.touchZoomRotate.disableRotation();
  mendSources(map, options.onLacking);
  map.on('style.load', () => {
    for (const { name, image } of drawShields(palette)) map.addImage(name, image, { pixelRatio: PIXEL_RATIO });
  });
  // Until somebody moves the map, the whole region fills it, however the page settles around it.
  let moved = options.start !== undefined;
  map.on('movestart', (event) => {
    if (event.originalEvent) moved = true;
  });
  map.on('resize', () => {
    if (!moved) map.fitBounds(boundsOf(region), { padding: room(options), duration: 0 });
  });
  map.addControl(new NavigationControl({ showCompass: false }), 'top-right');
  return {
    map,
    settle: () => {
      moved = false;
    },
    moved: () => moved,
  };
}

/** A map of the region without incidents, for somebody who sets a pin. The caller removes it. */
export function groundMap(options: MapOptions): MapLibre {
  return begin(options, null).map;
}

/** Marks places on a map once it is drawn, each with a word; gives what marks others instead. */
export function markPlaces(
  map: MapLibre,
  palette: Palette,
  places: readonly Place[],
): (places: readonly Place[]) => void {
  let latest = places;
  map.on('load', () => {
    map.addSource('places', { type: 'geojson', data: placeFeatures(latest) });
    for (const layer of placeLayers(palette)) map.addLayer(layer);
  });
  return (others) => {
    latest = others;
    map.getSource<GeoJSONSource>('places')?.setData(placeFeatures(latest));
  };
}
