import { asRefusal } from '../link/refusal';
import { session } from '../session/session.svelte';
import { Picture } from '../state/picture.svelte';
import type { OfficeIncident } from '../wire';

/** The office picture of whoever is signed in. */
export function staffPicture(): Picture<OfficeIncident> {
  let last = '';
  const take = async (token: Promise<string>) => {
    try {
      last = await token;
      return last;
    } catch (error) {
      throw asRefusal(error);
    }
  };
  return new Picture<OfficeIncident>({
    token: () => take(session.accessToken()),
    renew: () => take(session.renew(last)),
  });
}
