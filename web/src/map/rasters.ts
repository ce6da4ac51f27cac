import type { LayerSpecification, Map as MapLibre, RasterLayerSpecification } from 'maplibre-gl';
import type { TileSource } from '../wire';
import { groundPaint } from './archive';
import listed from './listed-rasters.json';
import type { Palette } from './palette';
import { ABOVE_RASTER, ABOVE_ZONES } from './style';

/** What every source has in its id that this node passes on from another server. */
export const PASSED_ON = 'proxy-';

/** A map in pictures that another server makes and this node passes on. */
export type Raster = {
  /** Id of the source on this node. */
  id: string;
  /** Name, Japanese. */
  name: string;
  english: string;
  attribution: string;
  /** Whether it shows the ground itself, in the base map's place; else it is laid upon it. */
  ground: boolean;
  /** Whether it writes the names of places itself. */
  names: boolean;
};

/** A raster that is laid upon the ground, and how strongly, 0 to 1. */
export type ShownRaster = { raster: Raster; opacity: number };

/**
 * The pictures among a node's sources, in the order of the list that comes with the program. One of which that list
 * knows nothing is laid upon the ground, where its strength is chosen.
 */
export function rastersOf(sources: readonly TileSource[]): Raster[] {
  const at = (id: string) => {
    const found = listed.findIndex((one) => `${PASSED_ON}${one.id}` === id);
    return found < 0 ? listed.length : found;
  };
  return sources
    .filter(({ id, kind }) => kind === 'raster' && id.startsWith(PASSED_ON))
    .sort((a, b) => at(a.id) - at(b.id))
    .map(({ id, name, attribution }) => {
      const { english = name, ground = false, names = false } = listed[at(id)] ?? {};
      return { id, name, english, attribution, ground, names };
    });
}

/**
 * The layer beneath which hazard zones lie. A raster of the ground covers the base map, which is seen wherever a part
 * of it is not at hand; the base map's names stay upon a raster that has none.
 */
export function aboveZones(ground: Raster | null): string {
  if (ground === null) return ABOVE_ZONES;
  return ground.names ? ABOVE_RASTER : 'border';
}

const layerOf = ({ id }: Raster, paint: RasterLayerSpecification['paint']): RasterLayerSpecification => ({
  id,
  type: 'raster',
  source: id,
  // A map that stands still draws no frames.
  paint: { 'raster-fade-duration': 0, ...paint },
});

/** What draws a raster of the ground. */
export const groundLayer = (raster: Raster, palette: Pick<Palette, 'brightest'>): LayerSpecification =>
  layerOf(raster, groundPaint(palette));

/** What draws a raster upon the ground, in the colours of whoever made it. */
export const overLayer = ({ raster, opacity }: ShownRaster): LayerSpecification =>
  layerOf(raster, { 'raster-opacity': opacity });

/**
 * Draws these pictures on a map whose style has loaded, and no others, and between the ground and those upon it what
 * `zones` draws beneath the layer that it is given.
 */
export function drawRasters(
  map: MapLibre,
  ground: Raster | null,
  over: readonly ShownRaster[],
  palette: Palette,
  zones: (below: string) => void,
): void {
  const wanted = new Set([...(ground ? [ground] : []), ...over.map(({ raster }) => raster)].map(({ id }) => id));
  const isOurs = (id: string) => id.startsWith(PASSED_ON);
  for (const { id } of map.getStyle().layers) if (isOurs(id)) map.removeLayer(id);
  for (const id of Object.keys(map.getStyle().sources)) if (isOurs(id) && !wanted.has(id)) map.removeSource(id);
  for (const id of wanted) {
    // 256 pixels an edge, as all that is listed is.
    if (!map.getSource(id)) map.addSource(id, { type: 'raster', url: described(id), tileSize: 256 });
  }
  const below = aboveZones(ground);
  if (ground) map.addLayer(groundLayer(ground, palette), below);
  zones(below);
  for (const one of over) map.addLayer(overLayer(one), below);
  // What is drawn for the land's own colour is lost on a photo.
  map.setPaintProperty('border', 'line-color', ground ? palette.name : palette.border);
  map.setLayoutProperty('border-over', 'visibility', ground?.names ? 'visible' : 'none');
}

/** Where a source is described: on this node, as everything. */
const described = (id: string) => new URL(`/tiles/${id}.json`, location.origin).href;
