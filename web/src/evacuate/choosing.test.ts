import { describe, expect, it } from 'vitest';
import type { IncidentSymbol, PublicShelterStatus, Shelter } from '../wire';
import { choose, chooseFor, dangersOf, NEAR_M, OFFERED, type Surroundings, type Zone, zonesAt } from './choosing';
import { bearing, from, fromLine, touches, within } from './plane';

const HERE = { lat: 37.5, lon: 139.9 };
/** A place so many metres east and north of here. */
const at = (east: number, north: number) => ({
  lat: HERE.lat + north / 111_194.93,
  lon: HERE.lon + east / (111_194.93 * Math.cos((HERE.lat * Math.PI) / 180)),
});
const box = (west: number, south: number, east: number, north: number) => {
  const [a, b] = [at(west, south), at(east, north)];
  return [
    [a.lon, a.lat],
    [b.lon, a.lat],
    [b.lon, b.lat],
    [a.lon, b.lat],
    [a.lon, a.lat],
  ];
};
const shelter = (id: string, east: number, north: number, change: Partial<Shelter> = {}): Shelter => ({
  id,
  name: id,
  address: '',
  municipality: '07202',
  position: at(east, north),
  kinds: ['emergency_site'],
  fit: ['flood', 'earthquake'],
  ...change,
});
const said = (id: string, state: PublicShelterStatus['state']): PublicShelterStatus => ({
  shelter: id,
  state,
  at: '2026-11-22T00:00:00Z',
});
const zone = (key: string, hazard: string, ...rings: number[][][]): Zone => ({
  hazard,
  key,
  name: key,
  english: key,
  demonstration: false,
  polygons: [rings],
});
const incident = (id: string, east: number, north: number): IncidentSymbol => ({
  id,
  category: 'road_damage',
  status: 'received',
  position: at(east, north),
});
/** These zones, known this far each way. */
const zonesWithin = (metres: number, ...zones: Zone[]) => {
  const [southWest, northEast] = [at(-metres, -metres), at(metres, metres)];
  const within = { west: southWest.lon, south: southWest.lat, east: northEast.lon, north: northEast.lat };
  return { within, zones };
};
const obstacles = (reachM: number | null, ...all: IncidentSymbol[]) => ({ around: HERE, reachM, all });
const around = (change: Partial<Surroundings>): Surroundings => ({
  shelters: [],
  statuses: [],
  zones: zonesWithin(10_000),
  obstacles: obstacles(null),
  ...change,
});
const ids = (choice: ReturnType<typeof choose>) => choice.offers.map(({ shelter }) => shelter.id);

describe('what lies where', () => {
  it('measures as a tape would, and names the direction clockwise from north', () => {
    const point = from(HERE, at(300, -400));
    expect(Math.hypot(...point)).toBeCloseTo(500, 1);
    expect(bearing(from(HERE, at(600, 600)))).toBeCloseTo(45, 1);
    expect(bearing(from(HERE, at(-100, 0)))).toBeCloseTo(270, 1);
    expect(fromLine([50, 30], [0, 0], [100, 0])).toBeCloseTo(30);
    expect(fromLine([130, 40], [0, 0], [100, 0])).toBeCloseTo(50);
    expect(fromLine([3, 4], [0, 0], [0, 0])).toBeCloseTo(5);
  });

  it('counts an edge to its polygon and a hole to the outside', () => {
    const rings = [box(-100, -100, 100, 100), box(-20, -20, 20, 20)];
    expect(within(HERE, rings)).toBe(false);
    expect(within(at(50, 0), rings)).toBe(true);
    const corner = box(-100, -100, 100, 100)[0] ?? [];
    expect(within({ lon: corner[0] ?? 0, lat: corner[1] ?? 0 }, rings)).toBe(true);
    expect(within(at(150, 0), rings)).toBe(false);
  });

  it('a line touches what it crosses, begins in, or ends in, and nothing beside it', () => {
    const rings = [box(100, -50, 200, 50)];
    expect(touches(HERE, at(300, 0), rings)).toBe(true);
    expect(touches(HERE, at(150, 0), rings)).toBe(true);
    expect(touches(at(150, 0), at(150, 20), rings)).toBe(true);
    expect(touches(HERE, at(0, 300), rings)).toBe(false);
    expect(touches(HERE, at(300, 300), rings)).toBe(false);
  });
});

