import { colourOf } from '../design/shapes';
import type { Category } from '../wire';

/** The colours of a map, as the page's style sheet says. */
export type Palette = {
  beyond: string;
  land: string;
  border: string;
  name: string;
  nameEdge: string;
  markEdge: string;
  closed: string;
  cluster: string;
  onCluster: string;
  fresh: string;
  life: string;
  onLife: string;
  drill: string;
  onDrill: string;
  onCategory: string;
  water: string;
  river: string;
  waterName: string;
  road: string;
  roadEdge: string;
  expressway: string;
  railway: string;
  railwayDash: string;
  nationalRoad: string;
  place: string;
  /** How bright a picture that lies beneath may be, 0 to 1. */
  brightest: number;
  /** The ink of hazard classes' patterns. */
  pattern: string;
  peak: string;
  category(category: Category): string;
};

/** Reads the colours that hold for an element: day and night differ in CSS alone. */
export function paletteOf(element: Element): Palette {
  const style = getComputedStyle(element);
  const read = (name: string) => style.getPropertyValue(name).trim();
  return {
    beyond: read('--map-beyond'),
    land: read('--map-land'),
    border: read('--map-border'),
    name: read('--map-name'),
    nameEdge: read('--map-name-edge'),
    markEdge: read('--map-mark-edge'),
    closed: read('--map-closed'),
    cluster: read('--map-cluster'),
    onCluster: read('--on-map-cluster'),
    fresh: read('--map-new'),
    life: read('--life'),
    onLife: read('--on-life'),
    drill: read('--drill'),
    onDrill: read('--on-drill'),
    onCategory: read('--on-category'),
    water: read('--map-water'),
    river: read('--map-river'),
    waterName: read('--map-water-name'),
    road: read('--map-road'),
    roadEdge: read('--map-road-edge'),
    expressway: read('--map-expressway'),
    railway: read('--map-railway'),
    railwayDash: read('--map-railway-dash'),
    nationalRoad: read('--map-national-road'),
    place: read('--map-place'),
    brightest: Number.parseFloat(read('--map-brightest')) || 1,
    pattern: read('--map-pattern'),
    peak: read('--map-peak'),
    category: (category) => read(colourOf(category)),
  };
}
