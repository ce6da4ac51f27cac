import { describe, expect, it } from 'vitest';
import { projected, WORLD } from './framing';
import { frameOf, isPart, lies, sectionOf, sectionWords } from './section';

const region = { west: 139.3, south: 37.0, east: 140.3, north: 37.9 };
const town = { west: 139.9, south: 37.45, east: 140.0, north: 37.55 };

describe('a section in an address', () => {
  it('comes back as it was written', () => {
    expect(sectionOf(sectionWords(town))).toEqual(town);
  });

  it('is none if it is wrong', () => {
    const wrong = [null, '', '1,2,3', '140,37,139,38', '139,38,140,37', '139,37,140,38,5', '139,,140,38', 'a,b,c,d'];
    expect(wrong.map(sectionOf)).toEqual(wrong.map(() => null));
    expect(sectionOf('139,37,140,90')).toBeNull();
    expect(sectionOf('139,37,Infinity,38')).toBeNull();
  });
});

it('tells a part of the region from all of it, and from what lies elsewhere', () => {
  expect(isPart(town, region)).toBe(true);
  expect(isPart({ ...region, west: 139.5 }, region)).toBe(true);
  expect(isPart(region, region)).toBe(false);
  expect(isPart({ west: 135, south: 34, east: 145, north: 40 }, region)).toBe(false);
  expect(isPart({ west: 130, south: 33, east: 131, north: 34 }, region)).toBe(false);
});

it('knows what lies in a section', () => {
  expect(lies({ lat: 37.5, lon: 139.95 }, town)).toBe(true);
  expect(lies({ lat: 37.4, lon: 139.95 }, town)).toBe(false);
  expect(lies({ lat: 37.5, lon: 140.01 }, town)).toBe(false);
});

describe('the frame of a section', () => {
  /** Where a place stands on a map, pixels. */
  const at = (lon: number, lat: number, frame: ReturnType<typeof frameOf>, size: { width: number; height: number }) => {
    const [x, y] = projected(lon, lat);
    const [middleX, middleY] = projected(...frame.center);
    const world = WORLD * 2 ** frame.zoom;
    return { x: size.width / 2 + (x - middleX) * world, y: size.height / 2 + (y - middleY) * world };
  };

  it('shows all of it, as large as the paper allows', () => {
    for (const size of [
      { width: 839, height: 893 },
      { width: 1200, height: 300 },
    ]) {
      for (const section of [region, town]) {
        const frame = frameOf(section, size, 20);
        const [low, high] = [
          at(section.west, section.south, frame, size),
          at(section.east, section.north, frame, size),
        ];
        const free = [low.x, size.width - high.x, high.y, size.height - low.y];
        for (const side of free) expect(side).toBeGreaterThan(19.99);
        expect(Math.min(...free)).toBeCloseTo(20);
        expect(low.x).toBeCloseTo(size.width - high.x);
        expect(high.y).toBeCloseTo(size.height - low.y);
      }
    }
  });

  it('goes no closer than a map can', () => {
    const spot = { west: 139.9, south: 37.5, east: 139.90001, north: 37.50001 };
    expect(frameOf(spot, { width: 800, height: 800 }, 0).zoom).toBe(18);
  });
});
