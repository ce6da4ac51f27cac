/** What a map has drawn at one place. */
export type Mark = {
  /** The middle of the mark, CSS pixels from the map's upper left corner. */
  x: number;
  y: number;
  /** How far it reaches to each side, pixels. */
  reach: number;
  kind: 'incidents' | 'shelter';
  /** What it stands for: a disc, for several. */
  ids: readonly string[];
};

/**
 * The order of a list that is read beside a map: as given, but what one mark stands for comes together, so that the
 * mark's numbers follow each other. What the map does not show comes last.
 */
export function besideMap<T extends { id: string }>(list: readonly T[], marks: readonly Mark[]): T[] {
  const markOf = new Map(marks.flatMap((mark) => mark.ids.map((id) => [id, mark] as const)));
  const shown = new Map<Mark, T[]>();
  const beyond: T[] = [];
  for (const one of list) {
    const mark = markOf.get(one.id);
    const others = mark && shown.get(mark);
    if (others) others.push(one);
    else if (mark) shown.set(mark, [one]);
    else beyond.push(one);
  }
  return [...[...shown.values()].flat(), ...beyond];
}

/** Numbers as people write them: `1, 5–12`. */
export function ranges(numbers: readonly number[]): string {
  const parts: [from: number, to: number][] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const last = parts.at(-1);
    if (last && number <= last[1] + 1) last[1] = number;
    else parts.push([number, number]);
  }
  return parts
    .map(([from, to]) => (from === to ? `${from}` : `${from}${to === from + 1 ? ', ' : '–'}${to}`))
    .join(', ');
}

/** A word that is to stand beside a mark. Pixels. */
export type Label = { mark: Mark; width: number; height: number };

/** Where it stands: its upper left corner; and whether a line has to lead to the mark, because others are nearer. */
export type Placed = { x: number; y: number; apart: boolean };

/** A part of a map, pixels from its upper left corner. */
export type Box = { left: number; top: number; right: number; bottom: number };

/** Free pixels between a word and what it must not cover. */
const GAP = 1.5;
/** How much further out each ring of places lies, pixels, and how many rings and places there are. */
const STEP = 7;
const RINGS = 16;
const PLACES = 16;
/** A word that stands further from its mark than this needs a line to it, pixels. */
const NEAR = STEP / 2;

function overlap(a: Box, b: Box): number {
  const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return wide > 0 && high > 0 ? wide * high : 0;
}

/** The room that a mark takes. */
export function roomOf({ x, y, reach }: Mark): Box {
  return { left: x - reach, top: y - reach, right: x + reach, bottom: y + reach };
}

/**
 * What lies in a box, in small boxes. `holds`: whether anything lies in one. None is larger than `cell` on any side,
 * pixels.
 */
export function boxesOf(box: Box, holds: (box: Box) => boolean, cell: number): Box[] {
  const [wide, high] = [box.right - box.left, box.bottom - box.top];
  if (!holds(box)) return [];
  if (wide <= cell && high <= cell) return [box];
  const middle = wide >= high ? box.left + wide / 2 : box.top + high / 2;
  const halves: [Box, Box] =
    wide >= high
      ? [
          { ...box, right: middle },
          { ...box, left: middle },
        ]
      : [
          { ...box, bottom: middle },
          { ...box, top: middle },
        ];
  return halves.flatMap((half) => boxesOf(half, holds, cell));
}

/** Places around a mark, the nearest first; in each ring to the right first. */
function* places({ mark, width, height }: Label): Generator<Placed & Box> {
  for (let ring = 0; ring < RINGS; ring += 1) {
    for (let place = 0; place < PLACES; place += 1) {
      const angle = (2 * Math.PI * place) / PLACES;
      const away = mark.reach + GAP + ring * STEP;
      const left = mark.x + Math.cos(angle) * (away + width / 2) - width / 2;
      const top = mark.y + Math.sin(angle) * (away + height / 2) - height / 2;
      const apart = ring * STEP > NEAR;
      yield { x: left, y: top, apart, left, top, right: left + width, bottom: top + height };
    }
  }
}

/**
 * Puts each word where it covers nothing that is taken and no other word, as near its mark as there is room; where there
 * is none, where it covers least. No word is left out. In the order of the labels, on a map of this size.
 */
export function placeLabels(
  labels: readonly Label[],
  covered: readonly Box[],
  size: { width: number; height: number },
): Placed[] {
  const taken = [...covered];
  return labels.map((label) => {
    let best: (Placed & Box) | null = null;
    let least = Number.POSITIVE_INFINITY;
    for (const place of places(label)) {
      if (place.left < 0 || place.top < 0 || place.right > size.width || place.bottom > size.height) continue;
      const hidden = taken.reduce((sum, box) => sum + overlap(place, box), 0);
      if (hidden >= least) continue;
      [best, least] = [place, hidden];
      if (hidden === 0) break;
    }
    const { x, y, apart } = best ?? { x: 0, y: 0, apart: true };
    taken.push({ left: x - GAP, top: y - GAP, right: x + label.width + GAP, bottom: y + label.height + GAP });
    return { x, y, apart };
  });
}
