import type { ZonePattern } from '../wire';

/** What tells classes apart beside their colour. */
export type Pattern = ZonePattern;

/** A pattern by its name on the wire; one that only newer servers know is none. */
export function patternOf(name: string): Pattern {
  return Object.hasOwn(STROKES, name) ? (name as Pattern) : 'none';
}

/** Edge of a pattern's square, CSS pixels; what is drawn in it repeats without a seam. */
export const PATTERN_EDGE = 12;
/** Pixels of the screen per CSS pixel that patterns are drawn for. */
export const PATTERN_RATIO = 2;

/** The name of a pattern's image. `ink`: a CSS colour. */
export function patternName(pattern: Pattern, ink: string): string {
  return `pattern-${pattern}-${ink}`;
}

type Line = readonly [fromX: number, fromY: number, toX: number, toY: number];

const E = PATTERN_EDGE;
const RISING: readonly Line[] = [-E, 0, E].map((x): Line => [x - 2, E + 2, x + E + 2, -2]);
const FALLING: readonly Line[] = RISING.map(([x, fromY, toX, toY]): Line => [x, toY, toX, fromY]);

/** The strokes of each pattern within its square; they are drawn by the map, the legend and on paper. */
export const STROKES: Readonly<Record<Pattern, readonly Line[]>> = {
  none: [],
  hatch: RISING,
  cross: [...RISING, ...FALLING],
  lines: [
    [0, E / 4, E, E / 4],
    [0, (3 * E) / 4, E, (3 * E) / 4],
  ],
  dots: [
    [E / 4, E / 4, E / 4, E / 4],
    [(3 * E) / 4, (3 * E) / 4, (3 * E) / 4, (3 * E) / 4],
  ],
};

/** How thick the strokes are, CSS pixels; a dot is a stroke without length. */
export const strokeWidth = (pattern: Pattern) => (pattern === 'dots' ? 3 : 1.3);

/** Draws a pattern for the map, transparent between its strokes. */
export function drawPattern(pattern: Pattern, ink: string): ImageData | null {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = E * PATTERN_RATIO;
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  if (!pen) return null;
  pen.scale(PATTERN_RATIO, PATTERN_RATIO);
  pen.strokeStyle = ink;
  pen.lineWidth = strokeWidth(pattern);
  pen.lineCap = pattern === 'dots' ? 'round' : 'butt';
  pen.beginPath();
  for (const [x, y, toX, toY] of STROKES[pattern]) {
    pen.moveTo(x, y);
    pen.lineTo(toX, toY);
  }
  pen.stroke();
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}
