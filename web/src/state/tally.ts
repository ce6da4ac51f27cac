import { t } from '../i18n/index.svelte';
import type { Tally } from './world';

/** Whether there are a drill's reports and no real ones: then its numbers are what a screen is about. */
export function onlyDrill({ real, drill }: Tally): boolean {
  return real === 0 && drill > 0;
}

/**
 * A number of reports in words: the real ones, and a drill's beside them, marked. `alone`: only a drill runs, so that
 * its numbers stand alone, marked all the same.
 */
export function tallyWords({ real, drill }: Tally, alone: boolean): string {
  if (alone) return t('count.drill', { n: drill });
  if (drill === 0) return t('count.real', { n: real });
  return t('count.both', { real, drill });
}
