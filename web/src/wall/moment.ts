import { Ledger } from '../state/ledger';
import type { Picture } from '../state/picture.svelte';
import { type Known, known, sheltered } from '../state/shelters';
import { drillsOf } from '../state/world';
import type { OfficeIncident, OfficeShelters, Operation } from '../wire';
import { isRefuge } from './sheet';

/** What is on paper: the world of one moment. It does not change while somebody reads or prints it. */
export type Moment = {
  /** When, RFC 3339, UTC. */
  at: string;
  ledger: Ledger;
  incidents: ReadonlyMap<string, OfficeIncident>;
  operations: readonly Operation[];
  drills: ReadonlySet<string>;
  /** Incidents that the picture leaves out. */
  omitted: number;
  /** Those that take people in or have taken them; `null`: the list could not be had. */
  shelters: { open: readonly Known[]; refuge: ReturnType<typeof sheltered>; invented: boolean } | null;
};

/** What a picture shows now. `list`: the shelters, which may come a little later; `null`: they could not be had. */
export async function momentOf(picture: Picture, list: Promise<OfficeShelters | null>): Promise<Moment> {
  const { world } = picture;
  const drills = drillsOf(world.operations.values());
  const ledger = new Ledger();
  const incidents = new Map(world.incidents);
  ledger.take({ all: true, incidents: new Set() }, incidents, drills);
  const at = new Date(picture.wallNow).toISOString();
  const said = { shelters: world.shelters, drilled: world.drilled };
  const taken = { at, ledger, incidents, operations: [...world.operations.values()], drills, omitted: world.omitted };
  const all = await list;
  if (all === null) return { ...taken, shelters: null };
  const open = known(all.shelters, said).filter(isRefuge);
  return { ...taken, shelters: { open, refuge: sheltered(said), invented: all.demonstration } };
}
