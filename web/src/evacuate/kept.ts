/** An answer as this device has it. */
export type Kept<T> = {
  value: T;
  /** When it came, milliseconds since 1970 by this device's clock. */
  at: number;
  /** Whether it came just now; else it is what was kept from before. */
  fresh: boolean;
  /** Whether this device has it for later. */
  stored: boolean;
};

/** Where answers are kept; `caches` of the browser, or nothing. */
export type Shelf = {
  get(name: string): Promise<string | null>;
  put(name: string, text: string): Promise<void>;
  drop(name: string): Promise<void>;
  /** Of all that is kept, what was put last at the end. */
  names(): Promise<string[]>;
};

const CACHE = 'sokuho-evacuate-data';

const FOLDER = '/evacuate/kept/';

const address = (name: string) => FOLDER + encodeURIComponent(name);

/** The browser's store for answers, which outlives the page. Pages without one (no `https`) keep nothing. */
export const browserShelf: Shelf = {
  async get(name) {
    if (!('caches' in globalThis)) return null;
    const found = await (await caches.open(CACHE)).match(address(name));
    return found ? found.text() : null;
  },
  async put(name, text) {
    const answer = new Response(text, { headers: { 'content-type': 'application/json' } });
    await (await caches.open(CACHE)).put(address(name), answer);
  },
  async drop(name) {
    await (await caches.open(CACHE)).delete(address(name));
  },
  async names() {
    if (!('caches' in globalThis)) return [];
    // A cache lists in the order in which things were put (Service Workers, "Batch Cache Operations").
    const all = await (await caches.open(CACHE)).keys();
    return all.map(({ url }) => decodeURIComponent(new URL(url).pathname.slice(FOLDER.length)));
  },
};

/** What is kept under a name, with its age. */
export async function keptOf<T>(name: string, shelf: Shelf = browserShelf): Promise<Kept<T> | null> {
  try {
    const text = await shelf.get(name);
    if (text === null) return null;
    const { at, value } = JSON.parse(text) as { at: number; value: T };
    return { value, at, fresh: false, stored: true };
  } catch {
    return null;
  }
}

/** With this begin the names of what is kept for one neighbourhood alone, of which old ones can be spared. */
export const AREA = 'area ';

/** Drops areas that were put first, until so many are left. */
export async function leaveAreas(most: number, shelf: Shelf = browserShelf): Promise<void> {
  const areas = (await shelf.names()).filter((name) => name.startsWith(AREA));
  for (const name of areas.slice(0, Math.max(0, areas.length - most))) await shelf.drop(name);
}

/**
 * What the server says now, and kept for when it cannot be asked; else what was kept, with its age. Throws what the
 * asking threw where nothing was kept. A store that is full lets areas go.
 */
export async function keeping<T>(
  name: string,
  ask: () => Promise<T>,
  shelf: Shelf = browserShelf,
  now: () => number = Date.now,
): Promise<Kept<T>> {
  let value: T;
  try {
    value = await ask();
  } catch (error) {
    const kept = await keptOf<T>(name, shelf);
    if (kept === null) throw error;
    return kept;
  }
  const at = now();
  const put = () => shelf.put(name, JSON.stringify({ at, value }));
  const stored = await put()
    .catch(() => leaveAreas(0, shelf).then(put))
    .then(
      () => true,
      // A full or forbidden store does not spoil the answer.
      () => false,
    );
  return { value, at, fresh: true, stored };
}
