import type { OfficeShelters } from '../wire';

/** How soon a list that could not be had is asked for again, milliseconds. */
const RETRY_MS = 15_000;

/** The list of shelters in force, fetched once for a page: it does not change while the node runs. */
export class ShelterList {
  #list = $state.raw<OfficeShelters | null>(null);
  #error = $state.raw<unknown>(null);
  readonly #ask: () => Promise<OfficeShelters>;

  constructor(ask: () => Promise<OfficeShelters>) {
    this.#ask = ask;
  }

  /** Starts to fetch; gives what ends it. */
  keep(): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let gone = false;
    const load = async () => {
      try {
        const list = await this.#ask();
        if (gone) return;
        this.#list = list;
        this.#error = null;
      } catch (error) {
        if (gone) return;
        this.#error = error;
        timer = setTimeout(() => void load(), RETRY_MS);
      }
    };
    void load();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }

  /** `null`: not here yet. */
  get list(): OfficeShelters | null {
    return this.#list;
  }

  /** Why it is not here. */
  get error(): unknown {
    return this.#error;
  }
}
