import type { Danger, LatLon, PublicIncident, PublicShelterStatus, Shelter } from '../wire';
import { bearing, from, fromLine, type Rings, touches, within } from './plane';

/** How far from the straight line reported damage counts as lying between, metres. */
export const CORRIDOR_M = 100;

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

/** The zones in which somebody stands, each class once. */
export function zonesAt(position: LatLon, zones: readonly Zone[]): Zone[] {
  return once(zones.filter((zone) => zone.polygons.some((rings) => within(position, rings))));
}

/** What threatens in these zones, as far as a shelter can be fit for it. */
export function dangersOf(zones: readonly Zone[]): Danger[] {
  return DANGERS.filter((danger) => zones.some(({ hazard }) => hazard === danger));
}

/** Why these shelters are offered. */
export type Why =
  /** Their offices say that they are open, and their list that they are fit. */
  | 'open'
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
  /** Zones that the straight line touches beyond those in which one stands. */
  zones: Zone[];
  /** Open reports of damage beside it. */
  damage: PublicIncident[];
};

export type Choice = { why: Why; offers: Offer[] };

/** What the phone knows of the surroundings. */
export type Surroundings = {
  shelters: readonly Shelter[];
  statuses: readonly PublicShelterStatus[];
  zones: readonly Zone[];
  incidents: readonly PublicIncident[];
};

/**
 * The nearest shelters that are fit for all these dangers. Those near by that are open go before all others; where
 * there is none, those that are designated and not said to be full or shut. Shelters that take in certain people alone
 * (受入対象者) are not offered to everybody.
 */
export function choose(position: LatLon, dangers: readonly Danger[], around: Surroundings): Choice {
  const said = new Map(around.statuses.map((status) => [status.shelter, status]));
  const all = around.shelters
    .filter(({ accepts }) => !accepts)
    .map((shelter) => ({ shelter, status: said.get(shelter.id) ?? null, at: from(position, shelter.position) }))
    .filter(({ status }) => status === null || status.state === 'open')
    .map((one) => ({ ...one, distanceM: Math.hypot(...one.at) }))
    .sort((a, b) => a.distanceM - b.distanceM || (a.shelter.id < b.shelter.id ? -1 : 1));
  const fit = all.filter(({ shelter }) => dangers.every((danger) => shelter.fit?.includes(danger)));
  const open = fit.filter(({ status, distanceM }) => status !== null && distanceM <= NEAR_M);
  const [why, found]: [Why, typeof all] =
    open.length > 0 ? ['open', open] : fit.length > 0 ? ['designated', fit] : ['unfit', all];
  const here = new Set(zonesAt(position, around.zones).map(({ key }) => key));
  const offers = found.slice(0, OFFERED).map(({ shelter, status, at, distanceM }) => ({
    shelter,
    status,
    distanceM,
    bearingDeg: bearing(at),
    zones: once(
      around.zones.filter(
        ({ key, polygons }) => !here.has(key) && polygons.some((rings) => touches(position, shelter.position, rings)),
      ),
    ),
    damage: around.incidents.filter((incident) => {
      const open = incident.status === 'received' || incident.status === 'in_progress';
      const blocks = incident.category === 'road_damage' || incident.category === 'hazard';
      return open && blocks && fromLine(from(position, incident.position), [0, 0], at) <= CORRIDOR_M;
    }),
  }));
  return { why, offers };
}

function once(zones: readonly Zone[]): Zone[] {
  return [...new Map(zones.map((zone) => [zone.key, zone])).values()];
}
