import { afterEach, describe, expect, it } from 'vitest';
import {
  accuracy,
  bytes,
  compassPoint,
  dateTime,
  day,
  distance,
  hourAndMinute,
  latLon,
  shortDateTime,
  timeOfDay,
  timeOrDate,
} from './format';
import { setTimeZone } from './zone.svelte';

afterEach(() => setTimeZone('Asia/Tokyo'));

describe('formatters', () => {
  it('show Japan time whatever the device says', () => {
    expect(timeOfDay('2026-11-22T15:04:05Z', 'ja')).toBe('00:04:05');
    expect(dateTime('2026-11-22T15:04:05Z', 'ja')).toBe('11月23日(月) 00:04');
    expect(dateTime('2026-11-22T15:04:05Z', 'en')).toContain('November 23');
    expect(shortDateTime('2026-11-22T15:04:05Z', 'ja')).toBe('11月23日(月) 00:04');
    expect(shortDateTime('2026-11-22T15:04:05Z', 'en')).toBe('Mon, Nov 23, 00:04');
    expect(day(Date.parse('2026-11-22T15:04:05Z'), 'en')).toBe('Mon, Nov 23');
  });

  it('show the time of the region where it is another one', () => {
    setTimeZone('America/Lima');
    const iso = '2026-11-22T02:04:05Z';
    expect(timeOfDay(iso, 'ja')).toBe('21:04:05');
    expect(dateTime(iso, 'ja')).toBe('11月21日(土) 21:04');
    expect(hourAndMinute(Date.parse(iso), 'ja')).toBe('21:04');
    expect(day(Date.parse(iso), 'ja')).toBe('11月21日(土)');
    expect(timeOrDate(iso, Date.parse('2026-11-22T05:30:00Z'), 'ja')).toBe('11月21日(土) 21:04');
    setTimeZone('Nowhere/Never');
    expect(timeOfDay(iso, 'ja')).toBe('21:04:05');
  });

  it('add the date where it is another day in Japan', () => {
    const now = Date.parse('2026-11-22T15:10:00Z');
    expect(timeOrDate('2026-11-22T15:04:05Z', now, 'ja')).toBe('00:04:05');
    expect(timeOrDate('2026-11-22T14:59:59Z', now, 'ja')).toBe('11月22日(日) 23:59');
  });

  it('add the year where it is another one in Japan, as of an old photo', () => {
    const now = Date.parse('2026-11-22T15:10:00Z');
    expect(timeOrDate('2008-10-22T16:28:39Z', now, 'ja')).toBe('2008年10月23日(木) 01:28');
    expect(timeOrDate('2025-12-31T15:00:00Z', now, 'ja')).toBe('1月1日(木) 00:00');
    expect(timeOrDate('2025-12-31T14:59:59Z', now, 'ja')).toBe('2025年12月31日(水) 23:59');
  });

  it('write lengths and sizes as people say them', () => {
    expect(distance(318.4, 'ja')).toBe('318 m');
    expect(distance(1432, 'ja')).toBe('1.4 km');
    expect(distance(18_234, 'ja')).toBe('18 km');
    expect(accuracy(0.2, 'ja')).toBe('±1 m');
    expect(accuracy(12.3, 'ja')).toBe('±12 m');
    expect(bytes(2_400_000, 'ja')).toBe('2.4 MB');
    expect(bytes(15_300, 'ja')).toBe('15 kB');
    expect(latLon({ lat: 37.4947249, lon: 139.9 })).toBe('37.49472, 139.90000');
  });

  it('names the nearest of eight directions', () => {
    expect([0, 22, 23, 90, 225, 337, 338, 359.9].map(compassPoint)).toEqual([
      'n',
      'n',
      'ne',
      'e',
      'sw',
      'nw',
      'n',
      'n',
    ]);
  });
});
