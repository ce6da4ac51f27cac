import { beforeEach, describe, expect, it } from 'vitest';
import type { Tokens } from '../wire';
import type { Call, Request } from './http';
import { ProblemError, UnreachableError } from './problem';
import { Session, type Surroundings } from './session.svelte';

const HOUR = 3_600_000;
let now: number;
let stored: Map<string, string>;
let last: Promise<unknown>;

/** A server whose tokens are numbered; each refresh token works once. */
function server() {
  let issued = 0;
  let refreshes = 0;
  let cut = false;
  const used = new Set<string>();
  const valid = () => `access-${issued}`;
  const issue = (): Tokens => {
    issued += 1;
    const ends = (ms: number) => new Date(now + ms).toISOString();
    return {
      access_token: valid(),
      access_expires_at: ends(HOUR),
      refresh_token: `refresh-${issued}`,
      refresh_expires_at: ends(24 * HOUR),
    };
  };
  const call = (async (path: string, request: Request = {}) => {
    await Promise.resolve();
    if (path === '/api/sessions') return issue();
    if (path === '/api/sessions/refresh') {
      if (cut) throw new UnreachableError('cut');
      refreshes += 1;
      const { refresh_token } = request.json as { refresh_token: string };
      if (used.has(refresh_token)) throw new ProblemError('token_revoked', 401);
      used.add(refresh_token);
      return issue();
    }
    if (request.token !== valid()) throw new ProblemError('token_expired', 401);
    return { path };
  }) as Call;
  return {
    call,
    refreshes: () => refreshes,
    endTokens: () => issue(),
    cutLine: () => {
      cut = true;
    },
    useUp: (token: string) => used.add(token),
  };
}

const around = (call: Call): Surroundings => ({
  call,
  storage: {
    getItem: (key) => stored.get(key) ?? null,
    setItem: (key, value) => void stored.set(key, value),
    removeItem: (key) => void stored.delete(key),
  },
  alone: <T>(task: () => Promise<T>) => {
    const turn = last.then(task, task);
    last = turn.catch(() => undefined);
    return turn;
  },
  now: () => now,
});

beforeEach(() => {
  now = Date.UTC(2026, 10, 22);
  stored = new Map();
  last = Promise.resolve();
});

describe('Session', () => {
  it('renews an ended token once for many calls at the same time', async () => {
    const node = server();
    const session = new Session(around(node.call));
    await session.signIn('a', 'b');
    node.endTokens();
    const answers = await Promise.all([1, 2, 3, 4].map(() => session.call('/api/me')));
    expect(answers).toHaveLength(4);
    expect(node.refreshes()).toBe(1);
  });

  it('renews once though two tabs ask, for they share the lock and the storage', async () => {
    const node = server();
    const one = new Session(around(node.call));
    await one.signIn('a', 'b');
    const two = new Session(around(node.call));
    node.endTokens();
    await Promise.all([one.call('/api/me'), two.call('/api/me')]);
    expect(node.refreshes()).toBe(1);
    expect(two.signedIn).toBe(true);
  });

  it('renews before a token ends, but never one that has just come, however wrong the clock', async () => {
    const node = server();
    const session = new Session(around(node.call));
    await session.signIn('a', 'b');
    now += HOUR - 30_000;
    await session.call('/api/me');
    expect(node.refreshes()).toBe(1);
    await session.call('/api/me');
    expect(node.refreshes()).toBe(1);
  });

  it('keeps the tokens when the server cannot be reached', async () => {
    const node = server();
    const session = new Session(around(node.call));
    await session.signIn('a', 'b');
    node.endTokens();
    node.cutLine();
    await expect(session.call('/api/me')).rejects.toBeInstanceOf(UnreachableError);
    expect(session.signedIn).toBe(true);
    expect(stored.size).toBe(1);
  });

  it('lives as long as the page where the browser stores nothing', async () => {
    const node = server();
    const whole = around(node.call);
    const setItem = () => {
      throw new DOMException('full', 'QuotaExceededError');
    };
    const session = new Session({ ...whole, storage: { ...whole.storage, setItem } });
    await session.signIn('a', 'b');
    for (let renewals = 1; renewals <= 2; renewals++) {
      node.endTokens();
      await session.call('/api/me');
      expect(node.refreshes()).toBe(renewals);
    }
    session.look();
    expect(session.signedIn).toBe(true);
    await session.signOut();
    expect(session.signedIn).toBe(false);
  });

  it('is over when the server refuses the refresh', async () => {
    const node = server();
    const session = new Session(around(node.call));
    await session.signIn('a', 'b');
    node.useUp('refresh-1');
    node.endTokens();
    await expect(session.call('/api/me')).rejects.toMatchObject({ code: 'token_revoked' });
    expect(session.signedIn).toBe(false);
    expect(stored.size).toBe(0);
  });

  it('leaves nothing on the device after signing out, though the server is away', async () => {
    const node = server();
    const session = new Session(around(node.call));
    await session.signIn('a', 'b');
    node.endTokens();
    await session.signOut();
    expect(stored.size).toBe(0);
    await expect(session.accessToken()).rejects.toMatchObject({ code: 'sign_in_required' });
  });
});
