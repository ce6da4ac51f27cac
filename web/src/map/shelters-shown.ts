import type { Known } from '../state/shelters';

/** Which shelters a map shows: those that are open, all of them, or none. */
export const SHELTERS_SHOWN = ['open', 'all', 'none'] as const;
export type SheltersShown = (typeof SHELTERS_SHOWN)[number];

/** Whether its office says that it is open, full ones too, be it in a drill. */
const isOpened = ({ status, drills }: Known) => [status, ...drills].some((word) => word && word.state !== 'closed');

/** What is shown while nobody has chosen: once any is open, those that are not would bury them and the reports. */
export function usualShelters(shelters: readonly Known[]): SheltersShown {
  return shelters.some(isOpened) ? 'open' : 'all';
}

/** The shelters that are shown. */
export function sheltersShown(shelters: readonly Known[], which: SheltersShown): readonly Known[] {
  if (which === 'none') return [];
  return which === 'all' ? shelters : shelters.filter(isOpened);
}
