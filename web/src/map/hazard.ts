import type { ExpressionSpecification, LayerSpecification, VectorSourceSpecification } from 'maplibre-gl';
import type { HazardClass, HazardLayer } from '../wire';
import { ofEdition } from './edition';
import type { Explained } from './on-ground';
import { patternName, patternOf } from './patterns';

/** A hazard layer that is shown, and how strongly, 0 to 1. */
export type ShownZones = { layer: HazardLayer; opacity: number };

/** The colour of what a file calls by a code that nobody knows. */
export const UNKNOWN_COLOUR = '#8a93a3';

/** The name of a layer's source. */
export const zonesSource = (id: string) => `hazard-${id}`;

/** Where the tiles of a layer are: TileJSON on this node. `origin`: this node's URL. */
export function zonesTiles(layer: HazardLayer, origin: string): VectorSourceSpecification {
  const url = new URL(`/tiles/${zonesSource(layer.id)}.json`, origin);
  return { type: 'vector', url: ofEdition(url, layer.imported_at) };
}

/** A value for each class of the layer, and one for codes that it does not know. */
function byClass(
  classes: readonly HazardClass[],
  value: (one: HazardClass) => string,
  unknown: string,
): string | ExpressionSpecification {
  if (classes.length === 0) return unknown;
  const cases = classes.flatMap((one) => [one.code, value(one)]);
  return ['match', ['to-string', ['get', 'class']], ...cases, unknown] as unknown as ExpressionSpecification;
}

/**
 * Names of a layer's classes without the words that all of them begin with: a legend that is read from afar says them
 * once. `common`: these words, where the layer's own name does not have them.
 */
export function shortNames(layer: string, names: readonly string[]): { common: string; names: string[] } {
  const whole = { common: '', names: [...names] };
  const [first = '', ...rest] = names;
  if (rest.length === 0) return whole;
  let same = 0;
  while (same < first.length && rest.every((name) => name[same] === first[same])) same += 1;
  const letters = first.slice(0, same);
  const words = letters.slice(0, letters.lastIndexOf(' ') + 1);
  const leaves = (common: string) => names.every((name) => name.length > common.length);
  const said = [letters, words].find((common) => layer.includes(common.trim()) && leaves(common));
  if (said !== undefined) return { common: '', names: names.map((name) => name.slice(said.length)) };
  if (words === '' || !leaves(words)) return whole;
  return { common: words.trim(), names: names.map((name) => name.slice(words.length)) };
}

/** A colour that is so much darker, 0 to 1. `colour`: `#rrggbb`. */
export function darker(colour: string, by: number): string {
  const part = (at: number) => Math.round(Number.parseInt(colour.slice(at, at + 2), 16) * (1 - by));
  return `#${[1, 3, 5].map((at) => part(at).toString(16).padStart(2, '0')).join('')}`;
}

/** How strongly patterns and edges are drawn upon a colour of this strength, 0 to 1. */
export const stronger = (opacity: number) => Math.min(1, opacity + 0.2);

/** What draws a hazard layer: its official colours, a pattern of ours on them, and the edge of each zone. */
export function zoneLayers({ layer, opacity }: ShownZones, ink: string, scale: number): LayerSpecification[] {
  const from = { source: zonesSource(layer.id), 'source-layer': 'zones' };
  const patterned = layer.classes.filter(({ pattern }) => patternOf(pattern) !== 'none');
  const pattern: LayerSpecification[] =
    patterned.length === 0
      ? []
      : [
          {
            id: `${from.source}-pattern`,
            type: 'fill',
            ...from,
            filter: ['in', ['to-string', ['get', 'class']], ['literal', patterned.map(({ code }) => code)]],
            paint: {
              'fill-pattern': byClass(patterned, (one) => patternName(patternOf(one.pattern), ink), ''),
              'fill-opacity': stronger(opacity),
            },
          },
        ];
  return [
    {
      id: `${from.source}-fill`,
      type: 'fill',
      metadata: { zones: layer.id } satisfies Explained,
      ...from,
      paint: {
        'fill-color': byClass(layer.classes, ({ color }) => color, UNKNOWN_COLOUR),
        'fill-opacity': opacity,
        'fill-antialias': false,
      },
    },
    ...pattern,
    {
      id: `${from.source}-edge`,
      type: 'line',
      ...from,
      minzoom: 9,
      paint: {
        'line-color': byClass(layer.classes, ({ color }) => darker(color, 0.35), UNKNOWN_COLOUR),
        'line-width': ['interpolate', ['linear'], ['zoom'], 9, 0.4 * scale, 13, 1.4 * scale],
        'line-opacity': stronger(opacity),
      },
    },
  ];
}
