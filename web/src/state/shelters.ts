import type { Shelter } from '../wire';
import type { ShelterStatus } from './world';

/** A shelter, and what its office says of it; `null`: nothing yet. */
export type Known = { shelter: Shelter; status: ShelterStatus | null };

/** How a shelter stands: what its office says, or that it has said nothing. */
export type Standing = ShelterStatus['state'] | 'unsaid';

/** Open ones first: they are what is looked for. */
const ORDER: readonly Standing[] = ['open', 'full', 'closed', 'unsaid'];

export function standingOf({ status }: Known): Standing {
  return status?.state ?? 'unsaid';
}

/** The shelters with what is said of each, open ones first, else in the order of the list. */
export function known(shelters: readonly Shelter[], said: ReadonlyMap<string, ShelterStatus>): Known[] {
  const all = shelters.map((shelter) => ({ shelter, status: said.get(shelter.id) ?? null }));
  return ORDER.flatMap((standing) => all.filter((one) => standingOf(one) === standing));
}

/** How many take people in or have taken them, and how many people are there; `null`: nobody was counted. */
export function sheltered(said: Iterable<ShelterStatus>): { open: number; people: number | null } {
  let open = 0;
  let people: number | null = null;
  for (const status of said) {
    if (status.state === 'closed') continue;
    open += 1;
    if (typeof status.people === 'number') people = (people ?? 0) + status.people;
  }
  return { open, people };
}
