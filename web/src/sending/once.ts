import { isPassing } from '../session/problem';
import { uuid7 } from './uuid7';

/** Actions without an answer that are remembered at most; the oldest is forgotten first. */
const MOST = 32;

/**
 * Gives every action an id of its own, and the same id again where the answer was lost: the server then does
 * once what was asked for twice.
 */
export class Once {
  readonly #inDoubt = new Map<string, string>();

  /**
   * Does an action.
   *
   * @param what names the action and what the person saw when they chose it: after a change the same press means
   * something else
   * @param send does it under this id
   */
  async act<T>(what: string, send: (id: string) => Promise<T>): Promise<T> {
    const id = this.#inDoubt.get(what) ?? uuid7();
    try {
      const answer = await send(id);
      this.#inDoubt.delete(what);
      return answer;
    } catch (error) {
      this.#inDoubt.delete(what);
      if (isPassing(error)) this.#remember(what, id);
      throw error;
    }
  }

  #remember(what: string, id: string): void {
    this.#inDoubt.set(what, id);
    const [oldest] = this.#inDoubt.keys();
    if (this.#inDoubt.size > MOST && oldest !== undefined) this.#inDoubt.delete(oldest);
  }
}
