import type { Category } from '../wire';

/**
 * How each category is drawn, on a grid of 24 × 24: an outline that differs from all others even where no colour
 * can be seen, and a sign within it. The pages and the map draw from the same paths.
 */
export const SHAPES: Readonly<Record<Category, { outline: string; sign: string }>> = {
  // A diamond, as warning signs on roads are; a road torn across.
  road_damage: {
    outline: 'M12 .8 23.2 12 12 23.2 .8 12Z',
    sign: 'M9.3 17.5 10.6 6.5M14.7 17.5 13.4 6.5M7.8 12.8l2.6-1.6 2 2 3.8-2.4',
  },
  // A drop.
  water_leak: {
    outline: 'M12 .6C16.5 6 20.5 10.4 20.5 14.9a8.5 8.5 0 0 1-17 0C3.5 10.4 7.5 6 12 .6Z',
    sign: 'M8 15.2a4.2 4.2 0 0 0 3.6 3.9M12.5 8.2c1.7 2.2 3.2 4 3.2 6.2',
  },
  // A square; a lamp on its pole.
  street_light: {
    outline: 'M4.5 1.5h15a3 3 0 0 1 3 3v15a3 3 0 0 1-3 3h-15a3 3 0 0 1-3-3v-15a3 3 0 0 1 3-3Z',
    sign: 'M8 19.5V8a3 3 0 0 1 3-3h3.5M13 8.5h5.5l-1.3-3h-2.9ZM14 12l-.8 2.2M16.7 12v2.6',
  },
  // A triangle, with the mark of danger.
  hazard: {
    outline: 'M10.4 1.9a1.85 1.85 0 0 1 3.2 0l9.7 17.5a1.85 1.85 0 0 1-1.6 2.75H2.3a1.85 1.85 0 0 1-1.6-2.75Z',
    sign: 'M12 8.5v6M12 18v.3',
  },
  // A circle; three dots.
  other: {
    outline: 'M12 1a11 11 0 1 1 0 22 11 11 0 0 1 0-22Z',
    sign: 'M7 12v.1M12 12v.1M17 12v.1',
  },
};

/** The custom property that holds a category's colour. */
export function colourOf(category: Category): string {
  return `--category-${category.replace('_', '-')}`;
}