describe('the choice', () => {
  it('offers the nearest open shelters that are fit, and not the near one that is full, shut or unfit', () => {
    const choice = choose(
      HERE,
      ['flood'],
      around({
        shelters: [
          shelter('far', 0, 900),
          shelter('near', 0, 600),
          shelter('full', 0, 100),
          shelter('shut', 0, 110),
          shelter('unfit', 0, 120, { fit: ['fire'] }),
          shelter('unknown', 0, 130, { fit: null as never }),
          shelter('unsaid', 0, 140),
          shelter('reserved', 0, 150, { accepts: '要配慮者' }),
        ],
        statuses: [
          ...['far', 'near', 'unfit', 'unknown', 'reserved'].map((id) => said(id, 'open')),
          said('full', 'full'),
          said('shut', 'closed'),
        ],
      }),
    );
    expect(choice.why).toBe('open');
    expect(ids(choice)).toEqual(['near', 'far']);
    expect(choice.offers[0]?.distanceM).toBeCloseTo(600, 0);
  });

  it('falls back to those that are designated where none that is fit is open, and says so', () => {
    const shelters = [shelter('a', 0, 100), shelter('b', 100, 0, { fit: ['fire'] }), shelter('full', 0, 10)];
    const statuses = [said('b', 'open'), said('full', 'full')];
    const choice = choose(HERE, ['flood'], around({ shelters, statuses }));
    expect([choice.why, ids(choice)]).toEqual(['designated', ['a']]);
  });

  it('tells of those near by that take nobody in, as far as it offers others', () => {
    const shelters = [
      shelter('open', 0, 300),
      shelter('full', 0, 200),
      shelter('shut', 0, 100),
      shelter('behind', 0, 400),
      shelter('reserved', 0, 50, { accepts: '要配慮者' }),
    ];
    const statuses = [said('full', 'full'), said('shut', 'closed'), said('behind', 'full'), said('reserved', 'full')];
    const told = (more: ReturnType<typeof said>[]) =>
      choose(HERE, [], around({ shelters, statuses: [...statuses, ...more] })).refusals.map(
        ({ shelter }) => shelter.id,
      );
    expect(told([said('open', 'open')])).toEqual(['shut', 'full']);
    // Where nothing else is left, all that are near are named.
    expect(told([said('open', 'closed')])).toEqual(['shut', 'full', 'open', 'behind']);
  });

  it('tells of those far away only where all that is offered is farther still', () => {
    const shelters = [shelter('far', 0, 2 * NEAR_M), shelter('farther', 0, 3 * NEAR_M), shelter('near', 0, 10)];
    const told = (...statuses: ReturnType<typeof said>[]) =>
      choose(HERE, [], around({ shelters, statuses })).refusals.map(({ shelter }) => shelter.id);
    expect(told(said('near', 'closed'), said('far', 'full'), said('farther', 'open'))).toEqual(['near', 'far']);
    expect(told(said('far', 'full'), said('farther', 'open'))).toEqual([]);
  });

  it('does not send anybody far away while a designated one is near', () => {
    const shelters = [shelter('far', 0, NEAR_M + 10), shelter('near', 0, 300)];
    const choice = choose(HERE, ['flood'], around({ shelters, statuses: [said('far', 'open')] }));
    expect([choice.why, ids(choice)]).toEqual(['far', ['near', 'far']]);
  });

  it('shows the nearest that is open, however many designated ones are nearer', () => {
    const nearer = Array.from({ length: 9 }, (_, n) => shelter(`near ${n}`, 0, 100 + n));
    const shelters = [...nearer, shelter('farther', 0, 2 * NEAR_M), shelter('far', 0, NEAR_M + 10)];
    const statuses = [said('farther', 'open'), said('far', 'open')];
    const choice = choose(HERE, [], around({ shelters, statuses }));
    expect([choice.why, ids(choice)]).toEqual(['far', ['near 0', 'near 1', 'near 2', 'near 3', 'far']]);
  });

  it('takes what may threaten for what does, unless then nothing is fit', () => {
    const shelters = [shelter('one', 0, 100), shelter('both', 0, 200, { fit: ['flood', 'landslide'] })];
    const among = around({ shelters });
    const both = chooseFor(HERE, [['flood', 'landslide'], ['flood']], among);
    expect([ids(both), both.dangers]).toEqual([['both'], ['flood', 'landslide']]);
    const sure = chooseFor(HERE, [['flood', 'tsunami'], ['flood']], among);
    expect([sure.why, ids(sure), sure.dangers]).toEqual(['designated', ['one', 'both'], ['flood']]);
    expect(chooseFor(HERE, [['volcano'], ['tsunami']], among).why).toBe('unfit');
  });

  it('falls back to the nearest of all where no list names one that is fit, and says so', () => {
    const choice = choose(HERE, ['tsunami'], around({ shelters: [shelter('a', 0, 300), shelter('b', 0, 200)] }));
    expect([choice.why, ids(choice)]).toEqual(['unfit', ['b', 'a']]);
  });

  it('wants a shelter that is fit for all dangers at once', () => {
    const shelters = [shelter('one', 0, 100), shelter('both', 0, 200, { fit: ['flood', 'landslide'] })];
    expect(ids(choose(HERE, ['flood', 'landslide'], around({ shelters })))).toEqual(['both']);
    expect(ids(choose(HERE, [], around({ shelters })))).toEqual(['one', 'both']);
  });

  it('offers a handful, however many there are', () => {
    const shelters = Array.from({ length: 900 }, (_, i) => shelter(String(i), 0, 10 + i));
    expect(choose(HERE, [], around({ shelters })).offers).toHaveLength(OFFERED);
  });

  it('tells what lies between: zones beyond those one stands in, and damage beside the line', () => {
    const zones = zonesWithin(
      10_000,
      zone('here', 'flood', box(-50, -50, 50, 50)),
      zone('between', 'landslide', box(200, -20, 300, 20)),
      zone('between', 'landslide', box(320, -20, 330, 20)),
      zone('beside', 'landslide', box(200, 200, 300, 300)),
    );
    const known = obstacles(null, incident('on', 250, 90), incident('off', 250, 110));
    const { offers } = choose(HERE, [], around({ shelters: [shelter('a', 500, 0)], zones, obstacles: known }));
    expect(offers[0]?.zones.map(({ key }) => key)).toEqual(['between']);
    expect(offers[0]?.damage.map(({ id }) => id)).toEqual(['on']);
    expect([offers[0]?.zonesKnown, offers[0]?.damageKnown]).toEqual([true, true]);
  });
});

