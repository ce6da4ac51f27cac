/** Calls at once after a rest, and no more often than its caller bears. */
export class Pace {
  #last = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly call: () => void) {}

  /** Asks for a call, at least so many milliseconds after the one before. */
  ask(apartMs: number): void {
    if (this.#timer !== undefined) return;
    const wait = this.#last + apartMs - performance.now();
    if (wait <= 0) this.#run();
    else this.#timer = setTimeout(() => this.#run(), wait);
  }

  /** Forgets what was asked for. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #run(): void {
    this.#timer = undefined;
    this.#last = performance.now();
    this.call();
  }
}
