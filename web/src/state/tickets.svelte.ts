import type { MediaTicket } from '../wire';

/** How soon a refused request for a ticket is repeated, milliseconds. */
const RETRY_MS = 15_000;

/** Keeps a ticket at hand with which `<img>` and `<video>` fetch media. */
export class Tickets {
  #ticket = $state<string | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  /** `fetchTicket`: asks the server for one. */
  constructor(private readonly fetchTicket: () => Promise<MediaTicket>) {}

  /** Starts; gives what ends it. */
  keep(): () => void {
    this.#ended = false;
    void this.#renew();
    return () => {
      this.#ended = true;
      clearTimeout(this.#timer);
    };
  }

  /** Address of a thumbnail; `null` while there is no ticket. */
  thumbnail(medium: string): string | null {
    return this.#address(`/api/media/${medium}/thumbnail`);
  }

  /** Address of the file itself. */
  original(medium: string): string | null {
    return this.#address(`/api/media/${medium}`);
  }

  #address(path: string): string | null {
    return this.#ticket === null ? null : `${path}?ticket=${encodeURIComponent(this.#ticket)}`;
  }

  async #renew(): Promise<void> {
    let wait = RETRY_MS;
    try {
      const { ticket, expires_at } = await this.fetchTicket();
      this.#ticket = ticket;
      wait = Math.max(RETRY_MS, 0.8 * (Date.parse(expires_at) - Date.now()));
    } catch {
      // The pictures that are there stay; the link says if something is wrong with the line.
    }
    if (!this.#ended) this.#timer = setTimeout(() => void this.#renew(), wait);
  }
}
