import { describe, expect, it } from 'vitest';
import { besideMap, boxesOf, type Label, type Mark, type Placed, placeLabels, ranges, roomOf } from './numbers';

const mark = (ids: string[], x = 0, y = 0): Mark => ({ x, y, reach: 10, kind: 'incidents', ids });
const ids = (list: { id: string }[]) => list.map(({ id }) => id).join('');
const list = [...'abcdefgh'].map((id) => ({ id }));

describe('the order of a list beside a map', () => {
  it('keeps together what one disc stands for, in the order of the newest of each', () => {
    expect(ids(besideMap(list, [mark(['g', 'b', 'e']), mark(['a']), mark([...'cdfh'])]))).toBe('abegcdfh');
  });

  it('puts last what the map does not show, and loses nothing', () => {
    expect(ids(besideMap(list, [mark(['h', 'c'])]))).toBe('chabdefg');
    expect(ids(besideMap(list, []))).toBe('abcdefgh');
  });
});

it('writes numbers as people do', () => {
  expect(ranges([7])).toBe('7');
  expect(ranges([4, 5])).toBe('4, 5');
  expect(ranges([9, 5, 6, 7, 1])).toBe('1, 5–7, 9');
  expect(ranges([])).toBe('');
});

describe('words beside marks', () => {
  const size = { width: 400, height: 300 };
  const label = (mark: Mark): Label => ({ mark, width: 24, height: 12 });
  const covers = (a: Placed, x: number, y: number, right: number, bottom: number) =>
    Math.min(a.x + 24, right) > Math.max(a.x, x) && Math.min(a.y + 12, bottom) > Math.max(a.y, y);

  it('stand beside a mark that is alone, without a line', () => {
    const one = mark(['a'], 200, 150);
    const [placed] = placeLabels([label(one)], [roomOf(one)], size);
    expect(placed).toEqual({ x: 211.5, y: 144, apart: false });
  });

  it('cover no mark and no other word, also where many marks lie upon each other', () => {
    const crowd = Array.from({ length: 40 }, (_, at) => mark([String(at)], 190 + (at % 7) * 3, 140 + at));
    const placed = placeLabels(crowd.map(label), crowd.map(roomOf), size);
    expect(placed).toHaveLength(40);
    placed.forEach((one, at) => {
      for (const { x, y } of crowd) expect(covers(one, x - 10, y - 10, x + 10, y + 10)).toBe(false);
      for (const other of placed.slice(at + 1)) {
        expect(covers(one, other.x, other.y, other.x + 24, other.y + 12)).toBe(false);
      }
    });
    expect(placed.some(({ apart }) => apart)).toBe(true);
  });

  it('stay on the paper, at its edges too', () => {
    const corners = [mark(['a'], 1, 1), mark(['b'], 399, 1), mark(['c'], 399, 299), mark(['d'], 1, 299)];
    for (const { x, y } of placeLabels(corners.map(label), corners.map(roomOf), size)) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(y).toBeGreaterThanOrEqual(0);
      expect(x + 24).toBeLessThanOrEqual(400);
      expect(y + 12).toBeLessThanOrEqual(300);
    }
  });

  it('are never left out, even where there is no room', () => {
    const crowd = Array.from({ length: 30 }, (_, at) => mark([String(at)], 20, 20));
    expect(placeLabels(crowd.map(label), crowd.map(roomOf), { width: 40, height: 40 })).toHaveLength(30);
  });
});

it('finds in small boxes what lies on a map', () => {
  const name = { left: 30, top: 41, right: 75, bottom: 52 };
  const meets = (box: typeof name) =>
    box.left < name.right && box.right > name.left && box.top < name.bottom && box.bottom > name.top;
  const boxes = boxesOf({ left: 0, top: 0, right: 320, bottom: 200 }, meets, 10);
  for (const box of boxes) {
    expect(meets(box)).toBe(true);
    expect(Math.max(box.right - box.left, box.bottom - box.top)).toBeLessThanOrEqual(10);
  }
  const area = boxes.reduce((sum, box) => sum + (box.right - box.left) * (box.bottom - box.top), 0);
  expect(area).toBeGreaterThanOrEqual(45 * 11);
  expect(area).toBeLessThan(65 * 31);
});
