import type { Tokens } from '../wire';
import { type Call, call, type Request } from './http';
import { ProblemError } from './problem';

const STORED = 'sokuho.session';
const LOCK = 'sokuho.session.refresh';
/** A token that ends sooner than this is renewed before it is used. */
const MARGIN_MS = 60_000;

/** Tokens as this device keeps them. */
interface Stored extends Tokens {
  /** When they came, milliseconds by this device's clock, which may be wrong. */
  received_at: number;
}

/** What a session needs of the browser; tests bring their own. */
export interface Surroundings {
  call: Call;
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  /** Runs one task at a time across all tabs of this browser. */
  alone<T>(task: () => Promise<T>): Promise<T>;
  /** Milliseconds since 1970. */
  now(): number;
}

/** One at a time across tabs; where the browser has no locks, across this tab. */
function aloneAcrossTabs(): Surroundings['alone'] {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(task: () => Promise<T>): Promise<T> => {
    if ('locks' in navigator) return navigator.locks.request(LOCK, task) as Promise<T>;
    const turn = last.then(task, task);
    last = turn.catch(() => undefined);
    return turn;
  };
}

/** Whether an answer says that the access token no longer serves but a refresh may help. */
const wantsRefresh = (error: unknown): boolean =>
  error instanceof ProblemError && (error.code === 'token_expired' || error.code === 'token_invalid');

/**
 * A staff member's session on this device, shared by all tabs. Refresh tokens work once, so only one
 * tab renews at a time and the others take what it got.
 */
export class Session {
  #tokens = $state.raw<Stored | null>(null);
  readonly #around: Surroundings;
  /** The storage did not take the last tokens: what it says is not what this page knows. */
  #unstored = false;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#tokens = this.#read();
  }

  /** Whether there are tokens; the server may have revoked them meanwhile. */
  get signedIn(): boolean {
    return this.#tokens !== null;
  }

  /** Takes over what another tab stored: signed in, renewed, signed out. */
  look(): void {
    this.#tokens = this.#read();
  }

  async signIn(name: string, password: string): Promise<void> {
    this.#keep(await this.#around.call<Tokens>('/api/sessions', { method: 'POST', json: { name, password } }));
  }

  /** Signs out here at once, and at the server when it can be reached. */
  async signOut(): Promise<void> {
    const token = this.#tokens?.access_token;
    this.#forget();
    if (!token) return;
    try {
      await this.#around.call('/api/sessions/current', { method: 'DELETE', token });
    } catch {
      // The tokens are gone from this device; at the server they end by themselves.
    }
  }

  /** An access token that should still serve. Throws `ProblemError` when one must sign in first. */
  async accessToken(): Promise<string> {
    const tokens = this.#tokens;
    if (!tokens) throw new ProblemError('sign_in_required', 401);
    return this.#endsSoon(tokens) ? this.renew(tokens.access_token) : tokens.access_token;
  }

  /** Asks the server as the person who is signed in; renews the token once where it has ended. */
  readonly call: Call = async <T>(path: string, request: Request = {}): Promise<T> => {
    const token = await this.accessToken();
    try {
      return await this.#around.call<T>(path, { ...request, token });
    } catch (error) {
      if (error instanceof ProblemError && error.code === 'token_revoked') this.#forget();
      if (!wantsRefresh(error)) throw error;
      return this.#around.call<T>(path, { ...request, token: await this.renew(token) });
    }
  };

  /**
   * A new access token in place of `stale`. Whoever comes while another renews waits and gets that one.
   * When the server refuses, the session is over; when it cannot be reached, the tokens are kept.
   */
  async renew(stale: string): Promise<string> {
    return this.#around.alone(async () => {
      const tokens = this.#read();
      this.#tokens = tokens;
      if (!tokens) throw new ProblemError('sign_in_required', 401);
      if (tokens.access_token !== stale) return tokens.access_token;
      try {
        const json = { refresh_token: tokens.refresh_token };
        const fresh = await this.#around.call<Tokens>('/api/sessions/refresh', { method: 'POST', json });
        return this.#keep(fresh).access_token;
      } catch (error) {
        if (error instanceof ProblemError && error.status === 401) this.#forget();
        throw error;
      }
    });
  }

  #endsSoon(tokens: Stored): boolean {
    const now = this.#around.now();
    // Tokens that have just come are not doubted: then it is this device's clock that is wrong.
    if (Math.abs(now - tokens.received_at) < MARGIN_MS) return false;
    return Date.parse(tokens.access_expires_at) - now < MARGIN_MS;
  }

  #keep(tokens: Tokens): Stored {
    const stored = { ...tokens, received_at: this.#around.now() };
    this.#tokens = stored;
    try {
      this.#around.storage.setItem(STORED, JSON.stringify(stored));
      this.#unstored = false;
    } catch {
      // Without storage the session lives as long as the page.
      this.#unstored = true;
    }
    return stored;
  }

  #forget(): void {
    this.#tokens = null;
    this.#unstored = false;
    try {
      this.#around.storage.removeItem(STORED);
    } catch {
      // Nothing was stored either.
    }
  }

  #read(): Stored | null {
    if (this.#unstored) return this.#tokens;
    try {
      const text = this.#around.storage.getItem(STORED);
      return text === null ? null : (JSON.parse(text) as Stored);
    } catch {
      return this.#tokens;
    }
  }
}

/** This browser's session. */
export const session = new Session({
  call,
  storage: {
    getItem: (key) => localStorage.getItem(key),
    setItem: (key, value) => localStorage.setItem(key, value),
    removeItem: (key) => localStorage.removeItem(key),
  },
  alone: aloneAcrossTabs(),
  now: () => Date.now(),
});

window.addEventListener('storage', (event) => {
  if (event.key === STORED || event.key === null) session.look();
});
