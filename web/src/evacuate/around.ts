import { distanceM } from '../capture/position';
import type { Call } from '../session/http';
import type { IncidentSymbol, LatLon, PublicShelters } from '../wire';
import type { KnownObstacles, KnownZones, Zone } from './choosing';
import { AREA, browserShelf, type Kept, keeping, keptOf, leaveAreas, type Shelf } from './kept';
import { type Area, type Rings, room } from './plane';

/** Edge of a neighbourhood, degrees: all who stand in it ask the same, and a few steps on foot ask for nothing new. */
const STEP = 0.02;

/**
 * Neighbourhoods that are asked about on each side: with them the box has the most that the server tells of zones
 * (0.14°), and goes at least 0.06° beyond whoever stands in the middle one, which is 5 km from east to west at 40°.
 */
const BESIDE = 3;

/** Obstacles that are asked for, the most that the server tells. */
const OBSTACLES = 1_000;

/** Areas whose zones are kept. */
const AREAS = 8;

/**
 * For how long an answer is not asked for again by itself, milliseconds. The list has an ETag and is what people act
 * upon. Obstacles have none, and are up to 170 kB. Zones change with an import alone, and are costly to make.
 */
const NEWS_MS = { list: 15_000, obstacles: 110_000, zones: 600_000 } as const;

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
  obstacles: Kept<KnownObstacles> | null;
  zones: Kept<KnownZones> | null;
};

export type PartName = keyof Around;

export const PARTS: readonly PartName[] = ['list', 'obstacles', 'zones'];

const neighbourhood = (degrees: number) => Math.floor(degrees / STEP + 1e-9);
const degrees = (steps: number) => Number((steps * STEP).toFixed(2));

/** The box around a position of which the zones are asked for. */
export function areaAround({ lat, lon }: LatLon): Area {
  const [x, y] = [neighbourhood(lon), neighbourhood(lat)];
  const [west, south] = [degrees(x - BESIDE), degrees(y - BESIDE)];
  return { west, south, east: degrees(x + 1 + BESIDE), north: degrees(y + 1 + BESIDE) };
}

/** The middle of the neighbourhood, around which obstacles are asked for. */
export function middleOf({ lat, lon }: LatLon): LatLon {
  return { lat: degrees(neighbourhood(lat) + 0.5), lon: degrees(neighbourhood(lon) + 0.5) };
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

const nameOf = ({ west, south, east, north }: Area) => AREA + [west, south, east, north].join(',');

/** Of the areas whose zones are kept the one in which most is known around a position. */
async function keptZones(position: LatLon, shelf: Shelf): Promise<Kept<KnownZones> | null> {
  const names = await shelf.names().catch(() => []);
  const areas = names
    .filter((name) => name.startsWith(AREA))
    .map((name) => {
      const [west = 0, south = 0, east = 0, north = 0] = name.slice(AREA.length).split(',').map(Number);
      return { name, room: room({ west, south, east, north }, position) };
    });
  const [most] = areas.filter((area) => area.room >= 0).sort((a, b) => b.room - a.room);
  return most ? keptOf(most.name, shelf) : null;
}

async function askZones(position: LatLon, call: Call, shelf: Shelf): Promise<Kept<KnownZones>> {
  const within = areaAround(position);
  const bbox = [within.west, within.south, within.east, within.north].join(',');
  const ask = async () => {
    const squares = await call<ZoneCollection>(`/api/hazard/zones?bbox=${bbox}`, { again: true });
    return { within, zones: zonesOf(squares) };
  };
  const zones = await keeping(nameOf(within), ask, shelf);
  await leaveAreas(AREAS, shelf).catch(() => undefined);
  return zones;
}

async function askObstacles(position: LatLon, call: Call): Promise<KnownObstacles> {
  const around = middleOf(position);
  const near = `near=${around.lat},${around.lon}&obstacles=true&form=symbol&limit=${OBSTACLES}`;
  const { incidents: all } = await call<{ incidents: IncidentSymbol[] }>(`/api/incidents?${near}`);
  const last = all[OBSTACLES - 1];
  return { around, reachM: last ? distanceM(around, last.position) : null, all };
}

/** Where the list of shelters comes from. */
export const askShelters = (call: Call) => () => call<PublicShelters>('/api/shelters', { again: true });

/** Which parts are to be asked for again: those that are no news any more, or that are of another neighbourhood. */
export function due(known: Around, position: LatLon, now: number): PartName[] {
  const middle = middleOf(position);
  const elsewhere = {
    list: false,
    obstacles: known.obstacles !== null && distanceM(known.obstacles.value.around, middle) > 1,
    zones: known.zones !== null && nameOf(known.zones.value.within) !== nameOf(areaAround(position)),
  };
  // A clock that was set back makes everything old.
  const news = ({ at, fresh }: Kept<unknown>, name: PartName) => fresh && now >= at && now - at < NEWS_MS[name];
  return PARTS.filter((name) => {
    const part = known[name];
    return part === null || elsewhere[name] || !news(part, name);
  });
}

/** The same, of which nothing is news any more. */
export function asOld(known: Around): Around {
  const old = <T>(part: Kept<T> | null) => part && { ...part, fresh: false };
  return { list: old(known.list), obstacles: old(known.obstacles), zones: old(known.zones) };
}

/**
 * Finds out what is known around a position, and tells each part as soon as there is anything: what is kept at once,
 * in its place what the server says. What the page knows already (`before`) it need not be told again, only that it
 * is old if the server says nothing. `wanted`: what is asked for. Ends when all that can be known is told.
 */
export async function look(
  position: LatLon,
  call: Call,
  before: Around,
  tell: (part: Partial<Around>) => void,
  { shelf = browserShelf, wanted = PARTS }: { shelf?: Shelf; wanted?: readonly PartName[] } = {},
): Promise<void> {
  const part = async <K extends PartName>(
    name: K,
    known: boolean,
    kept: () => Promise<Around[K]>,
    ask: () => Promise<Around[K]>,
  ) => {
    if (!wanted.includes(name)) return;
    const say = (value: Around[K]) => tell({ [name]: value } as Pick<Around, K>);
    let answered = false;
    const early = known ? null : kept().then((value) => value && !answered && say(value));
    try {
      const value = await ask();
      answered = true;
      say(value);
    } catch {
      await early;
      const last = (await kept()) ?? before[name];
      if (last) say({ ...last, fresh: false });
    }
  };
  await Promise.all([
    part(
      'list',
      before.list !== null,
      () => keptOf('shelters', shelf),
      () => keeping('shelters', askShelters(call), shelf),
    ),
    part(
      'obstacles',
      before.obstacles !== null,
      () => keptOf('obstacles', shelf),
      () => keeping('obstacles', () => askObstacles(position, call), shelf),
    ),
    part(
      'zones',
      before.zones !== null && room(before.zones.value.within, position) >= 0,
      () => keptZones(position, shelf),
      () => askZones(position, call, shelf),
    ),
  ]);
}
