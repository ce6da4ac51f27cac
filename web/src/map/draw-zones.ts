import type { Map as MapLibre, VectorSourceSpecification } from 'maplibre-gl';
import { type ShownZones, zoneLayers, zonesSource, zonesTiles } from './hazard';
import type { Palette } from './palette';
import { drawPattern, PATTERN_RATIO, patternName, patternOf } from './patterns';
import { ABOVE_ZONES } from './style';

/**
 * Draws these hazard layers on a map whose style has loaded, and no others, beneath the layer `below`. The ink of their
 * patterns is the palette's.
 */
export function drawZones(
  map: MapLibre,
  shown: readonly ShownZones[],
  palette: Pick<Palette, 'pattern'>,
  scale = 1,
  below = ABOVE_ZONES,
): void {
  const wanted = new Map(shown.map(({ layer }) => [zonesSource(layer.id), zonesTiles(layer, location.origin).url]));
  const drawn = map.getStyle().layers.filter((layer) => 'source' in layer && layer.source.startsWith('hazard-'));
  // All of them anew: there are few, their tiles stay, and their order is that of the list.
  for (const { id } of drawn) map.removeLayer(id);
  for (const [source, drawn] of Object.entries(map.getStyle().sources)) {
    if (source.startsWith('hazard-') && wanted.get(source) !== (drawn as VectorSourceSpecification).url) {
      map.removeSource(source);
    }
  }
  for (const one of shown) {
    const source = zonesSource(one.layer.id);
    if (!map.getSource(source)) map.addSource(source, zonesTiles(one.layer, location.origin));
    for (const pattern of one.layer.classes.map(({ pattern }) => patternOf(pattern))) {
      const name = patternName(pattern, palette.pattern);
      const image = pattern === 'none' || map.hasImage(name) ? null : drawPattern(pattern, palette.pattern);
      if (image) map.addImage(name, image, { pixelRatio: PATTERN_RATIO });
    }
    for (const layer of zoneLayers(one, palette.pattern, scale)) map.addLayer(layer, below);
  }
}
