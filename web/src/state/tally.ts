import { t } from '../i18n/index.svelte';
import type { Tally } from './world';

/** Whether there are a drill's reports and no real ones: then its numbers are what a screen is about. */
export function onlyDrill({ real, drill }: Tally): boolean {
  return real === 0 && drill > 0;
}

/** What stands beside a number of real reports for those of a drill. */
export function besideWords(drill: number): string {
  return drill === 0 ? '' : t('count.beside', { n: drill });
}

/**
 * A number of reports in words: the real ones, and a drill's beside them, marked. `alone`: only a drill runs, so that
 * its numbers stand alone, marked all the same.
 */
export function tallyWords({ real, drill }: Tally, alone: boolean): string {
  if (alone) return t('count.drill', { n: drill });
  return t('count.real', { n: real }) + besideWords(drill);
}
