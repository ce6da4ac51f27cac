import { ProblemError, problemOf } from '../session/problem';
import { RefusedError } from './client';
import { type Parting, partingOf } from './frames';

/** What an answer other than the one hoped for asks of us. */
export function partingOfProblem({ status, code, retryAfterS }: ProblemError): Parting {
  if (status === 401) return partingOf(code === 'token_expired' || code === 'token_revoked' ? code : 'token_invalid');
  // An answer that names no time may be a proxy's: then this way is closed to us, and another may be open.
  return retryAfterS === undefined ? { next: 'return' } : { next: 'return', askedMs: retryAfterS * 1000 };
}

/** The same of an answer that was not read yet. */
export async function partingOfAnswer(response: Response): Promise<Parting> {
  const body = await response.text().catch(() => '');
  return partingOfProblem(problemOf(response.status, body, response.headers.get('retry-after')));
}

/** A refusal of ours as the link knows it; anything else is a cut line and passes as it is. */
export function asRefusal(error: unknown): unknown {
  return error instanceof ProblemError ? new RefusedError(partingOfProblem(error)) : error;
}
