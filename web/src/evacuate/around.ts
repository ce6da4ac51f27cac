import type { Call } from '../session/http';
import type { LatLon, PublicIncident, PublicShelters } from '../wire';
import type { Zone } from './choosing';
import { type Kept, keeping, type Shelf } from './kept';
import type { Rings } from './plane';

/** Half the edge of the surroundings that are fetched, degrees: 5 to 6 km each way. */
const REACH = 0.05;

/** The surroundings are asked for in steps of so many degrees, so that a few steps on foot ask for nothing new. */
const STEP = 0.02;

/** The zones of a box as the server tells them. */
export type ZoneCollection = {
  features: readonly {
    properties: {
      layer: string;
      hazard: string;
      class: string;
      name: string;
      english: string;
      demonstration: boolean;
    };
    geometry: { coordinates: readonly Rings[] };
  }[];
};

/** What the page knows; each part with its age, `null` where it could not be had. */
export type Around = {
  list: Kept<PublicShelters> | null;
  incidents: Kept<readonly PublicIncident[]> | null;
  /** `null`: nobody knows whether there are zones. */
  zones: Kept<readonly Zone[]> | null;
};

/** The box of the surroundings, as the server reads it: west, south, east, north. */
export function boxAround({ lat, lon }: LatLon): string {
  const step = (degrees: number) => Math.round(degrees / STEP) * STEP;
  const edges = [step(lon) - REACH, step(lat) - REACH, step(lon) + REACH, step(lat) + REACH];
  return edges.map((degrees) => degrees.toFixed(4)).join(',');
}

/** The zones of an answer. */
export function zonesOf({ features }: ZoneCollection): Zone[] {
  return features.map(({ properties, geometry }) => ({
    hazard: properties.hazard,
    key: `${properties.layer}/${properties.class}`,
    name: properties.name,
    english: properties.english,
    demonstration: properties.demonstration,
    polygons: geometry.coordinates,
  }));
}

/** Fetches what is known around a position, or takes what was kept. */
export async function look(position: LatLon, call: Call, shelf?: Shelf): Promise<Around> {
  const box = boxAround(position);
  const have = async <T>(name: string, ask: () => Promise<T>): Promise<Kept<T> | null> => {
    try {
      return await keeping(name, ask, shelf);
    } catch {
      return null;
    }
  };
  const [list, incidents, zones] = await Promise.all([
    have('shelters', () => call<PublicShelters>('/api/shelters')),
    have(`incidents ${box}`, async () => {
      const answer = await call<{ incidents: PublicIncident[] }>(`/api/incidents?bbox=${box}&limit=1000`);
      return answer.incidents;
    }),
    have(`zones ${box}`, async () => zonesOf(await call<ZoneCollection>(`/api/hazard/zones?bbox=${box}`))),
  ]);
  return { list, incidents, zones };
}
