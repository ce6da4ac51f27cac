import { distance } from '../i18n/format';
import { language, t } from '../i18n/index.svelte';
import { setTimeZone } from '../i18n/zone.svelte';
import type { Office, Place, Region } from '../wire';
import { call } from './http';
import { Told } from './told';

let region = $state.raw<Region | null>(null);
const told = new Told(() => call<Region>('/api/region', { again: true }));

async function take(asked: Promise<Region>): Promise<Region> {
  const now = await asked;
  region = now;
  setTimeZone(now.time_zone);
  return now;
}

/** Fetches the region once for a page; a failed fetch may be tried again. */
export function loadRegion(): Promise<Region> {
  return take(told.get());
}

/** Fetches the region anew, for a page that stays open while the node gets another one. */
export function renewRegion(): Promise<Region> {
  return take(told.again());
}

/** The region as the node told it last; `null` until it is loaded. */
export function currentRegion(): Region | null {
  return region;
}

/** The offices, municipalities first, each in the region's own order. Empty until the region is loaded. */
export function offices(): readonly Office[] {
  const all = region?.offices ?? [];
  return [...all.filter((o) => o.kind === 'municipality'), ...all.filter((o) => o.kind !== 'municipality')];
}

/** An office's name in the language of the page; its code while the region is not loaded. */
export function officeName(code: string): string {
  const office = region?.offices.find((o) => o.code === code);
  if (!office) return code;
  return language().startsWith('ja') ? office.name : office.english;
}

/** Whether the boundaries that told whose ground it is were a sketch (略図); their edition says so. */
export function bySketch(boundaries: string): boolean {
  return boundaries.startsWith('略図');
}

/** Whose ground it is, in words. */
export function placeName(place: Place): string {
  switch (place.standing) {
    case 'inside':
      return t('place.inside', { municipality: officeName(place.municipality) });
    case 'on_border':
      return t('place.on_border', { municipality: officeName(place.municipality) });
    case 'outside':
      return t('place.outside', {
        nearest: officeName(place.nearest),
        distance: distance(place.distance_m, language()),
      });
  }
}
