import type { Known } from '../state/shelters';
import type { LatLon } from '../wire';

/** Which shelters a map shows: those that are open, all of them, or none. */
export const SHELTERS_SHOWN = ['open', 'all', 'none'] as const;
export type SheltersShown = (typeof SHELTERS_SHOWN)[number];

/** Whether its office says that it is open, full ones too, be it in a drill. */
const isOpened = ({ status, drills }: Known) => [status, ...drills].some((word) => word && word.state !== 'closed');

/** What is shown while nobody has chosen: once any is open, those that are not would bury them and the reports. */
export function usualShelters(shelters: readonly Known[]): SheltersShown {
  return shelters.some(isOpened) ? 'open' : 'all';
}

/** The shelters that are shown. `sentTo`: where somebody was sent; a shelter there is shown whatever was chosen. */
export function sheltersShown(
  shelters: readonly Known[],
  which: SheltersShown,
  sentTo: LatLon | null = null,
): readonly Known[] {
  if (which === 'all') return shelters;
  return shelters.filter((one) => one.shelter.position === sentTo || (which === 'open' && isOpened(one)));
}
