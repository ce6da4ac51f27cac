import { type Key, t } from '../i18n/index.svelte';
import type { StopReason } from './client';

/** The age of a picture in words: 8秒, 12分, 3時間5分. Milliseconds in. */
export function ageWords(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return t('link.seconds', { n: seconds });
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return t('link.minutes', { n: minutes });
  return t('link.hours', { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
}

const STOPPED: Readonly<Partial<Record<StopReason, Key>>> = {
  token_invalid: 'link.stopped.token_invalid',
  token_expired: 'link.stopped.token_expired',
  token_revoked: 'link.stopped.token_revoked',
  signed_out: 'link.stopped.signed_out',
};

/** Why the picture does not come back by itself. */
export function stopWords(reason: StopReason | null): string {
  return t((reason && STOPPED[reason]) ?? 'link.stopped.unknown');
}
