import type {
  CheckIn,
  Office,
  OfficeIncident,
  OfficeReport,
  OfficeShelterStatus,
  Operation,
  PublicIncident,
} from '../wire';

/** An incident as either audience sees it. */
export type Incident = PublicIncident | OfficeIncident;

/** What is said of a shelter, as either audience is told. */
export type ShelterStatus = Pick<OfficeShelterStatus, 'shelter' | 'state' | 'at'> & Partial<OfficeShelterStatus>;

/** What changed since the last look. `all`: everything is new. */
export type Changes = { all: boolean; incidents: Set<string> };

/** What the world needs of a snapshot. */
export type SnapshotLike<I extends Incident> = {
  operations: readonly Operation[];
  incidents: readonly I[];
  omitted: number;
  check_ins?: readonly CheckIn[];
  shelters?: readonly ShelterStatus[];
};

/** What the world needs of an entry. */
export type EntryLike<I extends Incident> = {
  incident?: I | null;
  operation?: Operation | null;
  check_ins?: readonly CheckIn[];
  shelter?: ShelterStatus | null;
};

/** How long closed incidents stay on the screens, as in the server's snapshot, milliseconds. */
export const CLOSED_STAY_MS = 24 * 60 * 60 * 1000;

/** The most incidents that a screen keeps, as in the server's snapshot. */
export const MOST_INCIDENTS = 20_000;

/** Everything that is true now, as far as this screen was told. It knows no framework. */
export class World<I extends Incident = Incident> {
  readonly incidents = new Map<string, I>();
  readonly operations = new Map<string, Operation>();
  /** Open check-ins only. */
  readonly checkIns = new Map<string, CheckIn>();
  /** What offices say of shelters in earnest, by the shelter's id; another map whenever anything is said. */
  shelters: ReadonlyMap<string, ShelterStatus> = new Map();
  /** What they say in drills, newest last: at most one word of a shelter in a drill. Another list whenever it changes. */
  drilled: readonly ShelterStatus[] = [];
  /** Incidents that the server left out of the snapshot. */
  omitted = 0;

  #changes: Changes = { all: true, incidents: new Set() };

  /** Throws everything away and takes the snapshot. */
  replace(snapshot: SnapshotLike<I>): void {
    this.incidents.clear();
    this.operations.clear();
    this.checkIns.clear();
    for (const incident of snapshot.incidents) this.incidents.set(incident.id, incident);
    for (const operation of snapshot.operations) this.operations.set(operation.id, operation);
    for (const checkIn of snapshot.check_ins ?? []) this.#checkIn(checkIn);
    const said = snapshot.shelters ?? [];
    this.shelters = new Map(said.filter(({ drill }) => !drill).map((status) => [status.shelter, status]));
    this.drilled = said.filter(({ drill }) => drill).sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
    this.omitted = snapshot.omitted;
    this.#changes = { all: true, incidents: new Set() };
  }

  /** Takes what an entry touched. Entries come in the order of the log, each carrying the things as they are after it. */
  apply(entry: EntryLike<I>): void {
    if (entry.operation) this.#operation(entry.operation);
    for (const checkIn of entry.check_ins ?? []) this.#checkIn(checkIn);
    if (entry.shelter) this.#shelter(entry.shelter);
    if (entry.incident) {
      this.incidents.set(entry.incident.id, entry.incident);
      this.#changes.incidents.add(entry.incident.id);
    }
  }

  /** Drops what the server's snapshot would no longer hold; `now`: milliseconds since 1970, UTC. */
  prune(now: number): void {
    for (const incident of this.incidents.values()) {
      if (!isOpen(incident) && now - Date.parse(incident.updated_at) > CLOSED_STAY_MS) this.#drop(incident.id);
    }
    const tooMany = this.incidents.size - MOST_INCIDENTS;
    if (tooMany <= 0) return;
    for (const incident of newestFirst(this.incidents.values()).slice(-tooMany)) this.#drop(incident.id);
    this.omitted += tooMany;
  }

  /** What changed since the last call. */
  takeChanges(): Changes {
    const changes = this.#changes;
    this.#changes = { all: false, incidents: new Set() };
    return changes;
  }

  /** What belongs to an operation goes with its end. Opened again, it comes back with a new snapshot. */
  #operation(operation: Operation): void {
    this.operations.set(operation.id, operation);
    if (operation.open) return;
    if (operation.kind === 'drill') this.drilled = this.drilled.filter(({ drill }) => drill !== operation.id);
    for (const incident of this.incidents.values()) if (incident.operation === operation.id) this.#drop(incident.id);
  }

  /** A drill's word is beside the real one, and neither takes the other's place. */
  #shelter(status: ShelterStatus): void {
    if (status.drill) {
      const others = this.drilled.filter((one) => one.drill !== status.drill || one.shelter !== status.shelter);
      this.drilled = [...others, status];
    } else {
      this.shelters = new Map(this.shelters).set(status.shelter, status);
    }
  }

  #drop(id: string): void {
    this.incidents.delete(id);
    this.#changes.incidents.add(id);
  }

  #checkIn(checkIn: CheckIn): void {
    if (checkIn.ended) this.checkIns.delete(checkIn.id);
    else this.checkIns.set(checkIn.id, checkIn);
  }
}

