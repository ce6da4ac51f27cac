import { describe, expect, it } from 'vitest';
import type { Evidence } from '../wire';
import { headingOf } from './device';
import {
  asSent,
  choosing,
  chosen,
  disagreement,
  disagrees,
  MAX_WITNESSES,
  NO_EVIDENCE,
  withoutWitness,
  withWitness,
} from './evidence';
import { distanceM, readTyped, wrongWith } from './position';

const at = (source: Evidence['source'], lat: number, lon: number, accuracy_m?: number): Evidence => ({
  source,
  position: { lat, lon },
  ...(accuracy_m === undefined ? {} : { accuracy_m }),
});
const device = { key: 'device', evidence: at('device', 37.5, 139.9, 12) };
const shutter = { key: 'shutter:file-1', evidence: at('device', 37.5001, 139.9001, 8) };
const exif = { key: 'media:file-1', evidence: at('media', 37.52, 139.9) };
const pin = { key: 'pin', evidence: at('pin', 37.51, 139.91) };
const all = (...witnesses: (typeof device)[]) => witnesses.reduce(withWitness, NO_EVIDENCE);

describe('evidence', () => {
  it('trusts the shutter before the photo and the photo before a later fix', () => {
    expect(chosen(all(device, exif, shutter))?.key).toBe(shutter.key);
    expect(chosen(all(device, exif))?.key).toBe(exif.key);
  });

  it('trusts the photo before a shutter that knew only the neighbourhood', () => {
    const rough = { ...shutter, evidence: { ...shutter.evidence, accuracy_m: 1500 } };
    expect(chosen(all(rough, exif))?.key).toBe(exif.key);
  });

  it('follows the hand: a pin is chosen when it is set, and another can be chosen after it', () => {
    const set = all(device, pin);
    expect(chosen(set)?.key).toBe('pin');
    expect(chosen(choosing(set, 'device'))?.key).toBe('device');
    expect(chosen(withWitness(choosing(set, 'device'), exif))?.key).toBe('device');
  });

  it('replaces an earlier answer of the same witness', () => {
    const moved = { ...device, evidence: at('device', 37.6, 139.8, 5) };
    const set = all(device, exif, moved);
    expect(set.witnesses.map((w) => w.key)).toEqual(['device', exif.key]);
    expect(set.witnesses[0]?.evidence.accuracy_m).toBe(5);
  });

  it('forgets the choice with the witness', () => {
    expect(chosen(withoutWitness(all(device, pin), 'pin'))?.key).toBe('device');
    expect(chosen(withoutWitness(all(device), 'device'))).toBeNull();
  });

  it('says who disagrees by more than 500 m, and nobody else', () => {
    const set = all(device, shutter, exif);
    expect(disagreement(set, exif)).toBeCloseTo(distanceM(exif.evidence.position, shutter.evidence.position));
    expect(disagreement(set, device)).toBeNull();
    expect(disagreement(set, shutter)).toBeNull();
    expect(disagrees(set)).toBe(true);
    expect(disagrees(all(device, shutter))).toBe(false);
  });

  it('travels whole, with the index of the chosen one', () => {
    expect(asSent(choosing(all(device, exif, shutter), exif.key))).toEqual({
      evidence: [device.evidence, exif.evidence, shutter.evidence],
      chosen: 1,
    });
  });

  it('leaves out what is no position and what is over the limit', () => {
    expect(withWitness(NO_EVIDENCE, { key: 'media:x', evidence: at('media', 0, 0) })).toBe(NO_EVIDENCE);
    const many = Array.from({ length: MAX_WITNESSES + 3 }, (_, i) => ({ ...device, key: `media:${i}` }));
    expect(all(...many).witnesses).toHaveLength(MAX_WITNESSES);
  });
});

describe('typed positions', () => {
  it('are read in full-width digits and from one field with both', () => {
    expect(readTyped('３７．４９４', '１３９．９２９')).toEqual({ lat: 37.494, lon: 139.929 });
    expect(readTyped('37.494, 139.929', '')).toEqual({ lat: 37.494, lon: 139.929 });
  });

  it('are refused by the rule that they break', () => {
    expect(wrongWith(readTyped('', ''))).toBe('position_not_finite');
    expect(wrongWith(readTyped('1e3', '139'))).toBe('position_not_finite');
    expect(wrongWith({ lat: 139.9, lon: 37.5 })).toBe('position_swapped');
    expect(wrongWith({ lat: 91, lon: 10 })).toBe('position_out_of_range');
    expect(wrongWith({ lat: 0, lon: 0.001 })).toBe('position_null_island');
    expect(wrongWith({ lat: 37.5, lon: 139.9 })).toBeNull();
  });
});

describe('headings', () => {
  const event = (fields: object) => fields as DeviceOrientationEvent;
  it('are read from a true alpha, which turns the other way round', () => {
    expect(headingOf(event({ absolute: true, alpha: 90 }), 0)).toBe(270);
    expect(headingOf(event({ absolute: true, alpha: 0 }), 0)).toBe(0);
  });

  it('are read from the compass of iOS and turned with the screen', () => {
    expect(headingOf(event({ webkitCompassHeading: 350, alpha: 5 }), 90)).toBe(80);
  });

  it('are not made up from an alpha without north', () => {
    expect(headingOf(event({ absolute: false, alpha: 90 }), 0)).toBeUndefined();
  });
});

it('measures on the sphere', () => {
  // A minute of latitude is a nautical mile.
  expect(distanceM({ lat: 37, lon: 140 }, { lat: 37 + 1 / 60, lon: 140 })).toBeCloseTo(1853, 0);
});
