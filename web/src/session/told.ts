/** An answer of the node that holds until it is started again, asked for once for a page. */
export class Told<T> {
  readonly #ask: () => Promise<T>;
  #told: Promise<T> | null = null;
  #turn = 0;

  constructor(ask: () => Promise<T>) {
    this.#ask = ask;
  }

  /** The answer; a question that failed is asked again by whoever comes next. */
  get(): Promise<T> {
    this.#told ??= this.#ask().catch((error: unknown) => {
      this.#told = null;
      throw error;
    });
    return this.#told;
  }

  /**
   * Asks anew. Where the answer is the same it is the object that was given before, so that nothing is drawn anew for
   * it; a question that fails leaves what was known to whoever comes next.
   */
  async again(): Promise<T> {
    if (this.#told === null) return this.get();
    this.#turn += 1;
    const turn = this.#turn;
    const now = await this.#ask();
    const before = await this.get().catch(() => null);
    // Of two questions the later one counts.
    if (turn !== this.#turn) return this.get();
    if (before !== null && JSON.stringify(before) === JSON.stringify(now)) return before;
    this.#told = Promise.resolve(now);
    return now;
  }
}
