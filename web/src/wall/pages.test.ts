import { describe, expect, it } from 'vitest';
import { balanced, fill, parts } from './pages';

describe('columns of a printed list', () => {
  it('hold as many rows as fit, whatever their heights', () => {
    expect(fill([10, 10, 10, 10], [30])).toEqual([
      [0, 3],
      [3, 4],
    ]);
    expect(fill([25, 10, 10, 25], [30])).toEqual([
      [0, 1],
      [1, 3],
      [3, 4],
    ]);
  });

  it('have a room of their own each, the last goes for all that follow', () => {
    expect(fill([10, 10, 10, 10, 10, 10], [10, 20])).toEqual([
      [0, 1],
      [1, 3],
      [3, 5],
      [5, 6],
    ]);
  });

  it('lose no row: one that is too high stands alone, and a first column without room stays empty', () => {
    expect(fill([10, 99, 10], [30])).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ]);
    expect(fill([10, 10], [5, 30])).toEqual([
      [0, 0],
      [0, 2],
    ]);
  });

  it('follow each other without a gap for any heights', () => {
    const heights = Array.from({ length: 200 }, (_, at) => 5 + ((at * 37) % 41));
    const columns = fill(heights, [100, 300]);
    expect(columns[0]?.[0]).toBe(0);
    expect(columns.at(-1)?.[1]).toBe(200);
    columns.forEach(([from, to], at) => {
      const room = at === 0 ? 100 : 300;
      const used = heights.slice(from, to).reduce((a, b) => a + b, 0);
      expect(used).toBeLessThanOrEqual(room);
      const next = columns[at + 1];
      if (!next) return;
      expect(next[0]).toBe(to);
      expect(used + (heights[to] ?? 0)).toBeGreaterThan(room);
    });
  });

  it('are one and empty for an empty list', () => {
    expect(fill([], [30])).toEqual([[0, 0]]);
  });
});

it('cuts a list into pages', () => {
  expect(parts([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
  expect(parts([], 2)).toEqual([]);
});

it('puts so many names on a page as its balanced columns hold, and cuts none', () => {
  const [two, six] = [
    [10, 10],
    [10, 10, 10, 10, 10, 30],
  ];
  expect(balanced(two, 2, 20, 24)).toBe(2);
  expect(balanced(six, 2, 35, 24)).toBe(5);
  expect(balanced(six, 2, 100, 4)).toBe(4);
  expect(balanced(six, 2, 5, 24)).toBe(0);
});
