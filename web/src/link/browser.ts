import { RefusedError, type Surroundings } from './client';
import { partingOfAnswer } from './refusal';
import { eventsTransport, type Transport, webSocketTransport } from './transport';

/** The ways of a browser, the better one first. */
export function browserTransports(): [Transport, Transport] {
  return [webSocketTransport(), eventsTransport()];
}

/** A browser's clocks and chance. */
export const browserSurroundings: Surroundings = {
  now: monotonic,
  wallClock: () => Date.now(),
  random: Math.random,
  after(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

const startedAt = { wall: Date.now(), steady: performance.now() };
let latest = 0;

/**
 * Milliseconds that only grow. `performance.now` may stand still while a device sleeps, and then an old picture
 * would look fresh; the wall clock may be set back. The later of the two is the safe one.
 */
function monotonic(): number {
  const wall = Date.now() - startedAt.wall;
  const steady = performance.now() - startedAt.steady;
  latest = Math.max(latest, wall, steady);
  return latest;
}

/** Fetches a snapshot of the same server. */
export async function fetchSnapshot<S>(href: string, token: string | undefined, signal: AbortSignal): Promise<S> {
  const address = new URL(href, location.href);
  if (address.origin !== location.origin) throw new RefusedError({ next: 'stop', reason: 'unknown' });
  const headers: Record<string, string> = { accept: 'application/json' };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  const response = await fetch(address, { headers, signal });
  if (response.ok) return (await response.json()) as S;
  throw new RefusedError(await partingOfAnswer(response));
}

/** Wakes whatever waits when the network or the person comes back; gives what undoes it. */
export function wakeWithBrowser(client: { wake(): void }): () => void {
  const wake = () => client.wake();
  const looked = () => {
    if (document.visibilityState === 'visible') client.wake();
  };
  window.addEventListener('online', wake);
  document.addEventListener('visibilitychange', looked);
  return () => {
    window.removeEventListener('online', wake);
    document.removeEventListener('visibilitychange', looked);
  };
}
