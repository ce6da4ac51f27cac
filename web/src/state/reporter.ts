import { t } from '../i18n/index.svelte';
import { officeName } from '../session/region.svelte';
import type { Reporter } from '../wire';

/** Who reported, and for staff for whom they act and, where it differs, who employs them: 柳津町（会津若松市職員）. */
export function reporterWords(reporter: Reporter): string {
  if (reporter.kind === 'resident') return t('wall.resident');
  if (reporter.kind === 'system') return t('wall.system');
  const acting = reporter.office ?? reporter.employer;
  if (acting === reporter.employer) return t('wall.staff', { office: officeName(acting) });
  return t('wall.staff_elsewhere', { office: officeName(acting), employer: officeName(reporter.employer) });
}
