import { projected } from './framing';
import type { Section } from './section';
import type { Town } from './town-names';

/** Width of a letter, in sizes of the text: of Chinese characters and kana, and of others. */
const WIDE = 1.06;
const NARROW = 0.62;
/** A name that is longer than this is written in two lines, in sizes of the text. */
const LINE = 10;
/** More than this part of a map's width is not given away on a side. */
const MOST = 0.18;

/** Half the width of a name, in sizes of its text. */
export function halfOf(name: string): number {
  const width = [...name].reduce((sum, letter) => sum + (letter > '\u2e7f' ? WIDE : NARROW), 0);
  return Math.min(width, LINE) / 2;
}

/**
 * How much room the names of towns at the edges need left and right of a region that fills a map, pixels. `size`: of the
 * text, pixels; `free`: what is free at the sides anyway.
 */
export function namesRoom(
  towns: readonly Town[],
  { west, south, east, north }: Section,
  map: { width: number; height: number },
  size: number,
  free: number,
): { left: number; right: number } {
  const [[x0, y1], [x1, y0]] = [projected(west, south), projected(east, north)];
  const perUnit = Math.min((map.width - 2 * free) / (x1 - x0), (map.height - 2 * free) / (y1 - y0));
  const room = (wanted: number) => Math.round(Math.max(free, Math.min(MOST * map.width, wanted)));
  const wanted = (from: (x: number) => number) =>
    Math.max(
      0,
      ...towns.map(({ name, position }) => {
        const [x] = projected(position.lon, position.lat);
        return halfOf(name) * size - from(x) * perUnit;
      }),
    );
  return { left: room(wanted((x) => x - x0)), right: room(wanted((x) => x1 - x)) };
}
