/**
 * Fills columns with rows, in their order. `heights`: of the rows; `rooms`: of the columns, the last of them of all that
 * follow. Gives for each column the index of its first row and of the one after its last. A row that is higher than a
 * column stands alone in it: none is left out.
 */
export function fill(heights: readonly number[], rooms: readonly [number, ...number[]]): [from: number, to: number][] {
  const columns: [from: number, to: number][] = [];
  let from = 0;
  while (from < heights.length || columns.length === 0) {
    const room = rooms[Math.min(columns.length, rooms.length - 1)] ?? 0;
    let to = from;
    let used = 0;
    while (to < heights.length && used + (heights[to] ?? 0) <= room) {
      used += heights[to] ?? 0;
      to += 1;
    }
    // The first column may be too low for any row; another that is would be followed by such without end.
    const another = columns.length + 1 < rooms.length;
    if (to === from && from < heights.length && !another) to += 1;
    columns.push([from, to]);
    from = to;
  }
  return columns;
}

/** How many of these, at most `most`, find room in columns beside each other that are balanced. Heights, room: pixels. */
export function balanced(heights: readonly number[], columns: number, room: number, most: number): number {
  let used = 0;
  let highest = 0;
  for (const [at, height] of heights.slice(0, most).entries()) {
    used += height;
    highest = Math.max(highest, height);
    // None is cut: a column may be higher than the others by one of them.
    if (used / columns + highest > room) return at;
  }
  return Math.min(heights.length, most);
}

/** Cuts a list into parts of so many. */
export function parts<T>(list: readonly T[], many: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / many) }, (_, at) => list.slice(at * many, (at + 1) * many));
}
