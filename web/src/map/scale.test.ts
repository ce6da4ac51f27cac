import { expect, it } from 'vitest';
import { metresPerPixel, paperScale, scaleBar } from './scale';

it('knows how much ground a pixel shows', () => {
  // https://wiki.openstreetmap.org/wiki/Zoom_levels: 156,543 m to the 256-pixel tile's pixel at zoom 0.
  expect(metresPerPixel(0, 0)).toBeCloseTo(156_543.03 / 2, 0);
  expect(metresPerPixel(60, 9)).toBeCloseTo(metresPerPixel(0, 10), 6);
});

it('says a scale to two figures', () => {
  expect(paperScale(100)).toBe(380_000);
});

it('draws a bar of a round length that fits', () => {
  for (const perPixel of [0.4, 3, 77, 130]) {
    const { metres, pixels } = scaleBar(perPixel, 200);
    expect(pixels).toBeLessThanOrEqual(200);
    expect(pixels).toBeGreaterThan(75);
    expect(String(metres)).toMatch(/^[125]0*$/);
    expect(metres / pixels).toBeCloseTo(perPixel);
  }
});
