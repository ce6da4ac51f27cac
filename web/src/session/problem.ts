import { isKey, type Key, t } from '../i18n/index.svelte';
import type { Code, Problem } from '../wire';

/** The server refused: what it answered, RFC 9457. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  constructor(
    readonly code: Code,
    readonly status: number,
    readonly detail?: string,
    readonly requestId?: string,
    /** When to come back, seconds. */
    readonly retryAfterS?: number,
  ) {
    super(`${status} ${code}${detail ? `: ${detail}` : ''}`);
  }
}

/** No answer: the line is cut or the server is away. Whether a request arrived is not known. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}

/** Codes for answers that carry no problem of ours, such as a proxy's. */
function codeOfStatus(status: number): Code {
  if (status === 413) return 'body_too_large';
  if (status === 429) return 'too_many_requests';
  if (status === 401) return 'sign_in_required';
  if (status === 403) return 'forbidden';
  if (status === 404) return 'not_found';
  if (status === 408) return 'timeout';
  return status >= 500 ? 'unavailable' : 'malformed_request';
}

/** The error that an answer stands for. `body`: its text. */
export function problemOf(status: number, body: string, retryAfter: string | null): ProblemError {
  const seconds = retryAfter === null ? Number.NaN : Number(retryAfter);
  const retryAfterS = Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
  let problem: Partial<Problem> = {};
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null) problem = parsed as Partial<Problem>;
  } catch {
    // A proxy's page, not ours.
  }
  const code = typeof problem.code === 'string' ? problem.code : codeOfStatus(status);
  return new ProblemError(code, status, problem.detail ?? undefined, problem.request_id ?? undefined, retryAfterS);
}

/** Whether trying the same again later can help. */
export function isPassing(error: unknown): boolean {
  if (error instanceof UnreachableError) return true;
  return (
    error instanceof ProblemError &&
    ['timeout', 'unavailable', 'too_many_requests', 'internal', 'storage_full'].includes(error.code)
  );
}

/** The text that tells a person of an error. */
export function keyOf(error: unknown): Key {
  if (error instanceof UnreachableError) return 'network.unreachable';
  if (!(error instanceof ProblemError)) return 'problem.internal';
  const key = `problem.${error.code}` as const;
  // A newer server may know codes that this page does not.
  return isKey(key) ? key : 'problem.internal';
}

/** What to tell a person, in the language of the page. */
export function explain(error: unknown): string {
  return t(keyOf(error));
}
