import { RefusedError } from '../link/client';
import { ProblemError } from '../session/problem';
import { session } from '../session/session.svelte';
import { Picture } from '../state/picture.svelte';
import type { OfficeIncident } from '../wire';

/** What a session's refusal means to the link; anything else is a cut line and passes. */
function refusal(error: unknown): unknown {
  if (error instanceof ProblemError && error.status === 401) {
    return new RefusedError({
      next: 'stop',
      reason: error.code === 'token_revoked' ? 'token_revoked' : 'token_invalid',
    });
  }
  return error;
}

/** The office picture of whoever is signed in. */
export function staffPicture(): Picture<OfficeIncident> {
  let last = '';
  const take = async (token: Promise<string>) => {
    try {
      last = await token;
      return last;
    } catch (error) {
      throw refusal(error);
    }
  };
  return new Picture<OfficeIncident>({
    token: () => take(session.accessToken()),
    renew: () => take(session.renew(last)),
  });
}
