import type { Language } from './catalogue';
import { dateFormat, numberFormat } from './intl';
import { timeZone } from './zone.svelte';

/** `11月22日(日) 15:04`, `withYear` `2026年11月22日(日) 15:04`. `iso`: RFC 3339. */
export function dateTime(iso: string, language: Language, withYear = false): string {
  return dateFormat(language, {
    timeZone: timeZone(),
    ...(withYear ? { year: 'numeric' } : {}),
    month: 'long',
    day: 'numeric',
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(new Date(iso));
}

/** The same with names of months as short as they are written: `11月22日(日) 15:04`, `Sun, Nov 22, 15:04`. */
export function shortDateTime(iso: string, language: Language): string {
  return dateFormat(language, {
    timeZone: timeZone(),
    month: 'short',
    day: 'numeric',
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(new Date(iso));
}

/** `15:04:05`. `iso`: RFC 3339. */
export function timeOfDay(iso: string, language: Language): string {
  return dateFormat(language, {
    timeZone: timeZone(),
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  }).format(new Date(iso));
}

/** `15:04`. `at`: milliseconds since 1970, UTC. */
export function hourAndMinute(at: number, language: Language): string {
  return dateFormat(language, {
    timeZone: timeZone(),
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(at);
}

/** `11月22日(日)`, `Sun, Nov 22`. `at`: milliseconds since 1970, UTC. */
export function day(at: number, language: Language): string {
  return dateFormat(language, {
    timeZone: timeZone(),
    month: 'short',
    day: 'numeric',
    weekday: 'short',
  }).format(at);
}

/**
 * The time of today, with the date where it is another day in the region, and the year where it is another one.
 * `nowMs`: milliseconds since 1970.
 */
export function timeOrDate(iso: string, nowMs: number, language: Language): string {
  const date = (at: Date) => dateFormat('sv', { timeZone: timeZone() }).format(at);
  const [then, today] = [date(new Date(iso)), date(new Date(nowMs))];
  if (then === today) return timeOfDay(iso, language);
  return dateTime(iso, language, then.split('-')[0] !== today.split('-')[0]);
}

/** `320 m`, `1.4 km`. Metres in. */
export function distance(metres: number, language: Language): string {
  const [value, unit] = metres < 1000 ? [Math.round(metres), 'm'] : [metres / 1000, 'km'];
  const digits = unit === 'km' && value < 10 ? 1 : 0;
  return `${numberFormat(language, digits).format(value)} ${unit}`;
}

/** `±12 m`. Metres in. */
export function accuracy(metres: number, language: Language): string {
  return `±${distance(Math.max(1, metres), language)}`;
}

/** `37.49472, 139.92981`: five decimals are about a metre. */
export function latLon(position: { lat: number; lon: number }): string {
  return `${position.lat.toFixed(5)}, ${position.lon.toFixed(5)}`;
}

/** `2.4 MB`, the way cameras count: 1 MB = 1,000,000 bytes. */
export function bytes(size: number, language: Language): string {
  const [value, unit] = size < 1_000_000 ? [size / 1000, 'kB'] : [size / 1_000_000, 'MB'];
  const digits = value < 10 ? 1 : 0;
  return `${numberFormat(language, digits).format(value)} ${unit}`;
}

/** The eight directions, clockwise from north, for `compass.*` of the catalogue. */
export const COMPASS = ['n', 'ne', 'e', 'se', 's', 'sw', 'w', 'nw'] as const;

/** The nearest of the eight directions. Degrees clockwise from north in. */
export function compassPoint(degrees: number): (typeof COMPASS)[number] {
  const turns = Math.round(degrees / 45) % COMPASS.length;
  return COMPASS[(turns + COMPASS.length) % COMPASS.length] ?? 'n';
}