describe('what nobody knows', () => {
  const shelters = [shelter('near', 500, 0), shelter('far', 4_000, 0)];
  const knows = (change: Partial<Surroundings>, from = HERE) =>
    choose(from, [], around({ shelters, ...change })).offers.map((offer) => [offer.zonesKnown, offer.damageKnown]);

  it('is said of a way that leaves the box of the zones', () => {
    const zones = zonesWithin(1_000, zone('between', 'flood', box(200, -20, 300, 20)));
    expect(knows({ zones })).toEqual([
      [true, true],
      [false, true],
    ]);
    // What is known of it is told all the same.
    const { offers } = choose(HERE, [], around({ shelters, zones }));
    expect(offers.map(({ zones }) => zones.map(({ key }) => key))).toEqual([['between'], ['between']]);
  });

  it('is said of a way that leaves the circle in which no report was cut off', () => {
    expect(knows({ obstacles: obstacles(2_000) })).toEqual([
      [true, true],
      [true, false],
    ]);
    // Beside its end there may be what was cut off.
    expect(knows({ obstacles: obstacles(4_050) }).map(([, damage]) => damage)).toEqual([true, false]);
    expect(knows({ obstacles: obstacles(4_300) }).map(([, damage]) => damage)).toEqual([true, true]);
    // Nor was anything asked about where somebody has walked since.
    expect(knows({ obstacles: obstacles(2_000) }, at(2_500, 0)).map(([, damage]) => damage)).toEqual([false, false]);
  });

  it('is said where nothing could be had, and where all that is had is of another place', () => {
    const nothing = [
      [false, false],
      [false, false],
    ];
    expect(knows({ zones: null, obstacles: null })).toEqual(nothing);
    const zones = zonesWithin(1_000, zone('everywhere', 'flood', box(-90_000, -90_000, 90_000, 90_000)));
    const away = at(1_500, 0);
    expect(zonesAt(away, zones)).toBeNull();
    const { offers } = choose(away, [], around({ shelters, zones }));
    expect(offers.map((offer) => [offer.zonesKnown, offer.zones])).toEqual([
      [false, []],
      [false, []],
    ]);
    expect(zonesAt(HERE, null)).toBeNull();
  });
});

it('the zones one stands in name the dangers that a shelter must be fit for', () => {
  const zones = zonesWithin(
    1_000,
    zone('depth 3', 'flood', box(-50, -50, 50, 50)),
    zone('avalanche', 'avalanche', box(-50, -50, 50, 50)),
    zone('away', 'landslide', box(100, 100, 200, 200)),
  );
  const here = zonesAt(HERE, zones) ?? [];
  expect(here.map(({ key }) => key)).toEqual(['depth 3', 'avalanche']);
  expect(dangersOf(here)).toEqual(['flood']);
});
