import { problemOf, UnreachableError } from './problem';

/** One request to the server. */
export interface Request {
  method?: 'GET' | 'POST' | 'DELETE';
  /** Body, sent as JSON. */
  json?: unknown;
  /** For `Authorization: Bearer`. */
  token?: string | undefined;
  /**
   * Whether the browser keeps the answer and asks by its ETag whether it still holds. What is asked again and again
   * then costs a few hundred bytes while nothing changes. For answers that are public.
   */
  again?: boolean;
  signal?: AbortSignal;
}

/** Asks the server. Throws `ProblemError` or `UnreachableError`. */
export type Call = <T>(path: string, request?: Request) => Promise<T>;

/** A field phone on a bad line gives up after this and says so. */
const PATIENCE_MS = 30_000;

/** Asks the server, without an account unless `request.token` is given. */
export const call: Call = async <T>(path: string, request: Request = {}): Promise<T> => {
  const headers = new Headers({ accept: 'application/json' });
  const init: RequestInit = {
    method: request.method ?? 'GET',
    headers,
    cache: request.again ? 'no-cache' : 'no-store',
    credentials: 'omit',
  };
  if (request.token) headers.set('authorization', `Bearer ${request.token}`);
  if (request.json !== undefined) {
    headers.set('content-type', 'application/json');
    init.body = JSON.stringify(request.json);
  }
  const patience = AbortSignal.timeout(PATIENCE_MS);
  init.signal = request.signal ? AbortSignal.any([request.signal, patience]) : patience;
  let status: number;
  let retryAfter: string | null;
  let body: string;
  try {
    const response = await fetch(path, init);
    status = response.status;
    retryAfter = response.headers.get('retry-after');
    body = await response.text();
  } catch (cause) {
    if (request.signal?.aborted) throw request.signal.reason;
    throw new UnreachableError('no answer', { cause });
  }
  if (status < 200 || status > 299) throw problemOf(status, body, retryAfter);
  if (body === '') return undefined as T;
  try {
    return JSON.parse(body) as T;
  } catch (cause) {
    // A café's login page answers 200 to everything: that is not our server.
    throw new UnreachableError('not an answer of ours', { cause });
  }
};
