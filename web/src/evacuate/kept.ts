/** An answer as this device has it. */
export type Kept<T> = {
  value: T;
  /** When it came, milliseconds since 1970 by this device's clock. */
  at: number;
  /** Whether it came just now; else it is what was kept from before. */
  fresh: boolean;
};

/** Where answers are kept; `caches` of the browser, or nothing. */
export type Shelf = {
  get(name: string): Promise<string | null>;
  put(name: string, text: string): Promise<void>;
};

const CACHE = 'sokuho-evacuate-data';

/** The browser's store for answers, which outlives the page. A browser without one keeps nothing. */
export const browserShelf: Shelf = {
  async get(name) {
    if (!('caches' in globalThis)) return null;
    const found = await (await caches.open(CACHE)).match(`/evacuate/kept/${encodeURIComponent(name)}`);
    return found ? found.text() : null;
  },
  async put(name, text) {
    if (!('caches' in globalThis)) return;
    const answer = new Response(text, { headers: { 'content-type': 'application/json' } });
    await (await caches.open(CACHE)).put(`/evacuate/kept/${encodeURIComponent(name)}`, answer);
  },
};

/**
 * What the server says now, and kept for when it cannot be asked; else what was kept, with its age. Throws what the
 * asking threw where nothing was kept.
 */
export async function keeping<T>(
  name: string,
  ask: () => Promise<T>,
  shelf: Shelf = browserShelf,
  now: () => number = Date.now,
): Promise<Kept<T>> {
  try {
    const value = await ask();
    const at = now();
    // A full or forbidden store does not spoil the answer.
    await shelf.put(name, JSON.stringify({ at, value })).catch(() => undefined);
    return { value, at, fresh: true };
  } catch (error) {
    const text = await shelf.get(name).catch(() => null);
    if (text === null) throw error;
    const { at, value } = JSON.parse(text) as { at: number; value: T };
    return { value, at, fresh: false };
  }
}
