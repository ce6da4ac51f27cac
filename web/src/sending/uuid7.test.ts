import { describe, expect, it } from 'vitest';
import { uuid7 } from './uuid7';

describe('uuid7', () => {
  it('is the example of RFC 9562, appendix A.6', () => {
    const random = (bytes: Uint8Array) =>
      bytes.set([0, 0, 0, 0, 0, 0, 0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f]);
    expect(uuid7(0x017f22e279b0, random)).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
  });

  it('sets version and variant whatever the random bytes are', () => {
    const shape = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    expect(uuid7(0, (bytes) => bytes.fill(0xff))).toMatch(shape);
    expect(uuid7(0, (bytes) => bytes.fill(0))).toMatch(shape);
  });

  it('gives a new id each time and sorts by time', () => {
    expect(uuid7()).not.toBe(uuid7());
    expect(uuid7(1_000) < uuid7(2_000)).toBe(true);
  });
});
