import type { Standing } from '../state/shelters';

/** A house, in a square of 24. */
const HOUSE = 'M12 1.8 22 10v11.2a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1V10Z';

/**
 * What stands for a shelter: a house, as on the signs of the streets, with somebody inside where it takes people in, a
 * bar where it takes nobody more, a cross where it is shut, and nothing but a door where nobody has said anything.
 */
export const SHELTER_SIGNS: Readonly<Record<Standing, { house: string; sign: string }>> = {
  open: { house: HOUSE, sign: 'M12 9.2v.2M12 12.4v4.2M8.6 13.6h6.8M12 16.6l-2.6 3.2M12 16.6l2.6 3.2' },
  full: { house: HOUSE, sign: 'M7 12.4h10M7 17h10' },
  closed: { house: HOUSE, sign: 'm8 11.4 8 7.6M16 11.4 8 19' },
  unsaid: { house: HOUSE, sign: 'M9.6 20v-6.4h4.8V20' },
};
