import type { LayerSpecification, Map as MapLibre } from 'maplibre-gl';
import { expect, it } from 'vitest';
import type { HazardLayer } from '../wire';
import { drawZones } from './draw-zones';
import { ABOVE_ZONES } from './style';

const layer = (id: string, imported_at?: string) => ({ id, imported_at, classes: [] }) as unknown as HazardLayer;
const palette = { pattern: '#000000' };

/** What of a map the drawing needs; `added`: the addresses of sources, in the order in which they were put on it. */
function aMap() {
  const added: string[] = [];
  const style = {
    layers: [{ id: ABOVE_ZONES, type: 'background' }] as LayerSpecification[],
    sources: { base: {} } as Record<string, unknown>,
  };
  const map = {
    getStyle: () => style,
    getSource: (id: string) => style.sources[id],
    addSource: (id: string, source: { url: string }) => {
      added.push(source.url);
      style.sources[id] = source;
    },
    removeSource: (id: string) => delete style.sources[id],
    addLayer: (one: LayerSpecification) => style.layers.unshift(one),
    removeLayer: (gone: string) => {
      style.layers = style.layers.filter(({ id }) => id !== gone);
    },
  };
  const draw = (...layers: HazardLayer[]) =>
    drawZones(
      map as unknown as MapLibre,
      layers.map((layer) => ({ layer, opacity: 0.6 })),
      palette,
    );
  return { draw, added, sources: () => Object.keys(style.sources) };
}

it('keeps the tiles of a layer whose strength changes, and takes those of a layer away that is not shown', () => {
  const { draw, added, sources } = aMap();
  draw(layer('flood'), layer('landslide'));
  draw(layer('flood'));
  expect(added).toHaveLength(2);
  expect(sources()).toEqual(['base', 'hazard-flood']);
});

it('fetches the tiles of a layer anew that was imported again, and of no other', () => {
  const { draw, added } = aMap();
  draw(layer('flood', '2026-11-21T00:00:00Z'), layer('landslide', '2026-11-21T00:00:00Z'));
  draw(layer('flood', '2026-11-22T00:00:00Z'), layer('landslide', '2026-11-21T00:00:00Z'));
  expect(added).toHaveLength(3);
  expect(added[2]).toContain('/tiles/hazard-flood.json?edition=2026-11-22');
});
