/** Between which waits the attempts lie. */
export type Pace = {
  /** Shortest wait before the next attempt, milliseconds. */
  shortestMs: number;
  /** Longest wait before the next attempt, milliseconds, but for what a server asks for. */
  longestMs: number;
};

/** For a picture that somebody watches. */
export const WATCHING: Pace = { shortestMs: 500, longestMs: 15_000 };

/** For a report that waits on a phone: it weighs more than a frame, and its battery has to last. */
export const WAITING: Pace = { shortestMs: 2_000, longestMs: 60_000 };

/** Longest wait that a server may ask for, milliseconds: a proxy's day off must not become a wall's. */
export const LONGEST_ASKED_MS = 5 * 60_000;

/**
 * How long to wait before attempt number `attempt` (0 for the first after a cut), milliseconds. Full jitter, so
 * that ten thousand screens do not come back in the same second: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 *
 * `random`: 0 ≤ r < 1. `atLeastMs`: what the server asked for.
 */
export function waitMs(attempt: number, random: number, atLeastMs = 0, pace: Pace = WATCHING): number {
  const ceiling = Math.min(pace.longestMs, pace.shortestMs * 2 ** Math.min(attempt + 1, 30));
  const jittered = pace.shortestMs + random * (ceiling - pace.shortestMs);
  return Math.min(LONGEST_ASKED_MS, Math.max(0, atLeastMs)) + jittered;
}
