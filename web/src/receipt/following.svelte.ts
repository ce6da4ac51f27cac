import type { Call } from '../session/http';
import { ProblemError } from '../session/problem';
import type { ReceiptStatus } from '../wire';

/** How often the page looks again while somebody looks at it, milliseconds. */
const EVERY_MS = 30_000;

/** What became of a report, followed while the page is visible. */
export class Following {
  status = $state.raw<ReceiptStatus | null>(null);
  /** When `status` came, by this device's clock; `null`: never. */
  at = $state.raw<string | null>(null);
  /** Why the last look failed. */
  error = $state.raw<unknown>(null);
  looking = $state(false);
  readonly key: string;
  readonly #call: Call;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running = false;

  constructor(call: Call, key: string) {
    this.#call = call;
    this.key = key;
  }

  /** There is no report for this key; looking again will not help. */
  get unknown(): boolean {
    return this.error instanceof ProblemError && (this.error.status === 404 || this.error.status === 422);
  }

  start(): void {
    this.#running = true;
    void this.look();
  }

  stop(): void {
    this.#running = false;
    clearTimeout(this.#timer);
  }

  /** Looks now. */
  async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    clearTimeout(this.#timer);
    try {
      this.status = await this.#call<ReceiptStatus>(`/api/receipts/${encodeURIComponent(this.key)}`);
      this.at = new Date().toISOString();
      this.error = null;
    } catch (error) {
      this.error = error;
    } finally {
      this.looking = false;
    }
    if (this.#running && !this.unknown) this.#timer = setTimeout(() => void this.look(), EVERY_MS);
  }
}
