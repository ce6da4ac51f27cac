import { language } from '../i18n/index.svelte';
import type { HazardLayer, OfficeIncident, Zone } from '../wire';
import { type Tally, tally } from './world';

/** What tells a class of a layer from all others. */
export const zoneKey = ({ layer, class: code }: Pick<Zone, 'layer' | 'class'>) => `${layer}/${code}`;

/** What a zone is called in the language of the page, understood without its layer's name. */
export function zoneName({ name, english }: Pick<Zone, 'name' | 'english'>): string {
  return language().startsWith('ja') ? name : english;
}

/** How many incidents lie in zones of a class, and one of these zones to name it by. */
export type ZoneCount = { key: string; zone: Zone; tally: Tally };

/** Counts incidents by the classes that they lie in, the most first; one that lies in several counts in each. */
export function countByZone(incidents: Iterable<OfficeIncident>, drills: ReadonlySet<string>): ZoneCount[] {
  const found = new Map<string, { zone: Zone; within: OfficeIncident[] }>();
  for (const incident of incidents) {
    const seen = new Set<string>();
    for (const zone of incident.zones) {
      const key = zoneKey(zone);
      if (seen.has(key)) continue;
      seen.add(key);
      const entry = found.get(key);
      if (entry) entry.within.push(incident);
      else found.set(key, { zone, within: [incident] });
    }
  }
  return [...found]
    .map(([key, { zone, within }]) => ({ key, zone, tally: tally(within, drills) }))
    .sort((a, b) => b.tally.real - a.tally.real || b.tally.drill - a.tally.drill || (a.key < b.key ? -1 : 1));
}

/** A class of a layer as a table lists it. */
export type ZoneRow = {
  key: string;
  /** Where the legends have it. */
  at: number;
  layer: Pick<HazardLayer, 'name' | 'english' | 'demonstration'>;
  name: string;
  english: string;
  /** As its legend draws it; `null`: no layer in force has it any more. */
  sign: Pick<HazardLayer['classes'][number], 'color' | 'pattern'> | null;
  tally: Tally;
};

/** Every class of the layers in force, also where nothing lies; and those of which only incidents still tell. */
export function zoneRows(layers: readonly HazardLayer[], counts: readonly ZoneCount[]): ZoneRow[] {
  const left = new Map(counts.map((count) => [count.key, count]));
  const rows: ZoneRow[] = [];
  for (const layer of layers) {
    for (const { code, name, english, color, pattern } of layer.classes) {
      const key = zoneKey({ layer: layer.id, class: code });
      const tally = left.get(key)?.tally ?? { real: 0, drill: 0 };
      rows.push({ key, at: rows.length, layer, name, english, sign: { color, pattern }, tally });
      left.delete(key);
    }
  }
  for (const { key, zone, tally } of left.values()) {
    const { name, english, edition, demonstration } = zone;
    const layer = { name: edition, english: edition, demonstration };
    rows.push({ key, at: rows.length, layer, name, english, sign: null, tally });
  }
  return rows;
}

/** What a list may be narrowed to: everything, what lies in any zone, or what lies in those of one class (its key). */
export type ZoneFilter = 'all' | 'any' | (string & {});

/** Whether an incident passes the filter. */
export function passes(incident: OfficeIncident, filter: ZoneFilter): boolean {
  if (filter === 'all') return true;
  if (filter === 'any') return incident.zones.length > 0;
  return incident.zones.some((zone) => zoneKey(zone) === filter);
}
