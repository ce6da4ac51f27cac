import type { GoodbyeReason, ServerFrame } from '../wire';

const TYPES: readonly string[] = ['hello', 'snapshot', 'entries', 'heartbeat', 'resync', 'goodbye'];

/** Reads a frame. `null`: not JSON, or of a type that only newer clients know; to be passed over. */
export function readFrame<E>(text: string): ServerFrame<E> | null {
  try {
    const frame: unknown = JSON.parse(text);
    if (typeof frame !== 'object' || frame === null || !('type' in frame)) return null;
    return TYPES.includes(String(frame.type)) ? (frame as ServerFrame<E>) : null;
  } catch {
    return null;
  }
}

/** Close codes of the server, see docs/wire.md. */
const REASONS: Readonly<Record<number, GoodbyeReason>> = {
  4000: 'shutdown',
  4001: 'slow',
  4002: 'no_pong',
  4003: 'full',
  4004: 'no_subscribe',
  4005: 'token_not_yet_known',
  4500: 'bad_frame',
  4501: 'frame_too_large',
  4502: 'too_many_frames',
  4503: 'token_invalid',
  4504: 'token_expired',
  4505: 'token_revoked',
};

/** What a goodbye, a close code or a refusal asks of us. */
export type Parting =
  /** Come back and resume. `askedMs`: the server itself says so, wait at least that long; else the line just broke. */
  | { next: 'return'; askedMs?: number }
  /** Come back with another token. */
  | { next: 'renew'; reason: GoodbyeReason }
  /** Do not come back with the same. */
  | { next: 'stop'; reason: GoodbyeReason | 'unknown' };

/** What a reason of the server asks of us. `retryAfterMs`: how long it wants us to stay away at least. */
export function partingOf(reason: GoodbyeReason, retryAfterMs = 0): Parting {
  switch (reason) {
    case 'token_expired':
      return { next: 'renew', reason };
    case 'token_invalid':
    case 'token_revoked':
    case 'bad_frame':
    case 'frame_too_large':
    case 'too_many_frames':
      return { next: 'stop', reason };
    default:
      return { next: 'return', askedMs: retryAfterMs };
  }
}

/** What a close code asks of us: 4500–4999 do not come back with the same, everything else come back. */
export function partingOfCode(code: number): Parting {
  const reason = REASONS[code];
  if (reason) return partingOf(reason);
  return code >= 4500 && code <= 4999 ? { next: 'stop', reason: 'unknown' } : { next: 'return' };
}
