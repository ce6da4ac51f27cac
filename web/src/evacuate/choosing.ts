import { distanceM } from '../capture/position';
import type { Danger, IncidentSymbol, LatLon, PublicShelterStatus, Shelter } from '../wire';
import { type Area, bearing, from, fromLine, type Rings, room, touches, within } from './plane';
import { severest } from './severest';

/** How far from the straight line reported damage counts as lying between, metres. */
export const CORRIDOR_M = 100;

/** How much nearer than the end of what is known a way must stay: its corridor, and what a plane differs from a globe. */
const ROOM_M = 2 * CORRIDOR_M;

/** An open shelter further away than this is not near, and hides no designated one that is, metres. */
export const NEAR_M = 5_000;

/** Shelters that are offered. */
export const OFFERED = 5;

/** A hazard zone of the surroundings. */
export type Zone = {
  /** What threatens: `flood`, `landslide` … */
  hazard: string;
  /** Its class within its layer. */
  key: string;
  name: string;
  english: string;
  demonstration: boolean;
  polygons: readonly Rings[];
};

/** Dangers for which lists say what is fit, as zones name them. */
const DANGERS: readonly Danger[] = [
  'flood',
  'landslide',
  'storm_surge',
  'earthquake',
  'tsunami',
  'fire',
  'inland_flood',
  'volcano',
];

/** The dangers that a person may name. */
export const CHOICES = DANGERS;

/** The zones of a box. Of what lies outside it they say nothing. */
export type KnownZones = { within: Area; zones: readonly Zone[] };

/** Open reports of road damage and danger, those of drills left out. */
export type KnownObstacles = {
  /** From where they were counted, the nearest first. */
  around: LatLon;
  /** As far as that all are there, metres; `null`: these are all that there are. */
  reachM: number | null;
  all: readonly IncidentSymbol[];
};

/** The zones in which somebody stands, each class once; `null`: nobody knows. */
export function zonesAt(position: LatLon, known: KnownZones | null): Zone[] | null {
  if (known === null || room(known.within, position) < 0) return null;
  return once(known.zones.filter((zone) => zone.polygons.some((rings) => within(position, rings))));
}

/** What threatens in these zones, as far as a shelter can be fit for it. */
export function dangersOf(zones: readonly Zone[]): Danger[] {
  return DANGERS.filter((danger) => zones.some(({ hazard }) => hazard === danger));
}

/** Why these shelters are offered. */
export type Why =
  /** Their offices say that they are open, and their list that they are fit. */
  | 'open'
  /** None that is fit is near and said to be open: these are the nearest, and the nearest that is open. */
  | 'far'
  /** None that is fit is said to be open: these are designated, and may be shut. */
  | 'designated'
  /** No list names one that is fit: these are merely the nearest. */
  | 'unfit';

/** A shelter that is offered, as it lies from where somebody stands. */
export type Offer = {
  shelter: Shelter;
  status: PublicShelterStatus | null;
  /** In a straight line. */
  distanceM: number;
  /** Degrees clockwise from north. */
  bearingDeg: number;
  /** Zones that the straight line touches beyond those in which one stands, the severest of each kind. */
  zones: Zone[];
  /** Whether these are all: no part of the line lies where nobody knows the zones. */
  zonesKnown: boolean;
  /** Open reports of damage beside it. */
  damage: IncidentSymbol[];
  /** Whether these are all. */
  damageKnown: boolean;
};

/** A shelter that its office says takes nobody in. */
export type Refusal = { shelter: Shelter; status: PublicShelterStatus };

export type Choice = {
  why: Why;
  offers: Offer[];
  /** Those full or shut that are nearer than all that is offered, and those near by that are nearer than the last. */
  refusals: Refusal[];
  /** What they are to be fit for. */
  dangers: readonly Danger[];
};

/** What the phone knows of the surroundings; `null`: nothing. */
export type Surroundings = {
  shelters: readonly Shelter[];
  statuses: readonly PublicShelterStatus[];
  zones: KnownZones | null;
  obstacles: KnownObstacles | null;
};

