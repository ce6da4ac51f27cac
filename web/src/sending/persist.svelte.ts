import { untrack } from 'svelte';
import { WAITING, waitMs } from '../link/backoff';
import { browserSurroundings, wakeWithBrowser } from '../link/browser';
import type { Surroundings } from '../link/client';
import type { Draft } from './draft.svelte';

/**
 * Sends a draft again by itself while something of it waits for that: a server that was away says nothing when it
 * is back. Sooner when the network or the person comes back, unless the server asked for time. Gives what ends it.
 */
export function persist(
  draft: Pick<Draft, 'waits' | 'again'>,
  { random, after }: Pick<Surroundings, 'random' | 'after'> = browserSurroundings,
): () => void {
  let attempt = 0;
  let cancel: (() => void) | null = null;

  const drop = () => {
    cancel?.();
    cancel = null;
  };
  const again = () => {
    drop();
    void draft.again();
  };
  const plan = (atLeastMs: number) => {
    if (cancel) return;
    cancel = after(waitMs(attempt, random(), atLeastMs, WAITING), again);
    attempt += 1;
  };
  const wake = () => {
    if (draft.waits?.atLeastMs !== 0) return;
    attempt = 0;
    again();
  };

  const unfollow = $effect.root(() => {
    $effect(() => {
      const waits = draft.waits;
      untrack(() => (waits ? plan(waits.atLeastMs) : drop()));
    });
  });
  const sleep = wakeWithBrowser({ wake });
  return () => {
    sleep();
    unfollow();
    drop();
  };
}
