/** Shortest wait before the next attempt, milliseconds. */
export const SHORTEST_MS = 500;

/** Longest wait before the next attempt, milliseconds. */
export const LONGEST_MS = 15_000;

/** Longest wait that a server may ask for, milliseconds: a proxy's day off must not become a wall's. */
export const LONGEST_ASKED_MS = 5 * 60_000;

/**
 * How long to wait before attempt number `attempt` (0 for the first after a cut), milliseconds. Full jitter, so
 * that ten thousand screens do not come back in the same second: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 *
 * `random`: 0 ≤ r < 1. `atLeastMs`: what the server asked for.
 */
export function waitMs(attempt: number, random: number, atLeastMs = 0): number {
  const ceiling = Math.min(LONGEST_MS, SHORTEST_MS * 2 ** Math.min(attempt + 1, 30));
  const jittered = SHORTEST_MS + random * (ceiling - SHORTEST_MS);
  return Math.min(LONGEST_ASKED_MS, Math.max(0, atLeastMs)) + jittered;
}
