import type { OfficeShelters } from '../wire';

/** How soon a list that could not be had is asked for again, milliseconds. */
const RETRY_MS = 15_000;

/** The list of shelters in force: it does not change while the node runs. */
export class ShelterList {
  #list = $state.raw<OfficeShelters | null>(null);
  #error = $state.raw<unknown>(null);
  readonly #ask: () => Promise<OfficeShelters>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Which question is the last; what older ones bring is not taken. */
  #turn = 0;

  constructor(ask: () => Promise<OfficeShelters>) {
    this.#ask = ask;
  }

  /** Starts to fetch; gives what ends it. */
  keep(): () => void {
    this.renew();
    return () => {
      this.#turn += 1;
      clearTimeout(this.#timer);
    };
  }

  /** Fetches it anew; until it is here the one before stays. */
  renew(): void {
    clearTimeout(this.#timer);
    this.#turn += 1;
    void this.#load(this.#turn);
  }

  async #load(turn: number): Promise<void> {
    try {
      const list = await this.#ask();
      if (turn !== this.#turn) return;
      this.#list = list;
      this.#error = null;
    } catch (error) {
      if (turn !== this.#turn) return;
      this.#error = error;
      this.#timer = setTimeout(() => this.renew(), RETRY_MS);
    }
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