/** Whether an office still has to do something. */
export function isOpen(incident: Pick<Incident, 'status'>): boolean {
  return incident.status === 'received' || incident.status === 'in_progress';
}

/** Whether the incident carries the office encoding. */
export function isOfficeIncident(incident: Incident): incident is OfficeIncident {
  return 'reports' in incident;
}

/** Whether anybody marked it as danger to life; the public is not told. */
export function isDangerous(incident: Incident): boolean {
  return isOfficeIncident(incident) && incident.danger_to_life;
}

/** The report that opened the incident, for offices. */
export function firstReport(incident: Incident): OfficeReport | undefined {
  return isOfficeIncident(incident) ? incident.reports[0] : undefined;
}

/** RFC 3339 in UTC; fractions of a second may be left out, so texts cannot be compared. */
const filed = (incident: Incident) => Date.parse(incident.filed_at);

/** Newest first; of the same moment in a fixed order, so that lists do not flicker. */
export function newestFirst<I extends Incident>(incidents: Iterable<I>): I[] {
  // Each moment is read once, not at every comparison: a wall sorts twenty thousand.
  return Array.from(incidents, (incident) => ({ incident, at: filed(incident) }))
    .sort((a, b) => b.at - a.at || (a.incident.id < b.incident.id ? -1 : 1))
    .map(({ incident }) => incident);
}

/** Danger to life that an office still has to deal with. */
export function isUrgent(incident: Incident): boolean {
  return isDangerous(incident) && isOpen(incident);
}

/** Ids of the operations that are drills; a drill that has been closed still was one. */
export function drillsOf(operations: Iterable<Operation>): Set<string> {
  return new Set([...operations].filter(({ kind }) => kind === 'drill').map(({ id }) => id));
}

/**
 * What a list that nobody scrolls holds at its top, and all the rest; both newest first. Danger to life stays at
 * the top until it is dealt with, however much comes after it. That of a drill takes no place from a real one.
 */
export function pinUrgent<I extends Incident>(
  incidents: Iterable<I>,
  drills: ReadonlySet<string>,
): { pinned: I[]; rest: I[] } {
  const all = newestFirst(incidents);
  const urgent = all.filter(isUrgent);
  const real = urgent.filter(({ operation }) => !drills.has(operation));
  const pinned = real.length > 0 ? real : urgent;
  const kept = new Set(pinned);
  return { pinned, rest: all.filter((incident) => !kept.has(incident)) };
}

/** How many are real and how many belong to a drill. The two are never added: nobody could tell them apart again. */
export type Tally = { readonly real: number; readonly drill: number };

/** Counts them, real and drill apart. `drills`: ids of operations that are drills. */
export function tally(incidents: Iterable<Incident>, drills: ReadonlySet<string>): Tally {
  let real = 0;
  let drill = 0;
  for (const { operation } of incidents) {
    if (drills.has(operation)) drill += 1;
    else real += 1;
  }
  return { real, drill };
}

/** Open incidents by what has to be done; those in danger are among the others too. */
export type Counts = { received: Tally; inProgress: Tally; dangerous: Tally };

/** How many incidents an office has to deal with. */
export type Count = Counts & { office: Office };

/** Open incidents among these by what has to be done. */
export function countOpen(incidents: Iterable<Incident>, drills: ReadonlySet<string>): Counts {
  const open = [...incidents].filter(isOpen);
  return {
    received: tally(
      open.filter(({ status }) => status === 'received'),
      drills,
    ),
    inProgress: tally(
      open.filter(({ status }) => status === 'in_progress'),
      drills,
    ),
    dangerous: tally(open.filter(isDangerous), drills),
  };
}

/** Open incidents by responsible office, in the order of the offices; and those that nobody answers for yet. */
export function countByOffice(
  incidents: Iterable<Incident>,
  offices: readonly Office[],
  drills: ReadonlySet<string>,
): { counts: Count[]; unassigned: Counts } {
  const byOffice = new Map<string, Incident[]>(offices.map(({ code }) => [code, []]));
  const nobodys: Incident[] = [];
  for (const incident of incidents) {
    const of = incident.responsible ? byOffice.get(incident.responsible) : undefined;
    (of ?? nobodys).push(incident);
  }
  return {
    counts: offices.map((office) => ({ office, ...countOpen(byOffice.get(office.code) ?? [], drills) })),
    unassigned: countOpen(nobodys, drills),
  };
}

/** Open operations of this kind. */
export function openOperations(operations: Iterable<Operation>, kind: Operation['kind']): Operation[] {
  return [...operations].filter((operation) => operation.open && operation.kind === kind);
}
