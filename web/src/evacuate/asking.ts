/**
 * When an open page asks again. It asks instead of listening to the live stream: a stream keeps a phone's radio awake
 * and brings every change of the whole region to each of ten thousand phones, most of them about what this page does
 * not show; a question every half a minute, answered by 304 while nothing has changed, costs a few hundred bytes.
 */

/** Time between two questions, milliseconds: this, a third more or less, so that many phones do not ask as one. */
export const ROUND_MS = 30_000;

export type Asked = {
  /** It is time to ask again. */
  round(): void;
  /** The network, or the person, is back. */
  back(): void;
  /** The network is gone: nothing that is shown is news any more. */
  cut(): void;
};

/**
 * Calls `asked` while the page is seen and the device has a network; sleeps otherwise. `random`: 0 ≤ r < 1. Gives what
 * ends it.
 */
export function keepAsking(asked: Asked, random: () => number = Math.random): () => void {
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const wait = () => {
    clearTimeout(waiting);
    if (document.visibilityState !== 'visible' || !navigator.onLine) return;
    waiting = setTimeout(
      () => {
        asked.round();
        wait();
      },
      ROUND_MS * (2 / 3 + (random() * 2) / 3),
    );
  };
  const back = () => {
    asked.back();
    wait();
  };
  const seen = () => (document.visibilityState === 'visible' ? back() : wait());
  const cut = () => {
    asked.cut();
    wait();
  };
  addEventListener('online', back);
  addEventListener('offline', cut);
  document.addEventListener('visibilitychange', seen);
  wait();
  return () => {
    clearTimeout(waiting);
    removeEventListener('online', back);
    removeEventListener('offline', cut);
    document.removeEventListener('visibilitychange', seen);
  };
}
