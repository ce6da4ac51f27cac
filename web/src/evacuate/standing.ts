import type { LatLon, Region } from '../wire';
import { type KnownZones, type Zone, zonesAt } from './choosing';
import { away } from './plane';

/** A device that is this unsure of where it is says nothing for certain of zones of 50 m, metres. */
export const SURE_M = 100;

/** The zones into which an error of so many metres reaches, of hazards in whose zones one does not seem to stand. */
export function zonesNear(position: LatLon, errorM: number, known: KnownZones | null): Zone[] {
  if (known === null || errorM <= 0) return [];
  const here = new Set(zonesAt(position, known)?.map(({ hazard }) => hazard));
  const near = known.zones.filter(
    ({ hazard, polygons }) => !here.has(hazard) && polygons.some((rings) => away(position, rings) <= errorM),
  );
  return [...new Map(near.map((zone) => [zone.key, zone])).values()];
}

/** How far outside the region a position lies, metres; 0: within it. */
export function outsideM(position: LatLon, { boundaries }: Region): number {
  const all = boundaries.features.flatMap(({ geometry }) => geometry.coordinates);
  return all.length > 0 ? Math.min(...all.map((rings) => away(position, rings))) : 0;
}
