import type { Category } from '../wire';

/** All categories, in the order in which people see them. */
export const CATEGORIES: readonly Category[] = ['road_damage', 'water_leak', 'street_light', 'hazard', 'other'];
