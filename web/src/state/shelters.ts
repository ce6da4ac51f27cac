import type { Shelter } from '../wire';
import type { ShelterStatus, Tally, World } from './world';

/** A shelter, and what its office says of it. */
export type Known = {
  shelter: Shelter;
  /** In earnest; `null`: nothing yet. */
  status: ShelterStatus | null;
  /** In the drills that run, the latest word first. */
  drills: readonly ShelterStatus[];
};

/** How a shelter stands: what its office says, or that it has said nothing. */
export type Standing = ShelterStatus['state'] | 'unsaid';

/** How a shelter really stands. */
export function standingOf({ status }: Pick<Known, 'status'>): Standing {
  return status?.state ?? 'unsaid';
}

/** Open ones first: they are what is looked for; then those of a drill. */
const RANKS: Readonly<Record<Standing, number>> = { open: 0, full: 1, closed: 3, unsaid: 4 };
const DRILLED = 2;

/** Where it stands in lists. */
export function rankOf(one: Known): number {
  const rank = RANKS[standingOf(one)];
  return one.drills.length > 0 ? Math.min(DRILLED, rank) : rank;
}

/** The shelters with what is said of each, open ones first, else in the order of the list. */
export function known(shelters: readonly Shelter[], said: Pick<World, 'shelters' | 'drilled'>): Known[] {
  const drills = new Map<string, ShelterStatus[]>();
  for (const word of said.drilled) drills.set(word.shelter, [word, ...(drills.get(word.shelter) ?? [])]);
  return shelters
    .map((shelter) => ({
      shelter,
      status: said.shelters.get(shelter.id) ?? null,
      drills: drills.get(shelter.id) ?? [],
    }))
    .sort((a, b) => rankOf(a) - rankOf(b));
}

/**
 * How many take people in or have taken them, real and in drills apart, and how many people are really there; `null`:
 * nobody was counted.
 */
export function sheltered(said: Pick<World, 'shelters' | 'drilled'>): { open: Tally; people: number | null } {
  let real = 0;
  let people: number | null = null;
  for (const status of said.shelters.values()) {
    if (status.state === 'closed') continue;
    real += 1;
    if (typeof status.people === 'number') people = (people ?? 0) + status.people;
  }
  const drilled = said.drilled.filter(({ state }) => state !== 'closed').map(({ shelter }) => shelter);
  return { open: { real, drill: new Set(drilled).size }, people };
}
