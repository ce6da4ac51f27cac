import { expect, it } from 'vitest';
import type { Office, OfficeIncident, Zone } from '../wire';
import { Ledger } from './ledger';
import { countByOffice, countOpen, isOpen, newestFirst, pinUrgent, tally } from './world';
import { countByZone } from './zones';

const OFFICES = ['07202', '07208'].map((code) => ({ code, kind: 'municipality' }) as Office);
const ZONES = ['1', '2'].map((code) => ({ layer: 'flood', class: code, name: code, english: code }) as unknown as Zone);

let seed = 7;
const random = () => {
  seed = (seed * 1664525 + 1013904223) % 2 ** 32;
  return seed / 2 ** 32;
};
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

function incident(id: string): OfficeIncident {
  const responsible = pick(['07202', '07208', 'elsewhere', undefined]);
  return {
    id,
    operation: pick(['everyday', 'exercise']),
    category: 'hazard',
    status: pick(['received', 'in_progress', 'resolved', 'declined'] as const),
    position: { lat: 37.5, lon: 139.9 },
    danger_to_life: random() < 0.3,
    ...(responsible ? { responsible } : {}),
    zones: ZONES.filter(() => random() < 0.4),
    // Few moments, so that many are the same.
    filed_at: `2026-11-22T00:00:0${Math.floor(random() * 5)}Z`,
    updated_at: '2026-11-22T00:00:00Z',
    reports: [],
  };
}

it('says after any changes what counting everything anew would say', () => {
  const world = new Map<string, OfficeIncident>();
  let drills: ReadonlySet<string> = new Set(['exercise']);
  const ledger = new Ledger();
  ledger.take({ all: true, incidents: new Set() }, world, drills);
  for (let round = 0; round < 300; round += 1) {
    const changed = new Set<string>();
    for (let n = 0; n < 3; n += 1) {
      const id = `i${Math.floor(random() * 60)}`;
      if (random() < 0.2) world.delete(id);
      else world.set(id, incident(id));
      changed.add(id);
    }
    if (round === 150) drills = new Set();
    if (round === 200) drills = new Set(['exercise']);
    ledger.take({ all: false, incidents: changed }, world, drills);

    const all = [...world.values()];
    const open = all.filter(isOpen);
    const { pinned, rest } = pinUrgent(all, drills);
    expect(ledger.pinned()).toEqual(pinned);
    expect(ledger.newest(10)).toEqual(rest.slice(0, 10));
    expect(ledger.size).toBe(newestFirst(all).length);
    expect(ledger.open()).toEqual(tally(open, drills));
    expect(ledger.sums()).toEqual(countOpen(all, drills));
    expect(ledger.byOffice(OFFICES)).toEqual(countByOffice(all, OFFICES, drills));
    expect(ledger.byZone().map(({ key, tally }) => [key, tally])).toEqual(
      countByZone(open, drills).map(({ key, tally }) => [key, tally]),
    );
  }
});