/** For the first of these sets of dangers for which some shelter is fit; else for the last. */
export function chooseFor(position: LatLon, wishes: readonly (readonly Danger[])[], around: Surroundings): Choice {
  const [wish = [], ...others] = wishes;
  const choice = choose(position, wish, around);
  return choice.why === 'unfit' && others.length > 0 ? chooseFor(position, others, around) : choice;
}

/**
 * The nearest shelters that are fit for all these dangers. Those near by that are open go before all others; where
 * there is none, those that are designated and not said to be full or shut, and the nearest that is open. Shelters that take in certain people alone
 * (受入対象者) are not offered to everybody.
 */
export function choose(position: LatLon, dangers: readonly Danger[], around: Surroundings): Choice {
  const said = new Map(around.statuses.map((status) => [status.shelter, status]));
  const listed = around.shelters
    .filter(({ accepts }) => !accepts)
    .map((shelter) => ({ shelter, status: said.get(shelter.id) ?? null, at: from(position, shelter.position) }))
    .map((one) => ({ ...one, distanceM: Math.hypot(...one.at) }))
    .sort((a, b) => a.distanceM - b.distanceM || (a.shelter.id < b.shelter.id ? -1 : 1));
  const all = listed.filter(({ status }) => status === null || status.state === 'open');
  const fit = all.filter(({ shelter }) => dangers.every((danger) => shelter.fit?.includes(danger)));
  const open = fit.filter(({ status }) => status !== null);
  const near = open.filter(({ distanceM }) => distanceM <= NEAR_M);
  const found = (): [Why, typeof all] => {
    if (near.length > 0) return ['open', near.slice(0, OFFERED)];
    if (fit.length === 0) return ['unfit', all.slice(0, OFFERED)];
    const [first] = open;
    if (!first) return ['designated', fit.slice(0, OFFERED)];
    const nearest = fit.slice(0, OFFERED);
    return ['far', nearest.includes(first) ? nearest : [...nearest.slice(0, OFFERED - 1), first]];
  };
  const [why, offered] = found();
  const standing = zonesAt(position, around.zones);
  const here = new Set(standing?.map(({ key }) => key));
  const zones = standing && around.zones ? around.zones.zones.filter(({ key }) => !here.has(key)) : [];
  const touched = (to: LatLon) => (zone: Zone) => zone.polygons.some((rings) => touches(position, to, rings));
  const offers = offered.map(({ shelter, status, at, distanceM }) => ({
    shelter,
    status,
    distanceM,
    bearingDeg: bearing(at),
    zones: severest(once(zones.filter(touched(shelter.position)))),
    // A box that holds both ends holds what lies between them; so does a circle.
    zonesKnown: standing !== null && around.zones !== null && room(around.zones.within, shelter.position) >= 0,
    damage: (around.obstacles?.all ?? []).filter(
      (incident) => fromLine(from(position, incident.position), [0, 0], at) <= CORRIDOR_M,
    ),
    damageKnown: [position, shelter.position].every((end) => reaches(around.obstacles, end)),
  }));
  // Whoever knows of a nearer one goes there, unless told that it takes nobody in.
  const [first, last] = [offers.at(0), offers.at(-1)];
  const reachM = first && last ? Math.max(first.distanceM, Math.min(NEAR_M, last.distanceM)) : Number.POSITIVE_INFINITY;
  const refusals = listed.flatMap(({ shelter, status, distanceM }) =>
    status !== null && status.state !== 'open' && distanceM <= reachM ? [{ shelter, status }] : [],
  );
  return { why, offers, refusals: refusals.slice(0, OFFERED), dangers };
}

/** Whether all obstacles near this end of a way are known. */
function reaches(known: KnownObstacles | null, end: LatLon): boolean {
  if (known === null) return false;
  return known.reachM === null || distanceM(known.around, end) + ROOM_M < known.reachM;
}

function once(zones: readonly Zone[]): Zone[] {
  return [...new Map(zones.map((zone) => [zone.key, zone])).values()];
}
