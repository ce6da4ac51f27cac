import type { Office, OfficeIncident, Zone } from '../wire';
import { type Changes, type Count, type Counts, isDangerous, isOpen, isUrgent, type Tally } from './world';
import { type ZoneCount, zoneKey } from './zones';

type Mutable = { real: number; drill: number };
type MutableCounts = { received: Mutable; inProgress: Mutable; dangerous: Mutable };

/** An incident as it was counted, so that the same can be taken away again. */
type Kept = { incident: OfficeIncident; at: number; drill: boolean };

const none = (): Mutable => ({ real: 0, drill: 0 });
const noCounts = (): MutableCounts => ({ received: none(), inProgress: none(), dangerous: none() });

/** Who answers for an incident that nobody answers for. */
const NOBODY = '';

/**
 * What a wall says of all incidents, kept up to date change by change: lists in order and numbers by office and zone.
 * With twenty thousand incidents nothing is sorted or counted anew because one of them changed.
 */
export class Ledger {
  #kept = new Map<string, Kept>();
  #drills: ReadonlySet<string> = new Set();
  /** Newest first. */
  #all: Kept[] = [];
  /** Danger to life that an office still has to deal with, newest first. */
  #urgent: { real: Kept[]; drill: Kept[] } = { real: [], drill: [] };
  #sums = noCounts();
  #open = none();
  #offices = new Map<string, MutableCounts>();
  #zones = new Map<string, { zone: Zone; tally: Mutable }>();

  /** Takes what changed since the last call. `drills`: ids of operations that are drills. */
  take(changes: Changes, incidents: ReadonlyMap<string, OfficeIncident>, drills: ReadonlySet<string>): void {
    const same = drills.size === this.#drills.size && [...drills].every((id) => this.#drills.has(id));
    this.#drills = drills;
    if (changes.all || !same) {
      this.#begin(incidents.values());
      return;
    }
    for (const id of changes.incidents) {
      const before = this.#kept.get(id);
      if (before) this.#remove(before);
      const incident = incidents.get(id);
      if (incident) this.#add(this.#keep(incident));
      else this.#kept.delete(id);
    }
  }

  /** How many incidents there are. */
  get size(): number {
    return this.#all.length;
  }

  /**
   * What a list that nobody scrolls holds at its top, newest first: danger to life, until it is dealt with. That of a
   * drill takes no place from a real one.
   */
  pinned(): OfficeIncident[] {
    const { real, drill } = this.#urgent;
    return (real.length > 0 ? real : drill).map(({ incident }) => incident);
  }

  /** The newest of those that are not at the top, at most so many. */
  newest(most: number): OfficeIncident[] {
    const drill = this.#urgent.real.length === 0;
    const found: OfficeIncident[] = [];
    for (const kept of this.#all) {
      if (found.length >= most) break;
      if (!(isUrgent(kept.incident) && kept.drill === drill)) found.push(kept.incident);
    }
    return found;
  }

  /** Open incidents. */
  open(): Tally {
    return { ...this.#open };
  }

  /** Open incidents by what has to be done; those in danger are among the others too. */
  sums(): Counts {
    return copied(this.#sums);
  }

  /** The same by responsible office, in the order of the offices; and those that nobody answers for yet. */
  byOffice(offices: readonly Office[]): { counts: Count[]; unassigned: Counts } {
    const known = new Set(offices.map(({ code }) => code));
    const unassigned = noCounts();
    for (const [code, counts] of this.#offices) if (!known.has(code)) addAll(unassigned, counts);
    const of = (code: string) => copied(this.#offices.get(code) ?? noCounts());
    return { counts: offices.map((office) => ({ office, ...of(office.code) })), unassigned };
  }

  /** Open incidents by the classes of zones that they lie in, the most first. */
  byZone(): ZoneCount[] {
    return [...this.#zones]
      .filter(([, { tally }]) => tally.real + tally.drill > 0)
      .map(([key, { zone, tally }]) => ({ key, zone, tally: { ...tally } }))
      .sort((a, b) => b.tally.real - a.tally.real || b.tally.drill - a.tally.drill || (a.key < b.key ? -1 : 1));
  }

  #begin(incidents: Iterable<OfficeIncident>): void {
    this.#kept = new Map();
    this.#sums = noCounts();
    this.#open = none();
    this.#offices = new Map();
    this.#zones = new Map();
    this.#all = Array.from(incidents, (incident) => this.#keep(incident)).sort(order);
    this.#urgent = { real: [], drill: [] };
    for (const kept of this.#all) {
      this.#count(kept, 1);
      if (isUrgent(kept.incident)) this.#urgent[kept.drill ? 'drill' : 'real'].push(kept);
    }
  }

  #keep(incident: OfficeIncident): Kept {
    const kept = { incident, at: Date.parse(incident.filed_at), drill: this.#drills.has(incident.operation) };
    this.#kept.set(incident.id, kept);
    return kept;
  }

  #add(kept: Kept): void {
    this.#all.splice(place(this.#all, kept), 0, kept);
    if (isUrgent(kept.incident)) {
      const urgent = this.#urgent[kept.drill ? 'drill' : 'real'];
      urgent.splice(place(urgent, kept), 0, kept);
    }
    this.#count(kept, 1);
  }

  #remove(kept: Kept): void {
    this.#all.splice(place(this.#all, kept), 1);
    if (isUrgent(kept.incident)) {
      const urgent = this.#urgent[kept.drill ? 'drill' : 'real'];
      urgent.splice(place(urgent, kept), 1);
    }
    this.#count(kept, -1);
  }

  #count({ incident, drill }: Kept, by: 1 | -1): void {
    if (!isOpen(incident)) return;
    const kind = drill ? 'drill' : 'real';
    this.#open[kind] += by;
    const code = incident.responsible ?? NOBODY;
    let office = this.#offices.get(code);
    if (!office) {
      office = noCounts();
      this.#offices.set(code, office);
    }
    for (const counts of [this.#sums, office]) {
      counts[incident.status === 'received' ? 'received' : 'inProgress'][kind] += by;
      if (isDangerous(incident)) counts.dangerous[kind] += by;
    }
    const seen = new Set<string>();
    for (const zone of incident.zones) {
      const key = zoneKey(zone);
      if (seen.has(key)) continue;
      seen.add(key);
      const entry = this.#zones.get(key) ?? { zone, tally: none() };
      entry.tally[kind] += by;
      this.#zones.set(key, entry);
    }
  }
}

/** Newest first; of the same moment in a fixed order, so that lists do not flicker. */
function order(a: Kept, b: Kept): number {
  return b.at - a.at || (a.incident.id === b.incident.id ? 0 : a.incident.id < b.incident.id ? -1 : 1);
}

/** Where in a list in order something stands, or would. */
function place(list: readonly Kept[], kept: Kept): number {
  let [from, to] = [0, list.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    const there = list[middle];
    if (there && order(there, kept) < 0) from = middle + 1;
    else to = middle;
  }
  return from;
}

const copied = ({ received, inProgress, dangerous }: MutableCounts): Counts => ({
  received: { ...received },
  inProgress: { ...inProgress },
  dangerous: { ...dangerous },
});

function addAll(to: MutableCounts, from: MutableCounts): void {
  for (const name of ['received', 'inProgress', 'dangerous'] as const) {
    to[name].real += from[name].real;
    to[name].drill += from[name].drill;
  }
}
